"""
Public news: moves of fundamental values that everybody sees at once.

Factors (coins, the dollar, risk) move all instruments that load on them; each instrument has news of its
own, and rare jumps. What makers learn from the trades of a leading instrument reaches the others through the
factor on which it loads most. After a large move traders race the makers' cancels (Aquilina, Budish and
O'Neill 2022), which makes bursts of trades at one event.
"""

from __future__ import annotations

from math import ceil, floor, fsum, sqrt
from operator import attrgetter, mul
from typing import Final

import attrs

from feed.model.durations import NS_PER_SECOND
from feed.model.market import Factors, MarketSpec
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_parameters import BUY, SELL
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, HEAVY, LAPLACE, MASK, WIDTH, random_stream, threshold

_FACTORS: Final = tuple(field.name for field in attrs.fields(Factors) if field.name != "leads")
_LOADINGS: Final = attrgetter(*_FACTORS)
# Mean book updates a second of an instrument for which the rate of news is given.
_USUAL_RATE: Final = 60.0
_DAY: Final = 86_400
# What is learnt in a leading instrument reaches the others at this interval, in the mean.
_PASSED_ON: Final = NS_PER_SECOND // 5
# Mean time until those who race the makers after a move trade: nanoseconds, at least, and exponential.
_RACE_LEAST: Final = 40_000
_RACE_MEAN: Final = 150_000
_SECOND_RACER: Final = threshold(0.37)


def loadings(factors: Factors) -> tuple[float, ...]:
    """The loadings of an instrument, in the order of the factors."""
    found: tuple[float, ...] = _LOADINGS(factors)
    return found


def main_factor(factors: Factors) -> int:
    """The factor on which an instrument loads most."""
    sizes = [abs(loading) for loading in loadings(factors)]
    return sizes.index(max(sizes))


class NewsProcess:
    """
    News of the factors.

    Attributes:
        sim: None: it concerns many instruments.
        sims: The instruments that trade now, except those that follow another.
    """

    sim: Final = None

    __slots__ = ("_bits", "_gap", "_scale", "index", "sims")

    def __init__(self, market: MarketSpec, queue: EventQueue, seed: int) -> None:
        news = market.news
        self.sims: list[InstrumentSim] = []
        self.index = queue.register(self)
        self._gap = NS_PER_SECOND / (news.factors_per_second * len(_FACTORS))
        # Standard deviation of one move, in standard deviations of a value over one second.
        self._scale = sqrt(news.share / news.factors_per_second)
        self._bits = random_stream(seed, "factors")

    def act(self, now: int) -> int:
        """Move one factor, and every value that loads on it."""
        draw = self._bits(3 * WIDTH)
        factor = (draw >> 2 * WIDTH) % len(_FACTORS)
        move = LAPLACE[draw & MASK] * self._scale
        for sim in self.sims:
            loading = loadings(sim.spec.factors)[factor]
            if loading:
                sim.hear(now, move * loading * sim.deviation / sim.reference.permanent)
        return 1 + int(self._gap * EXPONENTIAL[draw >> WIDTH & MASK])


class ImpactSpreading:
    """
    Takes what makers learn from the trades of leading instruments to all that load on the same factor.

    Args:
        news: Knows the instruments that trade now.
        queue: Where it is scheduled.
        seed: Of the random numbers.

    Attributes:
        sim: None: it concerns many instruments.
    """

    sim: Final = None

    __slots__ = ("_bits", "_news", "index")

    def __init__(self, news: NewsProcess, queue: EventQueue, seed: int) -> None:
        self.index = queue.register(self)
        self._news = news
        self._bits = random_stream(seed, "factors", "impact")

    def act(self, now: int) -> int:
        """Collect what was learnt since the last time, and spread it."""
        sims = self._news.sims
        moves = [0.0] * len(_FACTORS)
        own: list[float] = []
        for sim in sims:
            factors = sim.spec.factors
            told = 0.0
            if sim.learnt and factors.leads:
                factor = main_factor(factors)
                loading = loadings(factors)[factor]
                told = factors.leads * sim.learnt / max(sim.volatility, 1e-12) * (1 if loading > 0 else -1)
                moves[factor] += told
            sim.learnt = 0.0
            own.append(told)
        if any(moves):
            for sim, told in zip(sims, own, strict=True):
                factors = sim.spec.factors
                move = fsum(map(mul, moves, loadings(factors)))
                if told:
                    move -= told * loadings(factors)[main_factor(factors)]
                if move:
                    sim.shift(now, move * sim.volatility * sim.reference.permanent)
        return 1 + int(_PASSED_ON * EXPONENTIAL[self._bits(WIDTH)])


class OwnNews:
    """
    News of one instrument alone.

    Args:
        sim: The instrument.
        racers: Who trades before the makers have cancelled.
    """

    __slots__ = ("_bits", "_gap", "_jump", "_jumps", "_racers", "_scale", "index", "sim")

    def __init__(self, sim: InstrumentSim, racers: Racers) -> None:
        news = sim.market.news
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        seconds = _USUAL_RATE / (news.per_second * sim.spec.updates_per_second)
        self._gap = seconds * NS_PER_SECOND
        own = 1.0 - fsum(loading * loading for loading in loadings(sim.spec.factors))
        self._scale = sqrt(max(0.0, own) * news.share * seconds)
        self._jumps = int(news.jumps_per_day * seconds / _DAY * (1 << 2 * WIDTH))
        self._jump = news.jump / 2
        self._racers = racers
        self._bits = sim.random_stream("news")

    def act(self, now: int) -> int:
        """Move the value."""
        sim = self.sim
        draw = self._bits(6 * WIDTH)
        move = LAPLACE[draw & MASK] * self._scale * sqrt(sim.interval_scale)
        if draw >> 4 * WIDTH < self._jumps:
            jump = self._jump * HEAVY[draw >> 2 * WIDTH & MASK]
            move += jump if draw >> 3 * WIDTH & 1 else -jump
        ticks = move * sim.deviation
        sim.hear(now, ticks / sim.reference.permanent)
        self._racers.hear(now, ticks)
        return 1 + int(self._gap * sim.interval_scale * EXPONENTIAL[draw >> WIDTH & MASK])


class Racers:
    """
    Fast traders who take quotes that news have made wrong, before their makers cancel them.

    Args:
        sim: The instrument.
    """

    __slots__ = ("_bits", "_chance", "_sides", "index", "sim")

    def __init__(self, sim: InstrumentSim) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._chance = threshold(sim.market.news.race)
        self._bits = sim.random_stream("racers")
        self._sides: list[int] = []  # of those on their way, first come first

    def hear(self, now: int, ticks: float) -> None:
        """The price has moved by this."""
        sim = self.sim
        if not sim.trading or abs(ticks) <= 2 * sim.reference.half:
            return
        draw = self._bits(4 * WIDTH)
        if (draw & MASK) < self._chance:
            for rank in range(1 + ((draw >> WIDTH & MASK) < _SECOND_RACER)):
                wait = _RACE_LEAST + int(_RACE_MEAN * EXPONENTIAL[draw >> (2 + rank) * WIDTH & MASK])
                self._sides.append(BUY if ticks > 0 else SELL)
                sim.queue.schedule(self.index, now + wait)

    def act(self, now: int) -> int:
        """Take what is better than the price after the news."""
        sim, reference = self.sim, self.sim.reference
        side = self._sides.pop(0)
        lots = 1 + int(sim.taken * HEAVY[self._bits(WIDTH)])
        worst = ceil(reference.price + reference.half) if side else floor(reference.price - reference.half)
        if 1 <= worst <= sim.highest:
            sim.take(now, side, lots, worst, informs=False)
        return 0
