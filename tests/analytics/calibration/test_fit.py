"""Parameters are corrected until the figures of a simulation are those of the data."""

import math
from decimal import Decimal

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.calibration.figures import Observation, average
from feed.analytics.calibration.fit import fit, fit_all, obstacle, read_off, simulations, unfitted
from feed.analytics.calibration.parameters import (
    Parameter,
    depth_told,
    has_inside_quotes,
    horizon_of,
    parameters,
    steady,
    volatility,
)
from feed.model.events import LEVEL, QUOTE
from feed.model.instruments import Contract, Instrument
from feed.sim.defaults import default_market

SECOND = 1_000_000_000
BASE = default_market(8)
COIN = Instrument(symbol="XYZ-USD", base="XYZ", quote="USD", price_decimals=2, size_decimals=3)


def figures(**changed):
    """Figures of a book that changed three times in a minute, some of them changed."""
    seen = Observation(0)
    for at, ask in ((0, 10_020), (20, 10_030), (40, 10_020)):
        seen.see((LEVEL, 0, at * SECOND + 1, 1, ask, 7))
        seen.see((LEVEL, 0, at * SECOND + 1, 0, 10_000, 9))
        seen.see((QUOTE, 0, at * SECOND + 1, 10_000, 9, ask, 7))
    return attrs.evolve(seen.figures(60 * SECOND), **changed)


RECORDED = figures()


def own(recorded):
    return [parameter for parameter in parameters(recorded) if "." not in parameter.name]


def model(market):
    """A market whose figures are powers of its parameters, none of them the parameter itself."""
    spec = market.instruments[0]
    return attrs.evolve(
        RECORDED,
        updates_per_second=1.5 * spec.updates_per_second,
        spread=0.7 * spec.spread**0.9,
        volatility=2 * spec.volatility,
        top_size=3.0 * spec.size,
    )


def test_figures_of_a_small_book():
    """What so few events say, and that they say nothing of takers."""
    assert RECORDED.opening == 10_010
    assert RECORDED.spread == pytest.approx((20 * 39 + 30 * 20 + 20) / 60, rel=0.02)
    assert RECORDED.top_size == 8
    assert math.isnan(RECORDED.taker_variation)
    assert math.isnan(RECORDED.sign_memory[0])


@given(
    updates=st.floats(0.1, 5000),
    spread=st.floats(2, 5000),
    moves=st.floats(0.1, 50),
    size=st.integers(50, 10**9),
)
def test_a_fit_meets_what_can_be_met(updates, spread, moves, size):
    """Whatever the data say, the figures of the last round are those of the data to a few per cent."""
    recorded = attrs.evolve(
        RECORDED, updates_per_second=updates, spread=spread, volatility=moves, top_size=float(size)
    )
    start = read_off(unfitted(COIN, recorded, BASE), recorded)
    found = fit(start, recorded, own(recorded), model, rounds=8)
    assert found.distance < 0.05
    assert model(found.market).spread == pytest.approx(spread, rel=0.1)


def test_what_is_not_recorded_stays_as_it_is():
    """Figures that are nan, or 0, have no say."""
    recorded = attrs.evolve(RECORDED, volatility=0.0, top_size=math.nan, updates_per_second=math.nan)
    start = unfitted(COIN, recorded, BASE)
    found = fit(read_off(start, recorded), recorded, own(recorded), model, rounds=3)
    spec, first = found.market.instruments[0], start.instruments[0]
    assert (spec.volatility, spec.size, spec.updates_per_second) == (
        first.volatility,
        first.size,
        first.updates_per_second,
    )


def test_the_best_round_is_taken():
    """A round that is worse than one before it does not count."""
    answers, markets = iter([5.0, 9.8, 0.1]), []

    def erratic(market):
        markets.append(market)
        return attrs.evolve(model(market), spread=next(answers))

    recorded = attrs.evolve(RECORDED, spread=10.0)
    spread = Parameter(name="spread", figure=lambda found: found.spread, least=1, most=100)
    found = fit(unfitted(COIN, recorded, BASE), recorded, [spread], erratic, rounds=3)
    assert found.market == markets[1] != markets[2]
    assert found.distance == pytest.approx(math.log(10 / 9.8))


def test_without_a_fit_it_is_like_what_is_listed():
    """The default parameters of the instrument that is most alike, in the units of the recorded one."""
    listed = next(item for item in BASE.instruments if item.instrument.symbol == "ETH-USD")
    other = Instrument(symbol="ETHUSD", base="ETH", quote="USD", price_decimals=1, size_decimals=2)
    [spec] = unfitted(other, attrs.evolve(RECORDED, opening=32_000), BASE).instruments
    assert (spec.price, spec.volatility, spec.updates_per_second) == (
        32_000,
        listed.volatility,
        listed.updates_per_second,
    )
    assert spec.spread * spec.price**-1 == pytest.approx(listed.spread / listed.price, rel=0.01)
    worth = Decimal(listed.size) * listed.instrument.lot_size * listed.price * listed.instrument.tick_size
    assert spec.size * other.lot_size * spec.price * other.tick_size == pytest.approx(
        worth, rel=Decimal("0.01")
    )


def test_a_derivative_is_simulated_as_spot():
    """What it follows is not simulated."""
    perpetual = attrs.evolve(COIN, contract=Contract.PERPETUAL, underlying="ABC-USD")
    [spec] = unfitted(perpetual, RECORDED, BASE).instruments
    assert spec.instrument == COIN


@pytest.mark.parametrize(
    ("instrument", "recorded", "why"),
    [
        (COIN, RECORDED, ""),
        (attrs.evolve(COIN, contract=Contract.PREDICTION), RECORDED, "prediction"),
        (COIN, attrs.evolve(RECORDED, opening=math.nan), "no best bid and ask"),
        (COIN, attrs.evolve(RECORDED, opening=12.5), "below 100 ticks"),
    ],
)
def test_what_cannot_be_simulated_is_told(instrument, recorded, why):
    """In a clause; nothing where it can be."""
    found = obstacle(instrument, recorded)
    assert why in found
    assert bool(found) == bool(why)


def test_several_instruments_become_one_market():
    """Each has an order flow of its own, beside which that of the market counts for nothing."""
    seen = []

    def simulate(market, runs):
        seen.extend([market] * runs)
        takers = market.of(market.instruments[0]).takers
        return attrs.evolve(model(market), updates_per_taker=1.2 * takers.updates)

    ratios = {"B-USD": 30.0, "A-USD": 400.0, "C-USD": math.nan}
    recorded = {
        attrs.evolve(COIN, symbol=name): attrs.evolve(RECORDED, updates_per_taker=ratio)
        for name, ratio in ratios.items()
    }
    market, outcomes = fit_all(recorded, BASE, simulate, rounds=9, runs=2)
    assert market.listing().symbols == tuple(ratios)
    assert market.arbitrage is None
    takers = [market.of(item).takers.updates for item in market.instruments]
    assert takers[:2] == [pytest.approx(25, rel=0.02), pytest.approx(333, rel=0.02)]
    assert (takers[2], market.instruments[2].takers) == (BASE.takers.updates, None)
    assert [outcome.recorded for outcome in outcomes] == [*recorded.values()]
    assert [outcome.market.instruments[0] for outcome in outcomes] == [*market.instruments]
    assert outcomes[0].before.updates_per_taker == 1.2 * BASE.takers.updates
    assert len(seen) == simulations(3, 9, 2)
    assert {market.regimes.components for market in seen} == {0, BASE.regimes.components}


@pytest.mark.parametrize(("seconds", "horizon"), [(30.0, 1), (599.0, 1), (600.0, 10), (3600.0, 10)])
def test_volatility_is_that_of_the_longest_horizon_that_tells_it(seconds, horizon):
    """Of the recording: ten minutes have sixty times ten seconds."""
    recorded = figures(seconds=seconds, volatility=1.0, volatility_10s=2.0)
    simulated = figures(seconds=1e6, volatility=5.0, volatility_10s=6.0)
    assert horizon_of(recorded) == horizon
    [fitted] = [one for one in parameters(recorded) if one.name == "volatility"]
    assert fitted.figure(simulated) == {1: 5.0, 10: 6.0}[horizon] / math.sqrt(horizon)
    assert volatility(recorded, horizon) == fitted.figure(recorded)


def test_the_mean_of_several_leaves_out_what_is_not_known():
    """A run in which too little was seen does not spoil the others."""
    mean = average([figures(spread=2.0, response=math.nan), figures(spread=4.0, response=3.0)])
    assert (mean.spread, mean.response) == (3.0, 3.0)
    assert math.isnan(average([figures(response=math.nan)]).response)


@pytest.mark.parametrize(
    ("spread", "quantiles", "inside", "makers"),
    [
        (9.0, (3.0, 7.0, 9.0, 12.0, 20.0), False, 9.0),
        (40.0, (1.0, 1.0, 2.0, 20.0, 160.0), True, 160.0),
        (1.2, (1.0, 1.0, 1.0, 1.0, 2.0), True, 1.0),
    ],
    ids=["makers alone", "wide at times", "one tick"],
)
def test_quotes_inside_the_spread_are_fitted_where_there_are_any(spread, quantiles, inside, makers):
    """Where the spread is mostly a tick or far below its width at times: then that width is the makers'."""
    recorded = attrs.evolve(RECORDED, spread=spread, spread_quantiles=quantiles)
    assert has_inside_quotes(recorded) == inside
    by_name = {parameter.name: parameter for parameter in parameters(recorded)}
    assert ("inside_ms" in by_name) == inside
    assert by_name["spread"].figure(recorded) == makers
    base = unfitted(COIN, recorded, BASE)
    base = attrs.evolve(base, instruments=(attrs.evolve(base.instruments[0], inside_ms=30.0),))
    assert read_off(base, recorded).instruments[0].inside_ms == 30.0 * inside


@pytest.mark.parametrize(("hours", "daily"), [(1, True), (5.9, True), (6, False), (24, False)])
def test_the_hour_of_the_day_counts_in_short_recordings(hours, daily):
    """What is fitted has no other regimes; of a whole day the mean is simulated."""
    regimes = steady(BASE, figures(seconds=3600.0 * hours)).regimes
    assert (regimes.components, regimes.daily) == (0, daily)


@pytest.mark.parametrize(
    ("depth", "told"),
    [
        ((1, 2, 3, 4, 5, 6, 7, 8), 5),
        ((1, 2, 3, 4, 5, 6, 6, 6), 4),
        ((1, 2, 2, 2, 2, 2, 2, 2), 0),
        ((math.nan,) * 8, 0),
        ((0,) * 8, 0),
    ],
)
def test_depth_is_fitted_as_far_as_the_book_is_told(depth, told):
    """Where it stops to grow it has ended, within the distance before."""
    assert depth_told(figures(depth=depth)) == told


def test_signs_need_many_orders():
    """A few say too little of how long they are remembered."""
    signs = (0.4, 0.3, 0.2, 0.1, 0.0)
    for a_second, fitted in ((4.9, False), (5.0, True)):
        names = _names(sign_memory=signs, takers_per_second=a_second, seconds=60.0)
        assert ("takers.echoes_agree" in names) == fitted


def test_nobody_follows_nobody():
    """That no taker follows another within a millisecond is a figure, too; not to know it is none."""
    assert "takers.followers" in _names(taker_within_1ms=0.0)
    assert "takers.followers" not in _names(taker_within_1ms=math.nan)


def _names(**changed):
    return {parameter.name for parameter in parameters(attrs.evolve(RECORDED, **changed))}


def test_every_parameter_is_of_the_market():
    """It can be read and changed, within bounds that the market accepts."""
    plenty = attrs.evolve(
        RECORDED,
        updates_per_taker=60.0,
        taker_median=2.0,
        taker_within_1ms=0.3,
        taker_fano=5.0,
        takers_per_second=5.0,
        sign_memory=(0.4, 0.3, 0.1, 0.1, 0.0),
        volatility=1.0,
        depth=tuple(10.0 * lots for lots in range(1, 9)),
        spread_quantiles=(1.0, 1.0, 1.0, 20.0, 160.0),
    )
    market = unfitted(COIN, RECORDED, BASE)
    assert "takers.echoes_agree" in {one.name for one in parameters(plenty)}
    for parameter in parameters(plenty):
        for value, bound in ((0.0, parameter.least), (1e30, parameter.most)):
            changed = parameter.changed(market, value)
            assert parameter.value(changed) == pytest.approx(bound)
            # No two orders of takers together set off more than themselves.
            takers = changed.of(changed.instruments[0]).takers
            assert takers.followers + takers.echoes < 1
