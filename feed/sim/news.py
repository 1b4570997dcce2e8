"""
News: what moves fundamental values, and wakes the market makers.

Moves have no memory, their size has: its variance is a product of components that switch between
high and low, each four times more slowly than the one before (a Markov-switching multifractal).
A volatile market is a busy one, because larger moves expose more quotes.
"""

from __future__ import annotations

import math
from typing import Final

from feed.model.durations import NS_PER_SECOND
from feed.model.market import MarketSpec, News
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, LAPLACE, MASK, WIDTH, random_stream, threshold

# The first component is drawn anew once in 4 ** _STEADY * 4 / 3 moves.
_STEADY: Final = 2
# Random bits of a move: for the components, for the new value of one, then the draws by table.
_CHOICE: Final = 32
_DRAWS: Final = 33


def volatility_regimes(news: News) -> tuple[float, ...]:
    """
    Standard deviation of a move in each state of the variance, relative to its long-run value.

    A state is a number whose bits are the components: 1 is high, 0 is low.
    """
    values = (1 - news.contrast, 1 + news.contrast)
    return tuple(
        math.sqrt(math.prod(values[state >> bit & 1] for bit in range(news.components)))
        for state in range(1 << news.components)
    )


class NewsProcess:
    """
    News that reaches every instrument, and the mood of the whole market.

    Attributes:
        sims: Where instruments are trading now.
        haste: What waiting times are multiplied by at this moment, everywhere.
    """

    __slots__ = (
        "_activity_deviation",
        "_bits",
        "_gap",
        "_share",
        "_wake_threshold",
        "index",
        "interval_scale",
        "sim",
        "sims",
    )

    def __init__(self, market: MarketSpec, queue: EventQueue, seed: int) -> None:
        news = market.news
        self.sim = None
        self.sims: list[InstrumentSim] = []
        self.index = queue.register(self)
        self.interval_scale = 1.0
        self._gap = NS_PER_SECOND / news.common_per_second
        # One move of the whole market has the variance of this share over the mean gap.
        self._share = math.sqrt(news.common / news.common_per_second)
        self._activity_deviation = news.mood
        self._wake_threshold = threshold(news.heard)
        self._bits = random_stream(seed, "market")

    def act(self, now: int) -> int:
        """Move every value at once, in proportion to its own volatility, and change the mood."""
        drawn = self._bits(3 * WIDTH)
        move = LAPLACE[drawn & MASK] * self._share
        activity = 1.0 + self._activity_deviation * LAPLACE[drawn >> WIDTH & MASK]
        self.interval_scale = 1.0 / max(0.25, activity)
        for sim in self.sims:
            sim.move_value(move * sim.volatility)
            sim.deliver_news(now, self._wake_threshold, self._bits(WIDTH * len(sim.makers)))
        return 1 + int(self._gap * EXPONENTIAL[drawn >> 2 * WIDTH & MASK])


class ValueProcess:
    """News of one instrument."""

    __slots__ = (
        "_bits",
        "_components",
        "_gap",
        "_news_process",
        "_regimes",
        "_scale",
        "_state",
        "_wake_threshold",
        "_width",
        "index",
        "sim",
    )

    def __init__(self, sim: InstrumentSim, news_process: NewsProcess, table: tuple[float, ...]) -> None:
        news = sim.market.news
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._news_process = news_process
        self._regimes = table
        self._wake_threshold = threshold(news.heard)
        seconds = 1 / (news.moves * sim.spec.updates_per_second)
        self._gap = seconds * NS_PER_SECOND
        self._scale = math.sqrt(seconds * (1 - news.common))
        self._bits = sim.random_stream("news")
        self._components = news.components
        self._width = _DRAWS + WIDTH * (2 + sim.market.makers.count)
        self._state = self._bits(news.components)

    def act(self, now: int) -> int:
        """Move the value, and let some of the makers hear of it."""
        sim = self.sim
        bits = self._bits(self._width)
        state = self._state
        # Trailing zeros: a component is drawn anew 4 times less often than the one before it.
        component = ((bits & -bits).bit_length() - 1 >> 1) - _STEADY
        if 0 <= component < self._components:
            state = self._state = state & ~(1 << component) | (bits >> _CHOICE & 1) << component
        sim.wait_scale = self._news_process.interval_scale * sim.interval_scale
        bits >>= _DRAWS
        sim.move_value(LAPLACE[bits & MASK] * self._regimes[state] * sim.step * self._scale)
        sim.deliver_news(now, self._wake_threshold, bits >> 2 * WIDTH)
        return 1 + int(self._gap * sim.wait_scale * EXPONENTIAL[bits >> WIDTH & MASK])
