"""How the effects of a timeline are put on a market, and taken off it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from feed.model.events import Row, Side
from feed.model.timeline import Activity, Detach, Effect, Imbalance, Liquidity, Premium, Spread, Volatility
from feed.sim.market import Market

BPS: Final = 10_000
"""Basis points in one."""

Put = Callable[[Market, int, Any], list[Row]]
"""Lets an effect count in an instrument; None lets things be as the specification says."""


def _factor(steer: Callable[[Market, int, float], list[Row]]) -> Put:
    return lambda market, instrument, effect: steer(market, instrument, effect.factor if effect else 1.0)


EFFECTS: Final[dict[type[Effect], Put]] = {
    Volatility: _factor(Market.volatility),
    Activity: _factor(Market.activity),
    Liquidity: _factor(Market.liquidity),
    Spread: _factor(Market.spread),
    Imbalance: lambda market, instrument, effect: market.imbalance(
        instrument, effect.side if effect else Side.BUY, effect.factor if effect else 1.0
    ),
    Premium: lambda market, instrument, effect: market.premium(
        instrument, effect.bps / BPS if effect else 0.0
    ),
    Detach: lambda market, instrument, effect: market.detach(instrument, detached=effect is not None),
}
"""Those of which the latest counts, and nothing is left when it is over."""
