"""The parameters of a request, read as the exchange reads them; what it does not know it passes over."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from feed.dialects.coinbase.errors import invalid
from feed.dialects.messages import clip
from feed.dialects.parameters import Fields as Sent
from feed.model.durations import NS_PER_MICROSECOND, NS_PER_SECOND

MOST_VALUES: Final = 1000
"""Of one parameter that may be repeated."""
_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_SECONDS: Final = re.compile(r"([0-9]{1,11})(?:\.[0-9]{1,20})?", re.ASCII)
_LATEST: Final = 2**63
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS_PER_DAY: Final = 86_400


class Fields:
    """
    The parameters of one request.

    Args:
        sent: Name and value, decoded, in order. An empty value is none; of several the first counts.
        parts: Of the path, by name.
    """

    def __init__(self, sent: Sent, parts: Mapping[str, str | int] | None = None) -> None:
        self._sent: Final = [one for one in sent if one[1]]
        self._first: Final[Mapping[str, str]] = dict(reversed(self._sent))
        self._parts: Final = parts or {}

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self._parts[name])

    def text(self, name: str) -> str | None:
        """A parameter as it was sent; None when it was not."""
        return self._first.get(name)

    def texts(self, *names: str) -> Sequence[str]:
        """All values of a parameter that may be repeated, by any of its names."""
        found = [value for name, value in self._sent if name in names]
        if len(found) > MOST_VALUES:
            raise invalid(f"{names[0]} names more than {MOST_VALUES}")
        return found

    def choice(self, name: str, choices: Collection[str], otherwise: str) -> str:
        """One of some words."""
        value = self.text(name)
        if value is None:
            return otherwise
        if value not in choices:
            raise invalid(f"{name} must be one of {', '.join(choices)}")
        return value

    def choices(self, name: str, choices: Collection[str]) -> Sequence[str]:
        """Any of some words, where the parameter may be repeated."""
        found = self.texts(name)
        for value in found:
            if value not in choices:
                raise invalid(f"{name} must be of {', '.join(choices)}")
        return found

    def flag(self, name: str) -> bool:
        """True or false; false when it was not sent."""
        value = (self.text(name) or "false").lower()
        if value not in ("true", "false"):
            raise invalid(f"{name} must be true or false")
        return value == "true"

    def whole(self, name: str, default: int, most: int, *, least: int = 1) -> int:
        """A whole number; who asks for more than the most gets the most, and for 0 the default."""
        value = self.text(name)
        if value is None:
            return default
        if _NUMBER.fullmatch(value) is None or (int(value) < least and int(value) != 0):
            raise invalid(f"{name} must be a whole number from {least} on")
        return min(int(value) or default, most)

    def seconds(self, name: str) -> int | None:
        """A time in seconds since the Unix epoch, as whole nanoseconds; None where none is named."""
        value = self.text(name)
        if value is None:
            return None
        found = _SECONDS.fullmatch(value)
        if found is None:
            raise invalid(f"{name} must be a time in seconds since the Unix epoch")
        return int(found[1]) * NS_PER_SECOND

    def moment(self, name: str) -> int | None:
        """A time in RFC 3339, as nanoseconds since the Unix epoch; None where none is named."""
        value = self.text(name)
        return None if value is None else moment(value, name)


def moment(text: str, name: str) -> int:
    """
    A time in RFC 3339, in nanoseconds since the Unix epoch.

    Args:
        text: Such as ``2026-01-31T12:00:00Z``.
        name: By which the client knows it.

    Raises:
        CoinbaseError: It is no such time.
    """
    try:
        found = datetime.fromisoformat(text)
        away = found - _EPOCH
    except (ValueError, OverflowError, TypeError):
        raise invalid(f"{name} must be a time in RFC 3339, not {clip(text)!r}") from None
    at = (
        away.days * _SECONDS_PER_DAY + away.seconds
    ) * NS_PER_SECOND + away.microseconds * NS_PER_MICROSECOND
    if not 0 <= at < _LATEST:
        raise invalid(f"{name} is out of range")
    return at
