"""Weights of requests, counted in windows; refusals, and bans that grow."""

import pytest

from feed.dialects.metering import Bans, Limit, RequestCounter

MINUTE = Limit(seconds=60, most=10)
RAW = Limit(seconds=300, most=4, raw=True)
BANS = Bans(refusals=3, first_seconds=120, most_seconds=300)


def counter(*limits, most=100):
    return RequestCounter(limits or (MINUTE,), BANS, most)


def test_weights_are_added_up_in_windows_of_the_clock():
    """A window begins on a multiple of its length, whenever somebody asks first."""
    it = counter()
    assert it.charge("a", 4, 59).counts == (4,)
    assert it.charge("a", 4, 59.9).counts == (8,)
    assert it.charge("a", 4, 60).counts == (4,)
    assert it.charge("b", 1, 60).counts == (1,)
    assert it.counts("a", 119.9) == (4,)
    assert it.counts("a", 120) == (0,)


def test_what_is_too_much_is_refused_until_the_window_ends():
    """And counts all the same."""
    it = counter()
    assert not it.charge("a", 10, 65).refused
    usage = it.charge("a", 1, 66)
    assert (usage.refused, usage.banned, usage.exceeded, usage.until) == (True, False, MINUTE, 120)
    assert usage.counts == (11,)
    assert not it.charge("b", 10, 66).refused
    assert not it.charge("a", 1, 120).refused


def test_each_limit_counts_in_its_own_way():
    """One of raw requests passes weights over; the first that is broken is told."""
    it = counter(MINUTE, RAW)
    for second in (0, 60, 120, 180):
        assert not it.charge("a", 10, second).refused
    usage = it.charge("a", 10, 240)
    assert (usage.exceeded, usage.until, usage.counts) == (RAW, 300, (10, 5))


def test_who_goes_on_is_banned_and_longer_each_time():
    """From the third refusal in a window; a ban doubles up to the longest, and counts nothing meanwhile."""
    it = counter()
    now, lengths = 0.0, []
    for _ in range(4):
        assert not it.charge("a", 10, now).refused
        assert [it.charge("a", 1, now).banned for _ in range(3)] == [False, False, True]
        usage = it.charge("a", 1, now)
        assert (usage.banned, usage.refused) == (True, True)
        lengths.append(usage.until - now)
        assert it.charge("a", 1, usage.until - 0.001).banned
        now = usage.until
    assert lengths == [120, 240, 300, 300]
    assert not it.charge("b", 10, now).refused


def test_after_a_ban_requests_are_taken_again():
    """Though it is shorter than what is left of the window that it began in."""
    it = RequestCounter((MINUTE,), Bans(refusals=1, first_seconds=5, most_seconds=300), 100)
    it.charge("a", 10, 2)
    assert it.charge("a", 1, 2).until == 60
    assert it.charge("a", 1, 59).banned
    assert not it.charge("a", 10, 60).refused
    assert it.charge("a", 1, 115).until == 125


def test_refusals_of_one_window_are_forgotten_in_the_next():
    """Whoever backs off is not banned for what was long ago."""
    it = counter()
    for window in range(5):
        now = window * 60
        assert not it.charge("a", 10, now).refused
        assert [it.charge("a", 1, now).banned for _ in range(2)] == [False, False]


def test_bans_are_forgotten_after_the_longest():
    """The next one is as short as the first."""
    it = counter()
    for start in (0, 1000):
        it.charge("a", 10, start)
        usage = [it.charge("a", 1, start) for _ in range(3)][-1]
        assert usage.until == start + 120


@pytest.mark.parametrize("most", [1, 2])
def test_names_are_bounded(most):
    """Those past the bound are counted together until the window ends, and nothing grows."""
    it = counter(most=most)
    for number in range(most):
        assert it.charge(f"known {number}", 9, 0).counts == (9,)
    assert it.charge("x", 6, 0).counts == (6,)
    assert it.charge("y", 4, 0).counts == (10,)
    assert it.charge("z", 1, 0).refused
    for number in range(50):
        it.charge(f"stranger {number}", 11, 0)
    assert len(it._counts[0]) <= most + 1
    assert len(it._offenders) <= most
    assert it.charge("x", 6, 60).counts == (6,)
