"""
The signature of a webhook, as Standard Webhooks has it.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, sections
"Webhook headers" and "Signature scheme", read 2026-11. The receiver computes the HMAC-SHA256 of
``id.timestamp.body`` with the secret, compares it in constant time, refuses a timestamp that is too old, and
an id that it has seen.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

SECRET_BYTES: Final = 32
_PREFIX: Final = "whsec_"


def secret_text(secret: bytes) -> str:
    """A secret as its owner is told it, once."""
    return _PREFIX + base64.b64encode(secret).decode()


def signature(secret: bytes, *, message: str, timestamp: int, body: bytes) -> str:
    """
    The value of the header ``webhook-signature``.

    Args:
        secret: Of the endpoint.
        message: Id of the message, the same in every attempt.
        timestamp: When this attempt is made, seconds since the Unix epoch.
        body: As it is sent.
    """
    signed = b"%s.%d.%s" % (message.encode(), timestamp, body)
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def headers(secret: bytes, *, message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver can tell that a message is ours, new, and whole."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message=message, timestamp=timestamp, body=body),
    }
