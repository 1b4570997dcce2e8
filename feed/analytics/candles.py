"""Candles: the trades of an interval of market time in five numbers, first partial, then closed once."""

from __future__ import annotations

from collections import deque
from typing import Final

from feed.model.candles import Candle, fold
from feed.model.durations import NS_PER_MINUTE

INTERVALS: Final[dict[str, int]] = {
    "1m": NS_PER_MINUTE,
    "5m": 5 * NS_PER_MINUTE,
    "15m": 15 * NS_PER_MINUTE,
    "1h": 60 * NS_PER_MINUTE,
    "4h": 240 * NS_PER_MINUTE,
    "1d": 1440 * NS_PER_MINUTE,
}
"""Length of each interval in nanoseconds; all begin on their multiples since the Unix epoch."""

KEPT: Final = 500  # closed candles of an interval; the oldest goes when another one closes


class CandleSeries:
    """
    The candles of one instrument and one interval, by its trades.

    An interval without a trade has no candle.

    Args:
        length: Of the interval, nanoseconds.
    """

    __slots__ = ("_current", "_kept", "length")

    def __init__(self, length: int) -> None:
        self.length: Final = length
        self._current: Candle | None = None
        self._kept: deque[Candle] = deque(maxlen=KEPT)

    def add(self, ts: int, price: int, size: int) -> None:
        """
        Take the next trade into account.

        Args:
            ts: Its market time, nanoseconds; not before that of an earlier trade.
            price: Integer ticks.
            size: Integer lots.
        """
        it = self._current
        self._current = fold(it, ts, price, size, self.length)
        if it is not None and it.start != self._current.start:
            self._kept.append(it)

    def at(self, start: int) -> Candle | None:
        """
        The candle of the interval that begins at ``start``: None when there was no trade in it.

        Only the last two intervals with trades are looked at, which is all that a channel needs.
        """
        if self._current is not None and self._current.start == start:
            return self._current
        if self._kept and self._kept[-1].start == start:
            return self._kept[-1]
        return None

    def last(self, limit: int) -> list[Candle]:
        """The last candles, oldest first; the newest may be of an interval that goes on."""
        if self._current is None or limit < 1:
            return []
        return [*self._kept, self._current][-limit:]
