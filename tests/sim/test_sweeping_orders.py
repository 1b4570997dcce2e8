"""One client's order that is larger than the whole book, and what it does not get: the market goes on."""

import pytest

from feed.model.events import Side
from feed.model.orders import NewOrder, TimeInForce
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_709_731_800 * SECOND


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("rule", [TimeInForce.GTC, TimeInForce.IOC])
def test_a_market_goes_on_after_an_order_that_swept_a_side(side, rule):
    """Whether the rest of it stands far on the wrong side of the price or is gone; books never cross."""
    market = Market(default_market(2), seed=1, start=START)
    market.opening()
    market.advance(START + SECOND)
    price = market.exchange.books[0].bid // 2 if side else market.exchange.books[0].ask * 2
    order = NewOrder(account=1, instrument=0, side=side, size=10**12, price=price, time_in_force=rule)
    ack, rows = market.submit(order)
    assert ack.filled > 0
    assert (ack.resting > 0) is (rule is TimeInForce.GTC)
    rows += market.advance(START + 2 * SECOND)
    for book in market.exchange.books:
        assert 0 < book.bid < book.ask
    assert any(row[1] == 0 and row[2] > START + SECOND for row in rows)
