"""Market makers: ladders of quotes near the reference price, replaced one by one."""

from __future__ import annotations

from bisect import bisect_left
from math import floor, fsum
from typing import Final

from attrs import evolve

from feed.model.durations import NS_PER_MILLISECOND
from feed.model.market import Delay
from feed.sim.instrument_parameters import BUY, SELL, USUAL_RATE
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import HEAVY, MASK, WIDTH, delay_table

# How much wider each maker quotes than the one before it, as a share of the half spread.
_STAGGER: Final = 0.75
# How much more slowly each maker reacts than the one before it.
_SLOWER: Final = 0.45
# Quotes are this much smaller, at most, while the flow is toxic: by what was learnt, in half spreads.
_SMALLEST: Final = 4.0
_FEAR: Final = 32.0
# A ladder has at most this many quotes more than it should: others were left behind by the price.
_SPARE: Final = 4
# A maker that meets an order on the wrong side of its price trades up to so many of its own quotes with it.
_EAGER: Final = 4
# And tries so often, before it quotes behind what is left.
_TRIES: Final = 6
# In 6 of 8 cases a new quote goes behind the maker's best one.
_BEHIND: Final = 2

# Longest mean of a part of the pauses, milliseconds.
_LONGEST_MS: Final = 60_000.0

_BITS: Final = 4 * WIDTH


class Maker:
    """
    One market maker of one instrument.

    Each action is one step: it cancels a quote that is nearer to the reference price than allowed, which
    others would trade against, or adds one where its best quote should be. Quotes that the price leaves
    behind stay, and become depth. Prices are kept as keys, the price of a bid and minus the price of an ask,
    so that greater is better on both sides.

    Attributes:
        index: Index of this actor in the event queue.
        makes: True: its executions are inventory.
    """

    makes: Final = True

    __slots__ = (
        "_awake",
        "_bits",
        "_ids",
        "_keys",
        "_owns",
        "_patient_bits",
        "_rank",
        "_reaction",
        "_width",
        "index",
        "sim",
    )

    def __init__(self, sim: InstrumentSim, rank: int) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._rank = rank
        self._width = 1.0 + _STAGGER * rank  # half spread, in that of the tightest maker
        # Indexed by side, best last.
        self._keys: tuple[list[int], list[int]] = ([], [])
        self._ids: tuple[list[int], list[int]] = ([], [])
        self._owns = ((self, BUY), (self, SELL))
        self._reaction = delay_table(sim.market.makers.reaction, 1.0 + _SLOWER * rank)
        self._bits = sim.random_stream(f"maker-{rank + 1}")
        self._patient_bits = sim.random_stream(f"maker-{rank + 1}", "wrong side")
        self._awake = False

    def target(self, side: int) -> int:
        """The key at which its best quote should be."""
        reference = self.sim.reference
        width = reference.half * self._width
        return floor((-reference.price if side else reference.price) - width)

    def wake(self, now: int) -> None:
        """Let it react to a move of the price, or to an execution, if it has to and is not about to."""
        if self._awake:
            return
        sim, reference = self.sim, self.sim.reference
        bids, asks = self._keys
        if bids and asks:
            # The same as in act(), without rounding: most moves are smaller than what makers tolerate.
            price, width = reference.price, reference.half * self._width
            near = sim.tolerance
            far = -near - (self._rank > 0)
            if far <= bids[-1] - price + width <= near and far <= asks[-1] + price + width <= near:
                return
        self._awake = True
        sim.queue.schedule(self.index, now + self._reaction[self._bits(WIDTH)])

    def act(self, now: int) -> int:
        """One step towards where the quotes should be; then again soon, until they are there."""
        sim = self.sim
        sim.book.now = now
        draw = self._bits(_BITS)
        first, tolerance = draw & 1, sim.tolerance
        both = self._keys
        for side in (first, 1 - first):
            keys = both[side]
            if keys and keys[-1] > self.target(side) + tolerance:
                self._drop(side, len(keys) - 1)
                sim.refill(now)
                return self._reaction[draw >> WIDTH & MASK]
        # The wider makers, which are slower, let their quotes be left behind a little more.
        far = tolerance + (self._rank > 0)
        for side in (first, 1 - first):
            keys = both[side]
            target = self.target(side)
            if not keys or keys[-1] < target - far:
                self._place(now, side, target, draw >> 2 * WIDTH)
                if len(keys) > sim.market.makers.quotes + _SPARE:
                    self._drop(side, 0)
                return self._reaction[draw >> WIDTH & MASK]
        self._awake = False
        return 0

    def change_depth(self, now: int) -> int:
        """Replace a deeper quote: a full ladder loses one, another gets one. Returns random bits."""
        sim = self.sim
        sim.book.now = now
        draw = self._bits(_BITS)
        side = draw & 1
        keys = self._keys[side]
        if len(keys) >= sim.market.makers.quotes + (draw >> 1 & 1):
            self._drop(side, (draw >> WIDTH & MASK) * len(keys) >> WIDTH)
            sim.refill(now)
        else:
            key = self.target(side)
            if keys and (draw >> 1 & 7) >= _BEHIND and keys[-1] >= key:
                key -= int(sim.depth * HEAVY[draw >> WIDTH & MASK])
            self._place(now, side, key, draw >> 2 * WIDTH)
        return draw >> 3 * WIDTH

    def quote_ladder(self, now: int) -> None:
        """Complete the ladder at once, around the current price."""
        self.sim.book.now = now
        for side in (BUY, SELL):
            for rank in range(len(self._keys[side]), self.sim.market.makers.quotes):
                self._place(now, side, self.target(side) - int(rank * self.sim.depth), self._bits(WIDTH))

    def cancel_quotes(self) -> None:
        """Cancel the whole ladder."""
        for side in (BUY, SELL):
            while self._keys[side]:
                self._drop(side, len(self._keys[side]) - 1)

    def requote_side(self, now: int, side: int) -> None:
        """Quote at once on a side that was swept empty."""
        self._place(now, side, self.target(side), self._bits(WIDTH), clears=False)

    def refresh_best(self) -> None:
        """Join the best price of a side, which changes the size quoted there."""
        book = self.sim.book
        draw = self._bits(2 * WIDTH)
        side = draw & 1
        if book.ask if side else book.bid:
            self._rest(side, -book.ask if side else book.bid, draw >> WIDTH)
            if len(self._keys[side]) > self.sim.market.makers.quotes + _SPARE:
                self._drop(side, 0)

    def order_filled(self, now: int, order: int, side: int) -> None:
        """Forget a quote that was executed, and see to its replacement."""
        ids = self._ids[side]
        at = ids.index(order)
        del ids[at], self._keys[side][at]
        self.wake(now)

    def withdraw(self, _order: int, _side: int) -> None:
        """Never: a maker's quotes on the wrong side of another's price are traded with."""

    def _place(self, now: int, side: int, key: int, bits: int, *, clears: bool = True) -> None:
        sim, book = self.sim, self.sim.book
        for _ in range(_TRIES):
            crossed = -book.bid if side else book.ask  # the least key that would trade
            if not crossed or key < crossed:
                break
            price = -key if side else key
            # Not where a trade has just swept the side: the next step sees to what is in the way.
            if not clears or not sim.clear_wrong_side(now, side, price, _EAGER, self._patient_bits):
                key = crossed - 1
                break
        else:
            crossed = -book.bid if side else book.ask
            if crossed and key >= crossed:
                key = crossed - 1
        if side:
            key = min(max(key, -sim.highest), -1)
        elif key < 1:
            key = 1
        if sim.book.would_rest(side, -key if side else key):
            self._rest(side, key, bits)

    def _rest(self, side: int, key: int, bits: int) -> None:
        sim = self.sim
        fear = 1.0 + min(_SMALLEST - 1.0, sim.reference.toxicity / (_FEAR * sim.reference.calm_half))
        lots = 1 + int(sim.rests[side] * HEAVY[bits & MASK] / fear)
        order = sim.next_order()
        sim.owners[order] = self._owns[side]
        keys = self._keys[side]
        at = bisect_left(keys, key)
        keys.insert(at, key)
        self._ids[side].insert(at, order)
        sim.book.limit(order, side, -key if side else key, lots)

    def _drop(self, side: int, at: int) -> None:
        del self._keys[side][at]
        order = self._ids[side].pop(at)
        del self.sim.owners[order]
        self.sim.book.cancel(order)


class DepthChanges:
    """
    Makes a maker change its deeper quotes at random times, whether there is news or not.

    Args:
        maker: The maker.
    """

    __slots__ = ("_maker", "_pause", "index", "sim")

    def __init__(self, maker: Maker) -> None:
        sim = maker.sim
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._maker = maker
        self._pause = delay_table(_at_rate(sim.market.makers.pause, sim.spec.updates_per_second))

    def act(self, now: int) -> int:
        """Change one."""
        return 1 + int(self._pause[self._maker.change_depth(now)] * self.sim.quote_scale)


def _at_rate(pause: tuple[Delay, ...], rate: float) -> tuple[Delay, ...]:
    """The pauses for another rate of book updates: the slowest part is longer or shorter, bursts stay."""
    total = fsum(part.weight for part in pause)
    mean = fsum(part.weight * part.mean_ms for part in pause) / total
    *fast, slowest = sorted(pause, key=lambda part: part.mean_ms)
    left = mean * USUAL_RATE / rate - fsum(part.weight * part.mean_ms for part in fast) / total
    if left * total > slowest.weight * slowest.mean_ms / 8:
        return (*fast, evolve(slowest, mean_ms=min(_LONGEST_MS, left * total / slowest.weight)))
    return tuple(evolve(part, mean_ms=part.mean_ms * USUAL_RATE / rate) for part in pause)


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
