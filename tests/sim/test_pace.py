"""Market time against the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.sim.pace import Pace

NOW = 1_700_000_000_000_000_000


@pytest.mark.parametrize("speed", [0.5, 1, 10])
def test_market_time_runs_at_its_speed(speed):
    """Both ways: what is due two seconds on, and when it is due."""
    pace = Pace(market=NOW, clock=100.0, speed=speed)
    due = NOW + int(2_000_000_000 * speed)
    assert pace.market_time(102.0) == due
    assert pace.clock_time(due) == 102.0


def test_the_market_begins_at_once():
    """At the start the market time is the start."""
    pace = Pace(market=NOW, clock=100.0, speed=1)
    assert (pace.market_time(100.0), pace.clock_time(NOW)) == (NOW, 100.0)


def test_as_fast_as_possible_everything_is_due():
    """Speed zero: no time is too late, and none has to be waited for."""
    pace = Pace(market=NOW, clock=100.0, speed=0)
    assert pace.market_time(100.0) is None
    assert pace.clock_time(NOW + 10**18) == 100.0


@given(st.integers(0, 10**15), st.floats(0.01, 1000), st.floats(0, 1e6))
def test_an_event_is_due_when_the_clock_says_so(ahead, speed, clock):
    """At its clock time its market time has come, to within the precision of a float clock."""
    pace = Pace(market=NOW, clock=clock, speed=speed)
    reached = pace.market_time(pace.clock_time(NOW + ahead))
    assert abs(reached - (NOW + ahead)) <= 1 + speed * 1e9 * 1e-9 * (1 + ahead / 1e9 / speed + clock)
