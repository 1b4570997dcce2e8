"""Where an account's means end, to the tick: computed a second time, beside the market."""

import pytest
from listed import round_lots

from feed.model.events import FILL, ORDER, Side, event
from feed.model.market import MarketSpec
from feed.model.requests import PARTS, Create
from feed.model.trading import OrderState, Pricing, Reason
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_700_000_000_000_000_000
MS = 1_000_000
SPEC = MarketSpec(instruments=round_lots("BTC-USD"))  # in cents and 0.0001 coins
UNITS = 10**6  # of money in a dollar: one tick times one lot is one of them
TAKER = 500  # millionths
BUY, SELL = Side.BUY, Side.SELL


def new_market(**trading):
    market = ClientMarket(Market(SPEC, seed=3, start=START), trading=Trading(taker_fee=TAKER, **trading))
    market.opening()
    return market


def quote(market):
    book = market._market.exchange.books[0]
    return book.bid, book.ask


def odd_quote(market):
    """Wait for a quote whose middle lies between two ticks."""
    at = START
    while sum(quote(market)) % 2 == 0:
        at += MS
        market.advance(at)
    return quote(market)


def create(side, **fields):
    return Create(account=1, instrument=0, side=side, **fields)


def last(rows):
    """State and reason of the last order that the rows speak of."""
    order = [event(0, row) for row in rows if row[0] == ORDER][-1]
    return order.state, order.reason


ACTIVE = (OrderState.ACTIVE, Reason.NONE)
NO_FUNDS = (OrderState.REJECTED, Reason.NO_FUNDS)


@pytest.mark.parametrize("slippage", [1, 200, 333, 20_000, 999_999])
def test_a_market_order_goes_as_far_as_its_slippage_and_no_tick_further(slippage):
    """The worst price is the best one and that share of it, the share rounded down, on both sides."""
    for side in (BUY, SELL):
        market = new_market()
        bid, ask = quote(market)
        rows = market.execute(create(side, size=1, type=Pricing.MARKET, slippage=slippage))
        wanted = ask + ask * slippage // PARTS if side is BUY else bid - bid * slippage // PARTS
        assert {event(0, row).price for row in rows if row[0] == ORDER} == {wanted}


@pytest.mark.parametrize("leverage", [1, 3, 10])
def test_the_fee_is_paid_out_of_what_backs_an_order(leverage):
    """The largest order is the one whose value is covered by the deposit less the fee for taking."""
    deposit = 1000
    bid, _ = quote(new_market())
    price = bid - 1000  # it rests: nothing is paid yet
    backed = [
        lots
        for lots in range(1, 10_000)
        if lots * price <= (deposit * UNITS - lots * price * TAKER // PARTS) * leverage
    ]
    most = backed[-1]
    for lots, said in ((most, ACTIVE), (most + 1, NO_FUNDS)):
        market = new_market(deposit=deposit)
        assert last(market.execute(create(BUY, size=lots, price=price, leverage=leverage))) == said


def test_a_deposit_that_covers_the_value_alone_does_not_cover_the_fee():
    """One tick in the price decides: with the fee the order is too dear, without it it would not be."""
    deposit, lots = 1000, 150
    dearest = max(
        price
        for price in range(6_600_000, 6_700_000)
        if lots * price <= deposit * UNITS - lots * price * TAKER // PARTS
    )
    assert lots * (dearest + 1) <= deposit * UNITS
    for price, said in ((dearest, ACTIVE), (dearest + 1, NO_FUNDS)):
        market = new_market(deposit=deposit)
        market._market.shock(0, 0.5)  # up, so that it would rest at either price
        market.advance(START + 5_000 * MS)
        assert quote(market)[1] > dearest + 1
        assert last(market.execute(create(BUY, size=lots, price=price))) == said


def test_what_is_held_counts_at_the_middle_rounded_down():
    """To the tick of the price of the next order, where the middle of the quote is no whole tick."""
    deposit, held, more = 1000, 100, 60

    def begun():
        market = new_market(deposit=deposit)
        _, ask = quote(market)
        rows = market.execute(create(BUY, size=held, price=ask + 100))
        assert last(rows) == ACTIVE
        fills = [event(0, row) for row in rows if row[0] == FILL]
        assert sum(fill.size for fill in fills) == held
        bid, ask = odd_quote(market)
        paid = sum(fill.price * fill.size for fill in fills)
        fees = sum(fill.fee for fill in fills)
        return market, bid, ask, paid, fees

    _, bid, ask, paid, fees = begun()
    equity = deposit * UNITS - fees + held * ((bid + ask) // 2) - paid

    def backed(price, equity):
        return paid + more * price <= equity - more * price * TAKER // PARTS

    dearest = max(price for price in range(1, bid) if backed(price, equity))
    assert dearest + 1 < bid
    # A tick more for what is held, as rounding up would give, covers the next price too.
    assert backed(dearest + 1, equity + held)
    for price, said in ((dearest, ACTIVE), (dearest + 1, NO_FUNDS)):
        market, *_ = begun()
        assert last(market.execute(create(BUY, size=more, price=price))) == said


def test_an_account_that_has_lost_its_margin_may_still_close():
    """What makes a position smaller puts nothing more at stake, and is never a matter of funds."""
    market = new_market(deposit=1000)
    _, ask = quote(market)
    lots = 1000 * UNITS * 10 * (PARTS - 10 * TAKER - 1000) // PARTS // (ask + 100)
    assert last(market.execute(create(BUY, size=lots, price=ask + 100, leverage=10))) == ACTIVE
    market._market.shock(0, -0.05)
    market.advance(START + 5_000 * MS)
    bid, ask = quote(market)
    accounts = market.accounts
    equity = accounts.equity(1, "USD", lambda _: (bid + ask) // 2)
    assert accounts.exposure(1, "USD") > equity * 10
    assert last(market.execute(create(BUY, size=1, price=bid - 100, leverage=10))) == NO_FUNDS
    rows = market.execute(create(SELL, size=lots, price=bid // 2, leverage=10))
    assert last(rows) == ACTIVE
    assert accounts.find(1).position(0).lots == 0
