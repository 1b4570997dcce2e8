"""
The trades of an instrument by interval: what candles of any length and statistics of any window are made of.

Bars of a few lengths are kept, each made of the one below when its interval is over. Any stretch of whole
seconds is then put together from at most some dozens of them, and memory is bounded however many trades
there are: the further back, the coarser is what is known.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from struct import Struct, error
from typing import Final, NamedTuple

from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, NS_PER_MINUTE, NS_PER_SECOND
from feed.model.events import Row, Side

LENGTHS: Final = (NS_PER_SECOND, NS_PER_MINUTE, 5 * NS_PER_MINUTE, NS_PER_HOUR, NS_PER_DAY)
"""Of the bars that are kept, nanoseconds: each divides the next. They begin on multiples since the epoch."""

KEPT: Final = 1500
"""Bars of each length with trades in them; older ones are forgotten, in large parts."""

_WINDOWS_KEPT: Final = 16  # of which the whole minutes are remembered


class Bar(NamedTuple):
    """
    The trades of one interval of market time.

    Attributes:
        start: Where it begins, nanoseconds since the Unix epoch.
        open: Price of the first trade, integer ticks.
        high: Highest price, integer ticks.
        low: Lowest price, integer ticks.
        close: Price of the last trade, integer ticks.
        volume: Integer lots traded.
        value: Sum of price times size, ticks times lots.
        trades: How many.
        bought: Of ``volume``, what takers bought.
        bought_value: Of ``value``, what takers bought.
        first: Id of the first trade.
        last: Id of the last trade.
        last_size: Integer lots of the last trade.
        ts: Market time of the last trade, nanoseconds since the Unix epoch.
    """

    start: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    value: int
    trades: int
    bought: int
    bought_value: int
    first: int
    last: int
    last_size: int
    ts: int


def merged(one: Bar, later: Bar) -> Bar:
    """Two bars as one; ``later`` begins where ``one`` ends, or after that."""
    start, first_price, high, low, _, volume, value, trades, bought, bought_value, first, *_ = one
    return Bar(
        start,
        first_price,
        max(high, later.high),
        min(low, later.low),
        later.close,
        volume + later.volume,
        value + later.value,
        trades + later.trades,
        bought + later.bought,
        bought_value + later.bought_value,
        first,
        later.last,
        later.last_size,
        later.ts,
    )


def empty(start: int, price: int) -> Bar:
    """A bar without a trade: it stands at the price of the last one before."""
    return Bar(start, price, price, price, price, 0, 0, 0, 0, 0, -1, -1, 0, start)


_PACK: Final = Struct(f"<{len(Bar._fields)}q")  # a third of what a tuple of numbers takes


def _packed(bar: Bar) -> bytes | Bar:
    try:
        return _PACK.pack(*bar)
    except error:  # numbers of more than 63 bits
        return bar


def _unpacked(bar: bytes | Bar) -> Bar:
    return bar if isinstance(bar, Bar) else Bar(*_PACK.unpack(bar))


class _Closed:
    """The last bars of one length whose intervals are over, found by their start."""

    __slots__ = ("_bars", "_starts", "length", "whole")

    def __init__(self, length: int) -> None:
        self.length: Final = length
        self.whole = True  # whether none was forgotten for its age
        self._starts: list[int] = []
        self._bars: list[bytes | Bar] = []

    def add(self, bar: Bar) -> None:
        self._starts.append(bar.start)
        self._bars.append(_packed(bar))
        if len(self._starts) >= 2 * KEPT:  # not each time: that would move all of them
            del self._starts[:-KEPT], self._bars[:-KEPT]
            self.whole = False

    @property
    def first(self) -> int | None:
        """Where the first begins that is kept; None for none."""
        return self._starts[0] if self._starts else None

    def forget(self, start: int) -> None:
        """Those that begin from ``start`` on."""
        at = bisect_left(self._starts, start)
        del self._starts[at:], self._bars[at:]

    def within(self, start: int, end: int) -> list[Bar]:
        """Those that begin from ``start`` on and before ``end``."""
        starts = self._starts
        return [_unpacked(one) for one in self._bars[bisect_left(starts, start) : bisect_left(starts, end)]]

    def before(self, start: int) -> Bar | None:
        """The last that is over by ``start``."""
        at = bisect_right(self._starts, start - self.length)
        return _unpacked(self._bars[at - 1]) if at else None


class Bars:
    """
    The trades of one instrument, by interval.

    Where the market is taken back in time, what was later is forgotten with the first trade after that.
    """

    __slots__ = ("_closed", "_second", "_windows")

    def __init__(self) -> None:
        self._second: Bar | None = None  # of the last trade
        self._closed: Final = tuple(_Closed(length) for length in LENGTHS)
        self._windows: dict[int, tuple[int, int, Bar | None]] = {}  # by minutes: start, end, bar

    def add(self, row: Row) -> None:
        """Take the next ``TRADE`` row into account."""
        _, _, ts, trade, aggressor, price, size, *_ = row
        start, it = ts - ts % NS_PER_SECOND, self._second
        value = price * size
        bought, bought_value = (size, value) if aggressor == Side.BUY else (0, 0)
        if it is not None and it.start == start:
            self._second = Bar(
                start,
                it.open,
                max(price, it.high),
                min(price, it.low),
                price,
                it.volume + size,
                it.value + value,
                it.trades + 1,
                it.bought + bought,
                it.bought_value + bought_value,
                it.first,
                trade,
                size,
                ts,
            )
            return
        if it is not None:
            self._close(it, start)
        self._second = Bar(
            start, price, price, price, price, size, value, 1, bought, bought_value, trade, trade, size, ts
        )

    def total(self, start: int, end: int) -> Bar | None:
        """
        All trades of a stretch of market time as one bar.

        Args:
            start: Whole seconds since the Unix epoch, in nanoseconds. What is further back than bars of a
                second are kept must be a multiple of a longer length.
            end: The same; the trade at ``end`` is not among them.

        Returns:
            None when there was none.
        """
        found: list[Bar] = []
        self._collect(len(LENGTHS) - 1, start, end, found)
        return _total(found)

    def series(self, step: int, start: int, end: int) -> list[Bar]:
        """
        The trades of a stretch of market time by steps, oldest first; a step without trades has no bar.

        Args:
            step: Nanoseconds, a multiple of a second.
            start: A multiple of the step since the Unix epoch.
            end: The same.

        Returns:
            Bars of the longest length that divides the step, or of a part of it where it goes on.
        """
        second = self._second
        if second is None or start >= end:
            return []
        closed = self._closed_by(step)
        over = min(end, second.start - second.start % closed.length)
        found = closed.within(start, over)
        latest = self.total(max(start, over), end)
        return found if latest is None else [*found, latest]

    def window(self, minutes: int, now: int) -> Bar | None:
        """
        All trades of the last minutes: from the beginning of a minute, and so of up to a minute more.

        Args:
            minutes: How many, at most the 24 hours that are known by the minute.
            now: Market time, nanoseconds; not before that of the last trade.
        """
        end = now - now % NS_PER_MINUTE
        start = end - minutes * NS_PER_MINUTE
        kept = self._windows.get(minutes)
        if kept is None or kept[:2] != (start, end):
            if len(self._windows) >= _WINDOWS_KEPT:
                self._windows.clear()
            kept = self._windows[minutes] = (start, end, self.total(start, end))
        latest = self.total(end, now - now % NS_PER_SECOND + NS_PER_SECOND)
        return _total([one for one in (kept[2], latest) if one is not None])

    def before(self, start: int) -> Bar | None:
        """A bar that ends with the last trade before ``start``, whole seconds; None when there was none."""
        if self._second is not None and self._second.start < start:
            return self._second
        return next((bar for closed in self._closed if (bar := closed.before(start)) is not None), None)

    def known_from(self, step: int) -> tuple[int, bool] | None:
        """
        From when on trades are known by steps of a length.

        Args:
            step: Nanoseconds, a multiple of a second.

        Returns:
            Market time, nanoseconds, and whether there was no trade before it; None before the first trade.
        """
        second = self._second
        if second is None:
            return None
        closed = self._closed_by(step)
        if closed.whole:
            first = next((one.first for one in self._closed if one.whole and one.first is not None), None)
            return (second.start if first is None else first), True
        return (second.start if closed.first is None else closed.first), False

    @property
    def last(self) -> Bar | None:
        """That of the second of the last trade; None before the first."""
        return self._second

    def _closed_by(self, step: int) -> _Closed:
        """Those of the longest length that divides a step."""
        return next(one for one in reversed(self._closed) if step % one.length == 0)

    def _collect(self, level: int, start: int, end: int, found: list[Bar]) -> None:
        """The bars of a stretch: of whole intervals of a length, and at both ends of shorter ones."""
        second = self._second
        if second is None or start >= end:
            return
        if level < 0:
            if start <= second.start < end:
                found.append(second)
            return
        closed = self._closed[level]
        length = closed.length
        first = start + -start % length
        last = min(end, second.start)
        last -= last % length
        if first >= last:
            self._collect(level - 1, start, end, found)
            return
        self._collect(level - 1, start, first, found)
        found += closed.within(first, last)
        self._collect(level - 1, last, end, found)

    def _close(self, second: Bar, start: int) -> None:
        """The next trade is in the second that begins at ``start``."""
        if start < second.start:
            for closed in self._closed:
                closed.forget(start - start % closed.length)
            self._windows.clear()
            return
        self._closed[0].add(second)
        for finer, closed in pairwise(self._closed):
            begun = second.start - second.start % closed.length
            if start < begun + closed.length:
                return
            bar = _total(finer.within(begun, begun + closed.length))
            if bar is not None:
                closed.add(bar._replace(start=begun))


def _total(bars: Sequence[Bar]) -> Bar | None:
    return reduce(merged, bars) if bars else None
