"""From the time stamps of exchanges to integer nanoseconds since the Unix epoch."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from feed.model.durations import NS_PER_DAY, NS_PER_MILLISECOND, NS_PER_SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.date()


def decimal_seconds(text: str) -> int:
    """``1582905486.493008``: seconds since the epoch; digits past the ninth are cut off."""
    whole, _, part = text.partition(".")
    if not whole.isdigit() or (part and not part.isdigit()):
        raise ValueError(f"{text!r} is not a number of seconds")
    return int(whole) * NS_PER_SECOND + (int(part[:9].ljust(9, "0")) if part else 0)


def iso(text: str) -> int:
    """``2021-04-17T16:43:37.129278Z``, or with a blank for the ``T``: always UTC."""
    if text[16:17] != ":":
        raise ValueError(f"{text!r} is not a time like 2021-04-17T16:43:37.129278Z")
    return _minute(text[:16]) + decimal_seconds(text[17:].removesuffix("Z"))


def integer(text: str) -> int:
    """Seconds, milliseconds, microseconds or nanoseconds since the epoch, told apart by their size."""
    value = int(text)
    for digits, unit in ((11, NS_PER_SECOND), (14, NS_PER_MILLISECOND), (17, 1_000)):
        if len(text) < digits:
            return value * unit
    return value


def midnight(day: date) -> int:
    """Midnight UTC of a day."""
    return (day - _EPOCH_DAY).days * NS_PER_DAY


def new_york_offset(day: date) -> int:
    """
    Hours that New York is ahead of UTC (-4 or -5) at noon of a day.

    The rule since 2007: summer time from the second Sunday of March to the first of November. It is
    written out because a time zone database is not on every machine, and would not be the same one.
    """
    start = _sunday(date(day.year, 3, 8))
    end = _sunday(date(day.year, 11, 1))
    return -4 if start <= day < end else -5


def _sunday(day: date) -> date:
    """The first Sunday on or after a day."""
    return day + timedelta(days=6 - day.weekday())


@lru_cache(maxsize=4096)
def _minute(text: str) -> int:
    return nanoseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def nanoseconds(when: datetime) -> int:
    """A time zone aware time, exactly."""
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000
