"""TWAP: equal parts at equal intervals, what is missing later, and never more than was asked for."""

import attrs
import pytest

from feed.agents.twap import Twap
from feed.errors import ConfigError
from feed.model.agents import AgentSpec
from feed.model.events import TRADE, Status
from feed.sim.defaults import default_market
from feed.sim.market import Market

SECOND = 10**9
START = 1_709_731_800 * SECOND
BASE = default_market(1)
(EURO,) = BASE.listing().symbols


def open_with(**parameters):
    spec = AgentSpec(
        participant="feed.agents.twap:Twap", parameters=parameters, order_latency=1, data_latency=1
    )
    market = Market(attrs.evolve(BASE, agents=(spec,)), seed=1, start=START)
    market.opening()
    return market


def takers(market, rows):
    """Time and lots of each order of the agent that traded."""
    orders = {}
    for row in rows:
        if row[0] == TRADE:
            orders.setdefault(row[8], [row[2] - START, 0])[1] += row[6]
    return [tuple(it) for it in orders.values()]


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_parts_are_equal_and_so_are_intervals(side):
    """Of 103 lots in 10 parts: 10 or 11 each, every 2 seconds from the first second on."""
    market = open_with(side=side, lots=103, seconds=20, slices=10, after_seconds=1)
    rows = market.advance(START + 30 * SECOND)
    parts = [it for it in takers(market, rows) if it[0] % SECOND == 2 and it[0] < 20 * SECOND]
    assert [time // SECOND for time, _ in parts] == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19]
    assert [lots for _, lots in parts] == [10, 10, 10, 11, 10, 10, 11, 10, 10, 11]
    [status] = market.agents.statuses
    [traded] = status.traded
    assert (traded.bought, traded.sold) == ((103, 0) if side == "buy" else (0, 103))
    assert (status.orders, status.rejected, status.failure) == (10, 0, None)


def test_all_at_once_is_one_order():
    """One slice, at any price."""
    market = open_with(side="buy", lots=1000, slices=1)
    market.advance(START + SECOND)
    [status] = market.agents.statuses
    assert (status.orders, status.traded[0].bought) == (1, 1000)
    assert status.traded[0].paid * 2 >= status.traded[0].arrival * 1000


def test_what_a_part_did_not_get_is_due_later():
    """Orders are rejected while the instrument is halted; the first part after that has all of them."""
    market = open_with(side="buy", lots=100, seconds=10, slices=10)
    market.advance(START + 2 * SECOND + SECOND // 2)
    market.set_status(0, Status.HALTED)
    market.advance(START + 6 * SECOND + SECOND // 2)
    market.set_status(0, Status.TRADING)
    market.advance(START + 20 * SECOND)
    [status] = market.agents.statuses
    assert (status.orders, status.rejected) == (10, 4)
    assert status.traded[0].bought == 100


def test_a_limit_is_kept():
    """No further past the best price than it says, whatever is left untraded."""
    market = open_with(side="sell", lots=10**9, seconds=5, slices=5, reach=0)
    rows = market.advance(START + 5 * SECOND)
    prices = {}
    for row in rows:
        if row[0] == TRADE and row[2] % SECOND == 3:
            prices.setdefault(row[8], set()).add(row[5])
    assert prices
    assert all(len(of_one) == 1 for of_one in prices.values())
    assert market.agents.statuses[0].traded[0].sold < 10**9


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"side": "up", "lots": 1}, "side is buy or sell, not up"),
        ({"side": "buy", "lots": 0}, "lots and slices are at least 1"),
        ({"side": "buy", "lots": 1, "seconds": 0}, "seconds is more than 0"),
    ],
)
def test_its_parameters_are_checked(parameters, wrong):
    """Before the market opens."""
    with pytest.raises(ConfigError, match=wrong):
        open_with(**parameters)


def test_it_trades_one_instrument():
    """It stops where it is given more, and says so."""
    spec = AgentSpec(participant="feed.agents.twap:Twap", parameters={"side": "buy", "lots": 1})
    market = Market(attrs.evolve(default_market(2), agents=(spec,)), seed=1, start=START)
    market.opening()
    market.advance(START + SECOND)
    [failure] = market.agents.failures
    assert failure.error == "ValueError: it trades one instrument, not 2: name it in instruments"
    assert Twap.__doc__
