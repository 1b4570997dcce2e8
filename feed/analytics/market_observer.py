"""
Looks at the events of one instrument and keeps what its statistics are made of.

Works for sources with orders (L3) and with price levels alone (L2). A *book update* is a row that changes
the book; a *print* is one ``TRADE``, one maker's fill; a *taker order* is all prints of one incoming order,
or, where the source names no orders, prints that follow each other at one time on one side. The *mid* is
the middle of the best bid and ask, kept doubled and in ticks so that it is an integer, on a grid of times;
while a side is empty, or the book is crossed as before an auction, the last one stands.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import attrs

from feed.analytics import stylized_facts as statistics
from feed.model.durations import NS_PER_HOUR, NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Row, Side, Status

GRID: Final = 100 * NS_PER_MILLISECOND
"""Distance of the times at which the mid is kept, nanoseconds."""

DISTANCES: Final = (1.0, 2.5, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0)
"""How far from the mid the depth of the book is measured, basis points."""

DEPTH_EVERY: Final = 10 * NS_PER_SECOND
"""How often the depth of the book is measured, nanoseconds."""

_OBSERVED: Final = frozenset({ADD, REDUCE, TRADE, LEVEL, QUOTE, STATUS, CLEAR})


@attrs.define
class Arrivals:
    """
    Times at which something happened, and its direction.

    Attributes:
        times: Nanoseconds, ascending.
        signs: 1 for a buyer who takes, -1 for a seller, 0 where the source does not say.
        sizes: Integer lots.
        mids: Doubled mid before it, ticks; 0 where there was none.
    """

    times: array[int] = attrs.field(factory=lambda: array("q"))
    signs: array[int] = attrs.field(factory=lambda: array("b"))
    sizes: array[int] = attrs.field(factory=lambda: array("q"))
    mids: array[int] = attrs.field(factory=lambda: array("q"))

    def gaps(self) -> list[int]:
        """Waiting times, nanoseconds."""
        return [after - before for before, after in pairwise(self.times)]

    def known_signs(self) -> list[int]:
        """The signs that the source tells, in order."""
        return [sign for sign in self.signs if sign]


class MarketObserver:
    """
    Collects the series of one instrument.

    Args:
        start: Market time from which to look, nanoseconds. Rows up to it, inclusive, only build the book,
            and count neither as updates nor as prints.

    Attributes:
        start: As above.
        end: Market time up to which was looked, nanoseconds.
        updates: Book updates.
        gap_sum: Sum of the waiting times between them, nanoseconds.
        gap_squares: Sum of their squares.
        close: Book updates that follow the last within a millisecond.
        updates_by_second: Book updates in each second from ``start``.
        prints: One for each maker's fill.
        takers: One for each taker order.
        mids: Doubled mid in ticks at ``start`` and every ``GRID`` from there; 0 before the first quote.
        spreads: Nanoseconds for which each spread, in ticks, stood.
        one_sided: Nanoseconds in which it traded and a side of the book was empty.
        quoted: Nanoseconds in which it traded.
        moves: Changes of the best bid or ask price.
        still: Longest time for which prices and sizes of the quote stood while it traded, nanoseconds.
        top_size: Lots at the best bid and ask, each for each nanosecond that they stood, added up.
        depth: Lots within each of ``DISTANCES``, mean of both sides, added up over ``samples``.
        samples: How often the depth was measured.
        filled: Orders that ended in a trade (L3).
        cancelled: Orders that ended without (L3).
    """

    def __init__(self, start: int) -> None:
        self.start: Final = start
        self.end = start
        self.updates = self.close = 0
        self.gap_sum = self.gap_squares = 0.0
        self.updates_by_second = array("q")
        self.prints, self.takers = Arrivals(), Arrivals()
        self.mids = array("q")
        self.spreads: dict[int, int] = {}
        self.moves = self.still = 0
        self.one_sided = self.quoted = self.top_size = self.samples = 0
        self.depth = [0.0] * len(DISTANCES)
        self.filled = self.cancelled = 0
        self._quoted_at = start
        self._opening = start  # rows up to this time rebuild the book
        self._last = start
        self._taker = (UNKNOWN, UNKNOWN, UNKNOWN)
        self._quote = [0, 0, 0, 0]  # bid, its size, ask, its size
        self._mid = 0
        self._trading = True
        self._levels: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self._next_depth = start + DEPTH_EVERY

    def see(self, row: Row) -> None:
        """Take in the next row of the instrument."""
        kind = row[0]
        if kind == ADD:
            self._levels[row[4]][row[5]] = row[7]
        elif kind == REDUCE:
            self._set(row[4], row[5], row[7])
            self.cancelled += not row[6] and row[2] > self.start
        elif kind == TRADE:
            if row[2] > self.start:
                self._trade(row)
            if UNKNOWN in (row[4], row[10]):
                return
            self._set(1 - row[4], row[5], row[10])
        elif kind == LEVEL:
            self._set(row[3], row[4], row[5])
        else:
            self._see_state(row)
            return
        if (ts := row[2]) > self._opening:
            self._update(ts)

    def _see_state(self, row: Row) -> None:
        kind = row[0]
        if kind == QUOTE:
            self._stand(row[2])
            bid, _, ask, _ = self._quote
            self.moves += (row[3], row[5]) != (bid, ask) and row[2] > self._opening
            self._quoted_at = max(row[2], self.start)
            _, _, _, *self._quote = row
            if 0 < row[3] < row[5]:
                self._mid = row[3] + row[5]
        elif kind == STATUS:
            self._stand(row[2])
            self._trading = row[3] == Status.TRADING
            self._quoted_at = row[2]
        elif kind == CLEAR:
            self._levels[0].clear()
            self._levels[1].clear()
            self._opening = row[2]

    def finish(self, end: int) -> None:
        """The quote that stands now stood until ``end``, nanoseconds."""
        self._stand(end)
        seconds = (end - self.start) // NS_PER_SECOND
        self.updates_by_second.extend([0] * (seconds - len(self.updates_by_second)))

    def _set(self, side: int, at: int, level: int) -> None:
        if level:
            self._levels[side][at] = level
        else:
            self._levels[side].pop(at, None)

    def _update(self, ts: int) -> None:
        if self.updates:
            gap = ts - self._last
            self.gap_sum += gap
            self.gap_squares += gap * gap
            self.close += gap <= NS_PER_MILLISECOND
        self._last = ts
        self.updates += 1
        second = (ts - self.start) // NS_PER_SECOND
        counts = self.updates_by_second
        while len(counts) <= second:
            counts.append(0)
        counts[second] += 1
        if ts >= self._next_depth:
            self._next_depth = ts - (ts - self.start) % DEPTH_EVERY + DEPTH_EVERY
            self._measure_depth()

    def _trade(self, row: Row) -> None:
        _, _, ts, _, aggressor, _, size, _, order, left, _ = row
        self.filled += not left
        sign = 1 if aggressor == Side.BUY else -1 if aggressor == Side.SELL else 0
        _append(self.prints, ts, sign, size, self._mid)
        taker = (order, 0, 0) if order > 0 else (0, ts, sign)
        if taker == self._taker:
            self.takers.sizes[-1] += size
        else:
            self._taker = taker
            _append(self.takers, ts, sign, size, self._mid)

    def _stand(self, until: int) -> None:
        """The quote stood until now."""
        bid, bid_size, ask, ask_size = self._quote
        span = until - self.end
        if span > 0:
            if self._trading and self._mid:
                self.quoted += span
                self.still = max(self.still, until - self._quoted_at)
                if 0 < bid < ask:
                    self.spreads[ask - bid] = self.spreads.get(ask - bid, 0) + span
                    self.top_size += (bid_size + ask_size) * span
                elif not (bid and ask):
                    self.one_sided += span
            self.end = until
        # Points of the grid before now: one that is now may still change.
        if (missing := -((self.start - until) // GRID) - len(self.mids)) > 0:
            self.mids.extend([self._mid] * missing)

    def _measure_depth(self) -> None:
        if not (self._trading and self._mid and self._quote[0] and self._quote[2]):
            return
        self.samples += 1
        middle = self._mid / 2
        for levels in self._levels:
            within = [0] * len(DISTANCES)
            for at, size in levels.items():
                away = abs(at - middle) / middle * 10_000
                for index in range(len(DISTANCES) - 1, -1, -1):
                    if away > DISTANCES[index]:
                        break
                    within[index] += size
            for index, size in enumerate(within):
                self.depth[index] += size / 2

    # ---- series that statistics are made of

    @property
    def seconds(self) -> float:
        """How long was looked, seconds."""
        return (self.end - self.start) / NS_PER_SECOND

    def quoted_mids(self) -> array[int]:
        """The doubled mids from the first quote on."""
        first = next((at for at, mid in enumerate(self.mids) if mid), len(self.mids))
        return self.mids[first:]

    def returns(self, horizon: float) -> list[float]:
        """Logarithmic returns of the mid over ``horizon`` seconds each, which do not overlap."""
        return statistics.log_returns(self.quoted_mids(), max(1, round(horizon * NS_PER_SECOND / GRID)))

    def responses(self, horizon: float) -> tuple[list[int], list[float]]:
        """
        How the mid answers to taker orders.

        Args:
            horizon: How long after an order the mid is read, seconds; at the next point of the grid.
        Returns:
            Of each order with a known side its size, lots, and the change of the mid in its direction, ticks.
        """
        sizes, answers, ahead = [], [], round(horizon * NS_PER_SECOND)
        takers = self.takers
        for time, sign, size, before in zip(
            takers.times, takers.signs, takers.sizes, takers.mids, strict=True
        ):
            at = -((self.start - time - ahead) // GRID)
            if sign and before and at < len(self.mids):
                sizes.append(size)
                answers.append(sign * (self.mids[at] - before) / 2)
        return sizes, answers

    def takers_by_hour(self) -> list[float]:
        """Taker orders an hour in each hour of the day, UTC; nan for hours that were not seen whole."""
        first = -(-self.start // NS_PER_HOUR) * NS_PER_HOUR
        counts = statistics.counts_by_interval(self.takers.times, first, self.end, NS_PER_HOUR)
        hours: list[list[int]] = [[] for _ in range(24)]
        for at, count in enumerate(counts):
            hours[(first // NS_PER_HOUR + at) % 24].append(count)
        return [statistics.mean(hour) for hour in hours]

    def mean_top_size(self) -> float:
        """Lots at the best bid or ask, mean over time."""
        total = sum(self.spreads.values())
        return self.top_size / 2 / total if total else math.nan

    def mean_depth(self) -> tuple[float, ...]:
        """Lots on one side within each of ``DISTANCES``, mean over samples and sides."""
        return tuple(total / self.samples if self.samples else math.nan for total in self.depth)


def observe(blocks: Iterable[Iterable[Row]]) -> dict[int, MarketObserver]:
    """
    Look at recorded events.

    Args:
        blocks: All rows, in order, in portions of any length.

    Returns:
        What was seen of each instrument, by its index, from its own first row to the end of all.
    """
    observers: dict[int, MarketObserver] = {}
    end = 0
    for rows in blocks:
        for row in rows:
            if row[0] in _OBSERVED:
                if row[1] not in observers:
                    observers[row[1]] = MarketObserver(row[2])
                observers[row[1]].see(row)
                end = row[2]
    for observer in observers.values():
        observer.finish(end)
    return observers


def _append(arrivals: Arrivals, ts: int, sign: int, size: int, mid: int) -> None:
    arrivals.times.append(ts)
    arrivals.signs.append(sign)
    arrivals.sizes.append(size)
    arrivals.mids.append(mid)
