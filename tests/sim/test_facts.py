"""The figures of a market, and that ours are those of a market."""

from __future__ import annotations

import math

import attrs
import pytest
from facts import FactsCollector, autocorrelation, fano

from feed.model.events import ADD, QUOTE, TRADE
from feed.model.market import Regimes
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND


def test_fano_of_equal_counts_is_zero_and_of_bursts_is_large():
    """Variance over mean."""
    assert fano([4, 4, 4, 4]) == 0
    assert fano([0, 0, 0, 16]) == 12


def test_autocorrelation_finds_a_rhythm():
    """Alternating values are opposite at odd lags and alike at even ones."""
    values = [1.0, -1.0] * 500

    assert math.isclose(-0.999, autocorrelation(values, 1))
    assert math.isclose(0.998, autocorrelation(values, 2))
    assert autocorrelation([2.0] * 10, 1) == 0


def test_a_watch_counts_what_it_sees():
    """A stream small enough to count by hand."""
    watch = FactsCollector(0)
    for second in range(240):
        ts = second * SECOND
        watch.see((ADD, 0, ts, 1, 0, 100, 1, 1))
        watch.see((TRADE, 0, ts + SECOND // 2, 1, 0, 100, 1, 1, 2, 0, 0))
        watch.see((QUOTE, 0, ts + SECOND // 2, 100 + second % 2, 1, 104, 1))
    facts = watch.facts()

    assert math.isclose(480 / 239.5, facts.updates_per_second)
    assert facts.updates_per_trade == 2
    assert facts.within_1ms == 1 / 480
    assert facts.price_changes == 0.5
    assert math.isclose(3.5, facts.spread, rel_tol=0.01)
    assert facts.still == 1.0
    assert facts.variation < 0.1
    assert facts.memory < -0.9


@pytest.fixture(scope="module")
def five_minutes():
    """Watches of four instruments over five minutes of the default market, and counts a second."""
    # In the mean of all regimes, which last longer than the test.
    spec = attrs.evolve(default_market(4), regimes=Regimes(components=0, daily=False))
    market = Market(spec, seed=11, start=START)
    market.opening()
    watches = [FactsCollector(START) for _ in range(4)]
    counts = [0] * 301
    for row in market.advance(START + 300 * SECOND):
        watches[row[1]].see(row)
        counts[(row[2] - START) // SECOND] += row[0] <= TRADE
    return [watch.facts() for watch in watches], counts[:300]


def test_arrivals_are_bursty(five_minutes):
    """Neither a clock nor a Poisson process: runs of updates within a millisecond, and pauses."""
    facts, counts = five_minutes

    for item in facts:
        assert 1.4 < item.variation < 3
        assert 0.12 < item.within_1ms < 0.35
        assert 20 < item.updates_per_second < 120
    assert fano(counts) > 2


def test_the_book_changes_far_more_often_than_it_trades(five_minutes):
    """About a hundred updates a trade, and most of them behind the best price."""
    for item in five_minutes[0]:
        assert 40 < item.updates_per_trade < 300
        assert 0.02 < item.price_changes < 0.3


def test_returns_have_fat_tails_and_no_memory():
    """Excess kurtosis, and hardly any autocorrelation; absolute returns remember, over regimes."""
    market = Market(default_market(1), seed=11, start=START)
    market.opening()
    watch = FactsCollector(START)
    for row in market.advance(START + 2400 * SECOND):
        watch.see(row)
    facts = watch.facts()

    assert facts.kurtosis_1s > 3
    assert abs(facts.memory) < 0.15
    assert facts.volatility_memory[0] > 0.05


def test_spreads_and_volatility_are_those_of_the_specification(five_minutes):
    """Within a factor: regimes last longer than the test."""
    for item, spec in zip(five_minutes[0], default_market(4).instruments, strict=True):
        assert 0.6 * spec.spread < item.spread < 1.6 * spec.spread
        assert 0.3 * spec.volatility < item.volatility < 3 * spec.volatility
        assert item.still < 1
