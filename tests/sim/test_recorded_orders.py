"""Accounts that trade in a recording: everybody else sees it as it was recorded."""

import random
from functools import partial
from types import SimpleNamespace

import pytest
from copies import copied, recorded_blocks
from hypothesis import given, settings
from hypothesis import strategies as st
from spot_conservation import Play

from feed.book.account_queues import AccountRow
from feed.errors import MarketError
from feed.model.events import (
    AUCTION,
    CLEAR,
    FILL,
    FUNDING,
    LEVEL,
    MARK,
    ORDER,
    QUOTE,
    STATUS,
    TRADE,
    Side,
    Status,
    event,
)
from feed.model.instruments import Contract
from feed.model.kinds import PRIVATE
from feed.model.requests import CancelMany, Create, FillOrder, JournalEntry
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.statements import Cause
from feed.model.trading import OrderState, Pricing, Reason, Trigger
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import open_to_accounts
from feed.sim.control import Control
from feed.sim.looping import LoopedPlayback
from feed.sim.playback import Playback
from feed.sim.simulation import TakesRequests

SECOND = 1_000_000_000
BUY, SELL = Side.BUY, Side.SELL


@pytest.fixture(scope="module")
def recorded():
    """A market in which others have traded, with halts, auctions and a delisting; and all its rows."""
    play, rng = Play(2, before=20, auctions=True), random.Random(4)
    play.rows = []
    hear = play.hear
    play.hear = lambda rows: hear(rows) or play.rows.extend(rows)
    play.rows += play.run.snapshot()
    for _ in range(500):
        play.act(rng)
    return play


def playback(recorded):
    rows = recorded.rows
    return Playback(recorded.run.listing, partial(blocks, rows), start=recorded.start)


def blocks(rows):
    return [rows[start : start + 100] for start in range(0, len(rows), 100)]


def public(rows):
    return [row for row in rows if row[0] not in PRIVATE]


# --- one account in a recording of a few rows --------------------------------------------------------

START = 1_700_000_000 * SECOND
DEPOSITS = (SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2))


@pytest.fixture(scope="module")
def listing(recorded):
    """Of the play: the first is a coin in dollars, the third its future."""
    return recorded.run.listing


def opened(listing, rows, **trading):
    """A recorded market in which accounts trade, and its playback, from one second on."""
    rows = [(LEVEL, 0, START, 0, 100_00, 50), (LEVEL, 0, START, 1, 101_00, 50), *rows]
    played = Playback(listing, partial(blocks, rows), start=START)
    run = open_to_accounts(played, Trading(deposits=DEPOSITS, **trading))
    run.opening()
    return run


def at(seconds):
    return START + int(seconds * SECOND)


def create(side, size, price=0, **more):
    kind = Pricing.LIMIT if price else Pricing.MARKET
    more = {"account": 1, "instrument": 0, "slippage": 0} | more
    return Create(side=side, size=size, price=price, type=kind, **more)


def reports(rows, kind=ORDER):
    return [event(0, row) for row in rows if row[0] == kind]


def test_an_order_fills_when_those_before_it_have(listing):
    """Both kinds of accounts; each with a queue of its own."""
    trades = [(TRADE, 0, at(2 + n), 1 + n, 1, 100_00, 30, 0, 0, -1, -1) for n in range(3)]
    run = opened(listing, trades)
    run.advance(at(1))
    run.execute(create(BUY, 20, 100_00))
    run.execute(PlaceSpotOrder(account=1, instrument=0, side=BUY, size=5, price=100_00))
    run.execute(create(BUY, 20, 100_00, account=2))
    rows = run.advance(at(10))
    fills = reports(rows, FILL)
    assert [(fill.account, fill.ts, fill.size, fill.taker) for fill in fills] == [
        (1, at(3), 10, False),
        (2, at(3), 10, False),
        (1, at(4), 10, False),
        (2, at(4), 10, False),
    ]
    assert public(rows) == trades
    assert run.wallets.find(1, listing[0].venue).balances["BTC"].total > 2 * 10**8


def test_what_a_recording_has_of_accounts_is_left_out(recorded):
    """Those who trade now are others, though they have the same numbers; unless nobody can trade."""
    run = open_to_accounts(playback(recorded), Trading())
    rows = run.opening()
    while run.next_time() is not None:
        rows += run.advance(run.next_time(), 1)
    assert rows == public(recorded.rows)
    only = open_to_accounts(playback(recorded), Trading(recorded_orders=False))
    assert not isinstance(only, TakesRequests)
    assert only.opening() + only.advance(1 << 62) == recorded.rows


def test_a_stop_order_acts_on_a_recorded_trade(listing):
    """Not on what accounts trade among the shown lots: nobody else sees that."""
    run = opened(listing, [(TRADE, 0, at(2), 1, 0, 101_00, 1, 0, 0, -1, -1), (QUOTE, 0, at(3), 1, 1, 2, 1)])
    run.advance(at(1))
    stop = PlaceSpotOrder(
        account=1,
        instrument=0,
        side=BUY,
        size=1,
        type=Pricing.MARKET,
        trigger=Trigger.STOP,
        trigger_price=101_00,
    )
    run.execute(PlaceSpotOrder(account=2, instrument=0, side=BUY, size=1, type=Pricing.MARKET))
    run.execute(stop)
    assert not [row for row in run.advance(at(1.9)) if row[0] in PRIVATE]
    assert [row[2] for row in run.advance(at(3)) if row[0] in PRIVATE][:1] == [at(2)]


def test_a_position_is_liquidated_at_recorded_prices(listing):
    """The recording falls; what is closed is taken from the account's book."""
    fall = [
        (LEVEL, 0, at(2), 0, 100_00, 0),
        (LEVEL, 0, at(2), 0, 80_00, 10**9),
        (LEVEL, 0, at(2), 1, 101_00, 0),
        (LEVEL, 0, at(2), 1, 81_00, 5),
        *[(QUOTE, 0, at(n), 80_00, 10**6, 81_00, 5) for n in (2, 3, 4)],
    ]
    run = opened(listing, [(LEVEL, 0, START, 1, 101_00, 10**9), *fall], deposit=10)
    run.advance(at(1))
    money = run.accounts.money
    size = 9 * money.whole("USD", 10) // (101_00 * money.scales[0])
    run.execute(create(BUY, size, slippage=20_000, leverage=10))
    rows = run.advance(at(4))
    fills = reports(rows, FILL)
    assert {(fill.price, fill.side) for fill in fills} == {(80_00, SELL)}
    assert not run.accounts.find(1).position(0).lots
    assert public(rows) == fall


def test_funding_is_paid_as_it_was_recorded(listing):
    """With the rate that was announced, at the recorded mark price."""
    perpetual = next(n for n, item in enumerate(listing) if item.contract is Contract.PERPETUAL)
    rows = [
        (LEVEL, perpetual, START, 0, 100_00, 50),
        (LEVEL, perpetual, START, 1, 101_00, 50),
        (MARK, perpetual, START, 100_50, 100_50, 7),
        (FUNDING, perpetual, START, 50_000, 0, at(2)),
        (FUNDING, perpetual, at(2), 10_000, 0, at(9)),
        (MARK, perpetual, at(5), 100_50, 100_50, 7),
    ]
    run = opened(listing, rows)
    run.advance(at(1))
    run.execute(create(BUY, 20, instrument=perpetual, slippage=20_000))
    said = run.advance(at(5))
    paid = [event(0, row) for row in said if row[0] == 17]
    assert [(item.ts, item.cause) for item in paid if item.cause is Cause.FUNDING] == [(at(2), Cause.FUNDING)]
    scale = run.accounts.money.scales[perpetual]
    assert run.accounts.find(1).position(perpetual).funding == -20 * 100_50 * scale * 50_000 // 10**8


def test_a_halt_a_delisting_and_a_gap(listing):
    """Of each the account is told in its own words, and nothing stays behind."""
    run = opened(
        listing,
        [
            (STATUS, 0, at(2), int(Status.HALTED)),
            (STATUS, 0, at(4), int(Status.TRADING)),
            (CLEAR, 0, at(5)),
            (LEVEL, 0, at(5), 0, 100_00, 50),
            (LEVEL, 0, at(5), 1, 101_00, 50),
            (STATUS, 0, at(7), int(Status.DELISTED)),
        ],
    )
    run.advance(at(1))
    run.execute(create(BUY, 2, 100_00))
    run.advance(at(3))
    refused = reports(run.execute(create(BUY, 2, 100_00)))[-1]
    assert (refused.state, refused.reason) == (OrderState.REJECTED, Reason.NOT_TRADING)
    rows = run.advance(at(6))
    assert [(it.state, it.reason) for it in reports(rows)] == [(OrderState.CANCELLED, Reason.STARTED_ANEW)]
    run.execute(create(BUY, 2, 100_00))
    rows = run.advance(at(7))
    assert [(it.state, it.reason) for it in reports(rows)] == [(OrderState.CANCELLED, Reason.DELISTED)]
    assert not run.accounts.orders


def test_somebody_can_be_asked_to_fill_an_order(listing):
    """In part, and of one account; the recording is what it was."""
    run = opened(listing, [(QUOTE, 0, at(9), 1, 1, 2, 1)])
    run.advance(at(1))
    for account in (1, 2):
        run.execute(create(BUY, 20, 99_00, account=account))
    rows = run.execute(FillOrder(account=2, instrument=0, share=250_000))
    assert [(it.account, it.size, it.left) for it in reports(rows, FILL)] == [(2, 5, 15)]
    assert not public(rows)


def test_a_loop_cancels_orders_and_keeps_what_is_owned(listing):
    """As a scenario that begins again does; ids of the account go on."""
    rows = [
        (LEVEL, 0, START, 0, 100_00, 50),
        (LEVEL, 0, START, 1, 101_00, 50),
        (QUOTE, 0, at(3), 100_00, 50, 101_00, 50),
    ]
    played = Playback(listing, partial(blocks, rows), start=START)
    run = open_to_accounts(LoopedPlayback(played, played.from_start), Trading())
    said = run.opening() + run.advance(at(1))
    said += run.execute(create(BUY, 5, slippage=20_000))
    said += run.execute(create(BUY, 5, 100_00))
    said += run.advance(at(5))
    assert [it.reason for it in reports(said)][-1] is Reason.STARTED_ANEW
    first = run.accounts.find(1).fills[-1].trade
    assert run.accounts.find(1).position(0).lots == 5
    said += run.execute(create(BUY, 50, slippage=20_000))
    assert run.accounts.find(1).fills[-1].trade > first  # all of the ask is there again
    assert run.accounts.find(1).position(0).lots == 55
    alone = LoopedPlayback(played.from_start(), played.from_start)
    assert public(said) == alone.opening() + alone.advance(at(5))


def test_the_same_comes_out_again_however_time_is_cut(recorded, tmp_path):
    """From a journal of the requests, or asked again; from a copy made half-way, too."""
    entries, said = [], []
    listing, start = recorded.run.listing, recorded.start
    file = recorded_blocks(tmp_path / "rows", recorded.rows, listing=listing, start=start)
    first = open_to_accounts(Playback(listing, file, start=start), Trading())
    said += first.opening()
    rng = random.Random(1)
    copy = None
    for number in range(60):
        said += first.advance(first.now + rng.randrange(SECOND // 20))
        if number == 30:
            copy = copied(first), len(said)
        mark = first._market.mark(0)
        request = create(rng.choice(list(Side)), rng.randrange(1, 500), mark + rng.randrange(-200, 200))
        request = rng.choice([request, request, CancelMany(account=1, instrument=0)])
        entries.append(JournalEntry(at=first.now, request=request))
        said += first.execute(request)
    end = first.now + SECOND
    said += first.advance(end)
    for step, limit in ((SECOND // 7, 1), (SECOND, 1 << 62)):
        again = open_to_accounts(playback(recorded), Trading(), entries)
        rows = again.opening()
        while again.now < end:
            rows += again.advance(min(end, again.now + step), limit)
        assert rows == said
    run, taken = copy
    rows = []
    for entry in entries[30:]:
        rows += run.advance(entry.at) + run.execute(entry.request)
    assert rows + run.advance(end) == said[taken:]
    assert len([row for row in said if row[0] == FILL]) > 2


def test_it_is_sought_as_a_scenario_is(recorded):
    """Back to a checkpoint while nobody has traded, and no more once somebody has."""
    run = open_to_accounts(playback(recorded), Trading())
    control = Control(run, clock=lambda: 0.0, checkpoint_seconds=0.5)
    start = run.now
    control.opening()
    control.start()
    rows = []
    while run.now < start + 2 * SECOND:
        rows += control.take(1000)
    control.seek(start + SECOND)
    seen = []
    while not seen:
        seen = control.take(10**6)
    assert {row[0] for row in seen[: len(run.listing)]} == {CLEAR}
    again = []
    later = [row for row in rows if row[2] > start + SECOND]
    while len(again) < len(later):
        again += control.take(1000)
    assert again[: len(later)] == later
    control.submit(create(BUY, 1, 1))
    with pytest.raises(MarketError, match="accounts have traded"):
        control.seek(start)


# --- any requests of several accounts ----------------------------------------------------------------


class RecordedPlay(Play):
    """The same play on a recording: the same requests come, and the same must hold."""

    def __init__(self, recorded):
        super().__init__(2, before=20)
        self.told = []
        self.run = open_to_accounts(playback(recorded), self.terms)
        self.tradyn._market = self.run
        self.hear(self.run.opening())

    def hear(self, rows):
        super().hear(rows)
        self.told += rows

    @property
    def market(self):
        """The recorded market; what would change it does nothing."""
        market = self.run._market
        books = [
            SimpleNamespace(
                get=book.get,
                orders=lambda side, book=book: [item for item in book.orders(side) if item[0]],
            )
            for books in market.exchange._accounts.values()
            for book in books.values()
        ]
        return SimpleNamespace(
            mark=market.mark,
            shock=lambda *_: [],
            set_status=lambda *_: [],
            exchange=SimpleNamespace(books=books, statuses=market.exchange.statuses, auctions={}),
        )


@settings(max_examples=6, deadline=None)
@given(rng=st.randoms(use_true_random=False))
def test_nothing_is_made_or_lost_and_nobody_else_sees_it(recorded, rng):
    """All requests of several accounts, with assets and on margin; public rows are those of the recording."""
    play = RecordedPlay(recorded)
    for _ in range(40):
        play.act(rng)
        play.check()
    assert not any(type(row) is AccountRow for row in play.told)
    rows = public(recorded.rows)
    assert public(play.told) == rows[: len(public(play.told))]


def test_the_play_has_everything_in_it(recorded):
    """Orders of accounts rest, trade both ways, meet their own, and are cancelled by what is recorded."""
    rng, play = random.Random(5), RecordedPlay(recorded)
    for _ in range(700):
        play.act(rng)
    play.check()
    assert public(play.told) == public(recorded.rows)
    assert {AUCTION, STATUS, TRADE} <= {row[0] for row in recorded.rows}
    assert {taker for what, taker, *_ in play.seen if what == "trade"} == {True, False}
    assert {(state, "NONE") for state in ("FILLED", "ACTIVE", "UNTRIGGERED")} <= {*play.seen}
    assert {("CANCELLED", reason) for reason in ("UNFILLED", "SELF_TRADE", "NONE")} <= {*play.seen}
