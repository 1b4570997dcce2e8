"""Sizes are counted to 3 %, in bounded memory."""

import math

from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.calibration.histogram import Histogram


def histogram(sizes):
    counted = Histogram()
    for size in sizes:
        counted.add(size)
    return counted


@given(st.lists(st.integers(0, 10**15), min_size=1), st.sampled_from([0.05, 0.5, 0.95]))
def test_quantiles_are_right_to_three_percent(sizes, share):
    """The mean is exact, a quantile is never above the true one, and at most 1/32 below it."""
    counted = histogram(sizes)
    assert counted.mean == sum(sizes) / len(sizes)
    true = sorted(sizes)[max(0, math.ceil(share * len(sizes)) - 1)]
    assert true * 31 / 32 <= counted.quantile(share) <= true


def test_memory_is_bounded():
    """However many different sizes there are, a few hundred are told apart."""
    counted = histogram(range(1, 100_000))
    assert len(counted._counts) < 1000


def test_nothing_has_no_mean():
    """And no quantile."""
    assert math.isnan(histogram([]).mean)
    assert math.isnan(histogram([]).quantile(0.5))
