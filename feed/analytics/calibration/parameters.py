"""The parameters of a market that are fitted, and the figure that each is fitted by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from feed.analytics.calibration.figures import Figures
from feed.model.market import MarketSpec

# Seconds: from then on volatility is measured over 10 s.
_LONG: Final = 600


@attrs.frozen(kw_only=True)
class Parameter:
    """
    A parameter of the market, and the figure that it is fitted by.

    Attributes:
        name: Of the field; one of the instrument, or ``group.field`` of the market.
        figure: The figure.
        power: The figure changes with this power of the parameter.
        least: Bound on the parameter.
        most: Bound on the parameter.
    """

    name: str
    figure: Callable[[Figures], float]
    power: float = 1.0
    least: float
    most: float

    @property
    def shared(self) -> bool:
        """Whether all instruments of a market have it in common."""
        return "." in self.name

    def value(self, market: MarketSpec) -> float:
        """Its value in a market; where it is an instrument's, in that of the first."""
        found: Any = market if self.shared else market.instruments[0]
        for key in self.name.split("."):
            found = getattr(found, key)
        return float(found)

    def changed(self, market: MarketSpec, value: float) -> MarketSpec:
        """A market with another value, within the bounds."""
        value = min(max(value, self.least), self.most)
        group, _, key = self.name.rpartition(".")
        owner: Any = getattr(market, group) if group else market.instruments[0]
        whole = isinstance(getattr(owner, key), int)
        owner = attrs.evolve(owner, **{key: round(value) if whole else float(f"{value:.4g}")})
        if group:
            return attrs.evolve(market, **{group: owner})
        return attrs.evolve(market, instruments=(owner, *market.instruments[1:]))


def volatility(figures: Figures, horizon: int) -> float:
    """
    Standard deviation of a return over a second, basis points, from returns over a longer time.

    Args:
        figures: Of an instrument.
        horizon: 1 or 10 seconds.
    """
    return figures.volatility if horizon == 1 else figures.volatility_10s / math.sqrt(10)


def horizon_of(recorded: Figures) -> int:
    """
    The horizon of returns that tells the volatility best, seconds: 1 or 10.

    Over a second the mid moves to and fro with the quotes, which is no volatility of the price: ten seconds
    have less of that, but there must be sixty of them, and in what is simulated, too.
    """
    return 10 if recorded.seconds >= _LONG else 1


SHARED: Final[tuple[Parameter, ...]] = ()
"""What all instruments of a market have in common."""


def parameters(recorded: Figures) -> tuple[Parameter, ...]:
    """What is fitted to these figures, in the order in which it is corrected."""
    return tuple(one for one in (*_own(recorded), *SHARED) if one.figure(recorded) > 0)


def _own(recorded: Figures) -> Iterator[Parameter]:
    """The parameters of an instrument."""
    horizon = horizon_of(recorded)
    yield Parameter(
        name="updates_per_second",
        figure=lambda figures: figures.updates_per_second,
        least=0.01,
        most=100_000,
    )
    yield Parameter(name="spread", figure=lambda figures: figures.spread, least=1, most=1e9)
    yield Parameter(
        name="volatility", figure=lambda figures: volatility(figures, horizon), least=0, most=1000
    )
    yield Parameter(name="size", figure=lambda figures: figures.top_size, least=1, most=1e18)
