"""A timeline happens at its times, to the nanosecond, and the same however time is cut."""

import attrs
import pytest
from copies import copied
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.errors import MarketError
from feed.model.events import ADD, QUOTE, REDUCE, STATUS, TRADE, Side, Status
from feed.model.scenario import Scenario
from feed.model.timeline import (
    Activity,
    Delist,
    Detach,
    Halt,
    Imbalance,
    LargeOrder,
    Liquidity,
    List,
    Premium,
    Resume,
    Shock,
    Spread,
    Volatility,
    Wall,
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
        Imbalance(at=SECOND, side=Side.SELL, factor=0.1),
        Spread(at=SECOND, factor=3),
        Wall(at=SECOND, side=Side.BUY, lots=50_000),
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
    """It is executed right after the halt."""
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
    (sim, _) = market.market._sims
    seen = []
    for quarter in range(10):
        market.advance(START + quarter * SECOND // 4)
        seen.append(sim.spread / sim.spec.spread)
    assert seen == [2, 2, 5, 5, 5, 5, 2, 2, 1, 1]


def test_actions_of_one_time_keep_the_order_of_the_file():
    """What wears off goes first, so that an effect can follow on another."""
    market = scripted(
        Liquidity(at=SECOND, factor=3),
        Liquidity(at=SECOND, factor=4),
        Liquidity(at=0, factor=2, duration=SECOND),
    )
    market.advance(START + SECOND)
    (sim, _) = market.market._sims
    assert sim.size == 4 * sim.spec.size


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
    copy = copied(market)
    assert copy.advance(copy.end) == market.advance(market.end) != []


# --- walls, leaning books, venues -------------------------------------------------------------------


def wall_rows(rows, lots):
    """Where an order of that size came and went: (kind, offset from the start, side, price)."""
    orders = {row[3] for row in rows if row[0] == ADD and row[6] == lots}
    return [
        (row[0], row[2] - START, row[4], row[5])
        for row in rows
        if row[0] in (ADD, REDUCE) and row[3] in orders
    ]


@pytest.mark.parametrize("side", list(Side))
def test_a_wall_rests_for_its_duration(side):
    """At that distance from the mid price, and it does not trade."""
    market = scripted(Wall(at=SECOND, instruments=(EURO,), side=side, lots=55_555, bps=10, duration=SECOND))
    market.opening()
    before = market.advance(START + SECOND - 1)
    book = market.market.exchange.books[0]
    middle = (book.bid + book.ask) / 2
    rows = before + market.advance(market.end)
    (came, went) = wall_rows(rows, 55_555)

    assert came[:3] == (ADD, SECOND, side)
    assert went == (REDUCE, 2 * SECOND, side, came[3])
    assert abs(came[3] - middle) == pytest.approx(middle / 1000, abs=1)
    assert (came[3] > middle) is (side is Side.SELL)


def test_walls_add_up():
    """Two equal walls are removed separately; one without a duration stays."""
    wall = Wall(at=SECOND, instruments=(EURO,), side=Side.BUY, lots=55_555, bps=30, duration=SECOND)
    again = Wall(at=SECOND, instruments=(EURO,), side=Side.BUY, lots=55_555, bps=30, duration=2 * SECOND - 1)
    stays = Wall(at=SECOND, instruments=(EURO,), side=Side.BUY, lots=55_555, bps=30)
    rows = wall_rows(all_rows(scripted(wall, again, stays)), 55_555)

    assert [(kind, at) for kind, at, _, _ in rows] == [(ADD, SECOND)] * 3 + [
        (REDUCE, 2 * SECOND),
        (REDUCE, 3 * SECOND - 1),
    ]


def test_a_wall_that_was_taken_is_not_there_to_be_taken_away():
    """Nothing happens at its end."""
    actions = [
        Wall(at=SECOND, instruments=(EURO,), side=Side.SELL, lots=5_555, bps=0.5, duration=SECOND),
        LargeOrder(at=SECOND, instruments=(EURO,), side=Side.BUY, lots=100_000),
    ]
    rows = wall_rows(all_rows(scripted(*actions)), 5_555)

    assert [(kind, at) for kind, at, _, _ in rows] == [(ADD, SECOND)]


def test_no_wall_is_built_where_nothing_trades():
    """In a halt no order can be added."""
    actions = [Halt(at=SECOND), Wall(at=SECOND, side=Side.SELL, lots=55_555, duration=SECOND)]
    assert wall_rows(all_rows(scripted(*actions)), 55_555) == []


def test_an_imbalance_makes_one_side_thin():
    """What rests there is a fiftieth in size, and afterwards as it was."""
    market = scripted(
        Imbalance(at=SECOND, instruments=(EURO,), side=Side.SELL, factor=0.02, duration=SECOND),
        Liquidity(at=SECOND, instruments=(EURO,), factor=10),
    )
    (sim, _) = market.market._sims
    seen = []
    for at in (0, SECOND, 2 * SECOND):
        market.advance(START + at)
        book = market.market.exchange.books[0]
        depth = [sum(lots for _, lots in book.sizes(side, 10)) for side in Side]
        seen.append((depth[0] / depth[1], sim.rests[0] / sim.spec.size, sim.rests[1] / sim.spec.size))
    (before, *_), (during, *sizes), (after, *_) = seen

    assert before < 5
    assert during > 12
    assert after < 5
    assert sizes == [10, 0.2]


DEFAULT = default_market()
CHOSEN = ("BTC-USD", "BTC-USD@kraken", "BTC-PERP")
VENUES = attrs.evolve(
    DEFAULT,
    instruments=tuple(item for item in DEFAULT.instruments if item.instrument.symbol in CHOSEN),
    arbitrage=None,
    signals=None,
)


def gap(market, one, other):
    """Basis points from one instrument's mid price up to another's."""
    books = market.market.exchange.books
    ticks = [market.market.listing[at].tick_size for at in (one, other)]
    low, high = (
        float((books[at].bid + books[at].ask) * tick) for at, tick in zip((one, other), ticks, strict=True)
    )
    return (high - low) / low * 10_000


def test_a_premium_lifts_a_future_off_its_underlying():
    """For its time, and then it is back."""
    market = scripted(
        Premium(at=2 * SECOND, instruments=("BTC-PERP",), bps=50, duration=3 * SECOND), seconds=9, spec=VENUES
    )
    market.opening()
    gaps = []
    for second in (2, 5, 9):
        market.advance(START + second * SECOND - 1)
        gaps.append(gap(market, 0, 2))

    assert abs(gaps[0]) < 10
    assert 35 < gaps[1] < 65
    assert abs(gaps[2]) < 10


def test_a_detached_venue_keeps_a_price_of_its_own():
    """News of the pair does not reach it, a shock of its own does; then it follows again."""
    kraken = ("BTC-USD@kraken",)
    market = scripted(
        Detach(at=SECOND, instruments=kraken, duration=6 * SECOND),
        Shock(at=2 * SECOND, instruments=("BTC-USD",), fraction=0.01),
        Shock(at=4 * SECOND, instruments=kraken, fraction=0.02),
        seconds=10,
        spec=VENUES,
    )
    market.opening()
    gaps = []
    for second in (2, 4, 7, 10):
        market.advance(START + second * SECOND - 1)
        gaps.append(gap(market, 0, 1))

    assert abs(gaps[0]) < 5
    assert -110 < gaps[1] < -90
    assert 85 < gaps[2] < 115
    assert abs(gaps[3]) < 5


def test_where_nothing_is_followed_there_is_nothing_to_let_go():
    """A premium or a detachment of a pair's first venue changes nothing."""
    assert all_rows(scripted(Premium(at=SECOND, bps=500), Detach(at=SECOND))) == plain_rows(
        START + 3 * SECOND
    )


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
        Imbalance,
        at=_AT,
        instruments=_WHERE,
        duration=_LASTS,
        side=st.sampled_from(Side),
        factor=_FACTOR,
    ),
    st.builds(
        Wall,
        at=_AT,
        instruments=_WHERE,
        duration=_LASTS,
        side=st.sampled_from(Side),
        lots=st.integers(1, 10**6),
        bps=st.sampled_from([0.01, 1, 50]),
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
