"""Orders of accounts that are filled because somebody asks for it: in part, and in their turn."""

import pytest
from listed import round_lots

from feed.model.events import EXECUTION, TRADE, Side, event
from feed.model.market import MarketSpec
from feed.model.requests import PARTS, Create, FillOrder, JournalEntry
from feed.model.scenario import Scenario
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.timeline import Fill, Halt
from feed.model.trading import OrderState
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
SPEC = MarketSpec(instruments=round_lots("BTC-USD", "ETH-USD"))
TRADING = Trading(deposits=(SpotDeposit("USD", 1_000_000), SpotDeposit("BTC", 20)))


def opened(run):
    market = ClientMarket(run, trading=TRADING)
    market.opening()
    return market


@pytest.fixture
def market():
    """Two seconds after the opening."""
    market = opened(Market(SPEC, seed=3, start=START))
    market.advance(START + 2 * SECOND)
    return market


def book(market):
    return market._market.exchange.books[0]


def reports(rows):
    return [event(0, row) for row in rows if row[0] == EXECUTION]


def rest(market, side, price, size=1000, account=1):
    """The id of an order that rests there."""
    rows = market.execute(PlaceSpotOrder(account=account, instrument=0, side=side, price=price, size=size))
    (report,) = reports(rows)
    return report.order


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("share", [1, 250_000, PARTS])
def test_the_oldest_order_is_filled_in_its_turn(market, side, share):
    """All that has a better place trades first; the other orders of the account stay, and so do others'."""
    away = 20 if side else -20
    at = (book(market).ask if side else book(market).bid) + away
    order = rest(market, side, at)
    later = rest(market, side, at)
    behind = rest(market, side, at + away)
    strange = rest(market, side, at, account=2)
    ahead = [one for one, _, _ in book(market).orders(side)]
    ahead = ahead[: ahead.index(order)]
    rows = market.execute(FillOrder(account=1, instrument=0, share=share))
    expected = max(1, 1000 * share // PARTS)
    trades = [row for row in rows if row[0] == TRADE]
    assert [row[7] for row in trades] == [*ahead, order]
    assert (trades[-1][5], trades[-1][6]) == (at, expected)
    (report,) = reports(rows)
    assert (report.order, report.filled, report.last_size) == (order, expected, expected)
    assert report.state is (OrderState.FILLED if share == PARTS else OrderState.ACTIVE)
    assert all(one in book(market) for one in (later, behind, strange))


def test_an_order_of_a_margin_account_is_filled_too(market):
    """It stands on the same book."""
    price = book(market).bid
    market.execute(Create(account=3, instrument=0, side=Side.BUY, size=100, price=price))
    rows = market.execute(FillOrder(account=3, instrument=0, share=PARTS // 2))
    assert market.accounts.find(3).positions[0].lots == 50
    assert rows


def test_nothing_happens_where_there_is_nothing_to_fill(market):
    """No order, or none of that account, or none of that instrument."""
    rest(market, Side.BUY, book(market).bid, account=2)
    assert market.execute(FillOrder(account=1, instrument=0)) == []
    assert market.execute(FillOrder(account=2, instrument=1)) == []


def scripted(*actions):
    return ScriptedMarket(
        Scenario(name="fills", start=START, duration=4 * SECOND, market=SPEC, actions=actions)
    )


def test_a_scenario_lets_orders_be_filled_at_its_time():
    """Of every account one, or of the account that it names; without orders the market is what it was."""
    plain = scripted().advance(START + 4 * SECOND)
    fill = Fill(at=3 * SECOND, instruments=("BTC-USD",), fraction=0.25)
    assert scripted(fill).advance(START + 4 * SECOND) == plain
    for account, struck in ((None, [1, 2]), (2, [2])):
        market = opened(
            scripted(Fill(at=3 * SECOND, instruments=("BTC-USD",), fraction=0.25, account=account))
        )
        market.advance(START + 3 * SECOND - 1)
        best = book(market).bid
        for one in (1, 2):
            rest(market, Side.BUY, best - 10 * one, account=one)
        rows = market.advance(START + 3 * SECOND)
        filled = {report.account: report.filled for report in reports(rows)}
        assert filled[struck[-1]] == 250
        assert sorted(filled) == [1, 2]  # the better order stands before the other


def test_a_halted_instrument_is_left_alone():
    """Nothing trades there."""
    halt = Halt(at=2 * SECOND, instruments=("BTC-USD",))
    market = opened(scripted(halt, Fill(at=3 * SECOND, instruments=("BTC-USD",))))
    market.advance(START + 2 * SECOND - 1)
    order = rest(market, Side.BUY, book(market).bid)
    assert reports(market.advance(START + 4 * SECOND)) == []
    assert book(market).get(order).left == 1000


def test_the_journal_brings_the_same_back():
    """As any request."""
    played = opened(Market(SPEC, seed=3, start=START))
    rows = played.advance(START + SECOND)
    request = PlaceSpotOrder(account=1, instrument=0, side=Side.BUY, price=book(played).bid, size=1000)
    fill = FillOrder(account=1, instrument=0)
    rows += played.execute(request) + played.execute(fill) + played.advance(START + 2 * SECOND)
    entries = [JournalEntry(at=START + SECOND, request=one) for one in (request, fill)]
    again = ClientMarket(Market(SPEC, seed=3, start=START), trading=TRADING, entries=entries)
    again.opening()
    assert again.advance(START + 2 * SECOND) == rows
