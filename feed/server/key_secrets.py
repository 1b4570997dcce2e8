"""What goes with an API key, as the key's protocol writes it: a secret or a private key, and a passphrase."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Final

from feed.dialects.credentials import KeyType
from feed.dialects.discovery import key_formats
from feed.model.key_formats import USUAL_FORMAT, DemoKey, KeyFormat, SigningAlgorithm
from feed.server.publickey import new_private_key
from feed.settings import DEMO_SECRET

SECRET_BYTES: Final = 32  # of randomness in a new secret; written as 64 hexadecimal digits
BASE64_SECRET_BYTES: Final = 64  # of randomness in one that is written in base64: 88 characters


def hmac_secret(form: KeyFormat, random: Callable[[int], bytes]) -> str:
    """A new secret of an HMAC."""
    if form.base64_secret:
        return base64.b64encode(random(BASE64_SECRET_BYTES)).decode()
    return random(SECRET_BYTES).hex()


def demo_secret(known: DemoKey) -> str | None:
    """What a demo key signs with as an HMAC; None where it signs with a private key."""
    if known.algorithm is not SigningAlgorithm.HMAC:
        return None
    form = _format(known)
    return hmac_secret(form, _made_of(known)) if form.base64_secret else DEMO_SECRET


def demo_private_key(known: DemoKey) -> str:
    """The private key that a demo key signs with."""
    return new_private_key(KeyType(known.algorithm.value), _made_of(known)(SECRET_BYTES)).text


def demo_passphrase(known: DemoKey) -> str | None:
    """The passphrase of a demo key; None where its protocol has none."""
    return DEMO_SECRET if _format(known).passphrase else None


def _format(known: DemoKey) -> KeyFormat:
    formats = key_formats()
    return next((formats[name] for name in known.grant.dialects if name in formats), USUAL_FORMAT)


def _made_of(known: DemoKey) -> Callable[[int], bytes]:
    """Gives bytes that are the same everywhere: the beginning of a digest."""
    made = hashlib.sha512(known.key.encode()).digest()
    return lambda count: made[:count]
