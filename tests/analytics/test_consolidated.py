"""Several venues as one."""

from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.analytics.consolidated import BUCKET, BUCKETS, FiveMinuteTrades, Trend, VenueQuote, consolidate
from feed.model.instruments import Instrument

COARSE = Instrument(symbol="A", base="A", quote="USD", price_decimals=1, size_decimals=0, tick=5)
FINE = Instrument(symbol="A@x", base="A", quote="USD", price_decimals=3, size_decimals=2)
NOW = 1000 * BUCKET


def quote(bid, ask, instrument=0):
    return VenueQuote(instrument=instrument, bid=bid, ask=ask, obi=0.0, volume=0)


def tape(*trades):
    made = FiveMinuteTrades()
    for ago, price, size in trades:
        made.add(NOW - ago, price, size)
    return made


def test_no_venue_no_quote():
    """There is nothing to say."""
    assert consolidate([], now=NOW) is None


def test_one_venue_is_itself():
    """Its own middle, and no arbitrage."""
    found = consolidate([(FINE, quote(1000, 1004), FiveMinuteTrades())], now=NOW)

    assert (found.decimals, found.mid, found.vwap) == (3, 1002, 1002)
    assert (found.max_arb_bps, found.trend) == (0.0, Trend.NEUTRAL)


def test_venues_of_different_ticks_share_a_scale():
    """Half a unit is 0.5; 1.0 to 1.5 on one and 1.200 to 1.210 on the other."""
    venues = [(COARSE, quote(2, 3), tape((0, 3, 10))), (FINE, quote(1200, 1210), tape((0, 1205, 1000)))]

    found = consolidate(venues, now=NOW)

    assert found.decimals == 3
    assert found.mid == round((Fraction(1250) + 1205) / 2)
    # Ten units at 1.5 and ten at 1.205.
    assert found.vwap == round((Fraction(1500) + 1205) / 2 + Fraction(1, 100))


def test_arbitrage_is_the_widest_gap_between_two_venues():
    """A venue that is crossed with itself is none."""
    venues = [
        (FINE, quote(1000, 1001), FiveMinuteTrades()),
        (FINE, quote(1003, 1005), FiveMinuteTrades()),
        (FINE, quote(990, 992), FiveMinuteTrades()),
    ]

    found = consolidate(venues, now=NOW)

    # Buy at 992, sell at 1003.
    assert found.max_arb_bps == pytest.approx(2 * 11 / (992 + 1003) * 10_000, abs=5e-5)


@pytest.mark.parametrize(
    ("moves", "trend"),
    [
        ((1, 1, -1), Trend.BULLISH),
        ((-1, -1, 1), Trend.BEARISH),
        ((1, -1, 0), Trend.NEUTRAL),
        ((1, 0), Trend.NEUTRAL),
    ],
)
def test_trend_is_what_most_venues_do(moves, trend):
    """Each has moved by ten basis points or not at all."""
    venues = [
        (FINE, quote(9_999, 10_001), tape((BUCKET, 10_000, 1), (0, 10_000 + 10 * move, 1))) for move in moves
    ]

    assert consolidate(venues, now=NOW).trend is trend


@given(st.lists(st.tuples(st.integers(0, 2 * BUCKETS * BUCKET), st.integers(1, 100), st.integers(1, 9))))
def test_tape_adds_up_the_last_five_minutes(trades):
    """By buckets of ten seconds: the running one and the 29 before it."""
    trades.sort(reverse=True)
    made = tape(*trades)
    recent = [(p, s) for ago, p, s in trades if (NOW - ago) // BUCKET > NOW // BUCKET - BUCKETS]

    assert made.traded(NOW) == (sum(p * s for p, s in recent), sum(s for _, s in recent))


def test_quote_of_a_venue_is_kept():
    """With what the venue says of itself."""
    one = attrs.evolve(quote(1, 3), obi=0.25, volume=7)

    assert consolidate([(FINE, one, FiveMinuteTrades())], now=NOW).venues == (one,)


def test_five_minutes_are_five_minutes():
    """To the second: what is older counts neither for the average price nor for the trend."""
    made = FiveMinuteTrades()
    made.add(NOW, 100, 10)
    made.add(NOW + 299 * BUCKET, 200, 30)
    assert made.traded(NOW + 299 * BUCKET) == (7000, 40)
    assert made.moved_bps(NOW + 299 * BUCKET) == pytest.approx(6666.6667)
    assert made.traded(NOW + 300 * BUCKET) == (6000, 30)
    assert made.moved_bps(NOW + 300 * BUCKET) == 0.0
    assert made.traded(NOW + 599 * BUCKET) == (0, 0)
    assert BUCKET == 1_000_000_000
    assert BUCKETS == 300


def test_what_is_remembered_of_five_minutes_is_bounded():
    """By the seconds, however many trades there are."""
    made = FiveMinuteTrades()
    for at in range(5000):
        made.add(NOW + at * BUCKET // 3, 100, 1)
    assert len(made._buckets) <= BUCKETS + 1
    assert made.traded(NOW + 4999 * BUCKET // 3)[1] == sum(
        (NOW + at * BUCKET // 3) // BUCKET > (NOW + 4999 * BUCKET // 3) // BUCKET - BUCKETS
        for at in range(5000)
    )
