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
from feed.sim.agenda import Agenda
from feed.sim.draws import EXPONENTIAL, LAPLACE, MASK, WIDTH, bits, chance
from feed.sim.pit import Pit

# The first component is drawn anew once in 4 ** _STEADY * 4 / 3 moves.
_STEADY: Final = 2
# Random bits of a move: for the components, for the new value of one, then the draws by table.
_CHOICE: Final = 32
_DRAWS: Final = 33


def swings(news: News) -> tuple[float, ...]:
    """
    Standard deviation of a move in each state of the variance, relative to its long-run value.

    A state is a number whose bits are the components: 1 is high, 0 is low.
    """
    values = (1 - news.contrast, 1 + news.contrast)
    return tuple(
        math.sqrt(math.prod(values[state >> bit & 1] for bit in range(news.components)))
        for state in range(1 << news.components)
    )


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
        "_components",
        "_gap",
        "_headlines",
        "_heard",
        "_scale",
        "_state",
        "_swings",
        "_width",
        "index",
        "pit",
    )

    def __init__(self, pit: Pit, headlines: Headlines, table: tuple[float, ...]) -> None:
        news = pit.market.news
        self.pit: Pit = pit
        self.index = pit.agenda.join(self)
        self._headlines = headlines
        self._swings = table
        self._heard = chance(news.heard)
        seconds = 1 / (news.moves * pit.spec.updates_per_second)
        self._gap = seconds * NS_PER_SECOND
        self._scale = math.sqrt(seconds * (1 - news.common))
        self._bits = pit.bits("news")
        self._components = news.components
        self._width = _DRAWS + WIDTH * (2 + pit.market.makers.count)
        self._state = self._bits(news.components)

    def act(self, now: int) -> int:
        """Move the value, and let some of the makers hear of it."""
        pit = self.pit
        bits = self._bits(self._width)
        state = self._state
        # Trailing zeros: a component is drawn anew 4 times less often than the one before it.
        component = ((bits & -bits).bit_length() - 1 >> 1) - _STEADY
        if 0 <= component < self._components:
            state = self._state = state & ~(1 << component) | (bits >> _CHOICE & 1) << component
        pit.pace = self._headlines.haste * pit.calm
        bits >>= _DRAWS
        pit.move(LAPLACE[bits & MASK] * self._swings[state] * pit.step * self._scale)
        pit.wake(now, self._heard, bits >> 2 * WIDTH)
        return 1 + int(self._gap * pit.pace * EXPONENTIAL[bits >> WIDTH & MASK])
