"""Every way to steer the market has its effect, at once or soon."""

from __future__ import annotations

from itertools import pairwise

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.errors import MarketError
from feed.model.events import CLOCK, QUOTE, REDUCE, STATUS, TRADE, Side, Status
from feed.model.orders import NewOrder, OrderType, Reject
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_700_000_000 * SECOND


def middle(market, instrument=0):
    book = market.exchange.books[instrument]
    return (book.bid + book.ask) / 2


def spreads(rows, instrument=0):
    quotes = [row for row in rows if row[0] == QUOTE and row[1] == instrument]
    weighted = sum((row[5] - row[3]) * (after[2] - row[2]) for row, after in pairwise(quotes))
    return weighted / (quotes[-1][2] - quotes[0][2])


@pytest.mark.parametrize("fraction", [0.05, -0.05])
def test_a_shock_moves_the_price_within_a_second(open_market, fraction):
    """The makers follow the value; the other instrument stays where it was."""
    market = open_market()
    market.advance(START + SECOND)
    before, other = middle(market), middle(market, 1)
    assert market.shock(0, fraction) == []
    market.advance(START + 2 * SECOND)

    assert abs(middle(market) / before - 1 - fraction) < 0.002
    assert abs(middle(market, 1) / other - 1) < 0.002


def test_the_price_survives_a_shock_to_nothing(open_market):
    """The value stays where prices can be quoted."""
    market = open_market(1)
    market.shock(0, -1.0)
    market.advance(START + 5 * SECOND)
    book = market.exchange.books[0]

    assert 0 < book.bid < book.ask < 200


def test_volatility_scales_how_far_the_price_goes(open_market):
    """Ten times the volatility makes a far wider range."""
    ranges = []
    for factor in (1, 10):
        market = open_market(1)
        market.volatility(0, factor)
        rows = market.advance(START + 20 * SECOND)
        bids = [row[3] for row in rows if row[0] == QUOTE]
        ranges.append(max(bids) - min(bids))

    assert ranges[1] > 4 * ranges[0]


def test_activity_scales_how_much_happens(open_market):
    """A burst of a hundred times, at about the same volatility, and back to calm."""
    market = open_market(1)
    interval_scale = len(market.advance(START + 5 * SECOND))
    market.activity(0, 100)
    burst = len(market.advance(START + 10 * SECOND))
    market.activity(0, 1)
    market.advance(START + 11 * SECOND)
    after = len(market.advance(START + 16 * SECOND))

    assert burst > 25 * interval_scale
    assert after < 5 * interval_scale


def test_a_quiet_instrument_can_be_woken_at_once(open_market):
    """What was planned for long after comes sooner when activity returns."""
    market = open_market(1)
    market.activity(0, 0.001)
    quiet = len(market.advance(START + 10 * SECOND))
    market.activity(0, 1)
    woken = len(market.advance(START + 20 * SECOND))

    assert woken > 4 * quiet


def test_liquidity_scales_sizes_at_once(open_market):
    """A tenth of the liquidity is a tenth of the lots on the book, from the same moment."""
    market = open_market(1)
    full = sum(lots for side in Side for _, lots, _ in market.exchange.books[0].levels(side))
    rows = market.liquidity(0, 0.1)
    thin = sum(lots for side in Side for _, lots, _ in market.exchange.books[0].levels(side))
    market.liquidity(0, 1)
    restored = sum(lots for side in Side for _, lots, _ in market.exchange.books[0].levels(side))

    assert {START} == {row[2] for row in rows}
    assert thin < 0.2 * full
    assert restored > 0.7 * full


def test_spreads_widen_and_come_back(open_market):
    """Five times the spread, on average over some seconds, then the usual one."""
    market = open_market(1)
    usual = spreads(market.advance(START + 10 * SECOND))
    assert market.spread(0, 5)
    wide = spreads(market.advance(START + 20 * SECOND))
    market.spread(0, 1)
    back = spreads(market.advance(START + 30 * SECOND))

    assert 3 * usual < wide < 7 * usual
    assert 0.5 * usual < back < 2 * usual


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_large_order_sweeps_the_book(open_market, side, sign):
    """It trades through many levels in one action, and the price goes with it."""
    market = open_market(1)
    market.advance(START + SECOND)
    before = middle(market)
    assert market.large_order(0, side, 3000) == []
    rows = market.step()
    trades = [row for row in rows if row[0] == TRADE]

    assert {side} == {row[4] for row in trades}
    assert len({row[5] for row in trades}) > 3
    assert sum(row[6] for row in trades) <= 3000
    assert sign * (middle(market) - before) > 0


def test_a_large_order_can_be_sliced(open_market):
    """Equal parts, a pause apart, and all of it in the end."""
    market = open_market(1)
    market.large_order(0, Side.BUY, 60, slices=6, pause=SECOND)
    rows = market.advance(START + 5 * SECOND)
    times = [START + n * SECOND for n in range(6)]
    trades = [row for row in rows if row[0] == TRADE and row[2] in times]

    assert times == sorted({row[2] for row in trades})
    assert [sum(row[6] for row in trades if row[2] == time) for time in times] == [10] * 6


@pytest.mark.parametrize("bad", [{"lots": 0}, {"slices": 0}, {"pause": 0}])
def test_an_empty_large_order_is_refused(open_market, bad):
    """No lots, no slices, or no time between them."""
    with pytest.raises(MarketError, match="large order"):
        open_market(1).large_order(0, Side.BUY, **{"lots": 10, **bad})


@pytest.mark.parametrize("hook", ["volatility", "activity", "liquidity", "spread"])
@pytest.mark.parametrize("factor", [0, -1, float("inf"), float("nan")])
def test_a_factor_must_be_positive(open_market, hook, factor):
    """Anything else is refused before it does harm."""
    with pytest.raises(MarketError, match="factor"):
        getattr(open_market(1), hook)(0, factor)


def test_no_participant_acts_while_an_instrument_is_halted(open_market):
    """One status row, then silence, with the orders left on the book; clock and others go on."""
    market = open_market()
    market.advance(START + SECOND)
    book = market.exchange.books[0]
    levels = book.levels(Side.BUY), book.levels(Side.SELL)
    assert market.set_status(0, Status.HALTED) == [(STATUS, 0, START + SECOND, Status.HALTED)]
    rows = market.advance(START + 5 * SECOND)

    assert {1} == {row[1] for row in rows if row[0] != CLOCK}
    assert levels == (book.levels(Side.BUY), book.levels(Side.SELL))
    ack, _ = market.submit(NewOrder(account=1, instrument=0, side=Side.BUY, size=1, type=OrderType.MARKET))
    assert Reject.NOT_TRADING is ack.reject


def test_a_resumed_instrument_goes_on_at_the_new_value(open_market):
    """What was planned is done after the halt; news during it shows in the price soon after."""
    market = open_market()
    market.advance(START + SECOND)
    before = middle(market)
    market.set_status(0, Status.HALTED)
    market.shock(0, 0.03)
    market.large_order(0, Side.BUY, 10)
    market.advance(START + 60 * SECOND)
    rows = market.set_status(0, Status.TRADING)
    after = market.advance(START + 61 * SECOND)

    assert rows[0] == (STATUS, 0, START + 60 * SECOND, Status.TRADING)
    assert any(row[0] == TRADE and row[1] == 0 for row in after)
    assert abs(middle(market) / before - 1.03) < 0.002


def test_setting_the_same_status_again_does_nothing(open_market):
    """No row, and no second set of participants."""
    market = open_market(1)
    twin = open_market(1)
    assert market.set_status(0, Status.TRADING) == []
    market.set_status(0, Status.HALTED)
    assert market.set_status(0, Status.HALTED) == []
    twin.set_status(0, Status.HALTED)
    assert market.set_status(0, Status.TRADING) == twin.set_status(0, Status.TRADING)
    assert market.advance(START + SECOND) == twin.advance(START + SECOND)


def test_delisting_takes_every_order_off(open_market):
    """A client's too; listing again opens a new book."""
    market = open_market(1)
    ack, _ = market.submit(NewOrder(account=1, instrument=0, side=Side.BUY, size=5, price=1))
    book = market.exchange.books[0]
    rows = market.set_status(0, Status.DELISTED)

    assert rows[0] == (STATUS, 0, START, Status.DELISTED)
    assert {REDUCE, QUOTE} == {row[0] for row in rows[1:]}
    assert len(book) == 0
    assert any(row[3] == ack.order for row in rows)
    assert market.advance(START + 5 * SECOND) == [
        (CLOCK, 0, START + second * SECOND) for second in range(1, 6)
    ]
    assert market.set_status(0, Status.TRADING)
    assert 0 < book.bid < book.ask
    assert market.advance(START + 6 * SECOND)


def test_an_instrument_can_wait_to_be_listed(open_market):
    """Nothing but its status until it is listed, then a market like any other."""
    spec = default_market(2)
    later = attrs.evolve(spec.instruments[1], listed=False)
    market = open_market(spec=attrs.evolve(spec, instruments=(spec.instruments[0], later)))

    assert {0} == {row[1] for row in market.advance(START + 3 * SECOND)}
    rows = market.set_status(1, Status.TRADING)
    assert rows[0] == (STATUS, 1, START + 3 * SECOND, Status.TRADING)
    assert 0 < market.exchange.books[1].bid < market.exchange.books[1].ask
    assert {0, 1} == {row[1] for row in market.advance(START + 4 * SECOND)}


def test_steering_before_a_halt_ends_is_remembered(open_market):
    """Spread and activity set during a halt hold after it."""
    market = open_market(1)
    market.set_status(0, Status.HALTED)
    assert market.spread(0, 5) == []
    assert market.activity(0, 10) == []
    market.set_status(0, Status.TRADING)
    market.advance(START + SECOND)
    book = market.exchange.books[0]

    assert book.ask - book.bid > 10
    assert len(market.advance(START + 4 * SECOND)) > 500


INSTRUMENT = st.integers(0, 1)
FACTOR = st.sampled_from([0.01, 0.5, 1, 10])
HOOKS = st.one_of(
    st.tuples(st.just("shock"), INSTRUMENT, st.sampled_from([-1.0, -0.2, 0.001, 3.0])),
    st.tuples(st.sampled_from(["volatility", "activity", "liquidity", "spread"]), INSTRUMENT, FACTOR),
    st.tuples(st.just("set_status"), INSTRUMENT, st.sampled_from(Status)),
    st.tuples(st.just("large_order"), INSTRUMENT, st.sampled_from(Side), st.sampled_from([1, 500, 10**7])),
)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(HOOKS, st.integers(0, SECOND)), max_size=12))
def test_no_steering_breaks_a_book(steps):
    """After any commands, a trading book has its bid below its ask, and equal commands give equal rows."""

    def run():
        market = Market(default_market(2), seed=9, start=START)
        rows = market.opening()
        for (hook, *args), wait in steps:
            rows += getattr(market, hook)(*args)
            rows += market.advance(market.now + wait)
            for book, status in zip(market.exchange.books, market.exchange.statuses, strict=True):
                assert status is not Status.TRADING or 0 < book.bid < book.ask
        return rows

    assert run() == run()
