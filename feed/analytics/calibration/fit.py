"""
Finds the parameters of a simulated market whose figures are those of recorded data.

What can be read off the data begins as it is there: the price, the spread, the volatility, the sizes, the
rate of updates. But a parameter and the figure that it is named after are not the same: others quote inside
the spread of a maker, and traders change the book, too. So the market is simulated, each parameter is
corrected by the ratio of the recorded figure to the simulated one, and so on for some rounds: a method of
simulated moments (McFadden 1989) whose moments each have a parameter of their own. The round that came
nearest is taken.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import attrs

from feed.analytics.calibration.figures import Figures
from feed.model.instruments import Contract, Instrument
from feed.model.market import InstrumentSpec, MarketSpec

Simulate = Callable[[MarketSpec], Figures]
"""Runs a market of one instrument, and gives its figures."""

_LOWEST: Final = 100
"""Ticks: the lowest price that a market can open at."""

# A correction goes this share of the way that the ratio of figures says, and at most _STRIDE times.
_DAMPING: Final = 0.8
_STRIDE: Final = 4.0


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

    def value(self, market: MarketSpec) -> float:
        """Its value in a market; where it is an instrument's, in that of the first."""
        found: Any = market if "." in self.name else market.instruments[0]
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


@attrs.frozen(kw_only=True)
class Fit:
    """
    The outcome for one instrument.

    Attributes:
        recorded: Figures of the data.
        before: Figures of the simulation that nobody has fitted.
        after: Figures of the fitted simulation.
        market: The fitted market, of this instrument alone.
        distance: Of ``after`` from ``recorded``: root mean square of the logarithms of their ratios.
    """

    recorded: Figures
    before: Figures
    after: Figures
    market: MarketSpec
    distance: float


def obstacle(instrument: Instrument, recorded: Figures) -> str:
    """Why an instrument cannot be simulated by itself, in one clause; empty where it can."""
    if instrument.contract is Contract.PREDICTION:
        return "a prediction market has no price of its own"
    if not recorded.opening > 0:
        return "its recording has no best bid and ask"
    if recorded.opening < _LOWEST:
        return f"its price is below {_LOWEST} ticks"
    return ""


def unfitted(instrument: Instrument, recorded: Figures, base: MarketSpec) -> MarketSpec:
    """
    The market of one instrument as it would be without a fit.

    Args:
        instrument: Names and units. Of a derivative, what it follows is not simulated, so that it becomes
            a spot instrument.
        recorded: Its figures, of which the price is used.
        base: The market whose parameters are taken: those of the same symbol, pair or asset class.
    """
    like = _alike(instrument, base)
    opening = round(recorded.opening)
    share = opening / like.price
    size = recorded.top_size
    if like.instrument.quote == instrument.quote:  # an order of equal worth
        worth = like.size * like.price * like.instrument.lot_size * like.instrument.tick_size
        size = float(worth / (opening * instrument.lot_size * instrument.tick_size))
    return attrs.evolve(
        base,
        instruments=(
            InstrumentSpec(
                instrument=attrs.evolve(instrument, contract=Contract.SPOT, underlying="", timeframe=0),
                price=opening,
                spread=max(1.0, float(f"{like.spread * share:.4g}")),
                volatility=like.volatility,
                size=max(1, round(size)) if size > 0 else like.size,
                updates_per_second=like.updates_per_second,
            ),
        ),
        arbitrage=None,
    )


def _alike(instrument: Instrument, base: MarketSpec) -> InstrumentSpec:
    spots = [item for item in base.instruments if item.instrument.contract is Contract.SPOT]

    def likeness(item: InstrumentSpec) -> tuple[bool, ...]:
        other = item.instrument
        return (
            other.symbol == instrument.symbol,
            (other.base, other.quote) == (instrument.base, instrument.quote),
            other.base == instrument.base,
            other.asset_class == instrument.asset_class,
            item.link is None,
        )

    return max(spots, key=likeness)  # the first of those that are equally alike


def fit(
    market: MarketSpec,
    recorded: Figures,
    simulate: Simulate,
    *,
    rounds: int,
    parameters: Sequence[Parameter] = PARAMETERS,
) -> Fit:
    """
    Fit a market of one instrument.

    Args:
        market: Where to begin, as of :func:`unfitted`.
        recorded: The figures to be met. One that is nan or 0 leaves its parameter as it is.
        simulate: Gives the figures of a market.
        rounds: How often it is simulated and corrected, at least 1.
        parameters: What is fitted.
    """
    before = simulate(market)
    known = [parameter for parameter in parameters if parameter.figure(recorded) > 0]
    for parameter in known:
        if "." not in parameter.name:
            market = parameter.changed(market, parameter.figure(recorded))
    best = Fit(recorded=recorded, before=before, after=before, market=market, distance=math.inf)
    for _ in range(rounds):
        simulated = simulate(market)
        distance = _distance(recorded, simulated, known)
        if distance < best.distance:
            best = attrs.evolve(best, after=simulated, market=market, distance=distance)
        market = _corrected(market, recorded, simulated, known)
    return best


def _corrected(
    market: MarketSpec, recorded: Figures, simulated: Figures, parameters: Iterable[Parameter]
) -> MarketSpec:
    for parameter in parameters:
        found = parameter.figure(simulated)
        if found > 0:
            ratio = (parameter.figure(recorded) / found) ** (_DAMPING / parameter.power)
            value = parameter.value(market) * min(max(ratio, 1 / _STRIDE), _STRIDE)
            market = parameter.changed(market, value)
    return market


def _distance(recorded: Figures, simulated: Figures, parameters: Iterable[Parameter]) -> float:
    squares = []
    for parameter in parameters:
        found = parameter.figure(simulated)
        squares.append(math.log(parameter.figure(recorded) / found) ** 2 if found > 0 else math.inf)
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else 0.0


def united(fits: Sequence[Fit], base: MarketSpec) -> MarketSpec:
    """
    One market of all instruments that were fitted.

    What all of its instruments have in common is the geometric mean of what was fitted for each.
    """
    market = attrs.evolve(base, instruments=tuple(one.market.instruments[0] for one in fits), arbitrage=None)
    for parameter in PARAMETERS:
        if "." in parameter.name:
            values = [math.log(parameter.value(one.market)) for one in fits]
            market = parameter.changed(market, math.exp(math.fsum(values) / len(values)))
    return market


def settings(market: MarketSpec) -> Iterator[tuple[str, float]]:
    """The fitted parameters of a market of one instrument, by name."""
    for parameter in PARAMETERS:
        yield parameter.name, parameter.value(market)
