"""Intervals of klines: where they begin and end, in UTC and in other time zones."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.binance.intervals import INTERVALS
from feed.model.durations import NS_PER_DAY, NS_PER_HOUR, epoch_ns

TIMES = st.integers(0, 4_000_000_000_000_000_000)
SHIFTS = st.integers(-12, 14).map(lambda hours: hours * NS_PER_HOUR)


def at(*when):
    return epoch_ns(datetime(*when, tzinfo=UTC))


@given(TIMES, SHIFTS, st.sampled_from(list(INTERVALS.values())))
def test_every_time_is_in_one_interval(ts, shift, interval):
    """They follow each other without a gap, and each begins where it says that it begins."""
    start = interval.start(ts, shift)
    end = interval.end(start, shift)
    assert start <= ts < end
    assert interval.start(start, shift) == interval.start(end - 1, shift) == start
    assert interval.start(end, shift) == end


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("1s", (2024, 3, 6, 16, 20, 31), (2024, 3, 6, 16, 20, 32)),
        ("3m", (2024, 3, 6, 16, 18), (2024, 3, 6, 16, 21)),
        ("12h", (2024, 3, 6, 12), (2024, 3, 7)),
        ("1d", (2024, 3, 6), (2024, 3, 7)),
        ("3d", (2024, 3, 6), (2024, 3, 9)),
        ("1w", (2024, 3, 4), (2024, 3, 11)),  # a Monday
        ("1M", (2024, 3, 1), (2024, 4, 1)),
    ],
)
def test_interval(name, start, end):
    """Of a Wednesday."""
    interval = INTERVALS[name]
    assert interval.start(at(2024, 3, 6, 16, 20, 31)) == at(*start)
    assert interval.end(at(*start)) == at(*end)


@pytest.mark.parametrize(("name", "start"), [("1h", (2024, 2, 29, 16)), ("1d", (2024, 2, 29, 16))])
def test_a_day_begins_at_midnight_in_its_time_zone(name, start):
    """At 16:00 UTC it is midnight, eight hours ahead of it; hours begin as ever."""
    assert INTERVALS[name].start(at(2024, 2, 29, 16, 30), 8 * NS_PER_HOUR) == at(*start)


def test_a_month_may_begin_in_the_month_before():
    """March of 2024 begins on 29 February, 16:00 UTC, where clocks are eight hours ahead."""
    month, shift = INTERVALS["1M"], 8 * NS_PER_HOUR
    start = month.start(at(2024, 3, 6), shift)
    assert start == at(2024, 2, 29, 16)
    assert month.end(start, shift) - start == 31 * NS_PER_DAY
