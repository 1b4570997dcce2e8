"""
Signed requests: what is signed, and which numbers they carry.

The signature is base64 of the HMAC-SHA512, by the secret that is base64 itself, over the path from ``/0/`` on
and the SHA-256 of nonce, query and body. The body is a form or JSON; it and the query of the URL, if there is
one, are signed as they stand: what is not signed could have been added by anybody.

Source: "Spot REST Authentication" of the guides.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from feed.dialects.credentials import Credentials, hmac_matches
from feed.model.durations import NS_PER_SECOND

HEADER: Final = "API-Sign"
_NONCE: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_MOST: Final = 2**64 - 1
_SECONDS_DIGITS: Final = 10


def nonce_of(text: str | None) -> int | None:
    """A nonce: a whole number of 64 bits, without a sign; None for any other text."""
    if text is None or _NONCE.fullmatch(text) is None or int(text) > _MOST:
        return None
    return int(text)


def is_before(nonce: int, time: int) -> bool:
    """
    Whether a nonce, where it is the time of a clock, is not after another time.

    Args:
        nonce: Seconds since the Unix epoch and any digits after the point, without it; a smaller number is
            no time.
        time: Nanoseconds since the Unix epoch.
    """
    more = len(str(nonce)) - _SECONDS_DIGITS
    return more >= 0 and nonce * NS_PER_SECOND <= time * 10**more


def message(path: str, nonce: str, body: bytes) -> bytes:
    """
    What is signed.

    Args:
        path: From ``/0/`` on.
        nonce: As the body has it.
        body: Query and body, as they are sent.
    """
    return path.encode() + hashlib.sha256(nonce.encode("utf-8", "surrogatepass") + body).digest()


def verified(signature: str, signed: bytes, credentials: Credentials) -> bool:
    """Whether the holder of the key has signed a message, see :func:`message`."""
    secret = credentials.secret_bytes
    try:
        digest = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return secret is not None and hmac_matches(secret, signed, digest, algorithm="sha512")
