"""Steering a run: the clock, the pauses, the way forward and back."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.book.views import L3
from feed.errors import MarketError
from feed.model.events import CLEAR, CLOCK, QUOTE, STATUS, Side
from feed.model.scenario import Scenario
from feed.model.timeline import Halt, LargeOrder, Shock
from feed.sim.control import Control, RunState
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.script import ScriptedMarket
from feed.sim.simulation import StopCondition

SECOND = 1_000_000_000
START = 1_709_731_800 * SECOND
SPEC = default_market(2)
SCENARIO = Scenario(
    name="test",
    start=START,
    duration=3 * SECOND,
    market=SPEC,
    actions=(
        Shock(at=SECOND, fraction=-0.01),
        Halt(at=SECOND, instruments=("GBPUSD",), duration=SECOND),
        LargeOrder(at=SECOND // 2, side=Side.SELL, lots=900, slices=9, pause=SECOND // 5),
    ),
)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def controlled(clock):
    """Makes a control that has started and given out its opening books."""

    def make(**options):
        control = Control(ScriptedMarket(SCENARIO), clock=clock, **options)
        control.opening()
        control.start()
        return control

    return make


def whole():
    market = ScriptedMarket(SCENARIO)
    return market.opening(), market.advance(market.end)


def rows_until(time):
    market = ScriptedMarket(SCENARIO)
    market.opening()
    return market.advance(time)


def drain(control, limit=100):
    """All rows, as fast as they come."""
    rows = []
    while not control.ended:
        rows += control.take(limit)
    return rows


def settle(control, limit=100):
    """All rows that are due now."""
    rows = []
    while control.wake_time() <= control._clock():
        rows += control.take(limit)
    return rows


# --- the clock -------------------------------------------------------------------------------------


def test_as_fast_as_possible(controlled):
    """All of it at one moment, in bounded bites."""
    assert drain(controlled()) == whole()[1]


@pytest.mark.parametrize("speed", [1.0, 10.0, 0.5])
def test_market_time_follows_the_clock(clock, controlled, speed):
    """What is due has been given out, and nothing else."""
    control = controlled(speed=speed)
    rows = []
    for market_time in (SECOND // 3, SECOND, 2 * SECOND):
        clock.now = 1000 + market_time / SECOND / speed
        rows += settle(control)
        assert rows == [row for row in rows_until(START + market_time) if row[2] <= START + market_time]
        assert control.wake_time() > clock.now


def test_nothing_happens_before_the_start(clock):
    """The opening books are there, market time does not run."""
    control = Control(ScriptedMarket(SCENARIO), clock=clock)
    assert control.opening() == whole()[0]
    assert (control.wake_time(), control.take(100)) == (math.inf, [])
    assert control.status().state is RunState.WAITING


def test_the_end_comes_at_its_time(clock, controlled):
    """Not with the last event before it."""
    control = controlled(speed=1.0)
    clock.now = 1002.9999999
    settle(control)
    assert not control.ended
    clock.now = 1003.0
    settle(control)
    assert control.ended
    assert (control.wake_time(), control.take(5)) == (math.inf, [])
    assert control.status().state is RunState.ENDED


# --- pause, step, speed ----------------------------------------------------------------------------


def test_a_pause_stops_market_time(clock, controlled):
    """However long it lasts, what follows it is due as if it had not been."""
    control = controlled(speed=1.0)
    clock.now = 1001.0
    rows = settle(control)
    control.pause()
    clock.now = 5000.0
    assert settle(control) == []
    assert control.status().state is RunState.PAUSED
    control.resume()
    clock.now = 5001.0
    rows += settle(control)
    # Market time stood at its last event, a little before the second was over.
    assert rows == whole()[1][: len(rows)]
    assert START + 1.9 * SECOND < rows[-1][2] <= START + 2 * SECOND


def test_steps_come_one_action_at_a_time(controlled):
    """At least as many events as asked for, to the end of the action that makes the last."""
    control = controlled(speed=1.0)
    control.pause()
    rows = []
    for count in (1, 1, 5, 40):
        control.step(count)
        new = settle(control)
        assert count <= len(new) <= count + 20
        rows += new
    assert rows == whole()[1][: len(rows)]
    assert control.wake_time() == math.inf


def test_only_a_paused_run_is_stepped(controlled):
    """Otherwise "the next events" would not be defined."""
    with pytest.raises(MarketError, match="only a paused market"):
        controlled().step(1)


def test_a_change_of_speed_holds_from_now_on(clock, controlled):
    """The stretch before it keeps its own."""
    control = controlled(speed=1.0)
    clock.now = 1001.0
    rows = settle(control)
    control.set_speed(10.0)
    clock.now = 1001.1
    rows += settle(control)
    assert rows == whole()[1][: len(rows)]
    assert START + 1.9 * SECOND < rows[-1][2] <= START + 2 * SECOND
    assert control.status().speed == 10.0


def test_every_command_is_announced(controlled):
    """The wake time may have changed, so a waiting runner is woken."""
    calls = []
    control = controlled(speed=1.0, checkpoint_seconds=1.0, changed=lambda: calls.append(1))
    for command in (
        control.pause,
        lambda: control.step(1),
        control.resume,
        lambda: control.set_speed(2.0),
        lambda: control.seek(START + SECOND),
    ):
        before = len(calls)
        command()
        assert len(calls) > before


# --- seek ------------------------------------------------------------------------------------------


def test_forward_gives_out_everything_in_between(clock, controlled):
    """At once; then market time runs on from there."""
    control = controlled(speed=1.0)
    control.seek(START + 2 * SECOND)
    assert control.status().state is RunState.SEEKING
    rows = settle(control)
    assert rows == rows_until(START + 2 * SECOND)
    clock.now += 0.5
    rows += settle(control)
    assert rows == rows_until(START + 2 * SECOND + SECOND // 2)


@pytest.mark.parametrize("checkpoint_seconds", [0.25, 1.0, 100.0])
def test_back_gives_out_the_books_of_then_and_the_same_rows_again(controlled, checkpoint_seconds):
    """Books are cleared first, so that a client without earlier state is right, too."""
    control = controlled(checkpoint_seconds=checkpoint_seconds)
    drain(control)
    goal = START + SECOND + SECOND // 2
    control.seek(goal)
    assert not control.ended
    rows = drain(control)
    assert rows[:4] == [
        (CLEAR, 0, goal),
        (CLEAR, 1, goal),
        (STATUS, 0, goal, 1),
        (STATUS, 1, goal, 2),  # halted
    ]
    market = ScriptedMarket(SCENARIO)
    market.opening()
    market.advance(goal)
    picture = market.snapshot()
    assert rows[2 : 2 + len(picture)] == picture
    assert rows[2 + len(picture) :] == market.advance(market.end)


def test_the_books_that_are_given_out_are_the_books(controlled):
    """A book view of these rows equals one of all rows."""
    control = controlled(checkpoint_seconds=1.0)
    seen = whole()[0] + drain(control)
    control.seek(START + SECOND)
    again = drain(control)
    for instrument in (0, 1):
        for_all, for_new = L3(), L3()
        for row in seen + again:
            if row[1] == instrument:
                for_all.apply(row)
        for row in again:
            if row[1] == instrument:
                for_new.apply(row)
        assert [for_all.orders(side) for side in Side] == [for_new.orders(side) for side in Side]


def test_sequence_numbers_never_go_back(controlled):
    """They count what was given out."""
    control = controlled(checkpoint_seconds=1.0)
    given_out = len(whole()[0]) + len(drain(control))
    control.seek(START)
    given_out += len(drain(control))
    assert control.status().seq == given_out


@pytest.mark.parametrize(("command", "state"), [("pause", RunState.PAUSED), ("resume", RunState.RUNNING)])
def test_a_seek_forward_can_be_stopped_on_its_way(clock, controlled, command, state):
    """Else a time that was mistyped is sought for good, where a market has no end."""
    control = controlled(speed=1.0)
    control.seek(START + 2 * SECOND)
    rows = control.take(50)
    getattr(control, command)()
    assert control.status().state is state
    assert settle(control) == []
    control.resume()
    clock.now += 1
    rows += settle(control)
    assert rows == whole()[1][: len(rows)]
    assert rows[-1][2] < START + 2 * SECOND


def test_a_seek_back_cannot_be_stopped(controlled):
    """Clients get the snapshot of the time that the market has, not of an earlier one."""
    control = controlled(speed=1.0)
    control.seek(START + SECOND)
    settle(control)
    control.seek(START + SECOND // 2)
    control.pause()
    rows = settle(control)
    assert {row[2] for row in rows} == {START + SECOND // 2}
    assert control.status().state is RunState.PAUSED


def test_a_paused_run_stays_paused_after_a_seek(controlled):
    """It publishes the snapshot of that time, and stays paused."""
    control = controlled(speed=1.0, checkpoint_seconds=1.0)
    control.pause()
    control.seek(START + SECOND)
    settle(control)
    control.seek(START + SECOND // 2)
    rows = settle(control)
    assert {row[2] for row in rows} == {START + SECOND // 2}
    assert control.status().state is RunState.PAUSED
    assert control.status().market_time == START + SECOND // 2


def test_without_checkpoints_a_seek_back_starts_at_the_beginning(controlled):
    """To the same rows; and there is none to before the start."""
    control = controlled()
    drain(control)
    control.seek(START + SECOND)
    with_copies = controlled(checkpoint_seconds=0.5)
    drain(with_copies)
    with_copies.seek(START + SECOND)
    assert drain(control) == drain(with_copies)
    with pytest.raises(MarketError, match=f"market time began at {START}, it cannot go back to {START - 1}"):
        control.seek(START - 1)


def test_a_seek_past_the_end_is_refused(controlled):
    """Past the end of the scenario or of the run: an error, and nothing changes."""
    end = START + SCENARIO.duration
    control = controlled()
    with pytest.raises(MarketError, match=f"the market ends at {end}, it cannot go on to {end + 1}"):
        control.seek(end + 1)
    assert drain(control) == whole()[1]
    control = controlled(until=StopCondition(time=START + SECOND))
    with pytest.raises(MarketError, match="the market ends at"):
        control.seek(START + 2 * SECOND)
    control.seek(START + SECOND)
    assert drain(control) == rows_until(START + SECOND)
    assert control.status().state is RunState.ENDED


def test_a_seek_past_an_unknown_end_ends(controlled):
    """Not seeking for good."""
    control = controlled(until=StopCondition(seq=len(whole()[0]) + 5))
    control.seek(START + SECOND)
    assert len(drain(control)) == 5
    assert control.status().state is RunState.ENDED


def test_where_there_is_no_way_back_nothing_is_copied(controlled, monkeypatch):
    """As every request is kept: a copy of a large market would hold up all that it serves, for nothing."""
    copies = []
    monkeypatch.setattr("feed.sim.simulation.dump", lambda roots: copies.append(roots) or b"")
    drain(controlled(journalled=True, checkpoint_seconds=0.5))
    assert not copies
    drain(controlled(checkpoint_seconds=0.5))
    assert copies


def test_checkpoints_are_thinned_out(controlled):
    """A bounded number, and never two closer than the last distance."""
    control = controlled(checkpoint_seconds=0.01)
    drain(control, limit=5)
    kept = [time for time, _ in control._checkpoints._kept]
    assert 1 < len(kept) <= control._checkpoints.MOST


def test_checkpoints_are_bounded_in_bytes(controlled):
    """Fewer are kept when they would take more; and none when too few of them would fit to be of use."""
    control = controlled(checkpoint_seconds=0.01)
    drain(control, limit=5)
    size = max(len(copy) for _, copy in control._checkpoints._kept)
    control = controlled(checkpoint_seconds=0.01, checkpoint_bytes=10 * size)
    drain(control, limit=5)
    kept = [len(copy) for _, copy in control._checkpoints._kept]
    assert 1 < len(kept) <= 10
    assert sum(kept) <= 10 * size
    control = controlled(checkpoint_seconds=0.01, checkpoint_bytes=7 * size)
    drain(control, limit=5)
    assert len(control._checkpoints._kept) <= 1


# --- until -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [0.0, 1.0])
def test_a_run_ends_at_a_time(clock, controlled, speed):
    """What happens at that time is still part of it."""
    control = controlled(speed=speed, until=StopCondition(time=START + SECOND))
    clock.now = 2000.0
    assert drain(control) == rows_until(START + SECOND)
    assert control.status().market_time == START + SECOND


@pytest.mark.parametrize("seq", [1, 40, 100, 101, 102])
def test_a_run_ends_with_an_event(clock, seq):
    """Exactly, in the middle of an action, or of the opening books."""
    control = Control(ScriptedMarket(SCENARIO), clock=clock, until=StopCondition(seq=seq))
    rows = control.opening()
    control.start()
    opening, others = whole()
    assert rows + drain(control) == (opening + others)[:seq]


def test_an_endless_market_can_be_ended(clock):
    """A market without a script, by time."""
    control = Control(
        Market(SPEC, seed=1, start=START), clock=clock, until=StopCondition(time=START + SECOND)
    )
    market = Market(SPEC, seed=1, start=START)
    assert control.opening() == market.opening()
    control.start()
    assert drain(control) == market.advance(START + SECOND)


def test_a_halted_market_ends_too(clock):
    """A market in which all is halted has no rows, and still `take` returns."""
    scenario = Scenario(
        name="test", start=START, duration=3600 * SECOND, market=SPEC, actions=(Halt(at=0, instruments=()),)
    )
    control = Control(ScriptedMarket(scenario), clock=clock)
    control.opening()
    control.start()
    rows = control.take(100)
    assert {row[0] for row in rows} <= {STATUS, QUOTE, CLOCK}
    assert control.status().market_time < START + 5 * SECOND
    assert not control.ended


# --- any commands ----------------------------------------------------------------------------------

COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.floats(0, 0.7)),
        st.tuples(st.just("pause"), st.none()),
        st.tuples(st.just("resume"), st.none()),
        st.tuples(st.just("speed"), st.sampled_from([0.0, 0.5, 3.0])),
        st.tuples(st.just("seek"), st.integers(0, 3 * SECOND)),
    ),
    max_size=10,
)


@settings(max_examples=40, deadline=None)
@given(commands=COMMANDS)
def test_whatever_is_commanded_the_rows_are_those_of_the_market(commands):
    """Between two seeks back, what comes out is an unbroken piece of the one run there is."""
    clock = Clock()
    control = Control(ScriptedMarket(SCENARIO), clock=clock, speed=1.0, checkpoint_seconds=0.5)
    opening, others = whole()
    pieces = [control.opening()]
    control.start()
    for name, value in commands:
        if name == "wait":
            clock.now += value
        elif name == "pause":
            control.pause()
        elif name == "resume":
            control.resume()
        elif name == "speed":
            control.set_speed(value)
        else:
            control.seek(START + value)
        for row in settle(control, limit=50):
            if row[:2] == (CLEAR, 0):
                pieces.append([])
            pieces[-1].append(row)
    assert pieces[0] == (opening + others)[: len(pieces[0])]
    for piece in pieces[1:]:
        market = ScriptedMarket(SCENARIO)
        market.opening()
        market.advance(piece[0][2])
        expected = piece[:2] + market.snapshot() + market.advance(market.end)
        assert piece == expected[: len(piece)]
