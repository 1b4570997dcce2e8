"""New API keys, written as the protocols that they are good for write theirs."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

import attrs

from feed.dialects.credentials import KeyType
from feed.dialects.discovery import key_formats
from feed.errors import ConfigError
from feed.model.grants import Grant
from feed.model.key_formats import USUAL_FORMAT, KeyFormat, SigningAlgorithm
from feed.server.key_secrets import SECRET_BYTES, hmac_secret
from feed.server.keyfile import KeyRecord
from feed.server.keys import KEY_BYTES, digest, entry_for, new_key
from feed.server.publickey import new_private_key, public_key

PASSPHRASE_BYTES: Final = 12  # of randomness in a passphrase; written as 24 hexadecimal digits
_UUID: Final = "{uuid}"


@attrs.frozen
class IssuedKey:
    """
    A key with all that its holder is told, once.

    Attributes:
        key: The key.
        secret: Secret of an HMAC, or a private key; None where nothing goes with the key.
        passphrase: None where the protocol has none.
        record: What is kept of it.
    """

    key: str = attrs.field(repr=False)
    secret: str | None = attrs.field(repr=False)
    passphrase: str | None = attrs.field(repr=False)
    record: KeyRecord


def format_for(dialects: tuple[str, ...]) -> KeyFormat:
    """
    How keys look that are good for some protocols; none named means all.

    Raises:
        ConfigError: No one key suits them all.
    """
    known = key_formats()
    found = {name: known.get(name, USUAL_FORMAT) for name in dialects}
    if len(set(found.values())) > 1:
        raise ConfigError(
            f"{', '.join(found)} do not write what goes with a key alike",
            where="--dialect",
            hint="make a key for each, with the same --account",
        )
    return next(iter(found.values()), USUAL_FORMAT)


def issue(
    grant: Grant,
    *,
    prefix: str,
    signs: bool,
    algorithm: SigningAlgorithm | None = None,
    with_secret: bool = False,
    random: Callable[[int], bytes],
) -> IssuedKey:
    """
    Make a key.

    Args:
        grant: What it allows; its protocols decide how it looks.
        prefix: Of the key, such as ``tk_live_``, where the protocol has no names of its own.
        signs: Whether its holder signs requests with what is made here.
        algorithm: With what; by default what holders of the protocol's keys use first.
        with_secret: Whether there is a secret even if it signs nothing.
        random: Gives so many bytes that nobody can predict.

    Raises:
        ConfigError: Its protocols do not write keys alike, or do not sign with ``algorithm``.
    """
    form = format_for(grant.dialects) if signs else USUAL_FORMAT
    chosen = algorithm or form.algorithms[0]
    if chosen not in form.algorithms:
        of = ", ".join(grant.dialects) or "all protocols"
        raise ConfigError(
            f"secrets that are made for keys of {of} are {', '.join(each.value for each in form.algorithms)}",
            where="--algorithm",
            hint="for a key pair of your own: --public-key PEM",
        )
    passphrase = random(PASSPHRASE_BYTES).hex() if form.passphrase else None
    kept = None if passphrase is None else digest(passphrase)
    if signs and chosen is not SigningAlgorithm.HMAC:
        key = _named(form.key_name, random) or new_key(prefix, random(KEY_BYTES))
        pair = new_private_key(KeyType(chosen.value), random(SECRET_BYTES))
        record = attrs.evolve(entry_for(key, grant), public_key=public_key(pair.public_pem), passphrase=kept)
        return IssuedKey(key, pair.text, passphrase, record)
    key = new_key(prefix, random(KEY_BYTES))
    secret = hmac_secret(form, random) if signs or with_secret else None
    record = attrs.evolve(entry_for(key, grant, secret=secret, signs=signs), passphrase=kept)
    return IssuedKey(key, secret, passphrase, record)


def signs_with(entry: KeyRecord) -> SigningAlgorithm | None:
    """With what a key signs that was made here; None for nothing, or for a key pair of its holder's own."""
    if entry.signing_secret is not None:
        return SigningAlgorithm.HMAC
    if entry.public_key is None:
        return None
    made = format_for(entry.grant.dialects).algorithms
    return next((each for each in made if each.value == entry.public_key.type.value), None)


def _named(name: str, random: Callable[[int], bytes]) -> str:
    while _UUID in name:
        name = name.replace(_UUID, str(uuid.UUID(bytes=random(KEY_BYTES), version=4)), 1)
    return name
