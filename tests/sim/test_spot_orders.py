"""Orders that are paid for with assets: what they lock, trade, cost, and what becomes of them."""

import attrs
import pytest
from copies import copied
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import round_lots

from feed.model.events import ADD, ANSWER, EXECUTION, TRADE, WALLET, Side, Status, event
from feed.model.executions import Charge, Leg
from feed.model.grants import Tier
from feed.model.market import MarketSpec
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.requests import Create, JournalEntry
from feed.model.spot_requests import (
    AmendSpotOrder,
    CancelSpotOrder,
    CancelSpotOrders,
    CancelSpotOrdersAfter,
    Only,
    PlaceSpotOrder,
    ReplaceSpotOrder,
    SpotBatch,
)
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger, packed
from feed.model.wallets import Wallets
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000
SPEC = MarketSpec(instruments=round_lots("BTC-USD", "ETH-USD"))  # cents, and ten thousandths of a coin
VENUE = SPEC.instruments[0].instrument.venue
BUY, SELL = Side.BUY, Side.SELL
UNIT = 10**8
"""Units in one dollar or coin."""
DEPOSITS = (SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2), SpotDeposit("ETH", 5))
MARKET = {"type": Pricing.MARKET}
FEES = {"maker_fee": 1000, "taker_fee": 2000}


def new_market(entries=(), seed=3, **trading):
    trading = Trading(deposits=DEPOSITS, **trading)
    market = ClientMarket(Market(SPEC, seed=seed, start=START), trading=trading, entries=entries)
    market.opening()
    return market


@pytest.fixture
def market():
    """Two seconds after the opening."""
    market = new_market()
    market.advance(START + 2 * SECOND)
    return market


def place(side, size=100, account=1, **more):
    return PlaceSpotOrder(account=account, instrument=0, side=side, size=size, **more)


def quote(market, at=0):
    book = market._market.exchange.books[at]
    return book.bid, book.ask


def told(rows, kind=EXECUTION):
    return [event(0, row) for row in rows if row[0] == kind]


def said(rows):
    """States and reasons of reports in their order, successive trades of one order as one."""
    found = []
    for item in told(rows):
        what = "TRADE" if item.trade else item.state.name
        one = (item.account, what, *([item.reason.name] if item.reason else []))
        if found[-1:] != [one] or what != "TRADE":
            found.append(one)
    return found


def answer(rows):
    (found,) = told(rows, ANSWER)
    return found


def held(market, account=1, venue=VENUE):
    """Free and locked amounts of each asset of a wallet."""
    return {
        asset: (balance.free / UNIT, balance.locked / UNIT)
        for asset, balance in market.wallets.find(account, venue).balances.items()
        if balance.total
    }


# --- what is held ----------------------------------------------------------------------------------


def test_an_order_that_rests_locks_what_it_may_spend(market):
    """A bid the quote asset, an offer the base asset; to cancel it gives that back. All of it is told."""
    rows = market.execute(place(BUY, price=60_000_00, size=2_500, request=packed("my-1")))
    assert held(market) == {"USD": (85_000, 15_000), "BTC": (2, 0), "ETH": (5, 0)}
    assert said(rows) == [(1, "ACTIVE")]
    (wallet,) = told(rows, WALLET)
    assert (wallet.quote_free, wallet.quote_locked) == (85_000 * UNIT, 15_000 * UNIT)
    assert (wallet.base_free, wallet.base_locked, wallet.base_decimals) == (2 * UNIT, 0, 8)
    order = answer(rows).order
    assert rows[-1][0] == ANSWER
    rows = market.execute(place(SELL, price=70_000_00, size=5_000))
    assert held(market) == {"USD": (85_000, 15_000), "BTC": (1.5, 0.5), "ETH": (5, 0)}
    cancelled = market.execute(
        CancelSpotOrder(account=1, instrument=0, client=packed("my-1"), request=packed("my-2"))
    )
    assert held(market) == {"USD": (100_000, 0), "BTC": (1.5, 0.5), "ETH": (5, 0)}
    (report,) = told(cancelled)
    assert (report.order, report.client, report.request) == (order, packed("my-1"), packed("my-2"))
    assert (report.verb, report.state, report.reason) == (RequestKind.CANCEL, OrderState.CANCELLED, 0)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (place(SELL, price=64_000_00, size=20_001), Reason.NO_FUNDS),
        (place(SELL, size=20_001, **MARKET), Reason.NO_FUNDS),
        (place(BUY, price=50_000_00, size=20_001), Reason.NO_FUNDS),
        (place(BUY, size=0, quote_size=100_001 * UNIT, **MARKET), Reason.NO_FUNDS),
        (place(SELL, size=0, quote_size=200_000 * UNIT, **MARKET), Reason.NO_FUNDS),
        (place(BUY, size=0, quote_size=UNIT, **MARKET), Reason.TOO_SMALL),
        (place(BUY, size=0, **MARKET), Reason.INVALID),
        (place(BUY, price=0), Reason.INVALID),
        (place(BUY, price=1 << 62), Reason.INVALID),
        (place(BUY, price=1, expires=START), Reason.EXPIRED),
        (place(BUY, price=90_000_00, post_only=True), Reason.WOULD_CROSS),
        (
            place(BUY, trigger=Trigger.STOP, trigger_price=1, price=90_000_00),
            Reason.WOULD_TRIGGER,
        ),
        (place(SELL, trigger=Trigger.TAKE_PROFIT, trigger_price=1, **MARKET), Reason.WOULD_TRIGGER),
        (place(BUY, trigger=Trigger.STOP, size=0, quote_size=1, trigger_price=1, **MARKET), Reason.INVALID),
    ],
)
def test_what_cannot_be_is_answered_and_never_becomes_an_order(market, request_, reason):
    """Nothing is locked, nothing is reported, and no order id is used up."""
    before = held(market), market._market.exchange._last_order
    rows = market.execute(request_)
    assert [row[0] for row in rows] == [ANSWER]
    assert (answer(rows).verb, answer(rows).reason, answer(rows).order) == (RequestKind.CREATE, reason, 0)
    assert before == (held(market), market._market.exchange._last_order)


def test_a_market_order_is_paid_with_what_it_costs(market):
    """Not a unit more is locked than it spends; the commission is paid in what comes in."""
    rows = market.execute(place(BUY, size=10_000, **MARKET, **FEES))
    reports = told(rows)
    trades = [item for item in reports if item.trade]
    spent = sum(item.last_price * item.last_size for item in trades) * 10_000 // 100
    assert reports[0].locked == spent
    assert (trades[-1].state, trades[-1].left, trades[-1].filled) == (OrderState.FILLED, 0, 10_000)
    assert {(item.taker, item.commission_leg) for item in trades} == {(True, Leg.BASE)}
    assert [item.commission for item in trades] == [
        item.last_size * 10_000 * 2000 // 10**6 for item in trades
    ]
    wallet = market.wallets.find(1, VENUE)
    assert wallet.balances["USD"].total == 100_000 * UNIT - spent
    assert wallet.balances["BTC"].total == 3 * UNIT - sum(item.commission for item in trades)
    assert wallet.commissions == {"BTC": 0.002 * UNIT}


def test_a_fee_in_the_quote_asset_is_locked_and_paid_beside_the_price(market):
    """As the higher of both fees at the limit; what the order did not need is free again."""
    bid, ask = quote(market)
    rows = market.execute(place(BUY, size=1000, price=ask + 1000, charge=Charge.QUOTE, **FEES))
    reports = told(rows)
    limit = 1000 * (ask + 1000) * 100
    assert reports[0].locked == limit + limit * 2000 // 10**6
    spent = sum(it.last_price * it.last_size * 100 for it in reports if it.trade)
    paid = sum(it.last_price * it.last_size * 100 * 2000 // 10**6 for it in reports if it.trade)
    balance = market.wallets.find(1, VENUE).balances["USD"]
    assert (balance.total, balance.locked) == (100_000 * UNIT - spent - paid, 0)
    rows = market.execute(place(SELL, size=1000, price=bid - 1000, **FEES))
    assert {it.commission_leg for it in told(rows) if it.trade} == {Leg.QUOTE}


def test_the_discount_of_a_tier_comes_off_both_fees(market):
    """Of the key that placed the order, for all that it trades."""
    rows = market.execute(place(BUY, tier=Tier.MAX, **MARKET, **FEES))
    assert (told(rows)[0].maker_fee, told(rows)[0].taker_fee) == (600, 1200)


@pytest.mark.parametrize("charge", Charge)
@pytest.mark.parametrize("side", Side)
def test_a_market_order_for_an_amount_spends_or_brings_in_no_more(market, side, charge):
    """And as nearly that as whole lots allow, through as many prices as it takes, a fee included."""
    amount = 70_000 * UNIT
    rows = market.execute(place(side, size=0, quote_size=amount, charge=charge, **MARKET, **FEES))
    trades = [it for it in told(rows) if it.trade]
    value = sum(it.last_price * it.last_size * 100 for it in trades)
    if side is BUY and charge is Charge.QUOTE:
        value += sum(it.commission for it in trades)
    assert len(trades) > 1
    assert amount - trades[-1].last_price * 101 < value <= amount
    assert trades[-1].state is OrderState.FILLED
    assert trades[-1].size == sum(it.last_size for it in trades)
    assert trades[-1].quote_size == amount


def test_a_wallet_at_one_venue_pays_for_nothing_at_another():
    """Each begins with the deposit, and has orders and trades of its own."""
    first, second = SPEC.instruments
    elsewhere = attrs.evolve(second, instrument=attrs.evolve(second.instrument, venue="elsewhere"))
    spec = attrs.evolve(SPEC, instruments=(first, elsewhere))
    market = ClientMarket(Market(spec, seed=3, start=START), trading=Trading(deposits=DEPOSITS))
    market.opening()
    market.execute(place(BUY, price=50_000_00, size=20_000))
    assert held(market) == {"USD": (0, 100_000), "BTC": (2, 0)}
    assert held(market, venue="elsewhere") == {"USD": (100_000, 0), "ETH": (5, 0)}
    rows = market.execute(attrs.evolve(place(BUY, size=1, price=100), instrument=1))
    assert answer(rows).reason is Reason.NONE
    rows = market.execute(CancelSpotOrders(account=1, instrument=0, everywhere=True))
    assert len(told(rows)) == 1
    assert len(market.wallets.orders) == 1


def test_assets_and_margin_of_one_account_are_apart(market):
    """An account that pays with assets may trade with itself on margin: two purses, one book."""
    bid, ask = quote(market)
    between = (bid + ask) // 2
    market.execute(place(BUY, price=between, size=50))
    margin = Create(account=1, instrument=0, side=SELL, size=50, price=between)
    rows = market.execute(margin)
    assert said(rows) == [(1, "TRADE")]
    assert market.accounts.find(1).positions[0].lots == -50
    assert held(market)["BTC"] == (2.005, 0)
    assert market.wallets.find(2, VENUE).balances["BTC"].total == 2 * UNIT


# --- what becomes of orders ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"time_in_force": TimeInForce.IOC}, [(1, "ACTIVE"), (1, "TRADE"), (1, "CANCELLED", "UNFILLED")]),
        ({"time_in_force": TimeInForce.FOK}, [(1, "ACTIVE"), (1, "CANCELLED", "CANNOT_FILL")]),
        ({"time_in_force": TimeInForce.GTC}, [(1, "ACTIVE"), (1, "TRADE")]),
    ],
)
def test_how_long_an_order_waits(market, terms, expected):
    """What may not rest is over at once, with nothing locked."""
    _, ask = quote(market)
    rows = market.execute(place(BUY, price=ask, size=15_000, **terms))
    assert said(rows) == expected
    assert bool(held(market)["USD"][1]) == (terms["time_in_force"] is TimeInForce.GTC)


def test_a_resting_order_is_filled_in_parts(market):
    """Each trade is followed by its report and by what the wallet then holds."""
    bid, ask = quote(market)
    market.execute(place(SELL, price=ask, size=18_000, **FEES))
    rows = []
    while market.wallets.orders:
        rows += market.advance(market.now + SECOND)
    trades = [at for at, row in enumerate(rows) if row[0] == EXECUTION]
    assert len(trades) > 1
    for at in trades:
        assert [rows[at - 1][0], rows[at + 1][0]] == [TRADE, WALLET]
        report = event(0, rows[at])
        assert (report.trade, report.last_size, report.taker) == (rows[at - 1][3], rows[at - 1][6], False)
        assert report.commission == ask * report.last_size * 100 * 1000 // 10**6
    assert event(0, rows[trades[-1]]).state is OrderState.FILLED
    assert bid < ask


def test_an_id_is_taken_while_its_order_is_open(market):
    """Afterwards it may be used again, but by who wants it once; the answer names the order."""
    first = answer(market.execute(place(BUY, price=100, request=packed("A")))).order
    again = answer(market.execute(place(BUY, price=100, request=packed("A"))))
    assert (again.reason, again.order) == (Reason.DUPLICATE, first)
    assert answer(market.execute(place(BUY, price=100, request=packed("a")))).reason is Reason.NONE
    market.execute(CancelSpotOrder(account=1, instrument=0, order=first))
    once = answer(market.execute(place(BUY, price=100, request=packed("A"), once=True)))
    assert (once.reason, once.order) == (Reason.DUPLICATE, first)
    assert answer(market.execute(place(BUY, price=100, request=packed("A")))).reason is Reason.NONE
    other = place(BUY, price=100, request=packed("A"), account=2)
    assert answer(market.execute(other)).reason is Reason.NONE


def test_an_order_expires(market):
    """At its market time, whatever the market does then."""
    at = market.now + 300 * MS + 1
    order = answer(market.execute(place(BUY, price=100, expires=at))).order
    rows = market.advance(at - 1)
    assert told(rows) == []
    assert market.next_time() <= at
    (report,) = told(market.advance(at))
    assert (report.order, report.ts, report.reason) == (order, at, Reason.EXPIRED)
    assert held(market)["USD"] == (100_000, 0)


def test_orders_are_cancelled_unless_the_timer_is_set_again(market):
    """All those at the venue; 0 takes it back."""
    for at in (0, 1):
        market.execute(attrs.evolve(place(BUY, size=10, price=100), instrument=at))
    after = CancelSpotOrdersAfter(account=1, instrument=0, after=200 * MS)
    assert answer(market.execute(after)).reason is Reason.NONE
    market.advance(market.now + 150 * MS)
    market.execute(after)
    assert told(market.advance(market.now + 199 * MS)) == []
    assert said(market.advance(market.now + MS)) == [(1, "CANCELLED", "TIMER")] * 2
    market.execute(place(BUY, price=100))
    market.execute(after)
    market.execute(attrs.evolve(after, after=0))
    assert told(market.advance(market.now + SECOND)) == []


def test_delisting_ends_orders_that_rest_or_wait(market):
    """And a halt neither."""
    _, ask = quote(market)
    market.execute(place(BUY, price=100))
    market.execute(place(BUY, trigger=Trigger.STOP, trigger_price=2 * ask, size=1, **MARKET))
    assert told(market._clearing.told(market._market.set_status(0, Status.HALTED))) == []
    assert answer(market.execute(place(BUY, price=100))).reason is Reason.NOT_TRADING
    rows = market._clearing.told(market._market.set_status(0, Status.DELISTED))
    assert sorted(said(rows)) == [(1, "CANCELLED", "DELISTED")] * 2
    assert held(market)["USD"] == (100_000, 0)


def test_what_is_remembered_is_bounded():
    """The oldest orders and trades go, and their ids with them."""
    market = new_market(history=3)
    follower = Wallets(market.listing, deposits=DEPOSITS, history=3)
    for number in range(5):
        follower.apply(market.execute(place(BUY, size=1, request=packed(f"{number}"), **MARKET)))
    wallet = follower.find(1, VENUE)
    assert wallet.finished.keys() == market.wallets.find(1, VENUE).finished.keys()
    assert [order.client for order in wallet.history(0)] == [packed("2"), packed("3"), packed("4")]
    assert len(wallet.trades) == 3
    assert wallet.order(client=packed("1")) is None
    assert wallet.order(client=packed("2")).state is OrderState.FILLED
    assert wallet.order(wallet.history(0)[0].order, packed("3")) is None


# --- a trade with oneself --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (SelfTrade.ALLOW, [("taker", "TRADE", 0), ("maker", "TRADE", 0)]),
        (SelfTrade.CANCEL_RESTING, [("maker", "CANCELLED", 60)]),
        (SelfTrade.CANCEL_INCOMING, [("taker", "CANCELLED", 100)]),
        (SelfTrade.CANCEL_BOTH, [("maker", "CANCELLED", 60), ("taker", "CANCELLED", 100)]),
        (SelfTrade.DECREMENT, [("maker", "CANCELLED", 60), ("taker", "ACTIVE", 60)]),
    ],
)
def test_the_taker_says_what_becomes_of_a_trade_with_itself(market, mode, expected):
    """Reports of what was prevented name the other order, its price, and how much."""
    bid, ask = quote(market)
    between = (bid + ask) // 2
    maker = answer(market.execute(place(SELL, price=between, size=60))).order
    rows = market.execute(place(BUY, price=between, size=100, self_trade=mode))
    taker = answer(rows).order
    names = {maker: "maker", taker: "taker"}
    found = [item for item in told(rows) if item.trade or item.counter]
    assert [
        (names[it.order], "TRADE" if it.trade else it.state.name, it.prevented) for it in found
    ] == expected
    for item in found:
        if item.counter:
            assert item.reason is Reason.SELF_TRADE
            assert (item.counter, item.last_price, item.last_size) == (
                {maker: taker, taker: maker}[item.order],
                between,
                60,
            )
    rests = {SelfTrade.ALLOW: 40, SelfTrade.CANCEL_RESTING: 100, SelfTrade.DECREMENT: 40}
    left = market.wallets.find(1, VENUE).orders.get(taker)
    assert (left.left if left else 0) == rests.get(mode, 0)
    kept = {SelfTrade.ALLOW: (2, 0), SelfTrade.CANCEL_INCOMING: (1.994, 0.006)}
    assert held(market)["BTC"] == kept.get(mode, (2, 0))


# --- cancel and replace ----------------------------------------------------------------------------


def replace(order, *, price=200, size=100, **more):
    return ReplaceSpotOrder(
        account=1,
        instrument=0,
        side=BUY,
        price=price,
        size=size,
        cancel_order=order,
        request=packed("new"),
        cancel_request=packed("old"),
        **more,
    )


def test_one_order_takes_the_place_of_another(market):
    """The first is cancelled before the second has to be paid for."""
    old = answer(market.execute(place(BUY, price=50_000_00, size=20_000))).order
    rows = market.execute(replace(old, price=50_000_00, size=19_999))
    assert said(rows) == [(1, "CANCELLED"), (1, "ACTIVE")]
    assert [item.request for item in told(rows)] == [packed("old"), packed("new")]
    found = answer(rows)
    assert (found.reason, found.cancel_reason, found.cancelled) == (Reason.NONE, Reason.NONE, old)
    assert found.order == told(rows)[1].order


@pytest.mark.parametrize("allow", [False, True])
def test_what_is_placed_where_nothing_can_be_cancelled(market, allow):
    """Nothing, unless that is allowed."""
    rows = market.execute(replace(999_999, allow_failure=allow))
    found = answer(rows)
    assert (found.cancel_reason, found.cancelled) == (Reason.UNKNOWN_ORDER, 0)
    assert found.reason is (Reason.NONE if allow else Reason.NOT_ATTEMPTED)
    assert said(rows) == ([(1, "ACTIVE")] if allow else [])


def test_the_second_half_may_fail_alone(market):
    """What was cancelled stays so."""
    old = answer(market.execute(place(BUY, price=100))).order
    found = answer(market.execute(replace(old, price=50_000_00, size=30_000)))
    assert (found.reason, found.cancel_reason, found.cancelled) == (Reason.NO_FUNDS, Reason.NONE, old)


def test_a_cancellation_may_be_meant_for_some_orders_alone(market):
    """For one that nothing has filled yet, or that something has."""
    old = answer(market.execute(place(BUY, price=100))).order
    partly = replace(old, cancel_only=Only.PARTLY_FILLED)
    assert answer(market.execute(partly)).cancel_reason is Reason.RESTRICTED
    cancel = CancelSpotOrder(account=1, instrument=0, order=old, only=Only.PARTLY_FILLED)
    assert answer(market.execute(cancel)).reason is Reason.RESTRICTED
    assert answer(market.execute(attrs.evolve(cancel, only=Only.UNFILLED))).reason is Reason.NONE


@pytest.mark.parametrize("named", [{"order": 12345}, {"client": packed("x")}, {}, {"client": packed("mine")}])
def test_only_an_own_open_order_of_that_instrument_can_be_cancelled(market, named):
    """Of other accounts, of other instruments and of the past there is none."""
    of_other = place(BUY, price=100, account=2, request=packed("x"))
    market.execute(of_other)
    market.execute(attrs.evolve(place(BUY, size=1, price=100, request=packed("mine")), instrument=1))
    rows = market.execute(CancelSpotOrder(account=1, instrument=0, **named))
    assert [row[0] for row in rows] == [ANSWER]
    assert answer(rows).reason is Reason.UNKNOWN_ORDER


# --- changes ---------------------------------------------------------------------------------------


def amend(order, **more):
    return AmendSpotOrder(account=1, instrument=0, order=order, **more)


def test_requests_of_a_batch_act_one_after_the_other(market):
    """Each sees what those before it did, is answered by itself, and one that is refused stops none."""
    bid = quote(market)[0]
    rows = market.execute(
        SpotBatch(
            account=1,
            instrument=0,
            parts=(
                place(BUY, price=bid - 100, request=packed("one")),
                place(BUY, price=bid - 100, request=packed("one")),
                CancelSpotOrder(account=1, instrument=0, client=packed("one")),
                place(SELL, size=10**9, price=bid + 100),
                place(BUY, price=bid - 200),
            ),
        )
    )
    assert [one.reason for one in told(rows, ANSWER)] == [
        Reason.NONE,
        Reason.DUPLICATE,
        Reason.NONE,
        Reason.NO_FUNDS,
        Reason.NONE,
    ]
    assert [one.state for one in told(rows)] == [OrderState.ACTIVE, OrderState.CANCELLED, OrderState.ACTIVE]


def test_an_order_that_shrinks_keeps_its_place(market):
    """It is said to be smaller, and what it no longer needs is free."""
    first = answer(market.execute(place(SELL, price=70_000_00, size=300))).order
    market.execute(place(SELL, price=70_000_00, size=50, account=2))
    rows = market.execute(amend(first, size=200, shrink_only=True, request=packed("smaller")))
    (report,) = told(rows)
    assert (report.verb, report.state, report.size, report.left) == (
        RequestKind.MODIFY,
        OrderState.ACTIVE,
        200,
        200,
    )
    assert ADD not in [row[0] for row in rows]
    assert held(market)["BTC"] == (1.98, 0.02)
    queue = [order for order, price, _ in market._market.exchange.books[0].orders(1) if price == 70_000_00]
    assert queue[0] == first
    for size in (200, 201):
        assert answer(market.execute(amend(first, size=size, shrink_only=True))).reason is Reason.NOT_SMALLER


def test_an_order_that_moves_may_trade(market):
    """Under its own id, at the back of the queue of its new price, paid for at that."""
    bid, ask = quote(market)
    order = answer(market.execute(place(BUY, price=100, size=300))).order
    assert answer(market.execute(amend(order, price=ask, post_only=True))).reason is Reason.WOULD_CROSS
    assert answer(market.execute(amend(order, size=10**10))).reason is Reason.NO_FUNDS
    rows = market.execute(amend(order, price=bid + 1))
    assert told(rows)[0].price == bid + 1
    assert ADD in [row[0] for row in rows]
    rows = market.execute(amend(order, price=ask, size=400))
    assert said(rows)[:2] == [(1, "ACTIVE"), (1, "TRADE")]
    assert {item.order for item in told(rows)} == {order}
    balance = market.wallets.find(1, VENUE).balances["USD"]
    left = market.wallets.of_order(order)
    assert balance.locked == (left.left * left.price * 100 if left else 0)


def test_a_stop_order_waits_for_another_price(market):
    """And is not changed to one that is reached already."""
    _, ask = quote(market)
    order = answer(market.execute(place(SELL, trigger=Trigger.STOP, trigger_price=100, **MARKET))).order
    assert answer(market.execute(amend(order, trigger_price=2 * ask))).reason is Reason.WOULD_TRIGGER
    (report,) = told(market.execute(amend(order, trigger_price=200, size=50)))
    assert (report.state, report.trigger_price, report.left) == (OrderState.UNTRIGGERED, 200, 50)
    assert held(market)["BTC"] == (1.995, 0.005)


# --- stop orders -----------------------------------------------------------------------------------


def test_stop_orders_set_off_one_another(market):
    """Each acts right after the trade that reaches it, and before the market does anything else."""
    levels = market._market.exchange.books[0].sizes(BUY)
    reach = [sum(size for _, size in levels[:at]) for at in range(len(levels))]
    for account, at in ((2, 2), (3, 4), (4, 6)):
        trigger = {"trigger": Trigger.STOP, "trigger_price": levels[at - 1][0]}
        # Enough to trade at the trigger of the next one.
        size = reach[at + 2] - reach[at]
        rows = market.execute(place(SELL, account=account, size=size, **trigger, **MARKET))
        assert said(rows) == [(account, "UNTRIGGERED")]
        assert held(market, account)["BTC"][1] == size / 10_000
    rows = market.execute(place(SELL, size=reach[2], **MARKET))
    order = [account for account, what, *_ in said(rows) if what == "ACTIVE"]
    assert order == [1, 2, 3, 4]
    triggered = [item for item in told(rows) if item.reason is Reason.TRIGGERED]
    assert all(item.working == market.now and item.created == market.now for item in triggered)
    assert told(rows, ANSWER)[0].account == 1
    assert {item.ts for item in told(rows)} == {market.now}


def test_a_stop_limit_order_rests_once_it_acts(market):
    """At the very trade of the market that reaches it; it has locked what its limit costs all the time."""
    _, ask = quote(market)
    stop = place(BUY, size=100, price=ask + 100, trigger=Trigger.STOP, trigger_price=ask + 300)
    order = answer(market.execute(stop)).order
    locked = held(market)["USD"]
    market._market.shock(0, 0.01)
    rows = market.advance(market.now + 5 * SECOND)
    first = told(rows)[0]
    assert (first.order, first.state, first.reason) == (order, OrderState.ACTIVE, Reason.TRIGGERED)
    trades = [trade for trade in told(rows, TRADE) if trade.instrument == 0]
    assert first.ts == next(trade.ts for trade in trades if trade.price >= ask + 300)
    assert first.working == first.ts > first.created
    assert held(market)["USD"] == locked
    assert market.wallets.of_order(order).state is OrderState.ACTIVE


def test_a_market_order_that_was_triggered_buys_what_the_account_can_pay(market):
    """It locked the price of its trigger; what it costs more is taken from what is free, and no more."""
    _, ask = quote(market)
    size = 100_000 * 100 * 10_000 // (ask + 100)
    stop = place(BUY, size=size, trigger=Trigger.STOP, trigger_price=ask + 100, **MARKET)
    assert answer(market.execute(stop)).reason is Reason.NONE
    market._market.shock(0, 0.01)
    rows = market.advance(market.now + 5 * SECOND)
    assert said(rows) == [(1, "ACTIVE", "TRIGGERED"), (1, "TRADE"), (1, "CANCELLED", "UNFILLED")]
    free, locked = held(market)["USD"]
    assert 0 <= free < 10
    assert locked == 0


# --- the same again --------------------------------------------------------------------------------

ORDERS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(Side),
        st.integers(1, 3000),
        st.integers(-40, 40),
        st.sampled_from(Trigger),
        st.sampled_from([0, 0, 90]),
        st.integers(0, 200),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=15, deadline=None)
@given(drawn=ORDERS, limits=st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_a_journal_gives_the_same_rows(drawn, limits):
    """However the time was cut when it was written, and is cut when it is played."""
    live, journal, rows = new_market(), [], []
    for account, side, size, away, trigger, lasts, wait in drawn:
        rows += live.advance(live.now + wait * MS, limits[0])
        middle = sum(quote(live)) // 2
        request = place(
            side,
            size,
            account,
            price=middle + away * 100,
            trigger=trigger,
            trigger_price=max(1, middle - away * 200),
            expires=live.now + lasts * MS if lasts else 0,
            self_trade=SelfTrade(account % 5),
        )
        if account == 3:
            anew = CancelSpotOrders(account=account, instrument=0)
            request = SpotBatch(account=account, instrument=0, parts=(request, anew, request))
        journal.append(JournalEntry(at=live.now, request=request))
        rows += live.execute(request)
    end = live.now + SECOND
    rows += live.advance(end)
    played, again, at = new_market(entries=journal), [], 0
    while (upcoming := played.next_time()) is not None and upcoming <= end:
        again += played.advance(upcoming, limits[at % len(limits)])
        at += 1
    assert again + played.advance(end) == rows


def test_a_copy_goes_on_alone(market):
    """A checkpoint holds wallets, triggers and times too."""
    bid, ask = quote(market)
    market.execute(place(BUY, price=bid, expires=market.now + 600 * MS))
    market.execute(place(BUY, trigger=Trigger.STOP, trigger_price=ask + 1, **MARKET))
    market.execute(CancelSpotOrdersAfter(account=1, instrument=0, after=900 * MS))
    copy = copied(market)
    rows = market.advance(START + 5 * SECOND)
    assert copy.advance(START + 5 * SECOND) == rows
    assert told(rows)
