"""How many messages are too many."""

from hypothesis import given
from hypothesis import strategies as st

from feed.server.meter import Meter


def test_the_limit_is_allowed_and_the_next_is_not():
    """The hundredth in a second passes, the hundred and first does not, nor any after it."""
    meter = Meter(100)
    assert [meter.exceeded(5.0) for _ in range(102)] == [False] * 100 + [True, True]


def test_a_new_second_begins_with_the_first_message_after_the_old_one():
    """Windows are a second long, wherever they lie."""
    meter = Meter(2)
    times = [0.5, 1.4, 1.5, 1.6, 1.7, 9.0]
    assert [meter.exceeded(time) for time in times] == [False, False, False, False, True, False]


@given(st.integers(1, 20), st.floats(0, 1e9))
def test_an_even_stream_at_the_limit_always_passes(limit, start):
    """Limit messages at the top of every second, for as long as you like."""
    meter = Meter(limit)
    assert not any(meter.exceeded(start + second) for second in range(0, 20, 2) for _ in range(limit))


@given(st.integers(1, 20), st.lists(st.floats(0, 5), max_size=200))
def test_twice_the_limit_in_a_second_never_passes(limit, times):
    """However a second is cut out, fewer than two windows' worth went through before the first refusal."""
    meter = Meter(limit)
    passed = []
    for time in sorted(times):
        if meter.exceeded(time):
            break
        passed.append(time)
    assert all(sum(start <= time < start + 1 for time in passed) <= 2 * limit for start in passed)
