"""What a client may spend, counted in units; no task and no socket is needed for that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.server.budget import ConnectionBudget, TokenBucket
from feed.settings import Limits

GAPS = st.lists(st.tuples(st.floats(0, 3), st.integers(0, 400)), max_size=60)


@given(st.integers(1, 500), st.integers(1, 500), st.floats(0, 1e6), GAPS)
def test_never_more_than_the_burst_and_the_rate_since(rate, burst, start, steps):
    """In no stretch of time are more units admitted than the burst and what the rate adds in it."""
    bucket, now, admitted = TokenBucket(rate, burst, now=start), start, []
    for gap, wanted in steps:
        now += gap
        units = min(wanted, burst)
        if not bucket.delay(now, units):
            bucket.take(units, now)
            admitted.append((now, units))
    for first in range(len(admitted)):
        spent = 0
        for when, units in admitted[first:]:
            spent += units
            assert spent <= burst + rate * (when - admitted[first][0]) + 0.01


@given(st.integers(1, 500), st.integers(1, 500), GAPS)
def test_work_that_costs_more_than_was_known_delays_what_follows(rate, burst, steps):
    """What is begun without debt exceeds burst and rate by no more than its last piece."""
    bucket, now, spent, begun = TokenBucket(rate, burst, now=0.0), 0.0, 0, None
    for gap, units in steps:
        now += gap
        if not bucket.delay(now):
            begun = now if begun is None else begun
            assert spent <= burst + rate * (now - begun) + 0.01
            bucket.take(units, now)
            spent += units


@given(st.integers(1, 500), st.integers(1, 500), st.integers(0, 2000))
def test_who_waits_for_the_delay_may_go_on(rate, burst, units):
    """The delay is exact: neither is there another one after it, nor was it too long."""
    bucket = TokenBucket(rate, burst, now=5.0)
    bucket.take(units, 5.0)
    delay = bucket.delay(5.0)
    assert delay == pytest.approx(max(0, units - burst) / rate)
    assert bucket.delay(5.0 + delay) == 0
    assert delay == 0 or bucket.delay(5.0 + delay * 0.9) > 0


def test_a_bucket_is_full_again_when_nothing_was_taken_for_long_enough():
    """The burst comes back at the rate, and never more than it."""
    bucket = TokenBucket(10, 50, now=0.0)
    assert bucket.full(0.0)
    bucket.take(30, 0.0)
    assert (bucket.level(0.0), bucket.full(2.9), bucket.full(3.0), bucket.level(100.0)) == (
        20,
        False,
        True,
        50,
    )


LIMITS = Limits(
    messages_per_second=10, message_burst=20, work_per_second=1000, work_burst=2000, held_seconds=5
)


def push(allowance, now, until, units=0):
    """Send messages as fast as they are taken, up to ``until``; how many were, and when it ended."""
    count = 0
    while now < until:
        delay = allowance.hold(now, messages=1)
        if allowance.excessive:
            break
        if delay:
            now += delay
            continue
        allowance.take(units, now, messages=1)
        count += 1
    return count, now


def test_more_than_the_budget_for_long_is_excessive():
    """The burst, then the rate, until it has been held back for as long as the limits bear."""
    count, now = push(ConnectionBudget(LIMITS, 0.0), 0.0, 100.0)
    assert count == pytest.approx(20 + 5 * 10, abs=1)
    assert now == pytest.approx(5.0, abs=0.2)


def test_work_counts_as_messages_do():
    """Few messages that cost much are held back, too."""
    count, _ = push(ConnectionBudget(LIMITS, 0.0), 0.0, 3.0, units=500)
    assert count == pytest.approx((2000 + 3 * 1000) / 500, abs=1)


def test_who_rests_between_two_rushes_is_not_excessive():
    """Time in which nothing had to wait makes up for as much time in which something had to."""
    allowance = ConnectionBudget(LIMITS, 0.0)
    for start in range(0, 600, 10):
        assert push(allowance, start, start + 4.5)[0] > 40
    assert not allowance.excessive


def test_two_waits_for_the_same_debt_count_once():
    """A connection has two tasks that may be held back at the same time."""
    allowance = ConnectionBudget(LIMITS, 0.0)
    allowance.take(6000, 0.0)
    assert [allowance.hold(0.0), allowance.hold(0.0), allowance.hold(1.0)] == [4.0, 4.0, 3.0]
    assert not allowance.excessive


def test_a_protocol_may_have_a_bound_on_messages_of_its_own():
    """Its rate holds, and its burst is never less than a second of it."""
    allowance = ConnectionBudget(LIMITS, 0.0)
    allowance.expect(100, 0.0)
    assert push(allowance, 0.0, 1.0)[0] == pytest.approx(200, abs=1)


def test_a_reserve_is_saved_up_and_spent():
    """A new connection has none; a quiet one has some seconds of it."""
    allowance = ConnectionBudget(LIMITS, 0.0)
    rate = LIMITS.work_reserve
    assert not allowance.reserved(1, 0.0)
    assert allowance.reserved(rate, 1.0)
    assert not allowance.reserved(1, 1.0)
    assert allowance.reserved(10 * rate, 1000.0)
    assert not allowance.reserved(1, 1000.0)
