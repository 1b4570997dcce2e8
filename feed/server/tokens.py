"""
Access tokens: short-lived proof that somebody has shown a key and its secret.

A token is a JSON Web Token (RFC 7519) signed with HMAC and SHA-256; no other algorithm is looked at,
so that a token cannot choose how it is checked. It carries a mark of the key that it was given for, never
the key itself: when a key is taken away, its tokens end with it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import attrs
import jwt

from feed.dialects.contract import Bearer
from feed.errors import ConfigError
from feed.model.ids import user_id
from feed.server.keyfile import KeyRecord
from feed.server.keys import KeyStore
from feed.settings import Tokens

ALGORITHM: Final = "HS256"
KEY_BYTES: Final = 32
LONGEST_TOKEN: Final = 4096  # characters
_REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat", "key")


@attrs.frozen
class TokenHolder:
    """
    Whoever holds an access token.

    Attributes:
        entry: The key that it was given for.
        seconds: Until it expires.
    """

    entry: KeyRecord
    seconds: float

    @property
    def bearer(self) -> Bearer:
        """What a protocol sees of it."""
        return Bearer(grant=self.entry.grant, seconds=self.seconds)


class TokenIssuer:
    """Gives tokens out, and checks them."""

    def __init__(
        self, key_store: KeyStore, *, settings: Tokens, signing_key: bytes, clock: Callable[[], float]
    ) -> None:
        """
        Begin with no token given out.

        Args:
            key_store: The keys that are accepted.
            settings: What stands in a token, and how long it lasts.
            signing_key: 32 bytes or more that nobody else knows.
            clock: Seconds since the Unix epoch.
        """
        if len(signing_key) < KEY_BYTES:
            raise ValueError(f"a signing key needs {KEY_BYTES} bytes")
        self._key_store = key_store
        self._settings = settings
        self._key = signing_key
        self._clock = clock

    def issue(self, entry: KeyRecord) -> str:
        """A token for whoever holds the key of ``entry``."""
        now = int(self._clock())
        claims = {
            "iss": self._settings.issuer,
            "sub": user_id(entry.grant.account),
            "aud": [self._settings.audience],
            "exp": now + self._settings.seconds,
            "iat": now,
            "key": entry.mark,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def check(self, token: str, dialect: str, *, local: bool = False) -> TokenHolder | None:
        """
        Who holds a token; None when it is not good, for whatever reason.

        Args:
            token: As it was presented.
            dialect: The key must be good for this protocol.
            local: Whether it was presented on a connection within this machine.
        """
        if len(token) > LONGEST_TOKEN:
            return None
        settings, now = self._settings, self._clock()
        try:
            # Times are checked below, on a clock that tests can set.
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                issuer=settings.issuer,
                audience=settings.audience,
                options={
                    "require": list(_REQUIRED),
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
            begins, ends, mark = claims["iat"], claims["exp"], claims["key"]
            good = (
                all(isinstance(time, int) and not isinstance(time, bool) for time in (begins, ends))
                and isinstance(mark, str)
                and begins - settings.skew_seconds <= now < ends
                and ends - begins <= settings.seconds
            )
        except (jwt.InvalidTokenError, ValueError, TypeError, RecursionError):
            return None
        entry = self._key_store.marked(mark, dialect, local=local) if good else None
        return None if entry is None else TokenHolder(entry, ends - now)


def signing_key(path: Path | None, random_bytes: Callable[[int], bytes]) -> bytes:
    """
    The key that tokens are signed with.

    Args:
        path: File that holds it; None makes one up. Of a text the white space around it does not count;
            of anything else every byte does, for a random one can be white space.
        random_bytes: Gives so many bytes that nobody can predict.

    Raises:
        ConfigError: The file cannot be read, or is too short.
    """
    if path is None:
        return random_bytes(KEY_BYTES)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    text = key.strip()
    if all(0x20 <= byte < 0x7F for byte in text):
        key = text
    if len(key) < KEY_BYTES:
        raise ConfigError(f"has {len(key)} bytes", where=str(path), hint=f"allowed: {KEY_BYTES} or more")
    return key
