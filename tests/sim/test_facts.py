"""The figures of the default market are those of a market."""

from __future__ import annotations

import attrs
import pytest

from feed.analytics.market_facts import facts
from feed.analytics.market_observer import MarketObserver
from feed.analytics.stylized_facts import fano
from feed.model.market import Regimes
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND


@pytest.fixture(scope="module")
def five_minutes():
    """Figures of four instruments over five minutes of the default market, and all their updates a second."""
    # In the mean of all regimes, which last longer than the test.
    spec = attrs.evolve(default_market(4), regimes=Regimes(components=0, daily=False))
    market = Market(spec, seed=11, start=START)
    observers = [MarketObserver(START) for _ in range(4)]
    for rows in (market.opening(), market.advance(START + 300 * SECOND)):
        for row in rows:
            observers[row[1]].see(row)
    for observer in observers:
        observer.finish(START + 300 * SECOND)
    counts = [sum(second) for second in zip(*(it.updates_by_second for it in observers), strict=False)]
    return [{fact.key: fact.value for fact in facts(it)} for it in observers], counts[:300]


def test_arrivals_are_bursty(five_minutes):
    """Neither a clock nor a Poisson process: runs of updates within a millisecond, and pauses."""
    found, counts = five_minutes

    for item in found:
        assert 1.4 < item["variation of waiting times, book updates"] < 3
        assert 12 < item["within 1 ms of the last, %, book updates"] < 35
        assert 20 < item["per second, book updates"] < 120
    assert fano(counts) > 2


def test_the_book_changes_far_more_often_than_it_trades(five_minutes):
    """About a hundred updates a print, and most of them behind the best price."""
    for item in five_minutes[0]:
        assert 40 < item["for each print, book updates"] < 300
        assert 2 < item["change the best price, %, book updates"] < 30


def test_returns_have_fat_tails_and_no_memory():
    """Excess kurtosis, and hardly any autocorrelation; absolute returns remember, over regimes."""
    market = Market(default_market(1), seed=11, start=START)
    observer = MarketObserver(START)
    for rows in (market.opening(), market.advance(START + 1800 * SECOND)):
        for row in rows:
            observer.see(row)
    observer.finish(START + 1800 * SECOND)
    found = {fact.key: fact.value for fact in facts(observer)}

    assert found["excess kurtosis of returns, mid, 1 s"] > 3
    assert abs(found["autocorrelation of returns, mid, 1 s, lag 1"]) < 0.15
    assert found["autocorrelation of |returns|, mid, 1 s, lag 1"] > 0.05


def test_spreads_and_volatility_are_those_of_the_specification(five_minutes):
    """Within a factor: regimes last longer than the test."""
    for item, spec in zip(five_minutes[0], default_market(4).instruments, strict=True):
        assert 0.6 * spec.spread < item["spread, ticks, book, 50 % of time"] < 1.6 * spec.spread
        volatility = item["standard deviation of returns, bps, mid, 1 s"]
        assert 0.3 * spec.volatility < volatility < 3 * spec.volatility
        assert item["longest time with one quote, s, book"] < 1
