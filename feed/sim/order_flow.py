"""
Order flow that takes liquidity: metaorders, who follows them, and who is forced to trade.

A metaorder is one account's run of orders on one side, with the followers it sets off. The lengths of the
runs are heavy-tailed and many run at a time, so that the signs of trades remember (Lillo, Mike and Farmer
2005); orders set off others within a millisecond and within seconds, so that trades come in bursts (a Hawkes
process in its cluster form: every order draws its own offspring, and there is no intensity to integrate).
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Final

from feed.model.durations import NS_PER_SECOND
from feed.model.market import Delay
from feed.sim.instrument_parameters import BUY, SELL
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import (
    EXPONENTIAL,
    MASK,
    ORDER_SIZE,
    RUN_BITS,
    WIDTH,
    delay_table,
    run_length,
    threshold,
)
from feed.sim.reference_price import Metaorder

# Mean of an unbounded run: the zeta function of 3/2.
_MEAN_RUN: Final = 2.612
# An order follows another within a millisecond, or echoes it within seconds.
_FOLLOWS: Final = (Delay(weight=60, mean_ms=0.12), Delay(weight=40, mean_ms=0.45))
_ECHOES: Final = (
    Delay(weight=25, mean_ms=8),
    Delay(weight=30, mean_ms=100),
    Delay(weight=30, mean_ms=900),
    Delay(weight=15, mean_ms=12_000),
)
# Large orders are noticed by more: from so much, and up to so much, of the mean probability, by the size.
_NOTICED: Final = 0.625
_BY_SIZE: Final = 0.375
_MOST_NOTICED: Final = 1.25
# Limit price of an order: this many half spreads past the best price, at least so many ticks.
_REACH: Final = 4.0
_LEAST_REACH: Final = 4
# Standard deviations of a return over one second in that of a day: the square root of 86,400.
_DAY: Final = 293.9387691339814
# Forced traders' orders, in mean taker's orders.
_FORCED_SIZE: Final = 1.5


class OrderFlow:
    """
    Everybody who takes liquidity in one instrument, but large orders of a script and clients.

    One action is one order, or the start of a metaorder.

    Args:
        sim: The instrument.

    Attributes:
        index: Index of this actor in the event queue.
        gap: Mean time between the starts of two metaorders, nanoseconds.
    """

    __slots__ = (
        "_bits",
        "_due",
        "_echoes",
        "_echoes_agree",
        "_follow",
        "_follow_agree",
        "_fuel",
        "_mean",
        "_number",
        "_pace",
        "_takers",
        "_value_band",
        "gap",
        "index",
        "sim",
    )

    def __init__(self, sim: InstrumentSim) -> None:
        takers = sim.market.takers
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._takers = takers
        self._bits = sim.random_stream("takers")
        self._pace = delay_table(takers.pace)
        self._follow = takers.followers
        self._follow_agree = threshold(takers.followers_agree)
        self._echoes = threshold(takers.echoes)
        self._echoes_agree = threshold(takers.echoes_agree)
        # Of the price, with the volatility of the specification, whatever a scenario has made of it.
        self._value_band = takers.value_band * sim.spec.volatility / 10_000 * _DAY
        orders = _MEAN_RUN / (1.0 - takers.followers - takers.echoes)
        self.gap = NS_PER_SECOND * orders * takers.updates / sim.spec.updates_per_second
        # Orders to come: (number, metaorder), in the order of their times; the event queue has the times.
        self._due: list[tuple[int, int, Metaorder, bool]] = []
        self._number = 0
        self._mean = sim.reference.price  # over the window of forced traders
        self._fuel = sim.market.forced.rest_seconds

    def start(self, now: int) -> int:
        """Begin a metaorder. Returns nanoseconds until the next."""
        sim, bits, takers = self.sim, self._bits, self._takers
        reference = sim.reference
        # Value traders lean against a price away from the value, as far as their capital goes.
        away = (reference.fundamental - reference.price) / (self._value_band * reference.price)
        tilt = min(max(away * 0.25, -takers.value_most), takers.value_most)
        draw = bits(3 * WIDTH + RUN_BITS)
        side = BUY if (draw & MASK) < (0.5 + tilt) * (MASK + 1) else SELL
        run = run_length(draw >> 3 * WIDTH, takers.most)
        metaorder = self._metaorder(side, run, self._pace[draw >> WIDTH & MASK])
        self._schedule(now + 1, metaorder, runs=True)
        return 1 + int(self.gap * sim.wait_scale * EXPONENTIAL[draw >> 2 * WIDTH & MASK])

    def force(self, now: int, seconds: float) -> None:
        """Let forced traders begin a wave if the price has run; called every ``seconds``."""
        sim, forced = self.sim, self.sim.market.forced
        self._mean += (sim.reference.price - self._mean) * min(1.0, seconds / forced.window_seconds)
        self._fuel = min(self._fuel + seconds, 3.0 * forced.rest_seconds)
        run = sim.reference.price - self._mean
        # Where little is traded, a few orders move the price by many deviations of a second: that is no run.
        usual = max(sim.deviation, sim.impact_scale)
        if forced.trigger and abs(run) > forced.trigger * usual and self._fuel >= forced.rest_seconds:
            self._fuel -= forced.rest_seconds
            gap = int(forced.seconds * NS_PER_SECOND / forced.orders)
            metaorder = Metaorder(BUY if run > 0 else SELL, _FORCED_SIZE, left=forced.orders, gap=gap)
            self._schedule(now + 1, metaorder, runs=True)

    def act(self, now: int) -> int:
        """Trade the next order that is due."""
        _, _, metaorder, runs = heappop(self._due)
        self._trade(now, metaorder)
        if runs:
            metaorder.left -= 1
            if metaorder.left:
                draw = self._bits(WIDTH)
                wait = 1 + int(metaorder.gap * self.sim.wait_scale * EXPONENTIAL[draw])
                self._schedule(now + wait, metaorder, runs=True)
        return 0

    def _metaorder(self, side: int, orders: int = 1, gap: int = 0) -> Metaorder:
        # Sizes of one account resemble each other: half of the spread of sizes is the account's.
        size = (1.0 + ORDER_SIZE[self._bits(WIDTH)]) / 2
        return Metaorder(side, size, left=orders, gap=gap)

    def _schedule(self, when: int, metaorder: Metaorder, *, runs: bool) -> None:
        self._number += 1
        heappush(self._due, (when, self._number, metaorder, runs))
        self.sim.queue.schedule(self.index, when)

    def _trade(self, now: int, metaorder: Metaorder) -> None:
        sim, bits, side = self.sim, self._bits, metaorder.side
        draw = bits(5 * WIDTH)
        size = metaorder.size * ORDER_SIZE[draw & MASK]
        sim.take(now, side, 1 + int(size * sim.taken), self._worst(side), metaorder=metaorder)
        noticed = self._follow * (_NOTICED + min(_MOST_NOTICED, _BY_SIZE * size))
        if (draw >> WIDTH & MASK) < noticed * (MASK + 1):
            agrees = (draw >> 2 * WIDTH & MASK) < self._follow_agree
            wait = _FOLLOW_TIMES[draw >> 3 * WIDTH & MASK]
            self._schedule(now + wait, metaorder if agrees else self._metaorder(1 - side), runs=False)
        if draw >> 4 * WIDTH < self._echoes:
            draw = bits(2 * WIDTH)
            # An echo on the same side belongs to the metaorder, or prices would trend.
            agrees = (draw & MASK) < self._echoes_agree
            wait = 1 + int(_ECHO_TIMES[draw >> WIDTH] * sim.interval_scale)
            self._schedule(now + wait, metaorder if agrees else self._metaorder(1 - side), runs=False)

    def _worst(self, side: int) -> int:
        sim = self.sim
        reach = max(_LEAST_REACH, int(_REACH * sim.reference.half))
        return max(1, sim.book.bid - reach) if side else min(sim.highest, sim.book.ask + reach)


_FOLLOW_TIMES: Final = delay_table(_FOLLOWS)
_ECHO_TIMES: Final = delay_table(_ECHOES)


class MetaorderStarts:
    """
    Begins metaorders at random times.

    Args:
        flow: Where they trade.
    """

    __slots__ = ("_flow", "index", "sim")

    def __init__(self, flow: OrderFlow) -> None:
        self.sim: InstrumentSim = flow.sim
        self.index = flow.sim.queue.register(self)
        self._flow = flow

    def act(self, now: int) -> int:
        """Begin one."""
        return self._flow.start(now)


class Relaxation:
    """
    Lets what makers have learnt decay, at equal intervals, and forced traders look at the price.

    Args:
        sim: The instrument.
        flow: Its order flow.
    """

    __slots__ = ("_every", "_flow", "_forces", "_seconds", "index", "sim")

    def __init__(self, sim: InstrumentSim, flow: OrderFlow) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._flow = flow
        self._every = sim.relax_every
        self._seconds = self._every / NS_PER_SECOND
        # The holders of a pair are the same on all its venues, and those of a future are liquidated.
        self._forces = sim.spec.followed is None

    def act(self, now: int) -> int:
        """Let one interval pass; makers react if the price moved."""
        sim, reference = self.sim, self.sim.reference
        price, half = reference.price, reference.half
        reference.relax()
        sim.forget(self._seconds)
        if abs(reference.price - price) > sim.tolerance or abs(reference.half - half) > sim.tolerance:
            sim.notify_makers(now)
        if self._forces:
            self._flow.force(now, self._seconds)
        return self._every
