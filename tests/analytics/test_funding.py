"""The published formula of the funding rate."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.funding import PremiumMean, funding_rate, premium

INTEREST = 10_000  # 0.01 %
MOST = 2_000_000  # 2 %


@pytest.mark.parametrize(
    ("mean", "rate"),
    [
        (0, 10_000),  # level: the interest rate
        (10_000, 10_000),
        (60_000, 10_000),  # still within 0.05 % of it
        (100_000, 50_000),  # 0.1 % is drawn down by 0.05 %
        (-100_000, -50_000),
        (10_000_000, MOST),
        (-10_000_000, -MOST),
    ],
)
def test_rate_of_a_premium(mean, rate):
    """Drawn towards the interest rate by at most 0.05 %, and bounded."""
    assert funding_rate(mean, INTEREST, MOST) == rate


@given(st.integers(-(10**8), 10**8))
def test_rate_is_the_formula(mean):
    """F = P + clamp(I - P, -0.05 %, 0.05 %), in fractions."""
    share = Fraction(mean, 10**8)
    drawn = max(Fraction(-5, 10_000), min(Fraction(5, 10_000), Fraction(1, 10_000) - share))
    rate = max(Fraction(-2, 100), min(Fraction(2, 100), share + drawn))

    assert Fraction(funding_rate(mean, INTEREST, MOST), 10**8) == rate


def test_premium_is_a_share_of_the_index():
    """In units of 1e-8; prices come doubled, for a middle may lie between two ticks."""
    assert premium(2 * 10_100, 2 * 10_000) == 1_000_000
    assert premium(2 * 9_900, 2 * 10_000) == -1_000_000


@given(st.lists(st.integers(-1000, 1000), max_size=20))
def test_mean_of_premiums(values):
    """Rounded down; nothing is no premium."""
    mean = PremiumMean()
    for value in values:
        mean.add(value)

    assert mean.value == (sum(values) // len(values) if values else 0)
