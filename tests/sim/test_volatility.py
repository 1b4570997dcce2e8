"""Volatility regimes, hours of the day, and news by factors."""

from __future__ import annotations

import math
from heapq import heappop, heappush
from itertools import pairwise

import attrs
import pytest
from plain_market import BOOK, PLAIN, SECOND, STEADY

from feed.analytics.stylized_facts import autocorrelation
from feed.model.events import QUOTE
from feed.model.market import Factors, MarketSpec, News, Regimes
from feed.sim.event_queue import EventQueue
from feed.sim.market import Market
from feed.sim.volatility import VolatilityRegimes

HOUR = 3600 * SECOND
MIDNIGHT = 1_709_683_200 * SECOND


def named(symbol, **more):
    return attrs.evolve(BOOK, instrument=attrs.evolve(BOOK.instrument, symbol=symbol), **more)


def returns(spec, seconds, *, seed=1, every=10):
    """Returns of the middle of each instrument over ``every`` seconds."""
    market = Market(spec, seed=seed, start=MIDNIGHT)
    market.opening()
    books = market.exchange.books
    prices = [[] for _ in books]
    for at in range(0, seconds, every):
        market.advance(MIDNIGHT + at * SECOND)
        for series, book in zip(prices, books, strict=True):
            series.append((book.bid + book.ask) / 2)
    return [[math.log(after / before) for before, after in pairwise(series)] for series in prices]


def correlation(one, other):
    product = math.fsum(a * b for a, b in zip(one, other, strict=True))
    return product / math.sqrt(math.fsum(a * a for a in one) * math.fsum(b * b for b in other))


def test_instruments_of_one_factor_move_together_and_others_apart():
    """Coins with coins; a currency on its own."""
    coin = Factors(coin=0.9, leads=0.6)
    spec = MarketSpec(
        instruments=(
            named("A", factors=coin),
            named("B", factors=coin),
            named("C", factors=Factors(dollar=0.8)),
        ),
        regimes=STEADY,
    )
    one, two, three = returns(spec, 1800, every=20)
    assert correlation(one, two) > 0.6
    assert abs(correlation(one, three)) < 0.35


def test_opposite_loadings_move_apart():
    """What falls when the dollar rises, and what rises with it."""
    spec = MarketSpec(
        instruments=(named("A", factors=Factors(dollar=-0.9)), named("B", factors=Factors(dollar=0.9))),
        regimes=STEADY,
        news=News(share=0.9),
    )
    one, two = returns(spec, 900, every=15)
    assert correlation(one, two) < -0.4


def levels(regimes, hours, *, seed=1):
    """Level and activity of an asset class, minute by minute."""
    queue = EventQueue()
    found = VolatilityRegimes(regimes, "crypto", queue, seed=seed, start=MIDNIGHT)
    series = []
    for minute in range(hours * 60):
        while queue.heap[0][0] <= MIDNIGHT + minute * 60 * SECOND:
            now, index = heappop(queue.heap)
            heappush(queue.heap, (now + queue.actors[index].act(now), index))
        series.append((found.level, found.activity))
    return series


def test_volatility_is_high_and_low_for_minutes_and_for_hours():
    """Its memory decays slowly, over all scales; its mean over many days is one."""
    series = [level for level, _ in levels(Regimes(), 24 * 60, seed=2)]
    memory = [autocorrelation(series, lag) for lag in (1, 5, 20, 60, 300)]
    assert memory == sorted(memory, reverse=True)
    assert memory[0] > 0.8
    assert memory[3] > 0.3
    assert 0.7 < sum(series) / len(series) < 1.4
    assert 0.1 <= min(series) < 0.6
    assert 1.6 < max(series) <= 4


def test_without_components_only_the_hour_counts():
    """The level is one; the activity of a day has a mean of one, and a busiest hour."""
    series = levels(Regimes(components=0), 24)
    assert {level for level, _ in series} == {1.0}
    hours = [activity for _, activity in series[30::60]]
    assert sum(hours) / 24 == pytest.approx(1)
    assert 1.7 < max(hours) / min(hours) < 3.2


@pytest.mark.parametrize("asset_class", ["crypto", "fx"])
def test_some_hours_of_the_day_are_livelier_than_others(asset_class):
    """The busiest has about twice the updates of the quietest, or more."""
    item = attrs.evolve(BOOK, instrument=attrs.evolve(BOOK.instrument, asset_class=asset_class))
    counts = []
    for hour in (4, 14):
        start = MIDNIGHT + hour * HOUR
        market = Market(MarketSpec(instruments=(item,), regimes=Regimes(components=0)), seed=1, start=start)
        market.opening()
        counts.append(len(market.advance(start + 240 * SECOND)))
    assert 1.3 < counts[1] / counts[0] < 4


def test_the_volatility_is_that_of_the_specification():
    """Over some minutes without regimes, within a third; and twice as much where twice is asked for."""
    spec = PLAIN
    twice = attrs.evolve(spec, instruments=(attrs.evolve(BOOK, volatility=2 * BOOK.volatility),))
    for market, bps in ((spec, 0.5), (twice, 1.0)):
        (series,) = returns(market, 1500, every=5)
        over_a_second = math.sqrt(math.fsum(x * x for x in series) / len(series) / 5) * 10_000
        assert bps / 1.5 < over_a_second < bps * 1.5


def test_the_rate_of_updates_is_that_of_the_specification():
    """About, for busy instruments and for quiet ones."""
    for rate in (60.0, 4.0):
        item = attrs.evolve(BOOK, updates_per_second=rate)
        spec = MarketSpec(instruments=(item,), regimes=STEADY)
        market = Market(spec, seed=1, start=MIDNIGHT)
        market.opening()
        rows = market.advance(MIDNIGHT + 600 * SECOND)
        updates = sum(row[0] < QUOTE for row in rows) / 600
        assert 0.6 * rate < updates < 1.7 * rate


def test_the_middle_stays_close_to_the_price_where_the_spread_is_wide():
    """Far closer than an order moves it: play between them would make returns over seconds trend."""
    item = attrs.evolve(BOOK, spread=60)
    market = Market(MarketSpec(instruments=(item,), regimes=STEADY), seed=1, start=MIDNIGHT)
    market.opening()
    (sim,) = market._sims
    assert sim.reference.calm_half > 4 * sim.impact_scale
    apart = []
    for step in range(1, 601):
        market.advance(MIDNIGHT + step * SECOND // 10)
        apart.append(abs((sim.book.bid + sim.book.ask) / 2 - sim.reference.price))
    assert sum(apart) / len(apart) < sim.impact_scale / 4
