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
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import attrs

from feed.analytics.calibration.figures import Figures
from feed.analytics.calibration.parameters import PARAMETERS, Parameter
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
class Fit:
    """
    The best round for one instrument.

    Attributes:
        market: The fitted market, of this instrument alone.
        figures: Of its simulation.
        distance: Of these from the recorded ones: root mean square of the logarithms of the ratios of those
            that were fitted.
    """

    market: MarketSpec
    figures: Figures
    distance: float


@attrs.frozen(kw_only=True)
class Outcome:
    """
    What became of one instrument.

    Attributes:
        instrument: As recorded.
        recorded: Figures of the data.
        before: Figures of a simulation that nobody has fitted.
        fit: The fit.
    """

    instrument: Instrument
    recorded: Figures
    before: Figures
    fit: Fit


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


def read_off(market: MarketSpec, recorded: Figures) -> MarketSpec:
    """A market of one instrument whose own parameters are the recorded figures."""
    for parameter in PARAMETERS:
        if not parameter.shared and parameter.figure(recorded) > 0:
            market = parameter.changed(market, parameter.figure(recorded))
    return market


def fit(
    market: MarketSpec,
    recorded: Figures,
    simulate: Simulate,
    *,
    rounds: int,
    parameters: Sequence[Parameter],
) -> Fit:
    """
    Fit a market of one instrument.

    Args:
        market: Where to begin, as of :func:`read_off`.
        recorded: The figures to be met. One that is nan or 0 leaves its parameter as it is.
        simulate: Gives the figures of a market.
        rounds: How often it is simulated and corrected, at least 1.
        parameters: What is fitted.
    """
    known = [parameter for parameter in parameters if parameter.figure(recorded) > 0]
    best: Fit | None = None
    for _ in range(rounds):
        simulated = simulate(market)
        distance = _distance(recorded, simulated, known)
        if best is None or distance < best.distance:
            best = Fit(market=market, figures=simulated, distance=distance)
        market = _corrected(market, recorded, simulated, known)
    if best is None:
        raise ValueError("at least one round is needed")
    return best


def fit_all(
    recorded: Mapping[Instrument, Figures],
    base: MarketSpec,
    simulate: Simulate,
    *,
    rounds: int,
) -> tuple[MarketSpec, list[Outcome]]:
    """
    Fit each instrument, and unite them in one market.

    What all instruments have in common is the geometric mean of what fits each of them; with that, each is
    fitted once more by its own parameters, so that the figures are those of the market that is returned.
    :func:`simulations` says how often it simulates.

    Args:
        recorded: The figures of each.
        base: The market to begin with.
        simulate: Gives the figures of a market of one instrument.
        rounds: As of :func:`fit`, each time.
    """
    outcomes = []
    for instrument, figures in recorded.items():
        plain = unfitted(instrument, figures, base)
        before = simulate(plain)
        start = read_off(plain, figures)
        found = fit(start, figures, simulate, rounds=rounds, parameters=PARAMETERS)
        outcomes.append(Outcome(instrument=instrument, recorded=figures, before=before, fit=found))
    if _refits(len(recorded)):
        own = [parameter for parameter in PARAMETERS if not parameter.shared]
        common = _common([outcome.fit.market for outcome in outcomes])
        for at, outcome in enumerate(outcomes):
            start = attrs.evolve(common, instruments=outcome.fit.market.instruments)
            found = fit(start, outcome.recorded, simulate, rounds=rounds, parameters=own)
            outcomes[at] = attrs.evolve(outcome, fit=found)
    instruments = tuple(outcome.fit.market.instruments[0] for outcome in outcomes)
    return attrs.evolve(outcomes[0].fit.market, instruments=instruments), outcomes


def simulations(instruments: int, rounds: int) -> int:
    """How often :func:`fit_all` simulates."""
    return instruments * (1 + rounds * (2 if _refits(instruments) else 1))


def _refits(instruments: int) -> bool:
    return instruments > 1 and any(parameter.shared for parameter in PARAMETERS)


def _common(markets: Sequence[MarketSpec]) -> MarketSpec:
    """The first market with the geometric mean of each parameter that all instruments have in common."""
    common = markets[0]
    for parameter in PARAMETERS:
        if parameter.shared:
            values = [math.log(parameter.value(market)) for market in markets]
            common = parameter.changed(common, math.exp(math.fsum(values) / len(values)))
    return common


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
