"""Spans and moments: exact, and never without a unit."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.scenario.times import duration_text, parse_duration, parse_moment


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("90s", 90_000_000_000),
        ("1m30s", 90_000_000_000),
        ("0.5s", 500_000_000),
        ("250ms", 250_000_000),
        ("1h", 3_600_000_000_000),
        ("7us", 7_000),
        ("1ns", 1),
        ("0s", 0),
        ("0.1s", 100_000_000),
    ],
)
def test_a_span_is_exact(text, nanoseconds):
    """Fractions are decimals, not floats."""
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["90", "", "s", "-1s", "1 s", "1d", "1.s", "1e3s", "0.5ns", "٣s", "1s "])
def test_what_is_no_span(text):
    """No unit, no number, a sign, a space, half a nanosecond."""
    with pytest.raises(ValueError, match=r"span of time|finer than"):
        parse_duration(text)


@given(st.integers(0, 10**15))
def test_a_span_reads_back(nanoseconds):
    """What is written is what was meant."""
    assert parse_duration(duration_text(nanoseconds)) == nanoseconds


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_a_moment_is_exact(moment):
    """Every microsecond arrives as its own integer nanoseconds; no zone means UTC."""
    nanoseconds = parse_moment(moment.isoformat())
    assert nanoseconds % 1000 == 0
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000) == moment.replace(
        tzinfo=UTC
    )
    assert parse_moment(f"{moment.isoformat()}Z") == nanoseconds
