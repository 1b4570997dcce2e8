"""Accounts that trade in the simulated market."""

import sys
from collections import Counter

import attrs
import pytest
from copies import copied
from hypothesis import given, settings
from hypothesis import strategies as st
from listed import listed, round_lots

from feed.errors import MarketError
from feed.model.accounts import PARTICIPANTS
from feed.model.events import ADD, FILL, ORDER, REDUCE, TRADE, Side, Status, event
from feed.model.market import MarketSpec
from feed.model.requests import Cancel, CancelMany, Create, JournalEntry, Modify
from feed.model.scenario import Scenario
from feed.model.timeline import Delist
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, packed, unpacked
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.control import Control, RunState
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000
SPEC = MarketSpec(instruments=round_lots("BTC-USD", "ETH-USD"))  # BTC-USD and ETH-USD
BUY, SELL = Side.BUY, Side.SELL


def new_market(entries=(), **trading):
    market = ClientMarket(Market(SPEC, seed=3, start=START), trading=Trading(**trading), entries=entries)
    market.opening()
    return market


@pytest.fixture
def market():
    """Two seconds after the opening."""
    market = new_market()
    market.advance(START + 2 * SECOND)
    return market


def buy(account=1, *, price, size=100, **more):
    return Create(account=account, instrument=0, side=BUY, size=size, price=price, **more)


def sell(account=1, *, price, size=100, **more):
    return Create(account=account, instrument=0, side=SELL, size=size, price=price, **more)


def said(rows):
    """States and reasons of orders, and fills, in their order."""
    found = []
    for row in rows:
        if row[0] == ORDER:
            item = event(0, row)
            found.append((item.verb.name, item.state.name, *([item.reason.name] if item.reason else [])))
        elif row[0] == FILL:
            found.append(("FILL", row[3]))
    return found


def order_of(rows):
    """The last order that the rows speak of."""
    return [event(0, row) for row in rows if row[0] == ORDER][-1]


def quote(market):
    book = market._market.exchange.books[0]
    return book.bid, book.ask


def named(order, **more):
    """The arguments that name an order in a request."""
    return {
        "account": order.account,
        "instrument": order.instrument,
        "order": order.order,
        "created": order.created // MS,
        **more,
    }


# --- requests --------------------------------------------------------------------------------------


def test_a_limit_order_rests_where_everybody_sees_it(market):
    """Received, accepted, then a row of the book like any other."""
    bid, _ = quote(market)
    rows = market.execute(buy(price=bid - 1000, request=packed("abc")))
    assert said(rows) == [("CREATE", "PENDING"), ("CREATE", "ACTIVE")]
    order = order_of(rows)
    assert unpacked(order.request) == "abc"
    added = [row for row in rows if row[0] == ADD]
    assert [row[3:7] for row in added] == [(order.order, 0, bid - 1000, 100)]
    assert {row[2] for row in rows} == {START + 2 * SECOND}


def test_two_accounts_trade_with_each_other(market):
    """One trade in the book, and right after it a fill for each side, with what it costs."""
    bid, ask = quote(market)
    price = (bid + ask) // 2
    assert bid < price < ask
    market.execute(sell(1, price=price, size=500))
    rows = market.execute(buy(2, price=price, size=200))
    at = [row[0] for row in rows].index(TRADE)
    trade, taker, maker = (event(0, row) for row in rows[at : at + 3])
    assert (trade.price, trade.size, trade.taker, trade.maker) == (price, 200, taker.order, maker.order)
    assert (taker.account, taker.taker, taker.left) == (2, True, 0)
    assert (maker.account, maker.taker, maker.left) == (1, False, 300)
    assert taker.trade == maker.trade == trade.trade
    assert (taker.fee, maker.fee) == (
        -(-price * 200 * 500 // 1_000_000),
        -(-price * 200 * 200 // 1_000_000),
    )
    assert market.accounts.find(1).position(0).lots == -200
    assert market.accounts.find(2).position(0).lots == 200


def test_a_market_order_takes_within_its_slippage(market):
    """And what it does not find there is cancelled, with a reason."""
    _, ask = quote(market)
    rows = market.execute(
        Create(
            account=1, instrument=0, side=BUY, size=100_000, type=Pricing.MARKET, slippage=200, leverage=10
        )
    )
    assert said(rows)[:2] == [("CREATE", "PENDING"), ("CREATE", "ACTIVE")]
    assert said(rows)[-1] == ("CREATE", "CANCELLED", "UNFILLED")
    fills = [event(0, row) for row in rows if row[0] == FILL]
    assert fills
    assert all(ask <= fill.price <= ask + ask * 200 // 1_000_000 for fill in fills)
    assert market.accounts.orders == {}


def test_a_market_order_in_an_empty_market_is_rejected():
    """There is no price to begin from."""
    market = new_market()
    market._market.exchange.books[0].now = market.now
    for order, _, _ in market._market.exchange.books[0].orders(1):
        market._market.exchange.books[0].cancel(order)
    market._market._take_rows()
    rows = market.execute(Create(account=1, instrument=0, side=BUY, size=1, type=Pricing.MARKET))
    assert said(rows) == [("CREATE", "PENDING"), ("CREATE", "REJECTED", "NO_PRICE")]


def test_a_post_only_order_that_would_trade_is_rejected_after_its_confirmation(market):
    """As the document says; the book does not change."""
    _, ask = quote(market)
    rows = market.execute(buy(price=ask, post_only=True))
    assert said(rows) == [
        ("CREATE", "PENDING"),
        ("CREATE", "ACTIVE"),
        ("CREATE", "REJECTED", "WOULD_CROSS"),
    ]
    assert {row[0] for row in rows} == {ORDER}
    assert market.accounts.find(1).orders == {}
    assert market.accounts.exposure(1, "USD") == 0


def test_an_order_is_cancelled_once(market):
    """Then it is unknown, like one that never was and one of another account."""
    bid, _ = quote(market)
    order = order_of(market.execute(buy(price=bid - 100)))
    assert said(market.execute(Cancel(**named(order, account=2)))) == [("CANCEL", "REFUSED", "UNKNOWN_ORDER")]
    assert said(market.execute(Cancel(**named(order, created=1)))) == [("CANCEL", "REFUSED", "UNKNOWN_ORDER")]
    assert said(market.execute(Cancel(**named(order, instrument=1)))) == [
        ("CANCEL", "REFUSED", "UNKNOWN_ORDER")
    ]
    rows = market.execute(Cancel(**named(order)))
    assert said(rows) == [("CANCEL", "CANCELLING"), ("CANCEL", "CANCELLED")]
    assert [row[3] for row in rows if row[0] == REDUCE] == [order.order]
    assert said(market.execute(Cancel(**named(order)))) == [("CANCEL", "REFUSED", "UNKNOWN_ORDER")]
    assert market.accounts.exposure(1, "USD") == 0


def test_many_orders_are_cancelled_with_names_of_their_own(market):
    """Those at a price, those of a side, or all; each has the request's name and its number."""
    bid, ask = quote(market)
    for price in (bid - 100, bid - 100, bid - 200):
        market.execute(buy(price=price))
    market.execute(sell(price=ask + 100))
    rows = market.execute(CancelMany(account=1, instrument=0, price=bid - 100, request=packed("x")))
    names = [unpacked(event(0, row).request) for row in rows if row[0] == ORDER]
    assert names == ["x#0", "x#0", "x#1", "x#1"]
    assert (
        said(market.execute(CancelMany(account=1, instrument=0, side=1))).count(("CANCEL", "CANCELLED")) == 1
    )
    assert said(market.execute(CancelMany(account=2, instrument=0))) == [
        ("CANCEL", "REFUSED", "UNKNOWN_ORDER")
    ]
    assert said(market.execute(CancelMany(account=1, instrument=0))).count(("CANCEL", "CANCELLED")) == 1
    assert market.accounts.orders == {}


def test_a_modified_order_is_another_order(market):
    """The old one is off the book before the new one is on it; four answers in the document's order."""
    bid, _ = quote(market)
    old = order_of(market.execute(buy(price=bid - 100, size=100)))
    rows = market.execute(Modify(**named(old, price=bid - 50, size=0)))
    assert said(rows) == [
        ("MODIFY", "MODIFYING"),
        ("MODIFY", "MODIFIED"),
        ("MODIFY", "PENDING"),
        ("CREATE", "ACTIVE"),
    ]
    new = order_of(rows)
    assert new.order != old.order
    assert (new.price, new.left) == (bid - 50, 100)
    assert list(market.accounts.find(1).orders) == [new.order]
    assert said(market.execute(Modify(**named(old, size=5)))) == [("MODIFY", "REFUSED", "UNKNOWN_ORDER")]
    rows = market.execute(Modify(**named(new, size=10**9)))
    assert said(rows) == [("MODIFY", "REFUSED", "NO_FUNDS")]
    assert list(market.accounts.find(1).orders) == [new.order]


def test_a_request_that_comes_twice_acts_once(market):
    """The second one is refused as such, so that a client can send again what was not answered."""
    bid, _ = quote(market)
    request = buy(price=bid - 100, request=packed("once"))
    market.execute(request)
    assert said(market.execute(request)) == [("CREATE", "REFUSED", "DUPLICATE")]
    assert said(market.execute(attrs.evolve(request, account=2)))[-1] == ("CREATE", "ACTIVE")


def test_the_case_of_a_clients_id_does_not_matter(market):
    """A UUID has none: written otherwise it is the same one, and comes back as it was sent."""
    bid, _ = quote(market)
    request = buy(price=bid - 100, request=packed("0835bf3e-4a20-41f0-908d-8213f2b7a285"))
    market.execute(request)
    again = attrs.evolve(request, request=packed("0835BF3E-4A20-41F0-908D-8213F2B7A285"))
    rows = market.execute(again)
    assert said(rows) == [("CREATE", "REFUSED", "DUPLICATE")]
    assert rows[0][4] == again.request


def test_an_account_does_not_trade_with_itself(market):
    """Its resting order makes way, and it is told why."""
    bid, ask = quote(market)
    price = (bid + ask) // 2
    market.execute(sell(price=price))
    rows = market.execute(buy(price=price))
    assert said(rows) == [
        ("CREATE", "PENDING"),
        ("CREATE", "ACTIVE"),
        ("CREATE", "CANCELLED", "SELF_TRADE"),
    ]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"size": 10**6}, "NO_FUNDS"),
        ({"size": 100, "leverage": 11}, "LEVERAGE"),
        ({"size": 100, "leverage": 2}, "LEVERAGE"),
    ],
)
def test_an_order_that_the_account_cannot_carry_is_rejected(market, request_, reason):
    """After it was received, with a reason, and nothing is changed."""
    bid, _ = quote(market)
    market.execute(buy(price=bid - 100))
    before = market.accounts.exposure(1, "USD")
    rows = market.execute(buy(price=bid - 100, **request_))
    assert said(rows) == [("CREATE", "PENDING"), ("CREATE", "REJECTED", reason)]
    assert market.accounts.exposure(1, "USD") == before


def test_an_account_has_only_so_many_open_orders():
    """Past the bound an order is rejected; a cancel makes room again."""
    market = new_market(open_orders=2)
    bid, _ = quote(market)
    orders = [order_of(market.execute(buy(price=bid - 100))) for _ in range(2)]
    assert said(market.execute(buy(price=bid - 100)))[-1] == ("CREATE", "REJECTED", "TOO_MANY_ORDERS")
    market.execute(Cancel(**named(orders[0])))
    assert said(market.execute(buy(price=bid - 100)))[-1] == ("CREATE", "ACTIVE")


def test_leverage_lets_an_account_carry_more(market):
    """Ten times what it owns, and no more; to close is always allowed."""
    bid, ask = quote(market)
    lots = 10**6 * 10**6 * 9 // ask  # nine million in units of a cent and a ten-thousandth
    rows = market.execute(sell(price=ask + 1000, size=lots, leverage=10))
    assert said(rows)[-1] == ("CREATE", "ACTIVE")
    assert said(market.execute(sell(price=ask + 1000, size=lots, leverage=10)))[-1][-1] == "NO_FUNDS"
    assert bid


def test_a_halted_market_takes_cancels_alone(market):
    """An order is rejected with a reason, and what rests can be taken off."""
    bid, _ = quote(market)
    order = order_of(market.execute(buy(price=bid - 100)))
    market._market.set_status(0, Status.HALTED)
    assert said(market.execute(buy(price=bid - 100)))[-1] == ("CREATE", "REJECTED", "NOT_TRADING")
    assert said(market.execute(Modify(**named(order, size=5)))) == [("MODIFY", "REFUSED", "NOT_TRADING")]
    assert said(market.execute(Cancel(**named(order))))[-1] == ("CANCEL", "CANCELLED")


@pytest.mark.parametrize(
    ("symbol", "end"),
    [
        ("BTC-PERP", [("CREATE", "ACTIVE"), ("FILL", 1)]),
        ("BTC-UP-1H", [("CREATE", "REJECTED", "NOT_TRADING")]),
    ],
)
def test_accounts_trade_what_they_can_hold(symbol, end):
    """A future like anything else; an order for a prediction is rejected, whatever it offers."""
    spec = MarketSpec(instruments=listed("BTC-USD", symbol))
    market = ClientMarket(Market(spec, seed=3, start=START), trading=Trading())
    market.opening()
    ask = market._market.exchange.books[1].ask
    rows = market.execute(Create(account=1, instrument=1, side=BUY, size=1, price=ask))
    assert said(rows) == [("CREATE", "PENDING"), *end]


def test_delisting_takes_orders_off_and_says_so():
    """Nobody asked for it: the account is told all the same."""
    scenario = Scenario(
        name="delisting",
        start=START,
        duration=2 * SECOND,
        market=SPEC,
        actions=(Delist(at=SECOND, instruments=("BTC-USD",)),),
    )
    market = ClientMarket(ScriptedMarket(scenario), trading=Trading())
    market.opening()
    bid, _ = quote(market)
    market.execute(buy(price=bid // 2))
    rows = market.advance(START + 2 * SECOND)
    assert said(rows) == [("CREATE", "CANCELLED", "DELISTED")]
    assert market.accounts.orders == {}
    assert market.next_time() is None


# --- money -----------------------------------------------------------------------------------------

ORDERS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from([BUY, SELL]),
        st.integers(1, 5000),
        st.integers(-60, 60),
        st.booleans(),
        st.integers(0, 400),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(drawn=ORDERS)
def test_money_is_neither_made_nor_lost(drawn):
    """
    Realised and open profit of all accounts and of the participants add up to zero at any price.

    What accounts own together has shrunk by the fees alone, as the stream tells them, and by what
    they lost to the participants. And the book is never crossed.
    """
    market = new_market()
    rows = []
    for account, side, size, away, is_market, wait in drawn:
        rows += market.advance(market.now + wait * MS)
        middle = sum(quote(market)) // 2
        rows += market.execute(
            Create(
                account=account,
                instrument=0,
                side=side,
                size=size,
                type=Pricing.MARKET if is_market else Pricing.LIMIT,
                price=middle + away * 100,
                slippage=20_000,
                leverage=5,
            )
        )
        bid, ask = quote(market)
        assert not bid or not ask or bid < ask
    accounts, scale = market.accounts, market.accounts.money.scales[0]
    mark = quote(market)[0] * scale
    positions = {number: accounts[number].position(0) for number in (PARTICIPANTS, 1, 2, 3)}
    assert sum(item.realised + item.worth(mark) for item in positions.values()) == 0
    assert sum(item.lots for item in positions.values()) == 0
    paid = Counter()
    for row in rows:
        if row[0] == FILL:
            paid[row[3]] += row[14] * accounts.money.fee_scales[0]
    whole = accounts.money.whole("USD", Trading().deposit)
    owned = {number: accounts.equity(number, "USD", lambda _: mark // scale) for number in (1, 2, 3)}
    for number, equity in owned.items():
        found = positions[number]
        assert accounts.find(number).fees.get("USD", 0) == paid[number]
        assert equity == whole + found.realised + found.worth(mark) - paid[number]
    house = positions[PARTICIPANTS]
    assert sum(owned.values()) + paid.total() + house.realised + house.worth(mark) == 3 * whole
    # What is reserved for open orders is what the open orders say.
    for number in (1, 2, 3):
        orders = accounts.find(number).orders.values()
        for side, reserved in ((BUY, positions[number].bids), (SELL, positions[number].asks)):
            assert reserved == sum(item.left * item.price * scale for item in orders if item.side is side)


# --- the same again --------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(drawn=ORDERS, limits=st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_a_journal_gives_the_same_rows(drawn, limits):
    """However the time was cut when it was written, and is cut when it is played."""
    live, journal, rows = new_market(), [], []
    for account, side, size, away, is_market, wait in drawn:
        rows += live.advance(live.now + wait * MS, limits[0])
        request = Create(
            account=account,
            instrument=0,
            side=side,
            size=size,
            type=Pricing.MARKET if is_market else Pricing.LIMIT,
            price=6_425_000 + away * 100,
            slippage=1000,
        )
        journal.append(JournalEntry(at=live.now, request=request))
        rows += live.execute(request)
    end = live.now + SECOND
    rows += live.advance(end)
    played, again, at = new_market(entries=journal), [], 0
    while (upcoming := played.next_time()) is not None and upcoming <= end:
        again += played.advance(upcoming, limits[at % len(limits)])
        at += 1
    assert again + played.advance(end) == rows


@pytest.mark.parametrize("limit", [1, 7, sys.maxsize])
def test_who_listens_is_told_of_requests_of_a_journal(limit):
    """Each once, in order, with its rows and where they end among those of the advance in which it acts."""
    entries = [
        JournalEntry(at=START + second * SECOND, request=buy(price=100, size=size))
        for second, size in ((1, 1), (2, 1), (2, 2))
    ]
    market = new_market(entries)
    heard, told = [], []
    market.acted = lambda *said: heard.append(said)
    market.execute(sell(price=900))
    while market.now < START + 3 * SECOND:
        rows = market.advance(START + 3 * SECOND, limit)
        for entry, own, end in heard:
            assert own
            assert rows[end - len(own) : end] == own
            told.append(entry)
        heard.clear()
    assert told == entries


def test_a_market_without_requests_is_the_market_itself():
    """Row by row."""
    plain = Market(SPEC, seed=3, start=START)
    plain.opening()
    market = new_market()
    assert market.advance(START + 3 * SECOND) == plain.advance(START + 3 * SECOND)
    assert market.snapshot() == plain.snapshot()
    assert market.advance(START + 3 * SECOND, sys.maxsize) == []


def test_a_copy_goes_on_alone(market):
    """A checkpoint holds accounts too."""
    bid, _ = quote(market)
    market.execute(buy(price=bid - 100))
    copy = copied(market)
    assert copy.accounts.find(1).orders == market.accounts.find(1).orders
    assert copy.advance(START + 3 * SECOND) == market.advance(START + 3 * SECOND)


def test_nobody_takes_back_what_accounts_were_told():
    """Seeking back is refused once an account has asked for something."""
    control = Control(new_market(), clock=lambda: 0.0, checkpoint_seconds=1.0)
    control.start()
    control.take(1000)
    control.submit(buy(price=1))
    with pytest.raises(MarketError, match="accounts have traded"):
        control.seek(START)


def test_a_market_in_which_accounts_trade_is_not_copied_any_more():
    """There is no way back, so there is nothing to keep copies for."""
    control = Control(new_market(), clock=lambda: 0.0, checkpoint_seconds=0.5)
    control.start()
    control.seek(START + SECOND)
    while control.status().state is RunState.SEEKING:
        control.take(1000)
    control.take(1)
    assert control._checkpoints._kept
    control.submit(buy(price=1))
    control.take(1)
    assert control._checkpoints is None


def test_a_market_can_be_run_again():
    """From its beginning, without what accounts have done."""
    market = new_market()
    first = market.advance(START + SECOND)
    market.execute(buy(price=1))
    again = market.from_start()
    again.opening()
    assert again.advance(START + SECOND) == first
    assert again.played == 0


def test_a_run_without_accounts_takes_no_orders():
    """A recording cannot answer."""
    control = Control(Market(SPEC, seed=3, start=START), clock=lambda: 0.0)
    with pytest.raises(MarketError, match="takes no orders"):
        control.submit(buy(price=1))


def test_states_and_verbs_are_told_apart():
    """Every number in a row has a name."""
    assert [*map(int, OrderState)] == [*range(1, 11)]
    assert (RequestKind(1), Reason(0)) == (RequestKind.CREATE, Reason.NONE)
