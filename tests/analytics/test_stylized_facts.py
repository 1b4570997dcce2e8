"""Statistics of series whose answer is known: by hand, or by theory."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.analytics import stylized_facts as statistics


@pytest.fixture
def rng():
    return random.Random("stylized facts")


def test_waiting_times_of_a_clock_of_chance_and_of_bursts(rng):
    """0 for a clock, 1 for a Poisson process, more for bursts; two values by hand."""
    assert statistics.variation([5] * 100) == 0
    assert statistics.variation([rng.expovariate(1) for _ in range(20_000)]) == pytest.approx(1, abs=0.03)
    assert statistics.variation([1, 3]) == 0.5
    assert statistics.variation([0, 0, 0, 4]) == pytest.approx(math.sqrt(3))


def test_counts_in_intervals_and_their_variance():
    """Whole intervals alone, the first from the start; variance over mean by hand."""
    assert statistics.counts_by_interval([9, 10, 19, 20, 39, 40, 44], 10, 45, 10) == [2, 1, 1]
    assert statistics.fano([4, 4, 4, 4]) == 0
    assert statistics.fano([0, 0, 0, 16]) == 12


def test_autocorrelation_finds_a_rhythm():
    """Alternating values are opposite at odd lags and alike at even ones."""
    values = [1.0, -1.0] * 500
    assert statistics.autocorrelation(values, 1) == pytest.approx(-0.999)
    assert statistics.autocorrelation(values, 2) == pytest.approx(0.998)
    assert statistics.autocorrelation([2.0] * 10, 1) == 0


def test_autocorrelation_of_an_autoregressive_series_is_its_coefficient_by_powers(rng):
    """x(t) = 0.6 x(t-1) + noise has 0.6, 0.36, and 0 far away."""
    values = [0.0]
    for _ in range(40_000):
        values.append(0.6 * values[-1] + rng.gauss(0, 1))
    one, two, far = statistics.autocorrelations(values, (1, 2, 200))
    assert (one, two, far) == pytest.approx((0.6, 0.36, 0), abs=0.03)


def test_kurtosis_of_known_distributions(rng):
    """0 of the normal, 3 of the Laplace distribution; a fair coin's is -2."""
    assert statistics.excess_kurtosis([rng.gauss(0, 1) for _ in range(40_000)]) == pytest.approx(0, abs=0.1)
    laplace = [rng.expovariate(1) * rng.choice((-1, 1)) for _ in range(80_000)]
    assert statistics.excess_kurtosis(laplace) == pytest.approx(3, abs=0.4)
    assert statistics.excess_kurtosis([1.0, -1.0] * 10) == -2
    assert statistics.excess_kurtosis([3.0] * 10) == 0


def test_variance_ratio_of_a_walk_a_trend_and_a_swing(rng):
    """1 for a random walk; the length for a straight line; 0 for what comes back."""
    walk = [0.0]
    for _ in range(60_000):
        walk.append(walk[-1] + rng.gauss(0, 1))
    assert statistics.variance_ratio(walk, 10) == pytest.approx(1, abs=0.05)
    assert statistics.variance_ratio(walk, 50, 5) == pytest.approx(1, abs=0.1)
    assert statistics.variance_ratio(list(range(1000)), 10) == pytest.approx(10)
    assert statistics.variance_ratio([0.0, 1.0] * 100, 2) == 0


def test_a_bounce_between_bid_and_ask_lowers_the_variance_ratio(rng):
    """A walk seen with independent noise of half its variance a step: (k + 1) / k / 2 at k steps."""
    walk, seen = 0.0, []
    for _ in range(60_000):
        walk += rng.gauss(0, 1)
        seen.append(walk + rng.gauss(0, math.sqrt(0.5)))
    assert statistics.variance_ratio(seen, 5) == pytest.approx(6 / 5 / 2, abs=0.05)


def test_returns_are_logarithmic_and_may_skip():
    """Of every second level."""
    assert statistics.log_returns([1, math.e, math.e**3]) == pytest.approx([1, 2])
    assert statistics.log_returns([1, 7, math.e, 7, math.e**3], 2) == pytest.approx([1, 2])
    assert statistics.deviation([3.0, -4.0, 0.0, 0.0]) == 2.5


def test_correlation(rng):
    """1 and -1 of lines, 0 of independent series, sqrt(1/2) of one and its sum with another."""
    one = [rng.gauss(0, 1) for _ in range(20_000)]
    other = [rng.gauss(0, 1) for _ in range(20_000)]
    assert statistics.correlation([1, 2, 3], [5, 7, 9]) == pytest.approx(1)
    assert statistics.correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert statistics.correlation([1, 2, 3], [4, 4, 4]) == 0
    assert statistics.correlation(one, other) == pytest.approx(0, abs=0.03)
    both = [a + b for a, b in zip(one, other, strict=True)]
    assert statistics.correlation(one, both) == pytest.approx(math.sqrt(0.5), abs=0.02)


@given(st.floats(-3, 3), st.floats(0.01, 100))
def test_a_power_law_is_found(exponent, factor):
    """Points on one give its exponent and factor; what is not positive is left out."""
    points = [(x, factor * x**exponent) for x in (0.5, 1, 3, 10, 30)]
    found = statistics.power_law([*points, (0, 1), (1, -1)])
    assert found == pytest.approx((exponent, factor), rel=1e-6, abs=1e-6)


def test_a_power_law_needs_two_places():
    """One point has no slope."""
    assert all(math.isnan(it) for it in statistics.power_law([(2, 1), (2, 3)]))
    assert all(math.isnan(it) for it in statistics.power_law([]))


def test_a_square_root_is_found_through_noise(rng):
    """Answers that grow with the root of the size, each drowned in noise: the means tell the exponent."""
    sizes = [rng.paretovariate(1.5) for _ in range(40_000)]
    answers = [math.sqrt(size) + rng.gauss(0, 3) for size in sizes]
    exponent, factor = statistics.power_law(statistics.means_by_size(sizes, answers))
    assert (exponent, factor) == pytest.approx((0.5, 1), abs=0.1)


def test_equal_sizes_stay_in_one_group():
    """Three sizes among many orders are three groups, however many were asked for."""
    sizes, answers = [1] * 50 + [2] * 30 + [8] * 20, [1.0] * 50 + [2.0] * 30 + [4.0] * 20
    assert statistics.means_by_size(sizes, answers) == [(1, 1), (2, 2), (8, 4)]
    assert statistics.means_by_size([1, 2, 3, 4], [1, 2, 3, 4], 2) == [(1.5, 1.5), (3.5, 3.5)]
    assert statistics.means_by_size([], []) == []


def test_quantiles_by_weight():
    """The least value with that share at or below it."""
    weights = {3: 10, 1: 50, 2: 40}
    assert statistics.quantiles(weights, (0.05, 0.5, 0.51, 0.9, 0.91, 1)) == (1, 1, 2, 2, 3, 3)
    assert all(math.isnan(it) for it in statistics.quantiles({}, (0.5,)))


def test_an_interval_of_confidence_by_hand():
    """Mean 3, standard deviation 1, three runs: 4.303 / sqrt(3) to each side; one run has no interval."""
    it = statistics.estimate([2.0, math.nan, 3.0, 4.0])
    assert (it.mean, it.least, it.greatest) == (3, 2, 4)
    assert it.half_width == pytest.approx(4.303 / math.sqrt(3))
    assert statistics.estimate([5.0]).mean == 5
    assert math.isnan(statistics.estimate([5.0]).half_width)
    assert math.isnan(statistics.estimate([math.nan]).mean)


def test_nineteen_of_twenty_intervals_hold_the_mean(rng):
    """Of five normal values each."""
    held = 0
    for _ in range(2000):
        it = statistics.estimate([rng.gauss(7, 2) for _ in range(5)])
        held += abs(it.mean - 7) <= it.half_width
    assert held / 2000 == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    "value",
    [
        statistics.mean([]),
        statistics.variation([1]),
        statistics.fano([0, 0, 0]),
        statistics.fano([1]),
        statistics.autocorrelation([1, 2, 3], 2),
        statistics.excess_kurtosis([1, 2, 3]),
        statistics.deviation([]),
        statistics.variance_ratio([1, 2, 3], 1),
        statistics.correlation([1, 2], [1, 2]),
    ],
)
def test_too_little_is_no_figure(value):
    """A figure of too few values is not a number, and raises nothing."""
    assert math.isnan(value)
