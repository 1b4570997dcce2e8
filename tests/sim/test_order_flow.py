"""Order flow with memory: what trades look like, and what they do to the price."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import attrs
import pytest
from copies import copied
from plain_market import PLAIN, SECOND, START, opened

from feed.analytics.stylized_facts import autocorrelation
from feed.model.events import ADD, TRADE, Side
from feed.model.market import ForcedTraders, News, Takers
from feed.model.orders import NewOrder, OrderType
from feed.sim.random_streams import ORDER_SIZE, RUN_BITS, run_length

MS = 10**6


def takers(rows):
    """Time and side of each taker's order that traded."""
    found = {row[8]: (row[2], row[4]) for row in rows if row[0] == TRADE}
    return list(found.values())


@pytest.fixture(scope="module")
def an_hour():
    return takers(opened().advance(START + 1500 * SECOND))


def test_signs_of_trades_remember(an_hour):
    """Buys follow buys, for many trades: a slow decay."""
    signs = [1 - 2 * side for _, side in an_hour]
    first, *others = (autocorrelation(signs, lag) for lag in range(1, 11))
    assert 0.25 < first < 0.6
    assert 0.04 < sum(others) / len(others) < first / 2


def test_trades_come_in_bursts(an_hour):
    """A good part of them within a millisecond of the one before."""
    gaps = [after - before for (before, _), (after, _) in pairwise(an_hour)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert deviation / mean > 1.6
    assert 0.15 < sum(gap <= MS for gap in gaps) / len(gaps) < 0.5


def test_without_followers_and_echoes_there_are_no_bursts():
    """It is they who make them."""
    alone = attrs.evolve(PLAIN, takers=Takers(followers=0, echoes=0, most=1), news=News(race=0))
    times = [at for at, _ in takers(opened(alone).advance(START + 900 * SECOND))]
    gaps = [after - before for before, after in pairwise(times)]
    assert sum(gap <= MS for gap in gaps) / len(gaps) < 0.05


def test_runs_are_heavy_tailed():
    """At least n with probability n ** -1.5, exactly, up to the bound."""
    lengths = Counter(run_length(bits, 1500) for bits in range(1 << RUN_BITS))
    total = 1 << RUN_BITS
    for n in (1, 2, 4, 16, 64, 256):
        share = sum(count for length, count in lengths.items() if length >= n) / total
        assert share == pytest.approx(n**-1.5, rel=0.02)
    assert max(lengths) == 1500
    assert run_length(0, 7) == 7


def test_sizes_have_a_mean_of_one():
    """Most are small, few are blocks."""
    assert sum(ORDER_SIZE) / len(ORDER_SIZE) == pytest.approx(1)
    assert sorted(ORDER_SIZE)[len(ORDER_SIZE) // 2] < 0.5
    assert max(ORDER_SIZE) > 10


def middle(market):
    book = market.exchange.books[0]
    return (book.bid + book.ask) / 2


@pytest.mark.parametrize("side", list(Side))
def test_a_clients_order_moves_the_price_for_good(side):
    """Of the same seed with and without it: ten minutes later the price is still moved, the right way."""
    quiet = attrs.evolve(
        PLAIN, forced=ForcedTraders(trigger=0), news=News(share=0.0), takers=Takers(updates=100_000)
    )
    with_it, without = opened(quiet), opened(quiet)
    for market in (with_it, without):
        market.advance(START + 10 * SECOND)
    ack, _ = with_it.submit(NewOrder(account=1, instrument=0, side=side, size=50_000, type=OrderType.MARKET))
    assert ack.filled == 50_000
    for market in (with_it, without):
        market.advance(START + 610 * SECOND)
    moved = (middle(with_it) - middle(without)) * (-1 if side else 1)
    assert moved > 5


def test_accounts_that_share_an_order_move_the_price_as_one_would():
    """It pays nothing to divide an order among accounts."""
    ends = []
    for accounts in (1, 8):
        market = opened(attrs.evolve(PLAIN, takers=Takers(updates=100_000), news=News(share=0.0)))
        for at in range(8):
            market.advance(START + (1 + at) * SECOND)
            order = NewOrder(
                account=1 + at % accounts, instrument=0, side=Side.BUY, size=2000, type=OrderType.MARKET
            )
            market.submit(order)
        ends.append([row for row in market.advance(START + 20 * SECOND) if row[0] == ADD])
    assert ends[0] == ends[1]


def test_a_price_that_runs_forces_others_to_trade():
    """A wave of orders in its direction; none without forced traders."""
    counts = []
    for trigger in (100.0, 0.0):
        market = opened(attrs.evolve(PLAIN, forced=ForcedTraders(trigger=trigger, orders=40, seconds=4)))
        market.advance(START + 600 * SECOND)
        market.shock(0, -0.02)
        rows = market.advance(START + 620 * SECOND)
        counts.append(sum(side for _, side in takers(rows)))
    assert counts[0] > counts[1] + 20


def test_a_few_orders_in_a_quiet_instrument_are_no_run():
    """They move its price by many deviations of a second, and force nobody to trade."""
    (item,) = PLAIN.instruments
    quiet = attrs.evolve(PLAIN, instruments=(attrs.evolve(item, updates_per_second=1.0),))
    calm = attrs.evolve(quiet, forced=ForcedTraders(trigger=0))
    counts = [len(takers(opened(spec).advance(START + 7200 * SECOND))) for spec in (quiet, calm)]
    assert 0 < counts[0] <= 1.5 * counts[1]


def test_a_metaorder_is_kept_with_its_market():
    """A copy in the middle of everything goes on with the same rows."""
    market = opened()
    market.advance(START + 30 * SECOND)
    copy = copied(market)
    assert market.advance(START + 60 * SECOND) == copy.advance(START + 60 * SECOND)
