"""
Which orders came and went, how large, and how far from the mid.

Works for sources with orders (L3) and with price levels alone (L2). In an L2 source, a level that grows
is an order that arrives and one that shrinks an order that is cancelled, except for what trades explain:
a trade and the change of its level may come in either order, up to :data:`TOGETHER` apart.

Distances are counted in *bands* from the mid: band ``b`` is from ``2**b`` to ``2**(b + 1)`` ticks, the
first one all that is nearer than 2 ticks, the last one all that is farther than that.
"""

from __future__ import annotations

from math import gcd
from typing import Final

import attrs

from feed.analytics.calibration.histogram import Histogram
from feed.model.durations import NS_PER_SECOND
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, TRADE, UNKNOWN, Row, Side

BANDS: Final = 24
"""Number of bands of distance; the last begins at 2**23 ticks."""

TOGETHER: Final = NS_PER_SECOND
"""How far a trade and the change of its level may be apart in an L2 source, nanoseconds."""

# The standing orders are counted this often: each second at first, later more rarely, since a deep book
# has thousands of levels. Nanoseconds.
_EVERY: Final = NS_PER_SECOND
_RARELY: Final = 10 * NS_PER_SECOND
_AT_FIRST: Final = 300 * NS_PER_SECOND


@attrs.define
class Band:
    """
    The orders of one band of distance, both sides together.

    Attributes:
        arrivals: Orders that came to rest in it.
        cancels: Orders that went from it without a trade.
        sizes: Sizes of those that came, lots.
        standing: Orders that stood in it, added up over the counts.
        lots: Lots that stood in it, added up over the counts.
    """

    arrivals: int = 0
    cancels: int = 0
    sizes: Histogram = attrs.field(factory=Histogram)
    standing: float = 0
    lots: float = 0


class OrderFlowObserver:
    """
    Collects arrivals, cancels and standing orders of one instrument.

    Args:
        start: Market time from which to look, nanoseconds. Rows up to it, inclusive, are the opening book.

    Attributes:
        bands: By distance from the mid.
        at_best: Orders that arrived at the best price or better.
        behind: Orders that arrived behind it.
        best_sizes: Sizes of those at the best price or better, lots.
        counts: How often the standing orders were counted; a count of a second has weight 1.
        has_orders: Whether the source names orders (L3).
        price_step: Largest number of ticks of which all prices in the book were multiples; 0 for no book.
    """

    def __init__(self, start: int) -> None:
        self.bands: Final = tuple(Band() for _ in range(BANDS))
        self.at_best = self.behind = 0
        self.best_sizes = Histogram()
        self.counts = 0
        self.has_orders = False
        self.price_step = 0
        self._start = self._opening = start
        self._next_count = start + _EVERY
        self._bid = self._ask = 0
        # Of each side: lots and orders of each price.
        self._levels: tuple[dict[int, list[int]], dict[int, list[int]]] = ({}, {})
        # Of an L2 source, by price: lots traded for which no level has shrunk yet, and the last that went
        # without a trade, each with its time. Forgotten when the standing orders are counted.
        self._traded: dict[int, tuple[int, int]] = {}
        self._cancelled: dict[int, tuple[int, int, Band]] = {}

    def see(self, row: Row) -> None:
        """Take in the next row of the instrument; times must not go back."""
        kind, ts = row[0], row[2]
        if ts >= self._next_count and ts > self._opening:
            self._count(ts)
        if kind == QUOTE:
            self._bid, self._ask = row[3], row[5]
        elif kind in (ADD, REDUCE):
            self._order(row)
        elif kind == LEVEL:
            self._level(row)
        elif kind == TRADE:
            self._trade(row)
        elif kind == CLEAR:
            self._opening = ts
            for levels in self._levels:
                levels.clear()

    # ---- one row

    def _order(self, row: Row) -> None:
        kind, _, ts, _, side, at, size, level = row
        added, gone = kind == ADD, kind == REDUCE and not size
        self.has_orders = True
        self._change(side, at, level, added - gone)
        if ts > self._opening and added:
            self._arrived(side, at, size)
        elif ts > self._opening and gone:
            self._band(at).cancels += 1

    def _level(self, row: Row) -> None:
        _, _, ts, side, at, lots = row
        before = self._levels[side].get(at, (0, 0))[0]
        self._change(side, at, lots, int(bool(lots)) - int(bool(before)))
        if ts <= self._opening or lots == before:
            return
        if lots > before:
            self._arrived(side, at, lots - before)
            return
        went = before - lots
        traded, since = self._traded.pop(at, (0, ts))
        if ts - since > TOGETHER:
            traded = 0
        if traded > went:
            self._traded[at] = traded - went, since
        elif traded < went:
            band = self._band(at)
            band.cancels += 1
            self._cancelled[at] = went, ts, band

    def _trade(self, row: Row) -> None:
        _, _, ts, _, aggressor, at, size, _, _, left, level = row
        if level != UNKNOWN:
            self._change(1 - aggressor, at, level, -(not left))
            return
        if (last := self._cancelled.pop(at, None)) is not None:
            went, since, band = last
            if ts - since <= TOGETHER and went <= size:  # it was this trade
                band.cancels -= 1
                size -= went
        if size:
            self._traded[at] = self._traded.get(at, (0, ts))[0] + size, ts

    def _change(self, side: int, at: int, lots: int, orders: int) -> None:
        self.price_step = gcd(self.price_step, at)
        levels = self._levels[side]
        if not lots:
            levels.pop(at, None)
        elif at in levels:
            level = levels[at]
            level[0] = lots
            level[1] += orders
        else:
            levels[at] = [lots, max(1, orders)]

    def _arrived(self, side: int, at: int, size: int) -> None:
        band = self._band(at)
        band.arrivals += 1
        band.sizes.add(size)
        best = self._ask if side == Side.SELL else self._bid
        if best and (at > best if side == Side.SELL else at < best):
            self.behind += 1
        else:
            self.at_best += 1
            self.best_sizes.add(size)

    def _band(self, at: int) -> Band:
        return self.bands[self._index(at)]

    def _index(self, at: int) -> int:
        if not (self._bid and self._ask):
            return BANDS - 1
        distance = abs(2 * at - self._bid - self._ask) // 2
        return min(max(distance.bit_length() - 1, 0), BANDS - 1)

    def _count(self, ts: int) -> None:
        every = _EVERY if ts - self._start < _AT_FIRST else _RARELY
        self._next_count = ts - (ts - self._start) % every + every
        self._traded = {at: one for at, one in self._traded.items() if ts - one[1] <= TOGETHER}
        self._cancelled = {at: last for at, last in self._cancelled.items() if ts - last[1] <= TOGETHER}
        if not (self._bid and self._ask):
            return
        weight = every // _EVERY
        self.counts += weight
        for levels in self._levels:
            for at, (lots, orders) in levels.items():
                band = self._band(at)
                band.standing += orders * weight
                band.lots += lots * weight
