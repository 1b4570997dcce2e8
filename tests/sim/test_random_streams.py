"""Draws by table: the right distributions, from additions, divisions and roots alone."""

from __future__ import annotations

import math

import pytest

from feed.model.market import Delay
from feed.sim.random_streams import EXPONENTIAL, HEAVY, LAPLACE, MASK, delay_table, random_stream, threshold


def moments(table):
    mean = math.fsum(table) / len(table)
    return mean, math.fsum((x - mean) ** 2 for x in table) / len(table)


@pytest.mark.parametrize("table", [EXPONENTIAL, LAPLACE, HEAVY])
def test_a_table_has_an_entry_for_every_draw(table):
    """Any ``WIDTH`` random bits are an index."""
    assert len(table) == MASK + 1
    assert all(math.isfinite(x) for x in table)


def test_exponential_has_mean_and_variance_one():
    """The mean is exact, the variance loses what lies beyond the last quantile."""
    mean, variance = moments(EXPONENTIAL)

    assert math.isclose(1.0, mean, rel_tol=1e-12)
    assert math.isclose(1.0, variance, rel_tol=0.01)


def test_exponential_has_the_quantiles_of_the_distribution():
    """The table agrees with the logarithm that it does without."""
    for n in range(0, MASK, 97):
        assert math.isclose(-math.log1p(-(n + 0.5) / (MASK + 1)), EXPONENTIAL[n], rel_tol=1e-3, abs_tol=2e-4)


def test_laplace_is_symmetric_with_variance_one():
    """Moves have no direction, and a known size."""
    mean, variance = moments(LAPLACE)

    assert mean == 0.0
    assert math.isclose(1.0, variance, rel_tol=1e-12)
    assert [-x for x in reversed(LAPLACE)] == list(LAPLACE)


def test_heavy_has_mean_one_and_a_long_tail():
    """Most sizes are below the mean, a few are many times as large."""
    mean, _ = moments(HEAVY)

    assert math.isclose(1.0, mean, rel_tol=1e-12)
    assert sum(x < 1 for x in HEAVY) > 0.7 * len(HEAVY)
    assert max(HEAVY) > 40


def test_delays_mix_their_components_by_weight():
    """The mean of a mixture is the weighted mean, and no delay is zero."""
    table = delay_table((Delay(weight=1, mean_ms=0.5), Delay(weight=3, mean_ms=100)))

    assert len(table) == MASK + 1
    assert min(table) >= 1
    assert math.isclose(0.25 * 0.5e6 + 0.75 * 100e6, sum(table) / len(table), rel_tol=1e-3)


def test_a_chance_is_met_by_that_share_of_draws():
    """Nothing, everything, and a quarter."""
    assert [threshold(0), threshold(0.25), threshold(1)] == [0, 1024, MASK + 1]


def test_random_bits_depend_on_the_seed_and_every_name_only():
    """The same participant draws the same on every Python; another one draws something else."""
    assert (
        random_stream(1, "EURUSD", "news")(64)
        == random_stream(1, "EURUSD", "news")(64)
        == 3888770579309972058
    )
    assert (
        len(
            {
                random_stream(1, "EURUSD", "news")(64),
                random_stream(2, "EURUSD", "news")(64),
                random_stream(1, "GBPUSD", "news")(64),
            }
        )
        == 3
    )
