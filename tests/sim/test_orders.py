"""Orders of accounts in all their forms: times in force, reduce-only, triggers, price bands, futures."""

import pytest
from listed import coins_and_a_future

from feed.model.events import ADD, FILL, ORDER, Side, event
from feed.model.grants import Tier
from feed.model.market import MarketSpec
from feed.model.orders import TimeInForce
from feed.model.requests import Cancel, CancelMany, Create, Modify
from feed.model.trading import Pricing, Trigger
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000
SPEC = MarketSpec(instruments=coins_and_a_future())
PERP = 2
BUY, SELL = Side.BUY, Side.SELL
TAKE = {"type": Pricing.MARKET, "slippage": 20_000}


@pytest.fixture
def market():
    """Two seconds after the opening."""
    market = new_market()
    market.advance(START + 2 * SECOND)
    return market


def new_market(**trading):
    market = ClientMarket(Market(SPEC, seed=3, start=START), trading=Trading(**trading))
    market.opening()
    return market


def create(side, size=100, *, account=1, instrument=0, **more):
    return Create(account=account, instrument=instrument, side=side, size=size, **more)


def said(rows):
    """States and reasons of orders, and fills, in their order."""
    found = []
    for row in rows:
        if row[0] == ORDER:
            item = event(0, row)
            found.append((item.state.name, item.reason.name) if item.reason else item.state.name)
        elif row[0] == FILL:
            found.append("FILL")
    return [one for at, one in enumerate(found) if one != "FILL" or found[at - 1] != "FILL"]


def order_of(rows):
    return [event(0, row) for row in rows if row[0] == ORDER][-1]


def named(order, **more):
    return {
        "account": order.account,
        "instrument": order.instrument,
        "order": order.order,
        "created": order.created // MS,
        **more,
    }


def quote(market, at=0):
    book = market._market.exchange.books[at]
    return book.bid, book.ask


def lots(market, at=0, account=1):
    return market.accounts.find(account).position(at).lots


def shock(market, fraction, seconds=3):
    """Move the value, and let the market follow."""
    market._market.shock(0, fraction)
    return market.advance(market.now + seconds * SECOND)


# --- times in force ----------------------------------------------------------------------------------


def test_what_an_ioc_order_does_not_find_is_cancelled(market):
    """It takes what is there within its limit, and never rests."""
    _, ask = quote(market)
    rows = market.execute(create(BUY, 100_000, price=ask, leverage=10, time_in_force=TimeInForce.IOC))
    assert said(rows) == ["PENDING", "ACTIVE", "FILL", ("CANCELLED", "UNFILLED")]
    assert not [row for row in rows if row[0] == ADD and row[3] == order_of(rows).order]
    assert market.accounts.find(1).orders == {}


def test_an_ioc_order_that_finds_nothing_is_cancelled_whole(market):
    """Away from the market nobody sells."""
    bid, _ = quote(market)
    rows = market.execute(create(BUY, price=bid - 1000, time_in_force=TimeInForce.IOC))
    assert said(rows) == ["PENDING", "ACTIVE", ("CANCELLED", "UNFILLED")]
    assert market.accounts.exposure(1, "USD") == 0


@pytest.mark.parametrize("kind", [{}, {"type": Pricing.MARKET}])
def test_a_fok_order_is_filled_whole_or_not_at_all(market, kind):
    """Whether it has a limit or not."""
    _, ask = quote(market)
    fok = {"price": ask, "time_in_force": TimeInForce.FOK, "leverage": 10} | kind
    rows = market.execute(create(BUY, 100_000, **fok))
    assert said(rows) == ["PENDING", "ACTIVE", ("REJECTED", "CANNOT_FILL")]
    assert lots(market) == 0
    rows = market.execute(create(BUY, 1, **fok))
    assert said(rows) == ["PENDING", "ACTIVE", "FILL"]
    assert lots(market) == 1


# --- reduce-only -------------------------------------------------------------------------------------


def test_reduce_only_makes_a_position_smaller_and_never_turns_it_around(market):
    """Without one, on its side, or for more than there is, it is rejected."""
    bid, ask = quote(market)
    refused = ["PENDING", ("REJECTED", "REDUCE_ONLY")]
    assert said(market.execute(create(SELL, reduce_only=True, **TAKE))) == refused
    market.execute(create(BUY, 100, **TAKE))
    assert said(market.execute(create(BUY, 1, reduce_only=True, **TAKE))) == refused
    assert said(market.execute(create(SELL, 101, reduce_only=True, **TAKE))) == refused
    assert said(market.execute(create(SELL, 60, reduce_only=True, **TAKE)))[-1] == "FILL"
    assert lots(market) == 40
    assert bid < ask


def test_orders_that_only_reduce_rest_for_no_more_than_the_position(market):
    """Those that rest beside them count: any of them may be filled first."""
    _, ask = quote(market)
    market.execute(create(BUY, 100, **TAKE))
    far = {"price": ask + 5000}
    assert said(market.execute(create(SELL, 70, **far)))[-1] == "ACTIVE"
    assert said(market.execute(create(SELL, 40, reduce_only=True, **far)))[-1] == ("REJECTED", "REDUCE_ONLY")
    assert said(market.execute(create(SELL, 30, reduce_only=True, **far)))[-1] == "ACTIVE"


def test_orders_that_only_reduce_make_way_for_one_that_rests_beside_them(market):
    """Whichever is filled first, none of them turns the position around: the last ones are cancelled."""
    _, ask = quote(market)
    market.execute(create(BUY, 100, **TAKE))
    far = {"price": ask + 5000}
    first = order_of(market.execute(create(SELL, 60, reduce_only=True, **far)))
    market.execute(create(SELL, 40, reduce_only=True, **far))
    assert said(market.execute(create(SELL, 30, **far)))[-1] == ("CANCELLED", "REDUCE_ONLY")
    orders = market.accounts.find(1).orders.values()
    assert [(order.left, order.reduce_only) for order in orders] == [(60, True), (30, False)]
    rows = market.execute(Modify(**named(first, size=90)))
    assert said(rows) == [("REFUSED", "REDUCE_ONLY")]


def test_orders_that_only_reduce_go_with_the_position(market):
    """When it has become smaller those are cancelled that are too much, the last ones first."""
    _, ask = quote(market)
    market.execute(create(BUY, 100, **TAKE))
    far = {"price": ask + 5000, "reduce_only": True}
    first = order_of(market.execute(create(SELL, 50, **far)))
    market.execute(create(SELL, 50, **far))
    rows = market.execute(create(SELL, 30, **TAKE))
    assert said(rows) == ["PENDING", "ACTIVE", "FILL", ("CANCELLED", "REDUCE_ONLY")]
    assert list(market.accounts.find(1).orders) == [first.order]
    rows = market.execute(create(SELL, 70, **TAKE))
    assert said(rows)[-1] == ("CANCELLED", "REDUCE_ONLY")
    assert market.accounts.find(1).orders == {}
    assert lots(market) == 0


# --- triggers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize("trigger", [Trigger.STOP, Trigger.TAKE_PROFIT])
def test_an_order_waits_for_its_trigger(market, side, trigger):
    """Where nobody sees it, until the mark price reaches its trigger: with the same id it acts then."""
    middle = sum(quote(market)) // 2
    up = (trigger is Trigger.STOP) == (side is BUY)
    price = middle * (101 if up else 99) // 100
    rows = market.execute(create(side, trigger=trigger, trigger_price=price, **TAKE))
    assert said(rows) == ["PENDING", "UNTRIGGERED"]
    assert {row[0] for row in rows} == {ORDER}
    order = order_of(rows)
    assert list(market.accounts.waiting) == [order.order]
    assert market.accounts.exposure(1, "USD") == 0
    rows = shock(market, 0.02 if up else -0.02)
    assert said(rows) == [("ACTIVE", "TRIGGERED"), "FILL"]
    assert {event(0, row).order for row in rows if row[0] in (ORDER, FILL)} == {order.order}
    assert {event(0, row).trigger for row in rows if row[0] in (ORDER, FILL)} == {trigger}
    assert lots(market) == (100 if side is BUY else -100)
    assert market.accounts.waiting == {}


def test_a_trigger_is_looked_at_ten_times_a_second(market):
    """At whole tenths of market time, after all that happens then."""
    middle = sum(quote(market)) // 2
    market.execute(create(BUY, trigger=Trigger.STOP, trigger_price=middle + 100, **TAKE))
    rows = shock(market, 0.01)
    (acted,) = [row for row in rows if row[0] == ORDER and row[6] == 2]
    assert acted[2] % (100 * MS) == 0


def test_a_trigger_that_is_reached_already_is_refused(market):
    """Else it would be a market order in disguise."""
    middle = sum(quote(market)) // 2
    for side, trigger, price in (
        (BUY, Trigger.STOP, middle - 500),
        (SELL, Trigger.STOP, middle + 500),
        (BUY, Trigger.TAKE_PROFIT, middle + 500),
        (SELL, Trigger.TAKE_PROFIT, middle - 500),
    ):
        rows = market.execute(create(side, trigger=trigger, trigger_price=price, **TAKE))
        assert said(rows) == ["PENDING", ("REJECTED", "WOULD_TRIGGER")]


def test_a_triggered_order_can_have_a_limit(market):
    """Then it rests at its limit, and what it may cost is reserved from then on."""
    middle = sum(quote(market)) // 2
    limit = {"price": middle // 2, "trigger": Trigger.STOP, "trigger_price": middle * 101 // 100}
    order = order_of(market.execute(create(BUY, **limit)))
    rows = shock(market, 0.02)
    assert said(rows) == [("ACTIVE", "TRIGGERED")]
    assert [row[3] for row in rows if row[0] == ADD and row[3] == order.order]
    assert market.accounts.exposure(1, "USD") == 100 * (middle // 2)
    assert said(market.execute(Cancel(**named(order)))) == ["CANCELLING", "CANCELLED"]
    assert market.accounts.exposure(1, "USD") == 0


def test_a_triggered_order_that_the_account_cannot_carry_is_rejected(market):
    """What it costs is known when it acts."""
    middle = sum(quote(market)) // 2
    market.execute(create(BUY, 10**7, trigger=Trigger.STOP, trigger_price=middle * 101 // 100, **TAKE))
    assert said(shock(market, 0.02)) == [("REJECTED", "NO_FUNDS")]
    assert market.accounts.waiting == {}


def test_a_waiting_order_is_cancelled_and_modified_like_any_other(market):
    """By its id, with all others, and with another trigger, price or size."""
    middle = sum(quote(market)) // 2
    stop = {"trigger": Trigger.STOP, "trigger_price": middle * 101 // 100}
    order = order_of(market.execute(create(BUY, **stop, **TAKE)))
    rows = market.execute(Modify(**named(order, trigger_price=middle * 102 // 100, size=50)))
    assert said(rows) == ["MODIFYING", "MODIFIED", "PENDING", "UNTRIGGERED"]
    new = order_of(rows)
    assert (new.trigger_price, new.left, new.order == order.order) == (middle * 102 // 100, 50, False)
    refused = market.execute(Modify(**named(new, trigger_price=middle // 2)))
    assert said(refused) == [("REFUSED", "WOULD_TRIGGER")]
    assert said(market.execute(Cancel(**named(new)))) == ["CANCELLING", "CANCELLED"]
    market.execute(create(BUY, **stop, **TAKE))
    assert said(market.execute(CancelMany(account=1, instrument=0))) == ["CANCELLING", "CANCELLED"]
    assert market.accounts.waiting == market.accounts.orders == {}


def test_an_order_that_waits_for_nothing_has_no_trigger_to_move(market):
    """It is left where it stands, with its turn."""
    bid, _ = quote(market)
    order = order_of(market.execute(create(BUY, 100, price=bid - 10)))
    refused = market.execute(Modify(**named(order, trigger_price=bid + 100, size=50)))
    assert said(refused) == [("REFUSED", "NOT_WAITING")]
    assert (market.accounts.find(1).orders[order.order].left, order_of(refused).order) == (100, order.order)


def test_stop_and_take_profit_of_one_position_do_not_both_act(market):
    """The one that closes it takes the other with it."""
    middle = sum(quote(market)) // 2
    market.execute(create(BUY, 100, **TAKE))
    both = {"reduce_only": True, **TAKE}
    market.execute(create(SELL, 100, trigger=Trigger.STOP, trigger_price=middle * 99 // 100, **both))
    market.execute(create(SELL, 100, trigger=Trigger.TAKE_PROFIT, trigger_price=middle * 101 // 100, **both))
    rows = shock(market, 0.02)
    assert said(rows) == [("ACTIVE", "TRIGGERED"), "FILL", ("CANCELLED", "REDUCE_ONLY")]
    assert lots(market) == 0
    assert market.accounts.orders == {}


def test_a_stop_closes_no_more_than_is_left(market):
    """Its size shrinks with the position that it guards."""
    middle = sum(quote(market)) // 2
    market.execute(create(BUY, 100, **TAKE))
    guard = {"trigger": Trigger.STOP, "trigger_price": middle * 99 // 100, "reduce_only": True, **TAKE}
    market.execute(create(SELL, 100, **guard))
    market.execute(create(SELL, 70, **TAKE))
    rows = shock(market, -0.02)
    assert said(rows) == [("ACTIVE", "TRIGGERED"), "FILL"]
    assert lots(market) == 0


def test_what_waits_counts_as_open():
    """The bound on open orders is one on what is kept for an account."""
    market = new_market(open_orders=1)
    stop = {"trigger": Trigger.STOP, "trigger_price": 10 * quote(market)[1], **TAKE}
    assert said(market.execute(create(BUY, **stop)))[-1] == "UNTRIGGERED"
    assert said(market.execute(create(BUY, **stop)))[-1] == ("REJECTED", "TOO_MANY_ORDERS")


# --- bounds ------------------------------------------------------------------------------------------


def test_a_limit_far_past_the_mark_price_is_refused(market):
    """A figure too many is no price that anybody means; far away on the other side an order may wait."""
    middle = sum(quote(market)) // 2
    band = Trading().price_band
    most, least = middle + middle * band // 10**6, middle - middle * band // 10**6
    for side, price, end in (
        (BUY, most + 1, ("REJECTED", "PRICE_BAND")),
        (BUY, most, "FILL"),
        (SELL, least - 1, ("REJECTED", "PRICE_BAND")),
        (SELL, 10 * middle, "ACTIVE"),
        (BUY, 1, "ACTIVE"),
    ):
        assert said(market.execute(create(side, 1, price=price)))[-1] == end
    order = order_of(market.execute(create(BUY, 1, price=2)))
    assert said(market.execute(Modify(**named(order, price=10 * middle)))) == [("REFUSED", "PRICE_BAND")]


def test_fees_go_by_tier(market):
    """That of the key of the account's last request; rounded up."""
    paid = {}
    for account, tier in enumerate(Tier, start=1):
        rows = market.execute(create(BUY, 1000, account=account, tier=tier, **TAKE))
        fills = [event(0, row) for row in rows if row[0] == FILL]
        paid[tier] = sum(fill.fee for fill in fills) * 10**6 // sum(fill.price * fill.size for fill in fills)
    assert paid == {Tier.FREE: 500, Tier.BASIC: 450, Tier.PRO: 400, Tier.MAX: 300}


def test_a_perpetual_future_is_traded_on_both_sides(market):
    """Short as well as long, like anything else."""
    assert said(market.execute(create(SELL, 500, instrument=PERP, leverage=5, **TAKE)))[-1] == "FILL"
    assert lots(market, PERP) == -500
    rows = market.execute(create(BUY, 500, instrument=PERP, leverage=5, reduce_only=True, **TAKE))
    assert said(rows)[-1] == "FILL"
    assert lots(market, PERP) == 0


@pytest.mark.parametrize(
    ("trigger", "side", "first", "last"),
    [
        (Trigger.STOP, BUY, 100, 99),
        (Trigger.STOP, SELL, 100, 101),
        (Trigger.TAKE_PROFIT, BUY, 100, 101),
        (Trigger.TAKE_PROFIT, SELL, 100, 99),
    ],
)
def test_a_trigger_is_reached_at_its_price(trigger, side, first, last):
    """To the tick: at the price itself it acts, one tick before it does not."""
    assert trigger.reached(side, 100, first)
    assert not trigger.reached(side, 100, last)
