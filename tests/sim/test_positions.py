"""Positions of accounts: closing them, and the prices at which they are closed without being asked."""

import pytest

from feed.model.accounts import Accounts
from feed.model.events import FILL, ORDER, POSITION, Side, Status, event
from feed.model.market import MarketSpec
from feed.model.requests import KEEP, Close, Create, Modify, SetExits
from feed.model.trading import OrderState, Pricing, Reason, Trigger
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.market import Market

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
MS = 1_000_000
WHOLE = {item.instrument.symbol: item for item in default_market().instruments}
SPEC = MarketSpec(instruments=tuple(WHOLE[symbol] for symbol in ("BTC-USD", "ETH-USD", "BTC-PERP")))
BUY, SELL = Side.BUY, Side.SELL
TAKE = {"type": Pricing.MARKET, "slippage": 20_000}
SIZE = 100


class Follower:
    """A market, and accounts that are computed of what it tells alone."""

    def __init__(self, **trading):
        self.run = ClientMarket(Market(SPEC, seed=3, start=START), trading=Trading(**trading))
        self.run.opening()
        self.accounts = Accounts(self.run.listing, deposit=self.run.accounts.deposit)
        self.pass_time(2 * SECOND)

    def execute(self, kind, **fields):
        rows = self.run.execute(kind(**{"account": 1, "instrument": 0, **fields}))
        self.accounts.apply(rows)
        return rows

    def take(self, side, size=SIZE, **more):
        return self.execute(Create, side=side, size=size, **TAKE, **more)

    def pass_time(self, nanoseconds):
        rows = self.run.advance(self.run.now + nanoseconds)
        self.accounts.apply(rows)
        return rows

    def shock(self, fraction):
        """The price jumps; what happens in the three seconds after that."""
        self.run._market.shock(0, fraction)
        return self.pass_time(3 * SECOND)

    @property
    def mark(self):
        return self.run._market.mark(0)

    def position(self, account=1):
        """What it holds, of which the stream has told the same."""
        ours, theirs = (one.find(account).position(0) for one in (self.run.accounts, self.accounts))
        assert [getattr(ours, name) for name in ours.__slots__] == [
            getattr(theirs, name) for name in theirs.__slots__
        ]
        return ours


@pytest.fixture
def market():
    """Two seconds after the opening."""
    return Follower()


def told(rows, kind):
    return [event(0, row) for row in rows if row[0] == kind]


def states(rows):
    return [(item.state, item.reason) for item in told(rows, ORDER)]


def exits(position):
    return position.stop_loss, position.take_profit


def away(mark, side, share):
    """A price worse by a share of the mark price for who holds ``side``; better if it is negative."""
    return round(mark * (1 - share if side is BUY else 1 + share))


@pytest.mark.parametrize("side", [BUY, SELL])
@pytest.mark.parametrize(("jump", "exits_by"), [(0.03, Trigger.STOP), (-0.03, Trigger.TAKE_PROFIT)])
def test_a_position_is_closed_at_its_exit(market, side, jump, exits_by):
    """Once the mark price is there, by an order at the market that says why; nothing is left of it."""
    stop, profit = away(market.mark, side, 0.02), away(market.mark, side, -0.02)
    rows = market.take(side, stop_loss=stop, take_profit=profit)
    (opened,) = told(rows, POSITION)
    assert (opened.stop_loss, opened.take_profit) == (stop, profit) == exits(market.position())
    order = told(rows, ORDER)[0]
    assert (opened.order, opened.opened) == (order.order, order.created) != (0, 0)
    assert not told(market.pass_time(SECOND), ORDER)
    rows = market.shock(-jump if side is BUY else jump)
    closing = told(rows, ORDER)[0]
    assert (closing.state, closing.reason) == (OrderState.ACTIVE, Reason.TRIGGERED)
    assert (closing.trigger, closing.reduce_only) == (exits_by, True)
    assert closing.trigger_price == (stop if exits_by is Trigger.STOP else profit)
    assert closing.side is (SELL if side is BUY else BUY)
    assert sum(fill.size for fill in told(rows, FILL)) == SIZE
    position = market.position()
    assert (position.lots, position.order, position.opened, *exits(position)) == (0,) * 5
    assert told(rows, POSITION)[-1].order == 0


def test_an_exit_is_reached_at_its_price(market):
    """Not a tick before."""
    position = (market.take(BUY), market.position())[1]
    for stop, profit, reached in ((10, 20, "NONE"), (15, 20, "STOP"), (10, 15, "TAKE_PROFIT")):
        position.stop_loss, position.take_profit = stop, profit
        assert position.reached(15) is Trigger[reached]
    position.lots, position.stop_loss, position.take_profit = -1, 15, 10
    assert position.reached(15) is Trigger.STOP
    assert position.reached(14) is Trigger.NONE


def test_a_resting_order_brings_its_exits_along(market):
    """They are its own until it trades, and then those of the position."""
    price = market.mark - market.mark // 100
    waits = {"side": BUY, "size": SIZE, "price": price}
    market.execute(Create, **waits, stop_loss=price - 5000, take_profit=price + 5000)
    assert market.position().lots == 0
    assert exits(market.position()) == (0, 0)
    (order,) = market.run.accounts.find(1).orders.values()
    assert exits(order) == (price - 5000, price + 5000)
    market.run._market.shock(0, -0.012)
    while not market.position().lots:
        market.pass_time(20 * MS)
    assert exits(market.position()) == (price - 5000, price + 5000)


def test_a_stop_order_brings_its_exits_along(market):
    """When its trigger is reached it opens a position that ends there."""
    price = away(market.mark, SELL, 0.01)
    rows = market.execute(
        Create, side=BUY, size=SIZE, **TAKE, trigger=Trigger.STOP, trigger_price=price, stop_loss=price - 9
    )
    assert states(rows)[-1] == (OrderState.UNTRIGGERED, Reason.NONE)
    market.run._market.shock(0, 0.012)
    while not market.position().lots:
        market.pass_time(20 * MS)
    assert exits(market.position()) == (price - 9, 0)


def test_the_last_word_counts(market):
    """What adds to a position replaces the exits that it names; what makes it smaller names none."""
    low, high = market.mark // 2, market.mark * 2
    market.take(BUY, stop_loss=low)
    opened = market.position().order
    market.take(BUY, take_profit=high)
    assert exits(market.position()) == (low, high)
    market.take(BUY, stop_loss=low + 1)
    assert exits(market.position()) == (low + 1, high)
    market.take(SELL, SIZE, stop_loss=high + 5, take_profit=low - 5)
    position = market.position()
    assert (position.lots, position.order, *exits(position)) == (2 * SIZE, opened, low + 1, high)


def test_a_position_that_turns_around_is_another_one(market):
    """With the exits of the order that turned it, and its number."""
    low, high = market.mark // 2, market.mark * 2
    market.take(BUY, stop_loss=low)
    rows = market.take(SELL, 2 * SIZE, take_profit=low)
    assert exits(market.position()) == (0, low)
    assert market.position().order == told(rows, ORDER)[0].order
    market.take(BUY, 2 * SIZE)
    assert exits(market.position()) == (0, 0)
    assert (market.position().lots, high) == (SIZE, high)


@pytest.mark.parametrize(
    ("side", "more"),
    [
        (BUY, {"stop_loss": 1}),
        (BUY, {"take_profit": 0}),
        (SELL, {"stop_loss": 0}),
        (SELL, {"take_profit": 1}),
    ],
)
def test_exits_are_on_their_sides_of_the_price(market, side, more):
    """An order whose stop loss would be reached at once, or whose profit is none, does nothing."""
    wrong = {name: market.mark + 10_000 * by for name, by in more.items()}
    assert states(market.take(side, **wrong))[-1] == (OrderState.REJECTED, Reason.BAD_EXIT)
    price = market.mark // 2 if side is BUY else market.mark * 3 // 2
    rows = market.execute(Create, side=side, size=SIZE, price=price, **dict.fromkeys(more, price))
    assert states(rows)[-1] == (OrderState.REJECTED, Reason.BAD_EXIT)
    assert market.position().lots == 0


def test_exits_are_set_and_removed(market):
    """Of the position that is meant, each by itself; the account is told what holds now."""
    low, high = market.mark // 2, market.mark * 2
    market.take(BUY)
    opened = market.position().order
    (row,) = market.execute(SetExits, stop_loss=low)
    assert exits(event(0, row)) == (low, 0) == exits(market.position())
    market.execute(SetExits, position=opened, take_profit=high)
    assert exits(market.position()) == (low, high)
    market.execute(SetExits, stop_loss=0, take_profit=KEEP)
    assert exits(market.position()) == (0, high)


@pytest.mark.parametrize("fields", [{"position": 1}, {"instrument": 1}, {"account": 2}])
def test_exits_of_no_position(market, fields):
    """Another number, another instrument, another account: nothing happens."""
    market.take(BUY)
    for kind, more in ((SetExits, {"stop_loss": 1}), (Close, {})):
        rows = market.execute(kind, **more, **fields)
        assert states(rows) == [(OrderState.REFUSED, Reason.NO_POSITION)]
    assert exits(market.position()) == (0, 0)


@pytest.mark.parametrize("fields", [{"stop_loss": 3}, {"take_profit": 1}])
def test_an_exit_that_is_reached_already_is_not_set(market, fields):
    """It would close the position for who has mistyped."""
    market.take(BUY)
    rows = market.execute(SetExits, **{name: market.mark * by // 2 for name, by in fields.items()})
    assert states(rows) == [(OrderState.REFUSED, Reason.BAD_EXIT)]
    assert exits(market.position()) == (0, 0)


def test_a_modified_order_keeps_its_exits(market):
    """Unless others are named."""
    price = market.mark // 2
    market.execute(Create, side=BUY, size=SIZE, price=price, stop_loss=price - 9, take_profit=price + 9)
    for fields, expected in (({"size": 7}, (price - 9, price + 9)), ({"stop_loss": 0}, (0, price + 9))):
        (order,) = market.run.accounts.find(1).orders.values()
        market.execute(Modify, order=order.order, created=order.created // MS, **fields)
        (order,) = market.run.accounts.find(1).orders.values()
        assert exits(order) == expected
    rows = market.execute(Modify, order=order.order, created=order.created // MS, price=price + 9)
    assert states(rows) == [(OrderState.REFUSED, Reason.BAD_EXIT)]


@pytest.mark.parametrize("side", [BUY, SELL])
def test_a_position_is_closed(market, side):
    """A part of it, then what is left; there is nothing to close after that, and never more than there is."""
    market.take(side)
    rows = market.execute(Close, size=SIZE + 1, slippage=20_000)
    assert states(rows) == [(OrderState.REFUSED, Reason.REDUCE_ONLY)]
    market.execute(Close, size=30, slippage=20_000)
    assert abs(market.position().lots) == SIZE - 30
    rows = market.execute(Close, position=market.position().order, slippage=20_000, request=5)
    assert [state for state, _ in states(rows)] == [OrderState.PENDING, OrderState.ACTIVE]
    assert told(rows, ORDER)[0].request == 5
    assert market.position().lots == 0
    assert states(market.execute(Close)) == [(OrderState.REFUSED, Reason.NO_POSITION)]


def test_who_has_many_orders_open_can_close_all_the_same():
    """The bound is on orders that stay; this one does not."""
    market = Follower(open_orders=1)
    market.take(BUY)
    market.execute(Create, side=BUY, size=1, price=market.mark // 2)
    market.execute(Close, slippage=20_000)
    assert market.position().lots == 0


def test_nothing_is_closed_while_the_market_is_halted(market):
    """It is as soon as it trades again, if the price is still there."""
    market.take(BUY, stop_loss=away(market.mark, BUY, 0.02))
    market.run._market.set_status(0, Status.HALTED)
    assert not told(market.shock(-0.05), ORDER)
    rows = market.run._clearing.told(market.run._market.set_status(0, Status.TRADING))
    market.accounts.apply(rows)
    market.shock(-0.03)
    assert market.position().lots == 0
