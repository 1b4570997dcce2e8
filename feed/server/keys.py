"""
API keys: what a presented key allows, without keeping any key.

A key is 128 random bits, so one plain SHA-256 is enough: nobody can guess what a slow hash would guard.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Callable, Iterable
from typing import Final

import attrs

from feed.dialects.credentials import KeyType
from feed.dialects.discovery import demo_keys
from feed.errors import ConfigError
from feed.model.arrival import is_loopback
from feed.model.grants import Grant, Scope, Tier
from feed.model.key_formats import DEMO_ACCOUNT, DemoKey, SigningAlgorithm
from feed.server.key_secrets import demo_passphrase, demo_secret
from feed.server.keyfile import KeyRecord
from feed.server.publickey import trusted_public_key
from feed.settings import DEMO_KEY, Settings

KEY_BYTES: Final = 16  # of randomness in a new key; written as 32 hexadecimal digits
LONGEST_KEY: Final = 256  # characters; what is longer is refused before it is hashed
DEFAULT_PREFIX: Final = "tk_live_"
ADMIN_PREFIX: Final = "ak_live_"
ADMIN_NAME: Final = "admin"
PREFIX: Final = re.compile(r"[a-z]{2}_(?:live|test)_")

# As the published documents print them, dots and all.
DEMO_KEYS: Final[tuple[DemoKey, ...]] = (
    DemoKey(
        key=DEMO_KEY,
        grant=Grant(name="demo", account=DEMO_ACCOUNT, tier=Tier.MAX, scopes=(Scope.READ, Scope.TRADE)),
    ),
    *demo_keys(),
)


class KeyStore:
    """
    The keys that a server accepts now, as digests.

    Whoever holds one asks it again for every key: an operator may exchange what is in it.
    """

    def __init__(self, entries: Iterable[KeyRecord] = (), *, clock: Callable[[], float] = time.time) -> None:
        """
        Begin with some keys.

        Args:
            entries: In order: of two that share a digest, the first counts.
            clock: Seconds since the Unix epoch, by which keys end.
        """
        self._clock = clock
        self.replace(entries)

    def __repr__(self) -> str:
        """The names of its keys; never a key or a digest."""
        return f"Keyring({', '.join(grant.name for grant in self.grants)})"

    @property
    def entries(self) -> tuple[KeyRecord, ...]:
        """What is known of each key, in file order."""
        return self._entries

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What each key allows, in file order."""
        return tuple(entry.grant for entry in self._entries)

    @classmethod
    def demo(cls) -> KeyStore:
        """The keys printed in the published documents. Everybody knows them."""
        return cls(demo_entries())

    def replace(self, entries: Iterable[KeyRecord]) -> None:
        """Accept these keys from now on, and no others."""
        self._entries = tuple(entries)
        digests = {held for entry in self._entries for held in (entry.digest, entry.secret, entry.passphrase)}
        digests |= {digest(entry.signing_secret) for entry in self._entries if entry.signing_secret}
        self._holds = digests.__contains__  # which, unlike them, shows nothing in a traceback

    def find(self, key: str, dialect: str, *, local: bool = False) -> KeyRecord | None:
        """
        What is known of ``key``; None when it is refused.

        The time taken depends on the length of ``key`` and the number of entries, on nothing else.

        Args:
            key: As it was presented.
            dialect: The protocol that it is presented in; empty for none.
            local: Whether it was presented on a connection within this machine.
        """
        if len(key) > LONGEST_KEY:
            return None
        presented = digest(key)
        now = self._clock()
        matching = [entry for entry in self._entries if hmac.compare_digest(entry.digest, presented)]
        if not matching or matching[0].ended(now) or (matching[0].local and not local):
            return None
        dialects = matching[0].grant.dialects
        return matching[0] if not dialects or dialect in dialects else None

    def marked(self, mark: str, dialect: str, *, local: bool = False) -> KeyRecord | None:
        """The key with a mark, see :attr:`KeyRecord.mark`; None when it is refused."""
        now = self._clock()
        for entry in self._entries:
            if entry.mark == mark and not entry.ended(now) and (local or not entry.local):
                dialects = entry.grant.dialects
                return entry if not dialects or dialect in dialects else None
        return None

    def accepts(self, entry: KeyRecord) -> bool:
        """Whether a key that was found earlier is still good for the same."""
        known = next((each for each in self._entries if each.digest == entry.digest), None)
        if known is None or known.ended(self._clock()):
            return False
        return known.credentials == entry.credentials

    def holds(self, name: str, dialect: str) -> bool:
        """Whether some key of this name is good for a protocol now."""
        now = self._clock()
        return any(
            entry.grant.name == name
            and not entry.ended(now)
            and (not entry.grant.dialects or dialect in entry.grant.dialects)
            for entry in self._entries
        )

    def known(self, text: str) -> bool:
        """Whether a text is a key of this store or a secret that goes with one, good or not."""
        return self._holds(digest(text))

    def next_end(self) -> float | None:
        """Seconds until the next key ends; None when none will."""
        now = self._clock()
        ends = [entry.until for entry in self._entries if entry.until is not None]
        return min((end - now for end in ends if end > now), default=None)


def demo_entries() -> tuple[KeyRecord, ...]:
    """The keys printed in the published documents, which are good within this machine alone."""
    return tuple(_demo_entry(known) for known in DEMO_KEYS)


def _demo_entry(known: DemoKey) -> KeyRecord:
    secret, passphrase = demo_secret(known), demo_passphrase(known)
    entry = entry_for(known.key, known.grant, secret=secret, signs=secret is not None)
    if known.algorithm is not SigningAlgorithm.HMAC:
        kind = KeyType(known.algorithm.value)
        entry = attrs.evolve(entry, public_key=trusted_public_key(known.public_key, kind))
    kept = None if passphrase is None else digest(passphrase)
    return attrs.evolve(entry, passphrase=kept, local=True)


def demo_keys_wanted(settings: Settings) -> bool:
    """
    Whether the demo keys work at all; if so, then never where another machine could present them.

    Raises:
        ConfigError: They were asked for, and there is a port where they cannot be had.
    """
    places = [("--host", settings.host), *(("--listen", listen.host) for listen in settings.listen)]
    for option, host in places if settings.demo_keys else ():
        if not is_loopback(host):
            raise ConfigError(
                f"everybody knows these keys, and other machines can reach {option} {host or '(any)'}",
                where="--demo-keys",
                hint="leave it out, and make keys of your own: feed keys add keys.toml --name NAME",
            )
    return settings.demo_keys is not False and any(is_loopback(host) for _, host in places)


def admin_entry(key: str) -> KeyRecord:
    """The key that steers the market, and opens nothing else."""
    return entry_for(key, Grant(name=ADMIN_NAME, scopes=(Scope.ADMIN,), dialects=(ADMIN_NAME,)))


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


def entry_for(key: str, grant: Grant, *, secret: str | None = None, signs: bool = False) -> KeyRecord:
    """What is kept of a key, and of the secret that goes with it: the secret itself where it ``signs``."""
    hashed = None if secret is None else digest(secret)
    return KeyRecord(digest(key), grant, hashed, signing_secret=secret if signs else None)


def has_secret(entry: KeyRecord, secret: str) -> bool:
    """Whether ``secret`` goes with a key."""
    kept = entry.secret if entry.secret is not None else bytes(32)
    return len(secret) <= LONGEST_KEY and hmac.compare_digest(kept, digest(secret))


def digest(key: str) -> bytes:
    """SHA-256 of a key or a secret."""
    # JSON can carry half a surrogate pair: a wrong key, not a crash.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
