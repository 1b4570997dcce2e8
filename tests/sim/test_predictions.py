"""Prediction markets: their odds, their rounds, and the bounds of their prices."""

from __future__ import annotations

from math import erf, sqrt

import attrs
import pytest
from copies import copied

from feed.model.events import ADD, CLOCK, QUOTE, ROUND, TRADE, UNKNOWN, Side, Status
from feed.model.orders import ModifyOrder, NewOrder, OrderType, Reject
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.predictions import probability

SECOND = 10**9
MINUTE = 60 * SECOND
QUARTER = 15 * MINUTE
OPENS = 1_700_000_100 * SECOND  # on a quarter of an hour, and on no hour
SPOT, SHORT, LONG = range(3)


def spec(**changes):
    """A coin, and two prediction markets on it: of a quarter of an hour, and of an hour."""
    market = default_market()
    chosen = {item.instrument.symbol: item for item in market.instruments}
    instruments = [chosen[symbol] for symbol in ("BTC-USD", "BTC-UP-15M", "BTC-UP-1H")]
    instruments[SHORT] = attrs.evolve(instruments[SHORT], **changes)
    return attrs.evolve(market, instruments=tuple(instruments), arbitrage=None, signals=None)


def opened(start, seed=1, **changes):
    market = Market(spec(**changes), seed=seed, start=start)
    return market, market.opening()


def rounds(rows, instrument=SHORT):
    return [row for row in rows if row[:2] == (ROUND, instrument)]


def mid(market, instrument):
    book = market.exchange.books[instrument]
    return (book.bid + book.ask) / 2


def test_the_odds_follow_the_normal_distribution():
    """Within 0.01 of it everywhere, rising, and symmetric around one half."""
    points = [at / 20 for at in range(-120, 121)]
    found = [probability(at) for at in points]

    assert max(abs(p - (1 + erf(at / sqrt(2))) / 2) for at, p in zip(points, found, strict=True)) < 0.01
    assert found == sorted(found)
    assert probability(0) == 0.5
    assert all(abs(p + probability(-at) - 1) < 1e-12 for at, p in zip(points, found, strict=True))


def test_the_first_round_is_open_when_the_market_opens():
    """It began on a multiple of its length, and its strike is where the underlying opens."""
    _, rows = opened(OPENS + 4 * MINUTE)
    strike = spec().instruments[SPOT].price
    hour = OPENS - OPENS % (60 * MINUTE)

    now = OPENS + 4 * MINUTE
    assert rounds(rows, SHORT) == [(ROUND, SHORT, now, OPENS, OPENS + QUARTER, strike, UNKNOWN)]
    assert rounds(rows, LONG) == [(ROUND, LONG, now, hour, hour + 60 * MINUTE, strike, UNKNOWN)]


def test_a_round_is_settled_and_the_next_one_opened_on_time():
    """The outcome follows from the price of the underlying, which becomes the next strike."""
    market, _ = opened(OPENS + QUARTER - 3 * SECOND)
    strike = spec().instruments[SPOT].price
    close = OPENS + QUARTER
    before = market.advance(close - 1)
    price = int(mid(market, SPOT))
    rows = market.advance(close)

    assert rounds(before) == []
    assert rounds(rows) == [
        (ROUND, SHORT, close, OPENS, close, strike, int(price > strike)),
        (ROUND, SHORT, close, close, close + QUARTER, price, UNKNOWN),
    ]
    assert rounds(market.advance(close + 5 * SECOND)) == []


def test_between_two_rounds_the_book_is_empty():
    """Orders of the old round are cancelled before the new one is published; makers quote at once."""
    market, _ = opened(OPENS + QUARTER - SECOND)
    market.advance(OPENS + QUARTER - 1)
    rows = [row for row in market.advance(OPENS + QUARTER) if row[1] == SHORT and row[0] != CLOCK]
    settled, begun = (at for at, row in enumerate(rows) if row[0] == ROUND)
    last = [row for row in rows[settled:begun] if row[0] == QUOTE][-1]

    assert last[3:] == (0, 0, 0, 0)
    assert not any(row[0] == ADD for row in rows[settled:begun])
    assert {ADD, QUOTE} == {row[0] for row in rows[begun + 1 :]}
    assert 300 < market.exchange.books[SHORT].bid < market.exchange.books[SHORT].ask < 700


@pytest.mark.parametrize(("fraction", "outcome"), [(0.01, 1), (-0.01, 0)])
def test_the_price_follows_the_underlying(fraction, outcome):
    """Far above the strike shortly before the end "up" is nearly sure, far below it is nearly hopeless."""
    market, _ = opened(OPENS + QUARTER - MINUTE)
    market.advance(OPENS + QUARTER - 40 * SECOND)
    market.shock(SPOT, fraction)
    market.advance(OPENS + QUARTER - 1)
    price = mid(market, SHORT)
    rows = market.advance(OPENS + QUARTER)

    assert price > 900 if outcome else price < 100
    assert rounds(rows)[0][6] == outcome


def test_less_time_makes_the_odds_surer():
    """The same distance from the strike means more to the short round than to the long one."""
    market, _ = opened(OPENS + 10 * MINUTE)
    market.shock(SPOT, 0.002)
    market.advance(OPENS + 10 * MINUTE + 20 * SECOND)

    assert 550 < mid(market, LONG) < mid(market, SHORT)


@pytest.mark.parametrize("factor", [0.05, 1, 1000])
@pytest.mark.parametrize("fraction", [0.2, -0.2])
def test_no_price_lies_outside_the_bounds(fraction, factor):
    """Under any commands, no quote or trade is at 0, or at 1 or above."""
    market, rows = opened(OPENS - 7 * SECOND)
    rows += market.shock(SPOT, fraction)
    for at in (SHORT, LONG):
        rows += market.spread(at, factor) + market.activity(at, 20)
    rows += market.advance(OPENS - 2 * SECOND)
    for at in (SHORT, LONG):
        rows += market.shock(at, 9)
        for side in Side:
            rows += market.large_order(at, side, 10**9)
    rows += market.advance(OPENS + 3 * SECOND)
    prices = [row[5] for row in rows if row[0] in (ADD, TRADE) and row[1] != SPOT]

    assert any(row[0] == TRADE for row in rows if row[1] == SHORT)
    assert min(prices) >= 1
    assert max(prices) <= 999
    assert all(0 < book.bid < book.ask for book in market.exchange.books)


def test_an_order_for_more_than_a_prediction_can_be_worth_is_refused():
    """New or modified; the highest price itself is fine."""
    market, _ = opened(OPENS)
    sell = NewOrder(account=1, instrument=SHORT, side=Side.SELL, size=1, price=999)
    ack, _ = market.submit(sell)
    modify = ModifyOrder(account=1, instrument=SHORT, order=ack.order, price=1000, size=1)

    assert ack.resting == 1
    assert market.submit(attrs.evolve(sell, price=1000))[0].reject is Reject.BAD_PRICE
    assert market.submit(modify)[0].reject is Reject.BAD_PRICE
    buy = NewOrder(account=1, instrument=SHORT, side=Side.BUY, size=1, type=OrderType.MARKET)
    assert market.submit(buy)[0].filled == 1


def test_a_snapshot_has_the_rounds_that_are_open():
    """With the strike of now."""
    market, _ = opened(OPENS + QUARTER - SECOND)
    rows = rounds(market.advance(OPENS + QUARTER + SECOND))

    assert rounds(market.snapshot()) == [(*rows[-1][:2], market.now, *rows[-1][3:])]


def test_a_round_ends_during_a_halt():
    """Its book is emptied; makers quote the next round when trading goes on."""
    market, _ = opened(OPENS + QUARTER - 2 * SECOND)
    market.set_status(SHORT, Status.HALTED)
    rows = market.advance(OPENS + QUARTER + SECOND)

    assert len(rounds(rows)) == 2
    assert len(market.exchange.books[SHORT]) == 0
    market.set_status(SHORT, Status.TRADING)
    assert 0 < market.exchange.books[SHORT].bid < market.exchange.books[SHORT].ask


def test_who_lists_a_prediction_later_tells_its_round():
    """Before that there is none to tell, not even when one would end."""
    market, rows = opened(OPENS + QUARTER - 2 * SECOND, listed=False)
    rows += market.advance(OPENS + QUARTER + SECOND)

    assert rounds(rows) == []
    assert rounds(market.snapshot()) == []
    strike = rounds(market.set_status(SHORT, Status.TRADING))
    assert [row[3:5] for row in strike] == [(OPENS + QUARTER, OPENS + 2 * QUARTER)]
    assert rounds(market.snapshot()) == strike


def test_rounds_do_not_depend_on_how_time_is_cut_and_survive_a_copy():
    """A copy of the market half way goes on to the same rows."""
    whole, _ = opened(OPENS + QUARTER - 5 * SECOND)
    cut, _ = opened(OPENS + QUARTER - 5 * SECOND)
    expected = whole.advance(OPENS + QUARTER + 2 * SECOND)
    rows = cut.advance(OPENS + QUARTER - 1)
    cut = copied(cut)
    while cut.now < OPENS + QUARTER + 2 * SECOND:
        rows += cut.advance(OPENS + QUARTER + 2 * SECOND, 7)

    assert rows == expected


def test_the_default_market_asks_about_every_major_coin():
    """Each within the hour and within the quarter, and few updates a second each."""
    market = default_market()
    symbols = [item.instrument.symbol for item in market.instruments if item.prediction is not None]
    alone, _ = opened(OPENS)
    rows = alone.advance(OPENS + MINUTE)

    assert symbols == [f"{base}-UP-{span}" for base in ("BTC", "ETH", "SOL") for span in ("15M", "1H")]
    assert [item.instrument.symbol for item in market.instruments[-6:]] == symbols
    for at in (SHORT, LONG):
        assert 60 < sum(row[0] in (ADD, TRADE) for row in rows if row[1] == at) < 10 * 60
