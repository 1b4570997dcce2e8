"""
News: moves fundamental values, and makes market makers react.

Moves are independent, but their variance is persistent (volatility clustering): it is a product of
components that switch between high and low, each four times more slowly than the one before (a
Markov-switching multifractal). Higher volatility also means more activity, because larger moves expose
more quotes.
"""

from __future__ import annotations

import math
from typing import Final

from feed.model.durations import NS_PER_SECOND
from feed.model.market import MarketSpec, News
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, LAPLACE, MASK, WIDTH, random_stream, threshold

# The first component is drawn again once in 4 ** _STEADY * 4 / 3 moves.
_STEADY: Final = 2
# Random bits of a move: 32 for the choice of a component, 1 for its new value, then those for the tables.
_CHOICE: Final = 32
_DRAWS: Final = 33


def volatility_regimes(news: News) -> tuple[float, ...]:
    """
    Standard deviation of a move in each volatility regime, relative to its long-run value.

    A regime is a number whose bits are the components: 1 is high, 0 is low.
    """
    values = (1 - news.contrast, 1 + news.contrast)
    return tuple(
        math.sqrt(math.prod(values[state >> bit & 1] for bit in range(news.components)))
        for state in range(1 << news.components)
    )


class NewsProcess:
    """
    News that moves every instrument, and the activity of the whole market.

    Attributes:
        sims: The instruments that trade now, except those that follow another.
        interval_scale: Factor on all waiting times now: 1 / activity of the market, at most 4.
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
        # Standard deviation of one common move, in standard deviations of a value over one second.
        self._share = math.sqrt(news.common / news.common_per_second)
        self._activity_deviation = news.mood
        self._wake_threshold = threshold(news.heard)
        self._bits = random_stream(seed, "market")

    def act(self, now: int) -> int:
        """Move every value in proportion to its own volatility, and draw the market's activity."""
        drawn = self._bits(3 * WIDTH)
        move = LAPLACE[drawn & MASK] * self._share
        activity = 1.0 + self._activity_deviation * LAPLACE[drawn >> WIDTH & MASK]
        self.interval_scale = 1.0 / max(0.25, activity)
        for sim in self.sims:
            sim.move_value(move * sim.volatility)
            hears = int(self._wake_threshold / sim.quietness)
            sim.deliver_news(now, hears, self._bits(WIDTH * len(sim.makers)))
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
        """Move the value, and let some of the makers react."""
        sim = self.sim
        bits = self._bits(self._width)
        state = self._state
        # By trailing zeros: each component is drawn again 4 times less often than the one before it.
        component = ((bits & -bits).bit_length() - 1 >> 1) - _STEADY
        if 0 <= component < self._components:
            state = self._state = state & ~(1 << component) | (bits >> _CHOICE & 1) << component
        sim.wait_scale = self._news_process.interval_scale * sim.interval_scale
        bits >>= _DRAWS
        sim.move_value(LAPLACE[bits & MASK] * self._regimes[state] * sim.step * self._scale)
        sim.deliver_news(now, self._wake_threshold, bits >> 2 * WIDTH)
        return 1 + int(self._gap * sim.wait_scale * EXPONENTIAL[bits >> WIDTH & MASK])
