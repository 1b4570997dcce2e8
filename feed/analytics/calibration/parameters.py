"""The parameters of a market that are fitted, and the figure that each is fitted by."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import attrs

from feed.analytics.calibration.figures import Figures
from feed.model.market import MarketSpec


@attrs.frozen(kw_only=True)
class Parameter:
    """
    A parameter of the market, and the figure that it is fitted by.

    Attributes:
        name: Of the field; one of the instrument, or ``group.field`` of the market.
        title: What the figure is called.
        figure: The figure.
        power: The figure changes with this power of the parameter.
        least: Bound on the parameter.
        most: Bound on the parameter.
    """

    name: str
    title: str
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


def volatility(figures: Figures) -> float:
    """
    Standard deviation of a return over a second, basis points, from the longest horizon that tells it.

    Over a second the mid moves to and fro with the quotes, which is no volatility of the price: ten
    seconds have less of that. A minute has least, but there must be an hour of them.
    """
    for seconds, deviation in ((60, figures.volatility_60s), (10, figures.volatility_10s)):
        if figures.seconds >= 60 * seconds and deviation > 0:
            return deviation / math.sqrt(seconds)
    return figures.volatility


PARAMETERS: Final = (
    Parameter(
        name="updates_per_second",
        title="updates a second",
        figure=lambda figures: figures.updates_per_second,
        least=0.01,
        most=100_000,
    ),
    Parameter(name="spread", title="spread", figure=lambda figures: figures.spread, least=1, most=1e9),
    Parameter(name="volatility", title="volatility", figure=volatility, least=0, most=1000),
    Parameter(
        name="size",
        title="size at the best price",
        figure=lambda figures: figures.top_size,
        least=1,
        most=1e18,
    ),
)
"""What is fitted, in the order in which it is corrected."""
