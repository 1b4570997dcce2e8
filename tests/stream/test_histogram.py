"""How often a duration was how long."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.stream.histogram import BOUNDS, Histogram


@given(st.lists(st.floats(0, 10) | st.sampled_from(BOUNDS), max_size=30))
def test_each_bound_counts_what_is_no_longer(durations):
    """A duration that is a bound is within it; the last bucket counts all."""
    histogram = Histogram()
    for duration in durations:
        histogram.observe(duration)
    *bounded, (last, count) = histogram.cumulative()
    assert bounded == [(str(bound), sum(item <= bound for item in durations)) for bound in BOUNDS]
    assert (last, count) == ("+Inf", len(durations))
    # Since Python 3.12 sum() rounds less often than adding one by one.
    assert histogram.total == pytest.approx(sum(durations))


def test_bounds_rise():
    """As counting in them needs."""
    assert all(low < high for low, high in pairwise(BOUNDS))
