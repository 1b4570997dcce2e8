"""When a lease is asked for again, and until when it holds."""

import pytest

from feed.cluster.lease import POLL_SECONDS, Lease


def test_it_is_renewed_eight_times_in_its_time():
    """Counted from when it was asked for: an answer may be late."""
    lease = Lease(4.0)
    assert (lease.held(0.0), lease.wait(0.0)) == (False, 0.0)
    lease.answered(10.0, 10.3, ours=True)
    assert lease.wait(10.3) == pytest.approx(0.2)
    assert lease.wait(11.0) == 0.0
    assert [lease.held(now) for now in (10.3, 13.9, 14.0)] == [True, True, False]


def test_who_hears_nothing_asks_again_soon():
    """What it had it has until its time is over."""
    lease = Lease(2.0)
    lease.answered(10.0, 10.0, ours=True)
    lease.unanswered(11.0)
    assert lease.wait(11.0) == pytest.approx(POLL_SECONDS)
    assert (lease.held(11.5), lease.held(12.5)) == (True, False)


def test_a_lease_of_another_is_asked_for_again_and_again():
    """It was ours no more from the moment on at which that was said."""
    lease = Lease(2.0)
    lease.answered(10.0, 10.0, ours=True)
    lease.answered(10.5, 10.6, ours=False)
    assert not lease.held(10.6)
    assert lease.wait(10.6) == pytest.approx(POLL_SECONDS)
