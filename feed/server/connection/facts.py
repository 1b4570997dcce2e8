"""What is known of a connection as soon as it has asked for a WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import attrs

from feed.dialects.contract import UpgradeRequest

_OBSERVER: Final = "observer"


@attrs.frozen(kw_only=True)
class ConnectionFacts:
    """
    What never changes of a connection.

    Attributes:
        number: As they came, from 1, refused ones too: the log of messages has the same.
        opened: When it came, seconds since the Unix epoch.
        target: Path and query that it asked for; there may be a key in it.
        observer: It only watches, and says so: it is not waited for, and counts for nothing that waits.
    """

    number: int = 0
    opened: float = 0.0
    target: str = attrs.field(default="/", repr=False)
    observer: bool = False

    @classmethod
    def of(cls, opening: UpgradeRequest, number: int, opened: float) -> ConnectionFacts:
        """Those of a request."""
        return cls(number=number, opened=opened, target=target_of(opening), observer=observes(opening.query))


def target_of(opening: UpgradeRequest) -> str:
    """Path and query of a request, as far as they were understood."""
    asked = urlencode([*opening.query.items()][::-1])  # in which the first stands last
    return f"{opening.path}?{asked}" if asked else opening.path


def observes(query: Mapping[str, str]) -> bool:
    """Whether a connection with this query only watches."""
    return query.get(_OBSERVER) == "1"
