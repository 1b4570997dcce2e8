"""Aggregate trades: what one order took at one price, in one go."""

from feed.model.aggregates import AggregateTrade, aggregate
from feed.model.events import TRADE, UNKNOWN, Side


def trade(number, *, ts=1, price=100, size=1, taker=7, side=Side.BUY):
    return (TRADE, 0, ts, number, int(side), price, size, 1, taker, UNKNOWN, UNKNOWN)


def folded(*rows):
    """Each aggregate trade as it was when it was complete."""
    found = {}
    one = None
    for row in rows:
        one = aggregate(one, row)
        found[one.number] = one
    return list(found.values())


def test_trades_of_one_taker_at_one_price_are_one():
    """A second price, a second taker and a second time each begin the next."""
    assert folded(
        trade(1, size=2),
        trade(2, size=3),
        trade(3, price=101),
        trade(4, price=101, taker=8, side=Side.SELL),
        trade(5, price=101, taker=8, side=Side.SELL, ts=2),
    ) == [
        AggregateTrade(1, 1, 1, 2, Side.BUY, 100, 5, 7),
        AggregateTrade(2, 1, 3, 3, Side.BUY, 101, 1, 7),
        AggregateTrade(3, 1, 4, 4, Side.SELL, 101, 1, 8),
        AggregateTrade(4, 2, 5, 5, Side.SELL, 101, 1, 8),
    ]


def test_without_orders_each_trade_stands_alone():
    """A source that does not name takers does not say which trades belong together."""
    assert [one.first for one in folded(trade(1, taker=0), trade(2, taker=0))] == [1, 2]
