"""
Time stamps of files to integer nanoseconds since the Unix epoch.

Exchanges write one form each, which its importer names; CSV files that people write have many, told
apart by :func:`time_parser`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from feed.importers.run import Malformed
from feed.model.durations import NS_PER_DAY, NS_PER_MILLISECOND, NS_PER_MINUTE, NS_PER_SECOND, epoch_ns

_EPOCH_DAY = date(1970, 1, 1)
_ZONE: Final = r"(Z|[+-]\d\d:?\d\d)"
_WITH_ZONE: Final = re.compile(rf".*:\d\d(\.\d+)?{_ZONE}")


def decimal_seconds(text: str) -> int:
    """Decimal seconds since the epoch, such as ``1582905486.493008``; digits past the ninth are cut off."""
    whole, _, part = text.partition(".")
    if not whole.isdigit() or (part and not part.isdigit()):
        raise ValueError(f"{text!r} is not a number of seconds")
    return int(whole) * NS_PER_SECOND + (int(part[:9].ljust(9, "0")) if part else 0)


def iso_utc(text: str) -> int:
    """A time in UTC such as ``2021-04-17T16:43:37.129278Z``; a blank may stand for the ``T``."""
    if text[16:17] != ":":
        raise ValueError(f"{text!r} is not a time like 2021-04-17T16:43:37.129278Z")
    return _minute(text[:16]) + decimal_seconds(text[17:].removesuffix("Z"))


def epoch_number(text: str) -> int:
    """Integer seconds, milliseconds, microseconds or nanoseconds since the epoch, by the number of digits."""
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
    New York's offset from UTC at noon of a day, hours: -4 or -5.

    The rule since 2007: daylight saving time from the second Sunday of March to the first Sunday of
    November. It is computed here because time zone databases differ from machine to machine.
    """
    start = _sunday(date(day.year, 3, 8))
    end = _sunday(date(day.year, 11, 1))
    return -4 if start <= day < end else -5


def _sunday(day: date) -> date:
    """The first Sunday on or after a day."""
    return day + timedelta(days=6 - day.weekday())


@lru_cache(maxsize=4096)
def _minute(text: str) -> int:
    return epoch_ns(datetime.fromisoformat(text).replace(tzinfo=UTC))


def time_parser(text: str) -> Callable[[str], int]:
    """
    A parser for the times of a file, chosen by the first of them.

    Returns:
        A function from text to integer nanoseconds since the Unix epoch.
    Raises:
        Malformed: The text is in none of the known formats.
    """
    for pattern, parse in _FORMATS:
        if re.fullmatch(pattern, text):
            return parse
    raise Malformed(f"{text!r} is no time that is known")


class _TimeFormat:
    """
    Parses times of one format. The last minute is cached, since a file has many times in each.

    Args:
        width: Length of the part up to the minute, characters.
        form: Format of that part for :meth:`datetime.datetime.strptime`.
        seconds: Offset at which the seconds begin, characters.
    """

    def __init__(self, width: int, form: str, *, seconds: int) -> None:
        self._width = width
        self._form = form
        self._seconds = seconds
        self._minute = ""
        self._start = 0

    def __call__(self, text: str) -> int:
        """Integer nanoseconds since the Unix epoch; without a time zone, the text is taken for UTC."""
        minute = text[: self._width]
        if minute != self._minute:
            self._start = epoch_ns(datetime.strptime(minute, self._form).replace(tzinfo=UTC))
            self._minute = minute
        fraction, ahead = text[self._seconds + 2 :].removesuffix("Z"), 0
        for sign in "+-":
            digits, found, zone = fraction.partition(sign)
            if found:
                fraction, ahead = digits, _minutes(sign, zone)
        number = int(text[self._seconds : self._seconds + 2] + fraction.lstrip(".").ljust(9, "0")[:9])
        return self._start + number - ahead * NS_PER_MINUTE


def _minutes(sign: str, zone: str) -> int:
    """Minutes by which a time zone is ahead of UTC: ``_minutes("+", "05:30") == 330``."""
    return int(sign + "1") * (int(zone[:2]) * 60 + int(zone[-2:]))


def _day(text: str) -> int:
    return midnight(date.fromisoformat(text))


def names_time_zone(text: str) -> bool:
    """Whether a time ends in its offset from UTC, such as ``Z`` or ``+02:00``."""
    return _WITH_ZONE.fullmatch(text) is not None


_FORMATS: tuple[tuple[str, Callable[[str], int]], ...] = (
    (r"\d{8} \d{9}", _TimeFormat(13, "%Y%m%d %H%M", seconds=13)),
    (r"\d{8} \d\d:\d\d:\d\d(\.\d+)?", _TimeFormat(14, "%Y%m%d %H:%M", seconds=15)),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?" + _ZONE + "?", _TimeFormat(16, "%Y-%m-%d %H:%M", seconds=17)),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?" + _ZONE + "?", _TimeFormat(16, "%Y-%m-%dT%H:%M", seconds=17)),
    (r"\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d(\.\d+)?", _TimeFormat(16, "%Y.%m.%d %H:%M", seconds=17)),
    (r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d(\.\d+)?", _TimeFormat(16, "%d.%m.%Y %H:%M", seconds=17)),
    (r"\d{4}-\d\d-\d\d", _day),
    (r"\d{9,19}", epoch_number),
)
