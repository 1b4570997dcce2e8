"""When the bytes of a bad link are due. No loop, no clock but the test's own."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from feed.faults.pacing import SLICE_SECONDS, Pacing

WRITES = st.lists(st.tuples(st.floats(0, 0.5), st.binary(min_size=1, max_size=400)), min_size=1, max_size=20)


def passed(pacing, writes):
    """When each piece arrives that is written at these times: pairs of time and bytes."""
    times = list(accumulate(gap for gap, _ in writes))
    waiting = list(zip(times, (data for _, data in writes), strict=True))
    found = []
    while waiting or pacing.due is not None:
        due = pacing.due
        if waiting and (due is None or waiting[0][0] <= due):
            now, data = waiting.pop(0)
            pacing.put(data, now)
        else:
            piece = bytes(pacing.take(due))
            pacing.arrived(len(piece))
            found.append((due, piece))
    return found


@given(writes=WRITES, late=st.lists(st.floats(0, 2), min_size=20, max_size=20))
def test_whatever_is_late_keeps_its_order(writes, late):
    """Nothing is lost, nothing overtakes, and each write is late by what was drawn for it at least."""
    pacing, draws = Pacing(), iter(late)
    pacing.late = lambda: next(draws)
    arrived = passed(pacing, writes)
    assert [piece for _, piece in arrived] == [data for _, data in writes]
    times = [time for time, _ in arrived]
    assert times == sorted(times)
    for time, written, least in zip(times, accumulate(gap for gap, _ in writes), late, strict=False):
        assert time >= written + least
    assert pacing.bytes == 0


@given(writes=WRITES, rate=st.integers(1, 5000))
def test_a_narrow_link_takes_no_more_than_it_says(writes, rate):
    """From any piece to any later one, but for what one slice holds."""
    pacing = Pacing()
    pacing.bytes_per_second = rate
    arrived = passed(pacing, writes)
    assert b"".join(piece for _, piece in arrived) == b"".join(data for _, data in writes)
    slice_bytes = max(1, rate * SLICE_SECONDS)
    for at, (began, _) in enumerate(arrived):
        total = 0
        for time, piece in arrived[at:]:
            total += len(piece)
            assert total <= (time - began) * rate + slice_bytes + 1e-6


def test_a_link_that_is_wide_again_gives_the_rest_at_once():
    """What was on the way is due when its delay is over, and not when a narrow link had been free."""
    pacing = Pacing()
    pacing.bytes_per_second = 10
    pacing.put(b"x" * 100, 5.0)
    assert (pacing.due, bytes(pacing.take(5.0))) == (5.0, b"x")
    assert pacing.due == 5.1
    pacing.bytes_per_second = None
    assert (pacing.due, len(pacing.take(5.0)), pacing.due) == (5.0, 99, None)


def test_what_is_on_the_way_counts_until_it_has_arrived():
    """In bytes; what is forgotten meanwhile counts no more."""
    pacing = Pacing()
    assert not pacing.needed
    pacing.put(b"abc", 1.0)
    assert (pacing.bytes, pacing.needed) == (3, True)
    size = len(pacing.take(1.0))
    assert (pacing.bytes, pacing.due) == (3, None)
    pacing.clear()
    pacing.arrived(size)
    assert (pacing.bytes, pacing.needed) == (0, False)
