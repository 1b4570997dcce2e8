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


def test_a_quantile_is_the_bound_that_so_many_stayed_within():
    """Nothing before the first, and the last bound for what is beyond all."""
    histogram = Histogram()
    assert histogram.quantile(0.5) == 0.0
    for seconds in (0.00015, 0.004, 0.004, 99.0):
        histogram.observe(seconds)
    assert [histogram.quantile(share) for share in (0.25, 0.5, 0.75, 0.99)] == [0.0002, 0.005, 0.005, 5.0]
