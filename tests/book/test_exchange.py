from __future__ import annotations

import pytest

from feed.book.exchange import Exchange
from feed.model.events import ADD, QUOTE, REDUCE, STATUS, TRADE, Side, Status
from feed.model.instruments import Instrument, Listing
from feed.model.orders import (
    Ack,
    CancelOrder,
    ModifyOrder,
    NewOrder,
    OrderType,
    Reject,
    TimeInForce,
)


@pytest.fixture
def exchange(rows):
    """Two instruments; an ask of account 2, 5 lots at 101, rests in each. Its rows are forgotten."""
    listing = Listing(
        Instrument(symbol=symbol, base=symbol[:3], quote="USD", price_decimals=2, size_decimals=2)
        for symbol in ("BTC-USD", "ETH-USD")
    )
    exchange = Exchange(listing, rows.append)
    for instrument in range(2):
        exchange.execute(
            NewOrder(account=2, instrument=instrument, side=Side.SELL, price=101, size=5),
        )
    rows.clear()
    return exchange


def buy(**changes):
    return NewOrder(**{"account": 1, "instrument": 1, "side": Side.BUY, "price": 101, "size": 3} | changes)


def test_ids_are_counted_over_all_books(exchange):
    """Each accepted order has the next id, whichever book it is for."""
    assert exchange.next_order() == 3
    assert exchange.execute(buy(price=100)) == Ack(order=4, resting=3)
    assert exchange.execute(buy(price=100, instrument=0)) == Ack(order=5, resting=3)


def test_all_books_share_one_stream(exchange, rows):
    """Rows carry their instrument and the time of their book, and plain integers only."""
    exchange.books[1].now = 9
    exchange.execute(buy(price=100))
    assert rows == [(ADD, 1, 9, 3, 0, 100, 3, 3), (QUOTE, 1, 9, 100, 3, 101, 5)]
    assert {type(number) for row in rows for number in row} == {int}


@pytest.mark.parametrize(
    ("changes", "ack"),
    [
        ({"size": 7}, Ack(order=3, filled=5, resting=2)),
        ({"size": 7, "time_in_force": TimeInForce.IOC}, Ack(order=3, filled=5)),
        ({"size": 5, "time_in_force": TimeInForce.FOK}, Ack(order=3, filled=5)),
        ({"size": 6, "time_in_force": TimeInForce.FOK}, Ack(order=0, reject=Reject.CANNOT_FILL)),
        ({"size": 7, "type": OrderType.MARKET, "price": 0}, Ack(order=3, filled=5)),
        (
            {"size": 4, "type": OrderType.MARKET, "time_in_force": TimeInForce.FOK, "price": 0},
            Ack(order=3, filled=4),
        ),
        ({"side": Side.SELL, "type": OrderType.MARKET}, Ack(order=3)),
        ({"price": 100, "post_only": True}, Ack(order=3, resting=3)),
        ({"price": 101, "post_only": True}, Ack(order=0, reject=Reject.WOULD_CROSS)),
        (
            {"price": 100, "post_only": True, "time_in_force": TimeInForce.IOC},
            Ack(order=0, reject=Reject.WOULD_CROSS),
        ),
        ({"post_only": True, "type": OrderType.MARKET}, Ack(order=0, reject=Reject.WOULD_CROSS)),
        ({"instrument": 2}, Ack(order=0, reject=Reject.UNKNOWN_INSTRUMENT)),
        ({"instrument": -1}, Ack(order=0, reject=Reject.UNKNOWN_INSTRUMENT)),
        ({"price": 0}, Ack(order=0, reject=Reject.BAD_PRICE)),
        ({"size": 0}, Ack(order=0, reject=Reject.BAD_SIZE)),
    ],
)
def test_new_order(exchange, rows, changes, ack):
    """Each way an order can go; whoever is rejected left no trace."""
    assert exchange.execute(buy(**changes)) == ack
    assert bool(rows) == bool(ack.filled or ack.resting)


def test_cancel(exchange, rows):
    """Off the book once; the second time there is no such order."""
    command = CancelOrder(account=2, instrument=1, order=2)
    assert exchange.execute(command) == Ack(order=2)
    assert rows == [(REDUCE, 1, 0, 2, 1, 101, 0, 0), (QUOTE, 1, 0, 0, 0, 0, 0)]
    assert exchange.execute(command) == Ack(order=2, reject=Reject.UNKNOWN_ORDER)


def test_modify_may_trade(exchange, rows):
    """The answer says what was filled at once and what rests."""
    order = exchange.execute(buy(price=100)).order
    rows.clear()
    command = ModifyOrder(account=1, instrument=1, order=order, price=101, size=7)
    assert exchange.execute(command) == Ack(order=order, filled=5, resting=2)
    assert [row[0] for row in rows] == [REDUCE, TRADE, ADD, QUOTE]


@pytest.mark.parametrize("account", [0, 1])
def test_orders_of_others_are_unknown(exchange, rows, account):
    """Nobody can touch, or find out about, an order of another account."""
    cancel = CancelOrder(account=account, instrument=1, order=2)
    modify = ModifyOrder(account=account, instrument=1, order=2, price=101, size=1)
    refusal = Ack(order=2, reject=Reject.UNKNOWN_ORDER)
    assert [exchange.execute(cancel), exchange.execute(modify)] == [refusal, refusal]
    assert rows == []


@pytest.mark.parametrize(
    ("changes", "reject"),
    [
        ({"price": 0}, Reject.BAD_PRICE),
        ({"size": 0}, Reject.BAD_SIZE),
        ({"order": 77}, Reject.UNKNOWN_ORDER),
        ({"instrument": 0}, Reject.UNKNOWN_ORDER),
        ({"instrument": 5}, Reject.UNKNOWN_INSTRUMENT),
    ],
)
def test_rejected_modify(exchange, rows, changes, reject):
    """A modification that cannot be done leaves the order as it was."""
    command = ModifyOrder(**{"account": 2, "instrument": 1, "order": 2, "price": 102, "size": 1} | changes)
    assert exchange.execute(command) == Ack(order=command.order, reject=reject)
    assert rows == []


@pytest.mark.parametrize("status", [Status.HALTED, Status.DELISTED, Status.CLOSED, Status.AUCTION])
def test_what_is_not_trading_takes_cancels_only(exchange, rows, status):
    """New orders and modifications are refused; what rests can be taken back. So in an auction of others."""
    exchange.books[1].now = 8
    exchange.set_status(1, status)
    assert rows == [(STATUS, 1, 8, int(status))]
    assert exchange.execute(buy()) == Ack(order=0, reject=Reject.NOT_TRADING)
    modify = ModifyOrder(account=2, instrument=1, order=2, price=101, size=1)
    assert exchange.execute(modify) == Ack(order=2, reject=Reject.NOT_TRADING)
    assert exchange.execute(buy(instrument=0)) == Ack(order=3, filled=3)
    assert exchange.execute(CancelOrder(account=2, instrument=1, order=2)) == Ack(order=2)


def test_status_row_only_on_a_change(exchange, rows):
    """Halting what is halted is no event; resuming it is, and it trades again."""
    exchange.set_status(1, Status.HALTED)
    exchange.set_status(1, Status.HALTED)
    exchange.set_status(1, Status.TRADING)
    assert rows == [(STATUS, 1, 0, 2), (STATUS, 1, 0, 1)]
    assert exchange.execute(buy()) == Ack(order=3, filled=3)
