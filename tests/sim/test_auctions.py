"""Call auctions of a simulated market: when orders are collected, what is told, and how trading goes on."""

from __future__ import annotations

import attrs
import pytest
from copies import copied
from listed import round_lots

from feed.book.views import L1, L2, L3
from feed.errors import MarketError
from feed.model.auctions import AuctionPhase, AuctionPurpose
from feed.model.durations import NS_PER_SECOND
from feed.model.events import (
    AUCTION,
    CLOCK,
    EXECUTION,
    FILL,
    ORDER,
    QUOTE,
    STATUS,
    TRADE,
    Side,
    Status,
    event,
)
from feed.model.market import MarketSpec
from feed.model.orders import CancelOrder, ModifyOrder, NewOrder, OrderType, Reject, TimeInForce
from feed.model.requests import Cancel, Create
from feed.model.scenario import Scenario
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.timeline import Auction, Delist, Halt, List, Resume, Shock
from feed.model.trading import OrderState, Pricing, Reason
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import ClientMarket
from feed.sim.looping import LoopedScenario
from feed.sim.market import Market
from feed.sim.playback import Playback
from feed.sim.script import ScriptedMarket
from feed.state.market_state import MarketState

SECOND = NS_PER_SECOND
START = 1_700_000_000 * SECOND
SPEC = MarketSpec(instruments=round_lots("BTC-USD", "ETH-USD"))
BUY, SELL = Side
FAR = 10**12
"""A price in ticks, or a size in lots, beyond all others."""


def scenario(*actions, duration=30 * SECOND, seed=3, spec=SPEC):
    return Scenario(name="auction", seed=seed, start=START, duration=duration, market=spec, actions=actions)


def script(*actions, **more):
    return ScriptedMarket(scenario(*actions, **more))


@pytest.fixture
def market():
    """Two seconds after the opening, in a call auction of four seconds."""
    market = Market(SPEC, seed=3, start=START)
    market.opening()
    market.advance(START + 2 * SECOND)
    market.auction(0, AuctionPurpose.INTRADAY, 4 * SECOND)
    return market


def auctions(rows, instrument=0):
    return [event(0, row) for row in rows if row[0] == AUCTION and row[1] == instrument]


def statuses(rows, instrument=0):
    return [Status(row[3]) for row in rows if row[0] == STATUS and row[1] == instrument]


def trades(rows, instrument=0):
    return [event(0, row) for row in rows if row[0] == TRADE and row[1] == instrument]


def order(side, price, size=100, account=7, **more):
    return NewOrder(account=account, instrument=0, side=side, size=size, price=price, **more)


# --- what is told ----------------------------------------------------------------------------------


def test_a_halt_ends_with_a_call_auction():
    """Orders are collected, a price is indicated each second, all trade at one price, and trading goes on."""
    run = script(Halt(at=2 * SECOND, duration=3 * SECOND, auction=4 * SECOND, instruments=("BTC-USD",)))
    rows = run.opening() + run.advance(START + 20 * SECOND)
    assert statuses(rows) == [Status.HALTED, Status.AUCTION, Status.TRADING]
    assert not statuses(rows, 1)
    told = auctions(rows)
    assert [(it.ts - START) // SECOND for it in told] == [5, 6, 7, 8, 9]
    assert [it.phase for it in told] == [AuctionPhase.COLLECTING] * 4 + [AuctionPhase.UNCROSSED]
    assert {it.purpose for it in told} == {AuctionPurpose.REOPENING}
    assert {it.ends for it in told} == {START + 9 * SECOND}
    end = rows.index(told[-1].row())
    done = [it for it in trades(rows) if it.ts == told[-1].ts and rows.index(it.row()) > end]
    at_once = [it for it in done if rows.index(it.row()) < rows.index((STATUS, 0, told[-1].ts, 1))]
    assert {it.price for it in at_once} == {told[-1].price}
    assert sum(it.size for it in at_once) == told[-1].volume > 0


def test_nothing_trades_or_crosses_while_orders_are_collected():
    """What is collected is in no row, so that a book can be followed as ever, through the end of it all."""
    run = script(Auction(at=2 * SECOND, duration=5 * SECOND))
    views = L1(), L2(), L3()
    for row in run.opening() + run.advance(START + 12 * SECOND):
        if row[1] == 0:
            for view in views:
                view.apply(row)
        if START + 2 * SECOND < row[2] < START + 7 * SECOND:
            assert row[0] in (AUCTION, CLOCK)
        if row[0] == QUOTE:
            assert not (row[3] and row[5]) or row[3] < row[5]
    book = run.market.exchange.books[0]
    assert (views[0].bid, views[0].ask) == (book.bid, book.ask)
    assert [views[1].levels(side) for side in Side] == [book.sizes(side) for side in Side]
    assert [views[2].orders(side) for side in Side] == [book.orders(side) for side in Side]


def test_the_price_follows_what_has_happened_meanwhile():
    """After news during a halt the auction opens far from the last price, near the new value."""
    run = script(
        Halt(at=12 * SECOND, duration=5 * SECOND, auction=5 * SECOND),
        Shock(at=13 * SECOND, fraction=-0.05),
    )
    rows = run.opening() + run.advance(START + 22 * SECOND)
    last = auctions(rows)[-1]
    before = [it.price for it in trades(rows) if it.ts < last.ts]
    assert last.reference in before[-1:] or not before
    assert 0.94 < last.price / last.reference < 0.96


def test_an_instrument_is_listed_with_an_auction_or_auctioned_within_the_day():
    """Each says what it is for; what does not fit the status does nothing."""
    spec = attrs.evolve(
        SPEC, instruments=(SPEC.instruments[0], attrs.evolve(SPEC.instruments[1], listed=False))
    )
    run = script(
        List(at=SECOND, auction=2 * SECOND, instruments=("ETH-USD",)),
        Auction(at=SECOND, duration=SECOND, instruments=("BTC-USD",)),
        Auction(at=SECOND + 1, duration=9 * SECOND, instruments=("BTC-USD",)),
        spec=spec,
    )
    rows = run.opening() + run.advance(START + 5 * SECOND)
    assert statuses(rows, 1)[-2:] == [Status.AUCTION, Status.TRADING]
    assert {it.purpose for it in auctions(rows, 1)} == {AuctionPurpose.OPENING}
    assert statuses(rows) == [Status.AUCTION, Status.TRADING]
    assert {it.purpose for it in auctions(rows)} == {AuctionPurpose.INTRADAY}


def test_a_resume_may_open_with_an_auction():
    """And the halt's own end, later, changes nothing."""
    run = script(
        Halt(at=SECOND, duration=9 * SECOND), Resume(at=2 * SECOND, auction=3 * SECOND), duration=12 * SECOND
    )
    rows = run.opening() + run.advance(START + 12 * SECOND)
    assert statuses(rows) == [Status.HALTED, Status.AUCTION, Status.TRADING]


def test_a_halt_interrupts_an_auction_which_then_goes_on():
    """What was collected stays, is not added to, and takes part."""
    run = script(
        Auction(at=SECOND, duration=9 * SECOND),
        Halt(at=3 * SECOND, duration=2 * SECOND, auction=2 * SECOND),
    )
    run.opening()
    rows = run.advance(START + 3 * SECOND)
    auction = run.market.exchange.auctions[0]
    collected = {it.order for it in auction.orders()}
    assert collected
    rows += run.advance(START + 5 * SECOND - 1)
    assert {it.order for it in auction.orders()} == collected
    rows += run.advance(START + 9 * SECOND)
    assert statuses(rows) == [Status.AUCTION, Status.HALTED, Status.AUCTION, Status.TRADING]
    assert [(it.ts - START) // SECOND for it in auctions(rows)] == [1, 2, 3, 5, 6, 7]
    assert collected & {number for it in trades(rows) for number in (it.maker, it.taker)}


def test_the_state_of_the_market_knows_the_auction(market):
    """What would come of it, as long as orders are collected; positions are valued at its reference."""
    state = MarketState(2)
    rows = market.snapshot() + market.advance(START + 4 * SECOND)
    for seq, row in enumerate(rows, 1):
        state.apply(seq, row)
    told = state.auction(0)
    assert told.row() == auctions(rows)[-1].row()
    assert state.mark_price(0) == told.reference == market.mark(0)
    assert state.auction(1) is None
    for row in market.advance(START + 7 * SECOND):
        seq += 1
        state.apply(seq, row)
    assert state.auction(0) is None


def test_an_auction_of_no_time_is_none(market):
    """It must be long enough for somebody to hear of it."""
    with pytest.raises(MarketError, match="at least one nanosecond"):
        market.auction(1, AuctionPurpose.INTRADAY, 0)


# --- the same events, however it is run ------------------------------------------------------------


def test_rows_do_not_depend_on_how_time_is_divided():
    """Nor on a copy that goes on in another process, in the middle of an auction."""
    actions = Halt(at=2 * SECOND, duration=SECOND, auction=4 * SECOND), Shock(at=4 * SECOND, fraction=0.03)
    whole, parts = script(*actions), script(*actions)
    rows = whole.opening() + whole.advance(START + 15 * SECOND)
    cut = parts.opening()
    for step in range(1, 50):
        cut += parts.advance(START + step * SECOND // 10)
    parts = copied(parts)
    while (upcoming := parts.next_time()) is not None and upcoming <= START + 15 * SECOND:
        cut += parts.step()
    assert rows == cut


def test_a_snapshot_has_the_auction_under_way(market):
    """It is told again with what it would give now, so that nobody has to wait for a second."""
    rows = market.advance(START + 3 * SECOND)
    assert [it.row() for it in auctions(market.snapshot())] == [auctions(rows)[-1].row()]
    market.advance(START + 9 * SECOND)
    assert not auctions(market.snapshot())


def test_a_recording_is_sought_into_an_auction():
    """Its snapshot has what was indicated last, and nothing of an auction that is over."""
    run = script(Auction(at=2 * SECOND, duration=4 * SECOND))
    rows = run.opening() + run.advance(START + 9 * SECOND)
    played = Playback(run.listing, lambda: [rows], start=START)
    told = played.advance(START + 4 * SECOND)
    assert [it.row() for it in auctions(played.snapshot())] == [auctions(told)[-1].row()]
    assert statuses(played.snapshot()) == [Status.AUCTION]
    played.advance(START + 8 * SECOND)
    assert not auctions(played.snapshot())


def test_a_loop_repeats_an_auction_a_round_later():
    """With its end at the times of the round."""
    run = LoopedScenario(scenario(Auction(at=SECOND, duration=2 * SECOND), duration=6 * SECOND))
    rows = run.opening() + run.advance(START + 11 * SECOND)
    first, second = (
        [it for it in auctions(rows) if (it.ts - START) // (6 * SECOND) == number] for number in (0, 1)
    )
    assert [it.ends - it.ts for it in first] == [it.ends - it.ts for it in second] == [2 * SECOND, SECOND, 0]
    assert [it.price for it in first] == [it.price for it in second]


# --- orders of clients in the market ---------------------------------------------------------------


def test_orders_wait_for_the_auction_and_can_be_changed(market):
    """They are acknowledged, stand in no book, and belong to their account alone."""
    ack, rows = market.submit(order(BUY, FAR))
    assert not rows
    assert (ack.filled, ack.resting, ack.reject) == (0, 100, None)
    number = ack.order
    change = ModifyOrder(account=7, instrument=0, order=number, price=FAR, size=60)
    assert market.submit(attrs.evolve(change, account=8))[0].reject is Reject.UNKNOWN_ORDER
    assert market.submit(change)[0].resting == 60
    assert market.submit(CancelOrder(account=8, instrument=0, order=number))[0].reject is Reject.UNKNOWN_ORDER
    rows = market.advance(START + 6 * SECOND)
    assert sum(it.size for it in trades(rows) if number in (it.maker, it.taker)) == 60


def test_a_cancelled_order_takes_no_part(market):
    """As if it had never been."""
    twin = copied(market)
    ack, _ = market.submit(order(BUY, FAR))
    assert market.submit(CancelOrder(account=7, instrument=0, order=ack.order))[0].reject is None
    twin.exchange.next_order()
    assert market.advance(START + 8 * SECOND) == twin.advance(START + 8 * SECOND)


@pytest.mark.parametrize(
    ("more", "reject"),
    [
        ({"post_only": True}, Reject.WOULD_CROSS),
        ({"time_in_force": TimeInForce.FOK}, Reject.CANNOT_FILL),
        ({"size": 0}, Reject.BAD_SIZE),
        ({"price": 0}, Reject.BAD_PRICE),
    ],
)
def test_orders_that_cannot_wait_are_rejected(market, more, reject):
    """Those that must trade at once, or be sure to rest, and those that could never be."""
    assert market.submit(attrs.evolve(order(BUY, FAR), **more))[0].reject is reject
    assert not market.exchange.auctions[0].get(0)


def test_market_orders_go_first(market):
    """They trade whatever the price is, and what is left of them is gone."""
    ack, _ = market.submit(order(SELL, 0, size=50, type=OrderType.MARKET))
    rest, _ = market.submit(order(BUY, 1, size=50, time_in_force=TimeInForce.IOC))
    rows = market.advance(START + 6 * SECOND)
    assert sum(it.size for it in trades(rows) if ack.order in (it.maker, it.taker)) == 50
    assert market.exchange.books[0].get(rest.order) is None


def test_what_is_not_traded_rests_after_the_auction(market):
    """At its own limit; simulated participants leave nothing behind."""
    resting, _ = market.submit(order(BUY, market.exchange.auctions[0].reference * 95 // 100))
    market.advance(START + 6 * SECOND)
    assert market.exchange.books[0].get(resting.order).left == 100


# --- accounts ---------------------------------------------------------------------------------------


def accounts(*actions, **trading):
    """Accounts in a market that is told to do something; just after the second second."""
    run = ClientMarket(
        script(*actions),
        trading=Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2)), **trading),
    )
    run.opening()
    run.advance(START + 2 * SECOND)
    return run


AUCTION_FROM_1_TO_5 = Auction(at=SECOND, duration=4 * SECOND, instruments=("BTC-USD",))


def margin(side, price=0, size=100, **more):
    kind = Pricing.LIMIT if price else Pricing.MARKET
    return Create(account=1, instrument=0, side=side, size=size, price=price, type=kind, **more)


def states(rows, number=None):
    """States of the orders of accounts, and their trades."""
    found = []
    for row in rows:
        item = event(0, row)
        if row[0] not in (ORDER, FILL, EXECUTION) or number not in (None, item.order):
            continue
        if row[0] == FILL or (row[0] == EXECUTION and item.trade):
            found.append("FILL")
        else:
            found.append(f"{item.state.name} {item.reason.name}" if item.reason else item.state.name)
    return found


def test_an_account_buys_in_an_auction_on_margin():
    """Its order is active while it waits, filled with the trades of the auction, and its position is told."""
    run = accounts(AUCTION_FROM_1_TO_5)
    reference = run._market.exchange.auctions[0].reference
    rows = run.execute(margin(BUY, reference * 101 // 100))
    assert states(rows) == ["PENDING", "ACTIVE"]
    rows = run.advance(START + 6 * SECOND)
    assert set(states(rows)) == {"FILL"}
    price = auctions(rows)[-1].price
    assert run.accounts.find(1).positions[0].lots == 100
    assert {event(0, row).price for row in rows if row[0] == FILL} == {price}


def test_a_market_order_waits_for_the_auction():
    """It goes as far from the reference price as its slippage says; what is left is cancelled at the end."""
    run = accounts(AUCTION_FROM_1_TO_5, open_orders=10)
    number = event(0, run.execute(margin(SELL, size=100, slippage=20_000))[0]).order
    assert number in run.accounts.orders
    rows = run.advance(START + 6 * SECOND)
    assert set(states(rows, number)) == {"FILL"}
    assert not run.accounts.orders


def test_an_order_for_the_auction_alone_is_over_with_it():
    """Told as one that found nobody to trade with."""
    run = accounts(AUCTION_FROM_1_TO_5)
    low = run._market.exchange.auctions[0].reference * 98 // 100
    number = event(0, run.execute(margin(BUY, low, time_in_force=TimeInForce.IOC))[0]).order
    assert not states(run.advance(START + 5 * SECOND - 1))
    assert states(run.advance(START + 6 * SECOND), number) == ["CANCELLED UNFILLED"]
    assert not run.accounts.orders


def test_an_order_that_rested_before_trades_in_the_auction():
    """It leaves the book for it, which is nothing that its account is told: it hears of its trades."""
    run = accounts(Auction(at=3 * SECOND, duration=2 * SECOND), Shock(at=3 * SECOND, fraction=-0.02))
    number = event(0, run.execute(margin(BUY, run._market.exchange.books[0].bid * 993 // 1000))[0]).order
    rows = run.advance(START + 5 * SECOND)
    assert set(states(rows, number)) == {"FILL"}
    assert {event(0, row).price for row in rows if row[0] == FILL} == {auctions(rows)[-1].price}


def test_an_order_that_rested_before_is_still_there_after():
    """Where the price of the auction does not reach it."""
    run = accounts(Auction(at=3 * SECOND, duration=2 * SECOND))
    book = run._market.exchange.books[0]
    number = event(0, run.execute(margin(BUY, book.bid * 98 // 100))[0]).order
    assert not states(run.advance(START + 6 * SECOND), number)
    assert number in run.accounts.orders
    assert number in book


def test_delisting_ends_what_was_collected():
    """Orders on margin and of assets, each told once."""
    run = accounts(AUCTION_FROM_1_TO_5, Delist(at=3 * SECOND, instruments=("BTC-USD",)))
    low = run._market.exchange.auctions[0].reference * 98 // 100
    run.execute(margin(BUY, low))
    run.execute(PlaceSpotOrder(account=1, instrument=0, side=BUY, size=10, price=low))
    assert states(run.advance(START + 4 * SECOND)) == ["CANCELLED DELISTED"] * 2
    assert not run.accounts.orders
    assert not run.wallets.orders


def spot(side, price, size=100, **more):
    return PlaceSpotOrder(account=1, instrument=0, side=side, size=size, price=price, **more)


def test_an_account_sells_assets_in_an_auction():
    """It gets the price of the auction, which may be better than its limit, and nothing stays locked."""
    run = accounts(AUCTION_FROM_1_TO_5)
    reference = run._market.exchange.auctions[0].reference
    rows = run.execute(spot(SELL, reference * 99 // 100))
    assert states(rows)[0] == "ACTIVE"
    rows = run.advance(START + 6 * SECOND)
    assert set(states(rows)) == {"FILL"}
    wallet = run.wallets.find(1, SPEC.instruments[0].instrument.venue)
    assert all(not balance.locked for balance in wallet.balances.values())


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"type": Pricing.MARKET}, Reason.NOT_TRADING),
        ({"post_only": True}, Reason.WOULD_CROSS),
    ],
)
def test_orders_of_assets_that_an_auction_does_not_take(request_, reason):
    """What a market order would cost, and who makes, nobody knows before the end."""
    run = accounts(AUCTION_FROM_1_TO_5)
    reference = run._market.exchange.auctions[0].reference
    rows = run.execute(spot(BUY, reference, **request_))
    assert event(0, rows[-1]).reason is reason
    assert not run.wallets.orders


def test_an_order_of_assets_for_the_auction_alone_is_over_with_it():
    """And gives back what it had locked."""
    run = accounts(AUCTION_FROM_1_TO_5)
    low = run._market.exchange.auctions[0].reference * 98 // 100
    run.execute(spot(BUY, low, size=10, time_in_force=TimeInForce.IOC))
    assert states(run.advance(START + 6 * SECOND)) == ["CANCELLED UNFILLED"]
    wallet = run.wallets.find(1, SPEC.instruments[0].instrument.venue)
    assert all(not balance.locked for balance in wallet.balances.values())


def test_an_account_cancels_what_waits():
    """As any other open order."""
    run = accounts(AUCTION_FROM_1_TO_5)
    placed = event(0, run.execute(margin(BUY, run._market.exchange.auctions[0].reference))[0])
    rows = run.execute(Cancel(account=1, instrument=0, order=placed.order, created=placed.created // 10**6))
    assert states(rows) == ["CANCELLING", "CANCELLED"]
    assert event(0, rows[-1]).state is OrderState.CANCELLED
    assert placed.order not in run._market.exchange.auctions[0]
