"""Market makers: ladders of quotes around the fundamental value, replaced one by one."""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappush
from math import floor, inf, sqrt
from typing import Final

from feed.model.durations import NS_PER_MILLISECOND
from feed.sim.instrument_sim import BUY, SELL, InstrumentSim
from feed.sim.random_streams import HEAVY, MASK, WIDTH, delay_table, threshold

# How much wider each next maker quotes than the one before, as a share of the half spread.
_STAGGER: Final = 0.35

# A ladder reaches out in steps of this share of the half spread, heavy-tailed.
_DEPTH: Final = 0.8

# A maker moves its quotes once the value has moved by this share of the half spread, and this share of
# how far the value gets between two book updates. Each next maker, quoting wider, bears more.
_SLACK: Final = 0.1
_LAG: Final = 2.0
_PATIENCE: Final = 0.25
# But before the value has come nearer than the rest of this share of a quote's distance.
_NEAREST: Final = 0.8
# A best quote is in its place within this many ticks: prices are whole, values are not.
_TOLERANCE: Final = 0.7

# Who picks off a quote takes up to this many times what it would have quoted.
_EAGER: Final = 8

_BITS: Final = 5 * WIDTH


class Maker:
    """
    One market maker of one instrument.

    A full ladder loses a quote, a ladder that misses one gets it back: each act is one step, and a
    replaced quote is two. First goes a quote too near the value, which others would take; then one
    that the value has left behind; else any. Prices are kept as keys, the price of a buy and minus
    the price of a sell, so that greater is better on both sides.

    Attributes:
        index: Of this actor on the agenda.
        anchor: The value that the quotes are placed around, ticks.
        slack: How far the value may be from it, ticks.
    """

    __slots__ = (
        "_bits",
        "_depth",
        "_ids",
        "_keys",
        "_pause",
        "_persists",
        "_picks_off",
        "_quotes",
        "_rank",
        "_reaction",
        "_width",
        "anchor",
        "index",
        "sim",
        "slack",
    )

    def __init__(self, sim: InstrumentSim, rank: int) -> None:
        makers = sim.market.makers
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self.anchor = sim.value
        self._rank = rank
        self._quotes = makers.quotes
        # Indexed by side, best last.
        self._keys: tuple[list[int], list[int]] = ([], [])
        self._ids: tuple[list[int], list[int]] = ([], [])
        self._reaction = delay_table(makers.reaction)
        self._pause = delay_table(makers.pause)
        self._persists = threshold(makers.persistence)
        self._picks_off = threshold(makers.pick_off)
        self._bits = sim.random_stream(f"maker-{rank + 1}")
        self.update_parameters()

    def update_parameters(self) -> None:
        """Take over a changed spread or volatility; quotes follow as they are replaced."""
        sim = self.sim
        stride = sim.value * sim.volatility / sqrt(sim.spec.updates_per_second)
        self._width = width = (1.0 + _STAGGER * self._rank) * sim.half
        self._depth = sim.half * _DEPTH
        self.slack = min(_NEAREST * width, 0.5 + (_SLACK + _PATIENCE * self._rank) * sim.half + _LAG * stride)

    def act(self, now: int) -> int:
        """Put a missing quote back, or take one away."""
        sim = self.sim
        sim.book.now = now
        if abs(sim.value - self.anchor) > self.slack:
            self.anchor = sim.value
        centre, near, far = self.anchor, self._width - _TOLERANCE, self._width + _TOLERANCE
        keys = bids, asks = self._keys
        quotes = self._quotes
        bits = self._bits(_BITS)
        short = len(bids) < quotes
        if short or len(asks) < quotes:
            free = self.place(BUY if short else SELL, bits)
            if len(bids) < quotes or len(asks) < quotes:
                return self._reaction[bits & MASK]
            settled = centre - far < bids[-1] < centre - near and -centre - far < asks[-1] < -centre - near
            if free and not settled:
                return self._reaction[bits & MASK]
            return self._pause[bits & MASK] if bits >> WIDTH & MASK < self._persists else 0
        table = self._reaction
        if bids[-1] > centre - near:
            side, at = BUY, -1
        elif asks[-1] > -centre - near:
            side, at = SELL, -1
        elif bids[-1] < centre - far:
            side, at = BUY, 0
        elif asks[-1] < -centre - far:
            side, at = SELL, 0
        else:
            side = bits >> WIDTH & 1
            at = (bits >> 2 * WIDTH & MASK) * quotes >> WIDTH
            table = self._pause
        del keys[side][at]
        sim.book.cancel(self._ids[side].pop(at))
        return table[bits & MASK]

    def place(self, side: int, bits: int) -> bool:
        """
        Add a quote: the best of the ladder where that is missing or left behind, else deeper.

        Returns:
            Whether it stands where it should, not behind someone on the wrong side of the value.
        """
        sim = self.sim
        book = sim.book
        keys = self._keys[side]
        centre = -self.anchor if side else self.anchor
        distance = self._width
        if keys and keys[-1] > centre - distance - _TOLERANCE:
            distance += self._depth * HEAVY[bits >> 3 * WIDTH & MASK]
        key = floor(centre - distance + 0.5)
        lots = 1 + int(sim.rests[side] * HEAVY[bits >> 4 * WIDTH & MASK])
        worst = -book.bid if side else book.ask
        free = not worst or key < worst
        if not free:
            if bits >> 2 * WIDTH & MASK < self._picks_off and sim.foreign(1 - side):
                sim.take(book.now, side, _EAGER * lots, max(1, floor(sim.value)), informs=False)
            key = (-book.bid if side else book.ask) - 1
        if not side and key < 1:
            key = 1
        elif side and key < -sim.highest:
            key = -sim.highest
        self._rest(side, key, lots)
        return free

    def _rest(self, side: int, key: int, lots: int) -> None:
        sim = self.sim
        order = sim.next_order()
        keys = self._keys[side]
        at = bisect_left(keys, key)
        keys.insert(at, key)
        self._ids[side].insert(at, order)
        sim.book.limit(order, side, -key if side else key, lots)

    def quote_ladder(self) -> None:
        """Quote the whole ladder at once, around the value as it is now."""
        self.anchor = self.sim.value
        for side in (BUY, SELL):
            for _ in range(self._quotes - len(self._keys[side])):
                self.place(side, self._bits(_BITS))

    def cancel_quotes(self) -> None:
        """Take the whole ladder off the book."""
        for keys, ids in zip(self._keys, self._ids, strict=True):
            for order in ids:
                self.sim.book.cancel(order)
            keys.clear()
            ids.clear()

    def requote_side(self, side: int) -> None:
        """Quote at once on a side that was swept empty, around the value as the sweep has left it."""
        self.anchor = self.sim.value
        self.place(side, self._bits(_BITS))

    def refresh_best(self) -> None:
        """Join the best price of a side, which changes the size quoted there."""
        book = self.sim.book
        bits = self._bits(_BITS)
        side = bits & 1
        lots = 1 + int(self.sim.rests[side] * HEAVY[bits >> WIDTH & MASK])
        self._rest(side, -book.ask if side else book.bid, lots)

    def quote_traded(self, now: int, order: int, side: int) -> bool:
        """Miss a quote that was taken, and plan to replace it. Returns whether it was this maker's."""
        ids = self._ids[side]
        if order not in ids:
            return False
        at = ids.index(order)
        del ids[at]
        del self._keys[side][at]
        self.schedule_reaction(now)
        return True

    def best(self, side: int) -> float:
        """The key of the best quote on a side; less than any price where there is none."""
        keys = self._keys[side]
        return keys[-1] if keys else -inf

    def schedule_reaction(self, now: int) -> None:
        """Plan to act soon."""
        heappush(self.sim.queue.heap, (now + self._reaction[self._bits(WIDTH)], self.index))


class QuotingObligation:
    """The first maker's duty: a best quote never stands still for long."""

    __slots__ = ("_every", "_seen", "index", "sim")

    def __init__(self, sim: InstrumentSim) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._every = sim.market.makers.obligation_ms * NS_PER_MILLISECOND
        self._seen = (0, 0, 0, 0)

    def act(self, now: int) -> int:
        """Renew the best quote if nobody has since the last look."""
        sim = self.sim
        book = sim.book
        quote = (book.bid, book.bid_size, book.ask, book.ask_size)
        if quote == self._seen:
            book.now = now
            sim.makers[0].refresh_best()
            quote = (book.bid, book.bid_size, book.ask, book.ask_size)
        self._seen = quote
        return self._every
