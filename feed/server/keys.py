"""
API keys: what a presented key allows, without keeping any key.

A key is 128 random bits, so one plain SHA-256 is enough: nobody can guess what a slow hash would guard.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from feed.model.grants import Grant, Scope, Tier
from feed.server.keyfile import Entry, read_entries
from feed.settings import DEMO_KEY, DEMO_SECRET, Settings

KEY_BYTES: Final = 16  # of randomness in a new key; written as 32 hexadecimal digits
SECRET_BYTES: Final = 32  # of randomness in a new secret; written as 64 hexadecimal digits
LONGEST_KEY: Final = 256  # characters; what is longer is refused before it is hashed
DEFAULT_PREFIX: Final = "tk_live_"
PREFIX: Final = re.compile(r"[a-z]{2}_(?:live|test)_")

# As the published documents print them, dots and all.
DEMO_KEYS: Final = (
    (DEMO_KEY, Grant(name="demo", account=1, tier=Tier.MAX, scopes=tuple(Scope))),
    ("mk_live_abc123...", Grant(name="demo-basic", tier=Tier.BASIC, dialects=("marketai",))),
)


class Keyring:
    """The keys that a server accepts, as digests."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._entries = tuple(entries)

    def __repr__(self) -> str:
        """The names of its keys; never a key or a digest."""
        return f"Keyring({', '.join(grant.name for grant in self.grants)})"

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What each key allows, in file order."""
        return tuple(entry.grant for entry in self._entries)

    @classmethod
    def from_file(cls, path: Path) -> Keyring:
        """
        The keys of a keys file.

        Raises:
            ConfigError: It cannot be read, is no TOML, or says something that is not understood.
        """
        return cls(read_entries(path))

    @classmethod
    def demo(cls) -> Keyring:
        """The keys printed in the published documents. Everybody knows them."""
        return cls(entry_for(key, grant, secret=DEMO_SECRET) for key, grant in DEMO_KEYS)

    def merged(self, other: Keyring) -> Keyring:
        """Both rings; where they share a key, this one's grant counts."""
        return Keyring((*self._entries, *other._entries))

    def check(self, key: str, dialect: str) -> Grant | None:
        """
        What ``key`` allows in the protocol ``dialect``; None when it is refused.

        The time taken depends on the length of ``key`` and the number of entries, on nothing else.
        """
        found = self._find(key, dialect)
        return None if found is None else found.grant

    def check_secret(self, key: str, secret: str, dialect: str) -> Grant | None:
        """What ``key`` allows when it is presented with its secret; None when either is refused."""
        found = self._find(key, dialect)
        # Compared all the same: a good key with a bad secret must take no longer than a bad key.
        kept = found.secret if found is not None and found.secret is not None else bytes(32)
        good = len(secret) <= LONGEST_KEY and hmac.compare_digest(kept, _digest(secret))
        return found.grant if found is not None and good else None

    def _find(self, key: str, dialect: str) -> Entry | None:
        if len(key) > LONGEST_KEY:
            return None
        presented = _digest(key)
        matching = [entry for entry in self._entries if hmac.compare_digest(entry.digest, presented)]
        if matching and (not matching[0].grant.dialects or dialect in matching[0].grant.dialects):
            return matching[0]
        return None


def keyring_for(settings: Settings) -> Keyring:
    """
    The keys that a server with these settings accepts: its file's, and the demo keys on loopback.

    Raises:
        ConfigError: The keys file is bad.
    """
    keys = Keyring.from_file(settings.keys) if settings.keys else Keyring()
    return keys.merged(Keyring.demo()) if demo_keys_accepted(settings) else keys


def demo_keys_accepted(settings: Settings) -> bool:
    """Whether the demo keys work: never where another machine could present them."""
    return settings.demo_keys and is_loopback(settings.host)


def new_key(prefix: str, random_bytes: bytes) -> str:
    """
    The text of a new key.

    Args:
        prefix: Two letters, ``live`` or ``test``, such as ``tk_live_``: keys are found and redacted by it.
        random_bytes: ``KEY_BYTES`` bytes nobody can predict.

    Raises:
        ValueError: Either is not as described.
    """
    if not PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix such as {DEFAULT_PREFIX}")
    if len(random_bytes) != KEY_BYTES:
        raise ValueError(f"{len(random_bytes)} random bytes; a key takes {KEY_BYTES}")
    return prefix + random_bytes.hex()


def entry_for(key: str, grant: Grant, *, secret: str | None = None) -> Entry:
    """What is kept of a key, and of the secret that goes with it."""
    return Entry(_digest(key), grant, None if secret is None else _digest(secret))


def _digest(key: str) -> bytes:
    # JSON can carry half a surrogate pair: a wrong key, not a crash.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine can be at ``host``, a name or an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
