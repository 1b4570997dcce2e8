"""Text of durations, such as ``90s`` or ``1m30s``, and of times, such as ``2024-03-06T14:30:00Z``."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Final

from feed.model.durations import NS_PER_HOUR, NS_PER_MILLISECOND, NS_PER_MINUTE, NS_PER_SECOND, epoch_ns

_UNITS: Final = {
    "h": NS_PER_HOUR,
    "m": NS_PER_MINUTE,
    "s": NS_PER_SECOND,
    "ms": NS_PER_MILLISECOND,
    "us": 1_000,
    "ns": 1,
}
_PART: Final = re.compile(r"([0-9]{1,12}(?:[.][0-9]{1,9})?)(h|ms|us|ns|m|s)")
_WHOLE: Final = re.compile(rf"(?:{_PART.pattern})+")

EXAMPLES: Final = 'a number with its unit, such as "90s", "1m30s", "250ms"; units are h, m, s, ms, us, ns'


def parse_duration(text: str) -> int:
    """
    Integer nanoseconds of a duration such as ``1m30s``. Every number needs a unit.

    Raises:
        ValueError: It is no duration, or no whole number of nanoseconds.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is no span of time")
    total = sum(Fraction(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    if total.denominator != 1:
        raise ValueError(f"{text!r} is finer than a nanosecond")
    return int(total)


def duration_text(nanoseconds: int) -> str:
    """The text of a duration in nanoseconds: ``duration_text(90_000_000_000) == "1m30s"``."""
    parts = []
    for unit, size in _UNITS.items():
        count, nanoseconds = divmod(nanoseconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def moment_text(moment: int) -> str:
    """ISO-8601 text in UTC of integer nanoseconds since the Unix epoch, without trailing zeros."""
    seconds, rest = divmod(moment, NS_PER_SECOND)
    text = (datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09}".rstrip("0").rstrip(".") + "Z"


def parse_moment(text: str) -> int:
    """
    Integer nanoseconds since the Unix epoch of an ISO-8601 time; UTC where it has no time zone.

    Raises:
        ValueError: It is no ISO-8601 time.
    """
    moment = datetime.fromisoformat(text)
    return epoch_ns(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
