"""Between which two events a fault stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.faults.schedule import FaultSchedule, FaultTransition
from feed.model.faults import Disconnect, Garbage, Mute

START = 1_000


def rows(*times):
    return [(8, 0, START + time) for time in times]


def test_a_time_stands_before_the_first_event_of_it():
    """Or of a later one; what came before is not concerned."""
    schedule = FaultSchedule([Disconnect(at=50)], start=START)
    assert schedule.next(0, rows(10, 49)) is None
    assert schedule.next(2, rows(49, 50, 50)) == 1
    assert schedule.take(3, rows(50, 50), now=START + 49) == FaultTransition(START + 50, True, 0)
    assert schedule.next(3, rows(50, 50)) is None


def test_a_number_stands_after_its_event():
    """At the end of a batch too, for nothing has to follow."""
    schedule = FaultSchedule([Garbage(seq=7)], start=START)
    assert schedule.next(3, rows(1, 2, 3)) is None
    assert schedule.next(3, rows(1, 2, 3, 4)) == 4
    assert schedule.next(7, []) == 0


def test_one_that_lasts_ends():
    """So long after it began: by its own time, or by that of the event before it."""
    schedule = FaultSchedule([Mute(at=50, duration=30), Mute(seq=4, duration=5)], start=START)
    assert schedule.next(0, rows(60)) == 0
    assert schedule.take(0, rows(60), now=START) == FaultTransition(START + 50, True, 0)
    assert schedule.next(0, rows(60, 61, 62, 63, 70)) == 4
    assert schedule.take(4, rows(70), now=START + 63) == FaultTransition(4, True, 1)
    assert schedule.next(4, rows(67, 68, 90)) == 1
    assert schedule.take(5, rows(68, 90), now=START + 67) == FaultTransition(START + 68, False, 1)
    assert schedule.next(5, rows(68, 90)) == 1
    assert schedule.take(6, rows(90), now=START + 68) == FaultTransition(START + 80, False, 0)


def test_at_one_place_the_end_comes_first_then_the_files_order():
    """So that one that follows another finds it over."""
    schedule = FaultSchedule([Mute(at=10, duration=10), Garbage(at=20), Disconnect(at=20)], start=START)
    schedule.take(0, rows(15), now=START)
    taken = []
    while schedule.next(1, rows(99)) == 0:
        cue = schedule.take(1, rows(99), now=START + 15)
        taken.append((cue.number, cue.begins))
    assert taken == [(0, False), (1, True), (2, True)]


def test_nothing_is_due():
    """It says so to who takes without asking."""
    with pytest.raises(LookupError):
        FaultSchedule([], start=START).take(0, rows(1), now=START)


@given(
    faults=st.lists(
        st.one_of(
            st.builds(Garbage, at=st.integers(0, 40)),
            st.builds(Garbage, seq=st.integers(1, 40)),
            st.builds(Mute, at=st.integers(0, 40), duration=st.integers(1, 20)),
            st.builds(Mute, seq=st.integers(1, 40), duration=st.integers(1, 20)),
        ),
        max_size=6,
    ),
    steps=st.lists(st.integers(0, 3), min_size=40, max_size=40),
    cuts=st.lists(st.integers(1, 9), max_size=12),
)
def test_batches_may_be_cut_anywhere(faults, steps, cuts):
    """Every fault stands between the same two events, however they come."""

    def places(sizes):
        schedule, now, seq, found, time = FaultSchedule(faults, start=START), START, 0, [], 0
        left = []
        for step in steps:
            time += step
            left += rows(time)
        for size in [*sizes, len(left)]:
            batch, left = left[:size], left[size:]
            while batch and (before := schedule.next(seq, batch)) is not None:
                now = batch[before - 1][2] if before else now
                seq, batch = seq + before, batch[before:]
                cue = schedule.take(seq, batch, now=now)
                found.append((seq, cue.number, cue.begins))
            now, seq = (batch[-1][2], seq + len(batch)) if batch else (now, seq)
        return found

    assert places(cuts) == places([])
