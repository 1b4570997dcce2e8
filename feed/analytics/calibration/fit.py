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
from feed.analytics.calibration.parameters import Parameter, has_inside_quotes, parameters, steady
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

# Runs whose mean is corrected.
_RUNS: Final = 2


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
        # What leads others there need not do so here.
        factors=like.factors
        if like.instrument.base == instrument.base
        else attrs.evolve(like.factors, leads=0.0),
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
    if not has_inside_quotes(recorded):
        item = attrs.evolve(market.instruments[0], inside_ms=0.0)
        market = attrs.evolve(market, instruments=(item, *market.instruments[1:]))
    for parameter in parameters(recorded):
        if "." not in parameter.name and parameter.name != "inside_ms":
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
        for parameter in fitted:
            market = parameter.corrected(market, recorded, simulated, damping=damping, stride=_STRIDE)
    if best is None:
        raise ValueError("at least one round is needed")
    return best


def fit_all(
    recorded: Mapping[Instrument, Figures], base: MarketSpec, simulate: Simulate, *, rounds: int, runs: int
) -> tuple[MarketSpec, list[Outcome]]:
    """
    Fit each instrument, and unite them in one market.

    :func:`simulations` says how often it simulates.

    Args:
        recorded: The figures of each.
        base: The market to begin with.
        simulate: Runs a market of one instrument.
        rounds: As of :func:`fit`.
        runs: How often the fitted market, and the one that nobody has fitted, are run.
    """
    outcomes = []
    for item, figures in recorded.items():
        plain, fitted = unfitted(item, figures, base), parameters(figures)

        def rehearse(market: MarketSpec, figures: Figures = figures) -> Figures:
            return simulate(steady(market, figures), _RUNS)

        found = fit(read_off(plain, figures), figures, fitted, rehearse, rounds=rounds)
        after = simulate(found.market, runs)
        outcomes.append(
            Outcome(
                instrument=item,
                recorded=figures,
                before=simulate(plain, runs),
                after=after,
                market=found.market,
                distance=distance(figures, after, fitted),
            )
        )
    instruments = tuple(outcome.market.instruments[0] for outcome in outcomes)
    return attrs.evolve(base, instruments=instruments, arbitrage=None), outcomes


def simulations(instruments: int, rounds: int, runs: int) -> int:
    """How many runs :func:`fit_all` makes."""
    return instruments * (_RUNS * rounds + 2 * runs)


def distance(recorded: Figures, simulated: Figures, fitted: Iterable[Parameter]) -> float:
    """Of simulated figures from recorded ones: root mean square of the logarithms of their ratios."""
    squares = []
    for parameter in fitted:
        found = parameter.figure(simulated)
        squares.append(math.log(parameter.figure(recorded) / found) ** 2 if found > 0 else math.inf)
    return math.sqrt(math.fsum(squares) / len(squares)) if squares else 0.0
