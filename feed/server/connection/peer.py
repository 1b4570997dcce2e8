"""Who is at the other end of a connection."""

from __future__ import annotations

import attrs

from feed.dialects.contract import Bearer
from feed.dialects.credentials import Credentials
from feed.model.arrival import HERE, Arrival
from feed.model.grants import Grant
from feed.server.keycheck import KeyCheck, TooManyGuesses
from feed.server.keyfile import KeyRecord
from feed.server.stream_keys import StreamKeys
from feed.server.tokens import TokenIssuer


@attrs.define(kw_only=True)
class Peer:
    """
    Who is at the other end, by the key or the token that it has shown.

    Attributes:
        dialect: Name of the protocol that it speaks.
        arrival: Where it came from.
        entry: What is known of the key that it has shown; None before it has.
        guessing: Seconds for which no key is looked at from its address, once it has met with that; else 0.
    """

    dialect: str
    arrival: Arrival = HERE
    _keys: KeyCheck
    _tokens: TokenIssuer
    _stream_keys: StreamKeys
    entry: KeyRecord | None = attrs.field(default=None, init=False)
    guessing: int = attrs.field(default=0, init=False)
    _signers: dict[bytes, KeyRecord] = attrs.field(factory=dict, init=False)

    @property
    def key(self) -> str | None:
        """Name of the key that it has shown, never the key itself; None before it has."""
        return None if self.entry is None else self.entry.grant.name

    @property
    def revoked(self) -> bool:
        """Whether it has shown a key that is not good any more: the last, or any of a session or a stream."""
        shown = self._signers.values() if self.entry is None else (self.entry, *self._signers.values())
        return any(not self._keys.accepts(entry) for entry in shown)

    def check_key(self, key: str) -> Grant | None:
        """What a key allows that it shows; None when it is refused, or not looked at."""
        try:
            entry = self._keys.key(self.arrival, key, self.dialect)
        except TooManyGuesses as problem:
            self.guessing = problem.seconds
            return None
        if entry is None:
            return None
        self.entry = entry
        return entry.grant

    def credentials(self, key: str) -> Credentials | None:
        """With what its signatures are checked who shows a key; None when that is refused."""
        if self.check_key(key) is None or self.entry is None:
            return None
        self._stands_on(self.entry)
        return self.entry.credentials

    def _stands_on(self, entry: KeyRecord) -> None:
        """Note a key that may have a session or a stream of its own here, beside those shown before."""
        self._signers[entry.digest] = entry

    def note_signature(self, good: bool) -> None:
        """Count a signature that goes with the key it has shown last."""
        if self.entry is None:
            return
        try:
            self._keys.signature(self.arrival, self.entry, good=good)
        except TooManyGuesses as problem:
            self.guessing = problem.seconds

    def check_stream_key(self, key: str) -> Grant | None:
        """What the API key allows that a stream key stands on; None when it is not good."""
        entry = self._stream_keys.find(self.dialect, key)
        if entry is None:
            return None
        self.entry = entry
        self._stands_on(entry)
        return entry.grant

    def check_token(self, token: str) -> Bearer | None:
        """Who holds an access token that it shows; None when it is refused."""
        holder = self._tokens.check(token, self.dialect, local=self.arrival.within)
        if holder is None:
            return None
        self.entry = holder.entry
        return holder.bearer
