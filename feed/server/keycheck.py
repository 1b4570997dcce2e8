"""Looks at keys: whether they are good where they are shown, and not too often when they are not."""

from __future__ import annotations

from math import ceil

import attrs

from feed.errors import ClientError
from feed.server.guesses import Guesses
from feed.server.keyfile import KeyRecord
from feed.server.keys import LONGEST_KEY, KeyStore, digest, is_loopback
from feed.settings import LOOPBACK


class TooManyGuesses(ClientError):
    """
    No key is looked at: too many from this address were wrong.

    Attributes:
        seconds: Until one is again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = ceil(seconds)
        super().__init__(f"Too many wrong keys from your address; try again in {self.seconds} seconds")


@attrs.frozen(kw_only=True)
class Arrival:
    """
    Where a connection came from, and where it arrived.

    Attributes:
        peer: Address of the client.
        local: Address that the client has connected to.
        listening: Address that this server listens on there; a wildcard where it is all of them.
    """

    peer: str = LOOPBACK
    local: str = LOOPBACK
    listening: str = LOOPBACK

    @property
    def within(self) -> bool:
        """Whether it never left this machine, and could not have come from another."""
        return is_loopback(self.listening) and is_loopback(self.local)


HERE = Arrival()
"""Within this machine."""


class KeyCheck:
    """Looks at the keys that clients show."""

    def __init__(self, key_store: KeyStore, guesses: Guesses) -> None:
        """
        Begin with nobody suspected.

        Args:
            key_store: The keys that are accepted.
            guesses: Counts those that are not.
        """
        self._key_store = key_store
        self._guesses = guesses

    def key(self, arrival: Arrival, key: str, dialect: str) -> KeyRecord | None:
        """
        What is known of a key; None when it is refused.

        Raises:
            TooManyGuesses: It has not been looked at.
        """
        found = self._key_store.find(key, dialect, local=arrival.within)
        return self._counted(arrival, key, found)

    def secret(self, arrival: Arrival, key: str, secret: str, dialect: str) -> KeyRecord | None:
        """
        What is known of a key that is shown with its secret; None when either is refused.

        Raises:
            TooManyGuesses: They have not been looked at.
        """
        found = self._key_store.find_with_secret(key, secret, dialect, local=arrival.within)
        return self._counted(arrival, f"{key} {secret}", found)

    def _counted(self, arrival: Arrival, shown: str, found: KeyRecord | None) -> KeyRecord | None:
        """``found``, unless too much was wrong before; then nobody learns whether it was good."""
        seen = digest(shown) if len(shown) <= 2 * LONGEST_KEY else b""
        wait = self._guesses.wait(arrival.peer, seen)
        if wait:
            raise TooManyGuesses(wait)
        if found is None:
            self._guesses.wrong(arrival.peer)
        else:
            self._guesses.good(arrival.peer, seen)
        return found
