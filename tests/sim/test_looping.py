"""A scenario or a recording that is played again and again."""

from functools import partial

import attrs
import pytest
from copies import copied
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.model.events import (
    ADD,
    CLEAR,
    CLOCK,
    EXECUTION,
    FUNDING,
    LEVEL,
    QUOTE,
    REDUCE,
    ROUND,
    SIGNAL,
    STATUS,
    TRADE,
    Side,
    Status,
    event,
)
from feed.model.market import Takers
from feed.model.requests import Create
from feed.model.scenario import Scenario
from feed.model.spot_requests import PlaceSpotOrder
from feed.model.trading import OrderState, Pricing, Reason, Trigger
from feed.model.wallets import Wallets
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.looping import LoopedPlayback, LoopedScenario
from feed.sim.playback import Playback
from feed.sim.script import ScriptedMarket

START = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
LIVELY = attrs.evolve(default_market(3), takers=Takers(updates=5))
SCENARIO = Scenario(name="short", market=LIVELY, seed=5, start=START, duration=3 * SECOND)
ROUNDS = 3


def all_rows(run, until, *, step=None, limit=10**9):
    """What a run gives up to a time, its opening included."""
    rows = run.opening()
    at = run.now
    while at < until:
        at = min(until, at + (step or until))
        while run.next_time() <= at:
            rows += run.advance(at, limit)
    return rows


def test_any_run_can_be_run_again():
    """From its beginning, to the same rows, however far it has come."""
    rows = all_rows(ScriptedMarket(SCENARIO), START + SECOND)
    playback = partial(Playback, SCENARIO.market.listing(), partial(iter, [rows]), start=START)
    for run in (ScriptedMarket(SCENARIO), LoopedScenario(SCENARIO), LoopedPlayback(playback(), playback)):
        first = all_rows(run, START + 2 * SECOND)
        assert all_rows(run.from_start(), START + 2 * SECOND) == first


def test_the_first_round_is_the_scenario():
    """To its last row."""
    once = ScriptedMarket(SCENARIO)
    expected = once.opening() + once.advance(once.end)
    rows = all_rows(LoopedScenario(SCENARIO), START + 3 * SECOND - 1)
    assert rows == expected[: len(rows)]
    assert len(expected) - len(rows) < 50


def test_time_and_ids_go_on():
    """The next round begins when the last one ends, with its books cleared, and no id comes twice."""
    rows = all_rows(LoopedScenario(SCENARIO), START + ROUNDS * 3 * SECOND - 1)
    times = [row[2] for row in rows]
    assert times == sorted(times)
    assert [row[2] - START for row in rows if row[0] == CLEAR] == [
        at * SECOND for at in (3, 6) for _ in range(3)
    ]
    trades = [(row[1], row[3]) for row in rows if row[0] == TRADE]
    assert len(trades) == len(set(trades)) > 20
    begins = next(at for at, row in enumerate(rows) if row[0] == CLEAR)
    before = {row[3] for row in rows[:begins] if row[0] == ADD}
    assert not before & {row[3] for row in rows[begins:] if row[0] == ADD}


def test_every_round_is_the_same_market():
    """But for times and ids: the same prices and sizes, one after the other."""
    rows = all_rows(LoopedScenario(SCENARIO), START + 2 * 3 * SECOND - 1)

    def later(begin):
        """Kind, time since the beginning, and figures of the rows after those of the beginning."""
        return [
            (row[0], row[1], row[2] - begin, *row[3:])
            for row in rows
            if begin < row[2] < begin + 3 * SECOND and row[0] in (QUOTE, CLOCK)
        ]

    first, second = later(START), later(START + 3 * SECOND)
    assert len(first) > 30
    assert first == second


@settings(max_examples=10, deadline=None)
@given(step=st.integers(10_000_000, 5 * SECOND), limit=st.integers(1, 500))
def test_the_same_rows_come_however_time_is_cut(step, limit):
    """And from a copy that was made half-way."""
    until = START + 7 * SECOND
    expected = all_rows(LoopedScenario(SCENARIO), until)
    assert all_rows(LoopedScenario(SCENARIO), until, step=step, limit=limit) == expected


def test_a_copy_goes_on_alike():
    """In its second round too: seeking back needs that."""
    run = LoopedScenario(SCENARIO)
    run.opening()
    run.advance(START + 4 * SECOND)
    copy = copied(run)
    assert copy.advance(START + 8 * SECOND) == run.advance(START + 8 * SECOND)


def test_open_orders_are_cancelled_and_accounts_stay():
    """Their book was cleared; the reason says so."""
    run = ClientMarket(LoopedScenario(SCENARIO), trading=Trading())
    run.opening()
    run.advance(START + SECOND)
    request = Create(
        account=7, request=1, instrument=0, side=Side.BUY, type=Pricing.LIMIT, price=1, size=1, leverage=1
    )
    rows = run.execute(request)
    assert run.accounts.find(7).orders
    rows = run.advance(START + 4 * SECOND)
    assert not run.accounts.find(7).orders
    told = [row for row in rows if row[0] == 9]
    assert [(row[6], row[7]) for row in told] == [(OrderState.CANCELLED, Reason.STARTED_ANEW)]
    assert run.execute(request)[0][6] == OrderState.REFUSED  # the same id: it is the same account


def test_orders_that_assets_pay_for_are_cancelled_and_wallets_stay():
    """Those that wait for a trigger too; nothing stays locked, for who follows the stream neither."""
    run = ClientMarket(LoopedScenario(SCENARIO), trading=Trading())
    follower = Wallets(run.listing, deposits=Trading().deposits, history=10)
    run.opening()
    run.advance(START + SECOND)
    rest = PlaceSpotOrder(account=7, instrument=0, side=Side.BUY, price=1, size=1)
    wait = attrs.evolve(rest, trigger=Trigger.STOP, trigger_price=1 << 60)
    rows = run.execute(rest) + run.execute(wait) + run.advance(START + 4 * SECOND)
    follower.apply(rows)
    reports = [event(0, row) for row in rows if row[0] == EXECUTION]
    assert [item.state.name for item in reports] == ["ACTIVE", "UNTRIGGERED", "CANCELLED", "CANCELLED"]
    assert {item.reason for item in reports[2:]} == {Reason.STARTED_ANEW}
    for wallets in (run.wallets, follower):
        assert not wallets.orders
        wallet = wallets.find(7, run.listing[0].venue)
        assert not any(balance.locked for balance in wallet.balances.values())
        assert len(wallet.finished) == 2


# --- recordings ------------------------------------------------------------------------------------

LISTING = default_market(2).listing()
RECORDED = [
    (ADD, 0, START, 1, 0, 100, 5, 5),
    (ADD, 0, START, 2, 1, 101, 5, 5),
    (QUOTE, 0, START, 100, 5, 101, 5),
    (FUNDING, 1, START, 10, 20, START + 8 * SECOND),
    (ROUND, 1, START, START, START + 5 * SECOND, 7, -1),
    (CLOCK, 0, START + SECOND),
    (TRADE, 0, START + SECOND, 1, 0, 101, 2, 2, 3, 3, 3),
    (SIGNAL, 0, START + SECOND, 1, 1, 1),
    (LEVEL, 1, START + SECOND, 0, 55, 1),
    (STATUS, 1, START + 2 * SECOND, int(Status.HALTED)),
    (REDUCE, 0, START + 2 * SECOND, 1, 0, 100, 0, 0),
]


def blocks(rows):
    return [rows]


def recording(rows=None):
    playback = Playback(LISTING, partial(blocks, RECORDED if rows is None else rows), start=START)
    return LoopedPlayback(playback, playback.from_start)


def test_a_recording_begins_again_later():
    """Every time in a row is later, every id higher; what it knew is forgotten first."""
    rows = all_rows(recording(), START + 4 * SECOND - 1)
    assert rows[: len(RECORDED)] == RECORDED
    by = 2 * SECOND
    assert rows[len(RECORDED) :] == [
        (CLEAR, 0, START + by),
        (CLEAR, 1, START + by),
        (STATUS, 1, START + by, int(Status.TRADING)),
        (ADD, 0, START + by, 4, 0, 100, 5, 5),
        (ADD, 0, START + by, 5, 1, 101, 5, 5),
        (QUOTE, 0, START + by, 100, 5, 101, 5),
        (FUNDING, 1, START + by, 10, 20, START + by + 8 * SECOND),
        (ROUND, 1, START + by, START + by, START + by + 5 * SECOND, 7, -1),
        (CLOCK, 0, START + by + SECOND),
        (TRADE, 0, START + by + SECOND, 2, 0, 101, 2, 5, 6, 3, 3),
        (SIGNAL, 0, START + by + SECOND, 2, 1, 1),
        (LEVEL, 1, START + by + SECOND, 0, 55, 1),
    ]


@pytest.mark.parametrize("rows", [RECORDED[:3], []])
def test_a_recording_without_length_begins_every_second(rows):
    """It does not go round for ever in no time."""
    told = all_rows(recording(rows), START + 3 * SECOND)
    assert {row[2] for row in told} <= {START + at * SECOND for at in range(4)}
    assert sum(row[0] == CLEAR for row in told) == 4 * 2
