"""Klines: the trades of an interval of market time in five numbers, first partial, then closed once."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

MINUTE: Final = 60_000_000_000  # nanoseconds

INTERVALS: Final[dict[str, int]] = {
    "1m": MINUTE,
    "5m": 5 * MINUTE,
    "15m": 15 * MINUTE,
    "1h": 60 * MINUTE,
    "4h": 240 * MINUTE,
    "1d": 1440 * MINUTE,
}
"""Length of each interval in nanoseconds; all begin on their multiples since the Unix epoch."""

KEPT: Final = 500  # closed klines of an interval; the oldest goes when another one closes


class Kline(NamedTuple):
    """
    The trades of one interval.

    Attributes:
        start: Where it begins, nanoseconds since the Unix epoch.
        open: Price of the first trade, integer ticks.
        high: Highest price, integer ticks.
        low: Lowest price, integer ticks.
        close: Price of the last trade, integer ticks.
        volume: Integer lots traded.
        trades: How many.
        last: Market time of the last trade, nanoseconds since the Unix epoch.
    """

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    trades: int
    last: int


class Klines:
    """
    The klines of one instrument and one interval, by its trades.

    An interval without a trade has no kline.

    Args:
        length: Of the interval, nanoseconds.
    """

    __slots__ = ("_current", "_kept", "length")

    def __init__(self, length: int) -> None:
        self.length: Final = length
        self._current: Kline | None = None
        self._kept: deque[Kline] = deque(maxlen=KEPT)

    def add(self, ts: int, price: int, size: int) -> None:
        """
        Take the next trade into account.

        Args:
            ts: Its market time, nanoseconds; not before that of an earlier trade.
            price: Integer ticks.
            size: Integer lots.
        """
        start = ts - ts % self.length
        it = self._current
        if it is None or it.start != start:
            if it is not None:
                self._kept.append(it)
            self._current = Kline(start, price, price, price, price, size, 1, ts)
        else:
            self._current = Kline(
                start,
                it.open,
                max(it.high, price),
                min(it.low, price),
                price,
                it.volume + size,
                it.trades + 1,
                ts,
            )

    def at(self, start: int) -> Kline | None:
        """
        The kline of the interval that begins at ``start``: None when there was no trade in it.

        Only the last two intervals with trades are looked at, which is all that a channel needs.
        """
        if self._current is not None and self._current.start == start:
            return self._current
        if self._kept and self._kept[-1].start == start:
            return self._kept[-1]
        return None

    def last(self, limit: int) -> list[Kline]:
        """The last klines, oldest first; the newest may be of an interval that goes on."""
        if self._current is None or limit < 1:
            return []
        return [*self._kept, self._current][-limit:]
