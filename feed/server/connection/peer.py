"""Who is at the other end of a connection."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from feed.model.grants import Grant
from feed.server.keycheck import HERE, Arrival
from feed.server.keyfile import KeyRecord


def _any(entry: KeyRecord) -> bool:
    del entry
    return True


@attrs.define
class Peer:
    """
    Who is at the other end.

    Attributes:
        dialect: Name of the protocol that it speaks.
        arrival: Where it came from.
        accepts: Whether a key is still good.
        entry: What is known of the key that it has shown; None before it has.
        guessing: Seconds for which no key is looked at from its address, once it has met with that; else 0.
    """

    dialect: str
    arrival: Arrival = HERE
    accepts: Callable[[KeyRecord], bool] = _any
    entry: KeyRecord | None = None
    guessing: int = 0

    @property
    def key(self) -> str | None:
        """Name of the key that it has shown, never the key itself; None before it has."""
        return None if self.entry is None else self.entry.grant.name

    @property
    def revoked(self) -> bool:
        """Whether it has shown a key that is not good any more."""
        return self.entry is not None and not self.accepts(self.entry)

    def shows(self, entry: KeyRecord | None) -> Grant | None:
        """It has shown a key of which this is known, or nothing; gives back what that allows."""
        if entry is None:
            return None
        self.entry = entry
        return entry.grant
