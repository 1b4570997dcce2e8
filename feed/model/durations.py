"""Integer nanoseconds, the unit of all times inside: how many are in a second, and in a ``datetime``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

NS_PER_MICROSECOND: Final = 1000
NS_PER_MILLISECOND: Final = 1_000_000
NS_PER_SECOND: Final = 1_000_000_000
NS_PER_MINUTE: Final = 60 * NS_PER_SECOND
NS_PER_HOUR: Final = 60 * NS_PER_MINUTE
NS_PER_DAY: Final = 24 * NS_PER_HOUR

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def epoch_ns(when: datetime) -> int:
    """
    Integer nanoseconds since the Unix epoch of a time with a time zone.

    The arithmetic is integer throughout: a float would be off by hundreds of nanoseconds.
    """
    return (when - _EPOCH) // timedelta(microseconds=1) * 1000
