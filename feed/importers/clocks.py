"""Readers of the times that people write into CSV files, told apart by their form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

from feed.importers.run import Malformed
from feed.importers.times import integer, midnight, nanoseconds
from feed.model.durations import NS_PER_MINUTE

_ZONE: Final = r"(Z|[+-]\d\d:?\d\d)"
_WITH_ZONE: Final = re.compile(rf".*:\d\d(\.\d+)?{_ZONE}")


def clock(text: str) -> Callable[[str], int]:
    """
    The reader of a file's times, chosen by one of them.

    Raises:
        Malformed: It is not like any known one.
    """
    for pattern, read in _CLOCKS:
        if re.fullmatch(pattern, text):
            return read
    raise Malformed(f"{text!r} is no time that is known")


class _Clock:
    """
    Reads times of one form. Quotes come many a minute, so the minute last read is remembered.

    Args:
        width: How many characters its minute takes.
        form: The minute, as :meth:`datetime.datetime.strptime` wants it.
        seconds: Where the seconds begin.
    """

    def __init__(self, width: int, form: str, *, seconds: int) -> None:
        self._width = width
        self._form = form
        self._seconds = seconds
        self._minute = ""
        self._start = 0

    def __call__(self, text: str) -> int:
        """Nanoseconds since the epoch."""
        minute = text[: self._width]
        if minute != self._minute:
            self._start = nanoseconds(datetime.strptime(minute, self._form).replace(tzinfo=UTC))
            self._minute = minute
        fraction, ahead = text[self._seconds + 2 :].removesuffix("Z"), 0
        for sign in "+-":
            digits, found, zone = fraction.partition(sign)
            if found:
                fraction, ahead = digits, _minutes(sign, zone)
        number = int(text[self._seconds : self._seconds + 2] + fraction.lstrip(".").ljust(9, "0")[:9])
        return self._start + number - ahead * NS_PER_MINUTE


def _minutes(sign: str, zone: str) -> int:
    """How far a zone such as ``05:30`` is ahead of UTC."""
    return int(sign + "1") * (int(zone[:2]) * 60 + int(zone[-2:]))


def _day(text: str) -> int:
    return midnight(date.fromisoformat(text))


def names_zone(text: str) -> bool:
    """Whether a time says by itself how far it is ahead of UTC."""
    return _WITH_ZONE.fullmatch(text) is not None


_CLOCKS: tuple[tuple[str, Callable[[str], int]], ...] = (
    (r"\d{8} \d{9}", _Clock(13, "%Y%m%d %H%M", seconds=13)),
    (r"\d{8} \d\d:\d\d:\d\d(\.\d+)?", _Clock(14, "%Y%m%d %H:%M", seconds=15)),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?" + _ZONE + "?", _Clock(16, "%Y-%m-%d %H:%M", seconds=17)),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?" + _ZONE + "?", _Clock(16, "%Y-%m-%dT%H:%M", seconds=17)),
    (r"\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d(\.\d+)?", _Clock(16, "%Y.%m.%d %H:%M", seconds=17)),
    (r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d(\.\d+)?", _Clock(16, "%d.%m.%Y %H:%M", seconds=17)),
    (r"\d{4}-\d\d-\d\d", _day),
    (r"\d{9,19}", integer),
)
