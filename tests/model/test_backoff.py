"""How long a client waits before it connects again."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.model.backoff import Backoff


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (Backoff(jitter_seconds=0), [1, 2, 4, 8, 16, 32, 32]),
        (Backoff(jitter_seconds=0, most_seconds=30), [1, 2, 4, 8, 16, 30, 30]),
        (Backoff(jitter_seconds=0, first_seconds=5, most_seconds=3), [3, 3]),
    ],
)
def test_waits_double_up_to_a_bound(backoff, waits):
    """The numbers of the documents: 1 s, doubled, up to 30 or 32 s."""
    assert list(islice(backoff.delays(lambda: 0.5), len(waits))) == waits


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=12))
def test_waits_are_scattered_upwards_only(draws):
    """Each is its own draw above the bare wait, and never by more than the jitter."""
    bare = list(islice(Backoff(jitter_seconds=0).delays(lambda: 0), len(draws)))
    left = iter(draws)
    waits = list(islice(Backoff(jitter_seconds=0.25).delays(lambda: next(left)), len(draws)))
    assert waits == [wait + 0.25 * draw for wait, draw in zip(bare, draws, strict=True)]
