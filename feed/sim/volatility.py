"""
Volatility and activity over time: regimes on several time scales, and the hour of the day.

Large moves follow large moves, for minutes and for days: the standard deviation is a product of components
that are drawn again at random times, each more slowly than the one before (a Markov-switching multifractal,
Calvet and Fisher 2004). The instruments of an asset class share them.
"""

from __future__ import annotations

from math import fsum, prod
from typing import Final

from feed.model.durations import NS_PER_HOUR, NS_PER_SECOND
from feed.model.market import Regimes
from feed.sim.event_queue import EventQueue
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH, random_stream

# Activity by the hour of the day (UTC), of any unit.
_COIN_DAY: Final = (
    240, 235, 225, 215, 205, 200, 205, 225, 250, 260, 255, 250,
    265, 320, 370, 375, 350, 315, 280, 265, 255, 250, 250, 245,
)  # fmt: skip
_CURRENCY_DAY: Final = (
    150, 165, 165, 160, 160, 175, 230, 310, 330, 310, 285, 270,
    310, 380, 390, 370, 320, 260, 210, 190, 180, 165, 150, 145,
)  # fmt: skip
_DAYS: Final = {"crypto": _COIN_DAY}
# The product of the components stays within these bounds.
_LEAST: Final = 0.1
_MOST: Final = 4.0
# The first components are drawn again after four times longer than the one before, the others after three.
_FAST: Final = 3


class VolatilityRegimes:
    """
    The volatility of an asset class, relative to its long-run value.

    Args:
        regimes: Its components.
        asset_class: Its name, which has a random stream and a day of its own.
        queue: Where the draws are scheduled.
        seed: Of the random numbers.
        start: Market time at which the market opens, nanoseconds.

    Attributes:
        sim: None: it concerns many instruments.
        sims: The instruments, which are told of every change.
        level: Product of the components now.
        activity: Of this hour, relative to the mean.
    """

    sim: Final = None

    __slots__ = (
        "_bits",
        "_components",
        "_day",
        "_hour",
        "_means",
        "_state",
        "_values",
        "activity",
        "level",
        "sims",
    )

    def __init__(
        self, regimes: Regimes, asset_class: str, queue: EventQueue, *, seed: int, start: int
    ) -> None:
        self._bits = random_stream(seed, "regimes", asset_class)
        count = regimes.components
        contrasts = [regimes.contrast if at < _FAST else regimes.slow_contrast for at in range(count)]
        self._values = tuple((1.0 - contrast, 1.0 + contrast) for contrast in contrasts)
        self._means = tuple(regimes.fastest_seconds * _slower(at) * NS_PER_SECOND for at in range(count))
        self._state = [self._bits(1) for _ in range(count)]
        day = _DAYS.get(asset_class, _CURRENCY_DAY) if regimes.daily else (1,) * 24
        self._day = tuple(24 * hour / fsum(day) for hour in day)
        self._hour = _Hour(self, queue, start)
        self.sims: list[InstrumentSim] = []
        for at in range(count):
            switch = _Switch(self, at)
            queue.schedule(queue.register(switch), start + self._wait(at))
        self.level, self.activity = self._product(), self._now(start)

    def draw(self, component: int, now: int) -> int:
        """Draw a component again. Returns nanoseconds until the next time."""
        self._state[component] = self._bits(1)
        self.update(now)
        return self._wait(component)

    def update(self, now: int) -> None:
        """Compute level and activity, and tell the instruments."""
        self.level, self.activity = self._product(), self._now(now)
        for sim in self.sims:
            sim.set_regime(self.level, self.activity)

    def _product(self) -> float:
        level = prod(value[high] for value, high in zip(self._values, self._state, strict=True))
        return min(max(level, _LEAST), _MOST)

    def _now(self, now: int) -> float:
        return self._day[now // NS_PER_HOUR % 24]

    def _wait(self, component: int) -> int:
        return 1 + int(self._means[component] * EXPONENTIAL[self._bits(WIDTH) & MASK])


class _Switch:
    """Draws one component again at random times."""

    sim: Final = None

    __slots__ = ("_component", "_regimes")

    def __init__(self, regimes: VolatilityRegimes, component: int) -> None:
        self._regimes = regimes
        self._component = component

    def act(self, now: int) -> int:
        """Draw it."""
        return self._regimes.draw(self._component, now)


class _Hour:
    """Begins each hour of the day."""

    sim: Final = None

    __slots__ = ("_regimes",)

    def __init__(self, regimes: VolatilityRegimes, queue: EventQueue, start: int) -> None:
        self._regimes = regimes
        queue.schedule(queue.register(self), start - start % NS_PER_HOUR + NS_PER_HOUR)

    def act(self, now: int) -> int:
        """Take over the hour's activity."""
        self._regimes.update(now)
        return NS_PER_HOUR


def _slower(component: int) -> float:
    """How many times more slowly than the first a component is drawn."""
    return float(4**component if component < _FAST else 4**_FAST * 3 ** (component - _FAST))
