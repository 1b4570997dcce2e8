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
from feed.analytics.calibration.parameters import SHARED, Parameter, parameters
from feed.model.instruments import Contract, Instrument
from feed.model.market import InstrumentSpec, MarketSpec

Simulate = Callable[[MarketSpec, int], Figures]
"""Runs a market of one instrument, with so many seeds, and gives the mean of the figures."""

_LOWEST: Final = 100
"""Ticks: the lowest price that a market can open at."""

# A correction goes this share of the way that the ratio of figures says, and at most _STRIDE times; each next
# one less far, since figures of a simulation are never exact.
_DAMPING: Final = 0.8
_CALMER: Final = 0.85
_STRIDE: Final = 4.0


@attrs.frozen(kw_only=True)
class Fit:
    """
    The best round.

    Attributes:
        market: The fitted market, of one instrument alone.
        distance: Of its figures from the recorded ones, see :func:`distance`.
    """

    market: MarketSpec
    distance: float


@attrs.frozen(kw_only=True)
class Outcome:
    """
    What became of one instrument.

    Attributes:
        instrument: As recorded.
        recorded: Figures of the data.
        before: Figures of a simulation that nobody has fitted.
        after: Figures of the fitted one.
        market: The fitted market, of this instrument alone.
        distance: Of ``after`` from ``recorded``, by what was fitted, see :func:`distance`.
    """

    instrument: Instrument
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
    spec = attrs.evolve(
        like,
        instrument=attrs.evolve(instrument, contract=Contract.SPOT, underlying="", timeframe=0),
        price=opening,
        spread=max(1.0, float(f"{like.spread * share:.4g}")),
        size=max(1, round(size)) if size > 0 else like.size,
        listed=True,
        link=None,
    )
    return attrs.evolve(base, instruments=(spec,), arbitrage=None)


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
    for parameter in parameters(recorded):
        if not parameter.shared:
            market = parameter.changed(market, parameter.figure(recorded))
    return market


def fit(
    market: MarketSpec,
    recorded: Figures,
    fitted: Sequence[Parameter],
    simulate: Callable[[MarketSpec], Figures],
    *,
    rounds: int,
) -> Fit:
    """
    Fit a market of one instrument.

    Args:
        market: Where to begin, as of :func:`read_off`.
        recorded: The figures to be met.
        fitted: What is fitted, of :func:`parameters`.
        simulate: Gives the figures of a market.
        rounds: How often it is simulated and corrected, at least 1.
    """
    best: Fit | None = None
    for number in range(rounds):
        simulated = simulate(market)
        off = distance(recorded, simulated, fitted)
        if best is None or off < best.distance:
            best = Fit(market=market, distance=off)
        damping = _DAMPING * _CALMER**number
        market = _corrected(market, recorded, simulated, fitted, damping=damping)
    if best is None:
        raise ValueError("at least one round is needed")
    return best


def fit_all(
    recorded: Mapping[Instrument, Figures], base: MarketSpec, simulate: Simulate, *, rounds: int, runs: int
) -> tuple[MarketSpec, list[Outcome]]:
    """
    Fit each instrument, and unite them in one market.

    What all instruments have in common is the geometric mean of what fits each of them; with that, each is
    fitted once more by its own parameters, so that the figures are those of the market that is returned.
    :func:`simulations` says how often it simulates.

    Args:
        recorded: The figures of each.
        base: The market to begin with.
        simulate: Runs a market of one instrument.
        rounds: As of :func:`fit`, each time.
        runs: How often each market is run, for the mean of the figures.
    """
    plain = {item: unfitted(item, figures, base) for item, figures in recorded.items()}
    markets = {item: read_off(plain[item], figures) for item, figures in recorded.items()}

    def mean(market: MarketSpec) -> Figures:
        return simulate(market, runs)

    for item, figures in recorded.items():
        markets[item] = fit(markets[item], figures, parameters(figures), mean, rounds=rounds).market
    if _refits(len(recorded)):
        common = _common(base, recorded, markets)
        for item, figures in recorded.items():
            start = attrs.evolve(common, instruments=markets[item].instruments)
            own = [one for one in parameters(figures) if not one.shared]
            markets[item] = fit(start, figures, own, mean, rounds=rounds).market
    outcomes = []
    for item, figures in recorded.items():
        before, after = simulate(plain[item], runs), simulate(markets[item], runs)
        off = distance(figures, after, parameters(figures))
        outcomes.append(
            Outcome(
                instrument=item,
                recorded=figures,
                before=before,
                after=after,
                market=markets[item],
                distance=off,
            )
        )
    instruments = tuple(market.instruments[0] for market in markets.values())
    return attrs.evolve(outcomes[0].market, instruments=instruments), outcomes


def simulations(instruments: int, rounds: int, runs: int) -> int:
    """How many runs :func:`fit_all` makes."""
    return instruments * runs * (rounds * (2 if _refits(instruments) else 1) + 2)


def _refits(instruments: int) -> bool:
    return instruments > 1 and bool(SHARED)


def _common(
    base: MarketSpec, recorded: Mapping[Instrument, Figures], markets: Mapping[Instrument, MarketSpec]
) -> MarketSpec:
    """A market with the geometric mean of each parameter that all instruments have in common."""
    common = next(iter(markets.values()))
    for parameter in SHARED:
        told = [item for item, figures in recorded.items() if parameter.figure(figures) > 0]
        logs = [math.log(parameter.value(markets[item])) for item in told]
        value = math.exp(math.fsum(logs) / len(logs)) if logs else parameter.value(base)
        common = parameter.changed(common, value)
    return common


def distance(recorded: Figures, simulated: Figures, fitted: Iterable[Parameter]) -> float:
    """Of simulated figures from recorded ones: root mean square of the logarithms of their ratios."""
    squares = []
    for parameter in fitted:
        found = parameter.figure(simulated)
        squares.append(math.log(parameter.figure(recorded) / found) ** 2 if found > 0 else math.inf)
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else 0.0


def _corrected(
    market: MarketSpec,
    recorded: Figures,
    simulated: Figures,
    fitted: Iterable[Parameter],
    *,
    damping: float,
) -> MarketSpec:
    for parameter in fitted:
        found = parameter.figure(simulated)
        if found > 0:
            ratio = (parameter.figure(recorded) / found) ** (damping / parameter.power)
            value = parameter.value(market) * min(max(ratio, 1 / _STRIDE), _STRIDE)
            market = parameter.changed(market, value)
    return market
