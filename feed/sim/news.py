"""
News: what moves fundamental values, and wakes the market makers.

Moves have no memory, their size has: its variance is a product of components that switch between
high and low, each four times more slowly than the one before (a Markov-switching multifractal).
The same components quicken the arrivals, so that a volatile market is a busy one.
"""

from __future__ import annotations

import math
from typing import Final

from feed.model.market import MarketSpec, News
from feed.sim.draws import EXPONENTIAL, LAPLACE, MASK, NS_PER_SECOND, WIDTH, bits, chance
from feed.sim.pit import Agenda, Pit

_SLOWER: Final = 4


class Regimes:
    """
    Tables of the multifractal, shared by all instruments.

    A state is a number whose bits are the components: 1 is high, 0 is low.

    Attributes:
        swing: Standard deviation of a move in each state, relative to its long-run value.
        wait: Time between moves in each state, relative to its long-run mean.
        redraw: For ``WIDTH`` random bits, the component that is drawn anew.
    """

    def __init__(self, news: News) -> None:
        count = news.components
        values = (1 - news.contrast, 1 + news.contrast)
        variances = [
            math.prod(values[state >> bit & 1] for bit in range(count)) for state in range(1 << count)
        ]
        # The fourth root: activity follows volatility, but less than in proportion.
        waits = [1 / math.sqrt(math.sqrt(variance)) for variance in variances]
        mean = math.fsum(waits) / len(waits)
        self.swing: Final = tuple(math.sqrt(variance) for variance in variances)
        self.wait: Final = tuple(wait / mean for wait in waits)
        table: list[int] = []
        for component in range(count):
            table.extend([component] * ((MASK + 1 - len(table)) * (_SLOWER - 1) // _SLOWER))
        self.redraw: Final = tuple(table + [count - 1] * (MASK + 1 - len(table)))


class Headlines:
    """
    News that reaches every instrument, and the mood of the whole market.

    Attributes:
        pits: Where instruments are trading now.
        haste: What waiting times are multiplied by at this moment, everywhere.
    """

    __slots__ = ("_bits", "_gap", "_heard", "_mood", "_share", "haste", "index", "pit", "pits")

    def __init__(self, market: MarketSpec, agenda: Agenda, seed: int) -> None:
        news = market.news
        self.pit = None
        self.pits: list[Pit] = []
        self.index = agenda.join(self)
        self.haste = 1.0
        self._gap = NS_PER_SECOND / news.common_per_second
        # One move of the whole market has the variance of this share over the mean gap.
        self._share = math.sqrt(news.common / news.common_per_second)
        self._mood = news.mood
        self._heard = chance(news.heard)
        self._bits = bits(seed, "market")

    def act(self, now: int) -> int:
        """Move every value at once, in proportion to its own volatility, and change the mood."""
        drawn = self._bits(3 * WIDTH)
        move = LAPLACE[drawn & MASK] * self._share
        mood = 1.0 + self._mood * LAPLACE[drawn >> WIDTH & MASK]
        self.haste = 1.0 / max(0.25, mood)
        for pit in self.pits:
            pit.move(move * pit.volatility)
            pit.wake(now, self._heard, self._bits(WIDTH * len(pit.makers)))
        return 1 + int(self._gap * EXPONENTIAL[drawn >> 2 * WIDTH & MASK])


class Ticker:
    """News of one instrument."""

    __slots__ = (
        "_bits",
        "_gap",
        "_headlines",
        "_heard",
        "_regimes",
        "_state",
        "_step",
        "_width",
        "index",
        "pit",
    )

    def __init__(self, pit: Pit, headlines: Headlines, regimes: Regimes) -> None:
        news, makers = pit.market.news, pit.market.makers
        self.pit: Pit = pit
        self.index = pit.agenda.join(self)
        self._headlines = headlines
        self._regimes = regimes
        self._heard = chance(news.heard)
        # Every answer is followed by as many steps as persistence makes of it: see Maker.act.
        steps = makers.count * news.heard * 2 / (1 - makers.persistence)
        seconds = steps / (pit.spec.updates_per_second * makers.share)
        self._gap = seconds * NS_PER_SECOND
        self._step = math.sqrt(seconds * (1 - news.common))
        self._bits = pit.bits("news")
        self._width = WIDTH * (4 + makers.count)
        self._state = self._bits(news.components)

    def act(self, now: int) -> int:
        """Move the value, and let some of the makers hear of it."""
        pit, regimes = self.pit, self._regimes
        bits = self._bits(self._width)
        component = 1 << regimes.redraw[bits & MASK]
        state = self._state | component if bits >> WIDTH & 1 else self._state & ~component
        self._state = state
        pit.pace = regimes.wait[state] * self._headlines.haste * pit.calm
        pit.move(LAPLACE[bits >> 2 * WIDTH & MASK] * self._step * regimes.swing[state] * pit.step)
        pit.wake(now, self._heard, bits >> 4 * WIDTH)
        return 1 + int(self._gap * pit.pace * EXPONENTIAL[bits >> 3 * WIDTH & MASK])
