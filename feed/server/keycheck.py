"""Looks at keys: whether they are good where they are shown, and not too often when they are not."""

from __future__ import annotations

from math import ceil

from feed.errors import ClientError
from feed.model.arrival import Arrival
from feed.model.grants import Grant
from feed.server.guesses import WrongKeyCounter
from feed.server.keyfile import KeyRecord
from feed.server.keys import LONGEST_KEY, KeyStore, digest, has_secret


class TooManyGuesses(ClientError):
    """
    No key is looked at: too many from this address were wrong.

    Attributes:
        seconds: Until one is again.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = ceil(seconds)
        super().__init__(f"Too many wrong keys from your address; try again in {self.seconds} seconds")


class KeyCheck:
    """Looks at the keys that clients show."""

    def __init__(self, key_store: KeyStore, guesses: WrongKeyCounter) -> None:
        """
        Begin with nobody suspected.

        Args:
            key_store: The keys that are accepted.
            guesses: Counts those that are not.
        """
        self._key_store = key_store
        self._guesses = guesses

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What each key allows that is accepted, in file order."""
        return self._key_store.grants

    def key(self, arrival: Arrival, key: str, dialect: str) -> KeyRecord | None:
        """
        What is known of a key; None when it is refused.

        Raises:
            TooManyGuesses: It has not been looked at.
        """
        found = self._key_store.find(key, dialect, local=arrival.within)
        if found is not None:
            self._count(arrival, found.digest, good=True)
        else:
            self._count(arrival, digest(key) if len(key) <= LONGEST_KEY else b"", good=False)
        return found

    def secret(self, arrival: Arrival, entry: KeyRecord, secret: str) -> bool:
        """
        Whether a secret that is shown goes with a key that was good.

        Raises:
            TooManyGuesses: It has not been looked at.
        """
        good = has_secret(entry, secret)
        self._count(arrival, entry.digest + digest(secret) if len(secret) <= LONGEST_KEY else b"", good=good)
        return good

    def signature(self, arrival: Arrival, entry: KeyRecord, *, good: bool) -> None:
        """
        Count a signature of the holder of a key that was good; the protocol has checked it.

        Raises:
            TooManyGuesses: Too many were wrong; whether this one was, nobody is told.
        """
        self._count(arrival, entry.digest + b"signature", good=good)

    def accepts(self, entry: KeyRecord) -> bool:
        """Whether a key that was good when it was shown still is."""
        return self._key_store.accepts(entry)

    def _count(self, arrival: Arrival, shown: bytes, *, good: bool) -> None:
        """Count what was shown, unless too much was wrong before; then nobody learns whether it was good."""
        wait = self._guesses.wait(arrival.peer, shown)
        if wait:
            raise TooManyGuesses(wait)
        if good:
            self._guesses.good(arrival.peer, shown)
        else:
            self._guesses.wrong(arrival.peer)
