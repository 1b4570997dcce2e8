"""A book in figures, against a second computation that spares no effort."""

from fractions import Fraction
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.depth import Wall, figures, imbalance, near, spread_bps, twice_median, walls

SIZES = st.integers(1, 10_000)


@st.composite
def sides(draw):
    """A bid side and an ask side, best first, that do not cross."""
    mid = draw(st.integers(1_000, 1_000_000))
    below = sorted(draw(st.sets(st.integers(1, mid // 20), min_size=1, max_size=30)))
    above = sorted(draw(st.sets(st.integers(1, mid // 20), min_size=1, max_size=30)))
    return (
        [(mid - away, draw(SIZES)) for away in below],
        [(mid + away, draw(SIZES)) for away in above],
    )


# Half of the last digit that is told, and a little for the binary form of both numbers.
HALF = 5.0001e-5


@given(sides())
def test_figures_are_what_a_naive_computation_says(book):
    """Spread, imbalance, depth and walls, from exact fractions."""
    bids, asks = book
    mid = Fraction(bids[0][0] + asks[0][0], 2)

    def close(levels):
        return [(price, size) for price, size in levels if abs(price - mid) <= mid / 100]

    def obi(depth):
        bid, ask = (sum(size for _, size in side[:depth]) for side in book)
        return Fraction(bid - ask, bid + ask)

    def high(levels):
        usual = median(size for _, size in levels) if levels else 0
        return [price for price, size in levels if size >= 8 * usual]

    found = figures(bids, asks)

    assert (found.bid, found.ask, found.mid2) == (bids[0][0], asks[0][0], 2 * mid)
    assert found.spread_bps == pytest.approx(float((asks[0][0] - bids[0][0]) / mid * 10_000), abs=HALF)
    assert found.obi_5 == pytest.approx(float(obi(5)), abs=HALF)
    assert found.obi_10 == pytest.approx(float(obi(10)), abs=HALF)
    assert found.bid_depth == sum(size for _, size in close(bids))
    assert found.ask_depth == sum(size for _, size in close(asks))
    assert [wall.price for wall in found.bid_walls] == high(close(bids))[:5]
    assert [wall.price for wall in found.ask_walls] == high(close(asks))[:5]


@pytest.mark.parametrize(("bids", "asks"), [([], [(101, 1)]), ([(99, 1)], []), ([], [])])
def test_one_sided_book_has_no_figures(bids, asks):
    """There is no mid price."""
    assert figures(bids, asks) is None


def test_published_spread_is_taken_at_its_prices():
    """67449.50 to 67450.80 are 0.1927 basis points; the document's 1.93 is ten times that."""
    assert spread_bps(6_744_950, 6_745_080) == 0.1927


def test_published_imbalance():
    """From -1 (no bids) to 1 (no asks)."""
    assert imbalance([(99, 3)], [(101, 1)], 5) == 0.5
    assert imbalance([], [(101, 1)], 5) == -1.0
    assert imbalance([], [], 5) == 0.0


def test_near_ends_where_one_percent_ends():
    """The edge itself is still near."""
    assert near([(1_000, 1), (990, 1), (989, 1)], 2_000) == [(1_000, 1), (990, 1)]


def test_a_wall_is_a_multiple_of_the_median():
    """It says how many times."""
    levels = [(100, 2), (99, 2), (98, 17), (97, 3)]

    assert walls(levels, 6.0) == (Wall(98, 17, 6.8),)
    assert walls([], 6.0) == ()


@given(st.lists(st.integers(0, 1000), min_size=1))
def test_twice_median(values):
    """An integer for any median."""
    assert twice_median(values) == 2 * median(values)
