"""Market makers: ladders of quotes around the fundamental value, replaced one by one."""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappush
from math import floor, inf, sqrt
from typing import Final

from feed.model.durations import NS_PER_MILLISECOND
from feed.sim.instrument_sim import BUY, SELL, InstrumentSim
from feed.sim.random_streams import HEAVY, MASK, WIDTH, delay_table, threshold

# How much wider each maker quotes than the one before it, as a share of the half spread.
_STAGGER: Final = 0.35

# Mean distance between deeper quotes of a ladder, as a share of the half spread; heavy-tailed.
_DEPTH: Final = 0.8

# A maker moves its quotes once the value has moved by _SLACK half spreads plus _LAG times the deviation of
# the value between two book updates. Each next maker, which quotes wider, adds _PATIENCE half spreads.
_SLACK: Final = 0.1
_LAG: Final = 2.0
_PATIENCE: Final = 0.25
# But at the latest when the value has covered this share of a quote's distance.
_NEAREST: Final = 0.8
# Tolerance of a quote's price, ticks: prices are integers, values are not.
_TOLERANCE: Final = 0.7

# A maker that picks off a mispriced quote trades up to this many times the size of its own quote.
_EAGER: Final = 8

_BITS: Final = 5 * WIDTH


class Maker:
    """
    One market maker of one instrument.

    Each action is one step: it cancels a quote of a complete ladder, or adds the missing quote of an
    incomplete one, so that replacing a quote takes two. Quotes too near the value, which others would
    trade against, are cancelled first, then those too far from it, else a random one. Prices are kept as
    keys, the price of a bid and minus the price of an ask, so that greater is better on both sides.

    Attributes:
        index: Index of this actor in the event queue.
        anchor: The value around which quotes are placed, ticks.
        slack: Distance of the value from it at which quotes are moved, ticks.
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
        """Take over a changed spread or volatility; quotes follow one by one as they are replaced."""
        sim = self.sim
        stride = sim.value * sim.volatility / sqrt(sim.spec.updates_per_second)
        self._width = width = (1.0 + _STAGGER * self._rank) * sim.half
        self._depth = sim.half * _DEPTH
        self.slack = min(_NEAREST * width, 0.5 + (_SLACK + _PATIENCE * self._rank) * sim.half + _LAG * stride)

    def act(self, now: int) -> int:
        """Add a missing quote, or cancel one."""
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
        Add a quote: the best of the ladder where that is missing or too far away, else a deeper one.

        Returns:
            Whether it is at its intended price, which an order on the other side may prevent.
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
        """Complete the ladder at once, around the current value."""
        self.anchor = self.sim.value
        for side in (BUY, SELL):
            for _ in range(self._quotes - len(self._keys[side])):
                self.place(side, self._bits(_BITS))

    def cancel_quotes(self) -> None:
        """Cancel the whole ladder."""
        for keys, ids in zip(self._keys, self._ids, strict=True):
            for order in ids:
                self.sim.book.cancel(order)
            keys.clear()
            ids.clear()

    def requote_side(self, side: int) -> None:
        """Quote at once on a side that was swept empty, around the value after the sweep."""
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
        """Schedule the replacement of an executed quote. Returns whether it was this maker's."""
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
        """Schedule an action after a reaction time."""
        heappush(self.sim.queue.heap, (now + self._reaction[self._bits(WIDTH)], self.index))


class QuotingObligation:
    """The first maker's quoting obligation: it renews best quotes that have not changed for an interval."""

    __slots__ = ("_every", "_seen", "index", "sim")

    def __init__(self, sim: InstrumentSim) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._every = int(sim.market.makers.obligation_ms * NS_PER_MILLISECOND * sim.quietness)
        self._seen = (0, 0, 0, 0)

    def act(self, now: int) -> int:
        """Renew the best quote if it has not changed since the last action."""
        sim = self.sim
        book = sim.book
        quote = (book.bid, book.bid_size, book.ask, book.ask_size)
        if quote == self._seen:
            book.now = now
            sim.makers[0].refresh_best()
            quote = (book.bid, book.bid_size, book.ask, book.ask_size)
        self._seen = quote
        return self._every
