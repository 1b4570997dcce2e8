"""Market time as clients read it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from feed.model.durations import NS_PER_MICROSECOND, NS_PER_MILLISECOND, NS_PER_SECOND

_MILLISECONDS_PER_SECOND: Final = 1000
_WHOLE_SECONDS: Final = len("2025-08-17T14:25:31")


def milliseconds(nanoseconds: int) -> int:
    """Whole milliseconds since the Unix epoch; a part of one is dropped."""
    return nanoseconds // NS_PER_MILLISECOND


def nanoseconds(text: str) -> int:
    """
    ISO 8601 in UTC, such as :func:`iso` writes, as nanoseconds since the Unix epoch.

    Raises:
        ValueError: It is no such time.
    """
    seconds = _seconds(text[:_WHOLE_SECONDS])
    part = text[_WHOLE_SECONDS:].removesuffix("Z").removeprefix(".")
    if not part:
        return seconds * NS_PER_SECOND
    return seconds * NS_PER_SECOND + int(part[:9].ljust(9, "0"))


def iso(nanoseconds: int) -> str:
    """ISO 8601 in UTC to the millisecond, such as ``2025-08-17T14:25:31.125Z``."""
    seconds, rest = divmod(nanoseconds // NS_PER_MILLISECOND, _MILLISECONDS_PER_SECOND)
    return f"{_date_and_time(seconds)}.{rest:03}Z"


def iso_microseconds(nanoseconds: int) -> str:
    """ISO 8601 in UTC to the microsecond, such as ``2025-08-17T14:25:31.125000Z``."""
    seconds, rest = divmod(nanoseconds, NS_PER_SECOND)
    return f"{_date_and_time(seconds)}.{rest // NS_PER_MICROSECOND:06}Z"


def iso_nanoseconds(nanoseconds: int) -> str:
    """ISO 8601 in UTC to the nanosecond, such as ``2025-08-17T14:25:31.125000000Z``."""
    seconds, rest = divmod(nanoseconds, NS_PER_SECOND)
    return f"{_date_and_time(seconds)}.{rest:09}Z"


@lru_cache(maxsize=64)  # many events share a second, and formatting one is slow
def _date_and_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@lru_cache(maxsize=64)
def _seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
