"""A timeline happens at its times, to the nanosecond, and the same however time is cut."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.errors import MarketError
from feed.model.events import ADD, QUOTE, STATUS, TRADE, Side, Status
from feed.model.scenario import Scenario
from feed.model.timeline import (
    Activity,
    Delist,
    Halt,
    LargeOrder,
    Liquidity,
    List,
    Resume,
    Shock,
    Spread,
    Volatility,
)
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SPEC = default_market(2)
EURO, POUND = SPEC.listing().symbols


def scripted(*actions, seconds=3, spec=SPEC):
    return ScriptedMarket(
        Scenario(name="test", start=START, duration=seconds * SECOND, market=spec, actions=actions)
    )


def all_rows(market):
    return market.opening() + market.advance(market.end)


def plain_rows(until):
    market = Market(SPEC, seed=1, start=START)
    return market.opening() + market.advance(until)


def statuses(rows, instrument=0):
    return [(row[2] - START, Status(row[3])) for row in rows if row[:2] == (STATUS, instrument)]


def test_without_actions_it_is_the_market():
    """Up to its end and not a nanosecond further."""
    market = scripted()
    assert all_rows(market) == plain_rows(START + 3 * SECOND)
    assert market.now == market.end == START + 3 * SECOND
    assert market.next_time() is None
    assert market.advance(market.end + SECOND) == []
    assert market.now == market.end


def test_time_cannot_go_back():
    """As with any market."""
    market = scripted()
    market.advance(START + SECOND)
    with pytest.raises(MarketError, match="cannot go back"):
        market.advance(START)


def test_an_unknown_instrument_is_refused():
    """Before anything runs."""
    with pytest.raises(MarketError, match="no instrument XXX"):
        scripted(Halt(at=0, instruments=("XXX",)))


@pytest.mark.parametrize(
    "action",
    [
        Shock(at=SECOND, fraction=-0.01),
        Volatility(at=SECOND, factor=20),
        Activity(at=SECOND, factor=5),
        Liquidity(at=SECOND, factor=0.1),
        Spread(at=SECOND, factor=3),
        LargeOrder(at=SECOND, side=Side.BUY, lots=5000),
        Halt(at=SECOND),
        Delist(at=SECOND),
    ],
    ids=lambda action: type(action).__name__,
)
def test_an_action_changes_what_comes_after_it_and_nothing_before(action):
    """What its own time still brings forth comes first."""
    rows, before = all_rows(scripted(action)), plain_rows(START + SECOND)
    assert rows[: len(before)] == before
    assert rows != plain_rows(START + 3 * SECOND)


def test_an_action_concerns_the_instruments_that_it_names():
    """The others trade on."""
    rows = all_rows(scripted(Halt(at=SECOND, instruments=(POUND,))))
    assert statuses(rows, 0) == []
    assert statuses(rows, 1) == [(SECOND, Status.HALTED)]
    assert max(row[2] for row in rows if row[1] == 1) == START + SECOND
    assert max(row[2] for row in rows if row[1] == 0) > START + 2 * SECOND


def test_a_halt_wears_off():
    """Nothing happens in it, and trading goes on after it."""
    rows = all_rows(scripted(Halt(at=SECOND, duration=SECOND)))
    assert statuses(rows) == [(SECOND, Status.HALTED), (2 * SECOND, Status.TRADING)]
    halted = [row for row in rows if START + SECOND < row[2] < START + 2 * SECOND]
    assert halted == []
    assert any(row[2] > START + 2 * SECOND for row in rows)


def test_halts_overlap():
    """Trading goes on when the last of them is over."""
    rows = all_rows(scripted(Halt(at=SECOND // 2, duration=SECOND), Halt(at=SECOND, duration=SECOND)))
    assert statuses(rows) == [(SECOND // 2, Status.HALTED), (2 * SECOND, Status.TRADING)]


def test_a_resumption_ends_every_halt():
    """And the end of such a halt does nothing, not even to a later one."""
    actions = [
        Halt(at=SECOND // 2, duration=SECOND),
        Resume(at=SECOND),
        Halt(at=SECOND + SECOND // 4),
    ]
    assert statuses(all_rows(scripted(*actions))) == [
        (SECOND // 2, Status.HALTED),
        (SECOND, Status.TRADING),
        (SECOND + SECOND // 4, Status.HALTED),
    ]


def test_a_delisting_is_for_good():
    """It empties the book; neither a resumption nor the end of a halt brings it back, a listing does."""
    actions = [
        Halt(at=SECOND // 2, duration=SECOND),
        Delist(at=SECOND),
        Resume(at=SECOND + 1),
        Halt(at=SECOND + 2),
        List(at=2 * SECOND),
    ]
    rows = all_rows(scripted(*actions))
    assert statuses(rows) == [
        (SECOND // 2, Status.HALTED),
        (SECOND, Status.DELISTED),
        (2 * SECOND, Status.TRADING),
    ]
    (*_, last) = [row for row in rows if row[:2] == (QUOTE, 0) and row[2] == START + SECOND]
    assert last[3:] == (0, 0, 0, 0)
    assert any(row[:2] == (ADD, 0) and row[2] == START + 2 * SECOND for row in rows)


def test_a_large_order_waits_for_the_end_of_a_halt():
    """Nobody trades in a halt; it acts right after."""
    actions = [
        Halt(at=SECOND, duration=SECOND),
        LargeOrder(at=SECOND + SECOND // 2, instruments=(EURO,), side=Side.SELL, lots=3000),
    ]
    trades = [
        row for row in all_rows(scripted(*actions)) if row[:2] == (TRADE, 0) and row[2] > START + SECOND
    ]
    assert trades[0][2] == START + 2 * SECOND


def test_of_two_effects_the_later_counts():
    """When it wears off the earlier one is back, and in the end the specification."""
    market = scripted(
        Spread(at=0, factor=2, duration=2 * SECOND), Spread(at=SECOND // 2, factor=5, duration=SECOND)
    )
    (pit, _) = market.market._pits
    seen = []
    for quarter in range(10):
        market.advance(START + quarter * SECOND // 4)
        seen.append(pit.spread / pit.spec.spread)
    assert seen == [2, 2, 5, 5, 5, 5, 2, 2, 1, 1]


def test_actions_of_one_time_keep_the_order_of_the_file():
    """What wears off goes first, so that an effect can follow on another."""
    market = scripted(
        Liquidity(at=SECOND, factor=3),
        Liquidity(at=SECOND, factor=4),
        Liquidity(at=0, factor=2, duration=SECOND),
    )
    market.advance(START + SECOND)
    (pit, _) = market.market._pits
    assert pit.size == 4 * pit.spec.size


def test_a_step_is_one_action():
    """Of the market or of the timeline; together they are the whole."""
    market, other = (scripted(Shock(at=SECOND, fraction=0.01), Halt(at=SECOND), seconds=2) for _ in "12")
    rows = market.opening()
    while (upcoming := market.next_time()) is not None:
        rows += market.step()
        assert market.now == upcoming
    assert rows == all_rows(other)
    assert market.step() == []


def test_a_copy_goes_on_with_the_same_rows():
    """In the middle of effects, and with orders half done."""
    actions = [
        Spread(at=SECOND // 2, factor=2, duration=SECOND),
        LargeOrder(at=SECOND // 2, side=Side.SELL, lots=900, slices=9, pause=SECOND // 5),
    ]
    market = scripted(*actions)
    market.opening()
    market.advance(START + SECOND)
    copy = pickle.loads(pickle.dumps(market))
    assert copy.advance(copy.end) == market.advance(market.end) != []


# --- any timeline ----------------------------------------------------------------------------------

_AT = st.integers(0, 2 * SECOND) | st.sampled_from([0, SECOND, 2 * SECOND])
_WHERE = st.sampled_from([(), (EURO,), (POUND,)])
_LASTS = st.none() | st.integers(1, SECOND) | st.just(SECOND)
_FACTOR = st.sampled_from([0.1, 0.5, 1.0, 3.0, 10.0])
ACTIONS = st.one_of(
    st.builds(Shock, at=_AT, instruments=_WHERE, fraction=st.sampled_from([-0.2, -0.001, 0.01, 0.5])),
    *(
        st.builds(kind, at=_AT, instruments=_WHERE, duration=_LASTS, factor=_FACTOR)
        for kind in (Volatility, Activity, Liquidity, Spread)
    ),
    st.builds(
        LargeOrder,
        at=_AT,
        instruments=_WHERE,
        side=st.sampled_from(Side),
        lots=st.integers(1, 5000),
        slices=st.integers(1, 5),
        pause=st.integers(1, SECOND),
    ),
    st.builds(Halt, at=_AT, instruments=_WHERE, duration=_LASTS),
    *(st.builds(kind, at=_AT, instruments=_WHERE) for kind in (Resume, List, Delist)),
)
CUTS = st.lists(st.tuples(st.integers(0, SECOND), st.integers(0, 200)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(actions=st.lists(ACTIONS, max_size=6), cuts=CUTS)
def test_any_timeline_is_the_same_however_time_is_cut(actions, cuts):
    """In time, in rows, or both; and time never goes back in an instrument."""
    whole = all_rows(scripted(*actions, seconds=2))
    market = scripted(*actions, seconds=2)
    rows = market.opening()
    for pause, limit in cuts:
        rows += market.advance(market.now + pause, limit)
    rows += market.advance(market.end)
    assert rows == whole
    for instrument in (0, 1):
        times = [row[2] for row in rows if row[1] == instrument]
        assert times == sorted(times)
