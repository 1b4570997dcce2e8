"""
Signed requests: what is signed, and when a timestamp is good.

Source: "REST API Authentication" and "WebSocket Authentication".
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import attrs

from feed.dialects.clocks import Range
from feed.dialects.coinbase_exchange.errors import ExchangeError, bad
from feed.dialects.credentials import Credentials, hmac_matches
from feed.dialects.rest import Call
from feed.model.durations import NS_PER_SECOND

WINDOW: Final = 30 * NS_PER_SECOND
"""By how much a timestamp may be off, nanoseconds, to either side."""
VERIFY: Final = "/users/self/verify"
"""The path that is signed to subscribe to what not everybody may have."""
INVALID_KEY: Final = "Invalid API Key"
_TIME: Final = re.compile(r"[0-9]{1,11}(?:\.[0-9]{1,20})?", re.ASCII)
_UNAUTHORIZED: Final = 401


class WrongSignature(ExchangeError):
    """A signature, or a passphrase, that does not go with the key."""


def unauthorized(message: str) -> ExchangeError:
    """That a request does not show what it must."""
    return ExchangeError(_UNAUTHORIZED, message)


def invalid_key() -> ExchangeError:
    """The refusal of a key that is not accepted."""
    return unauthorized(INVALID_KEY)


@attrs.frozen(kw_only=True)
class Signed:
    """
    What a request shows of who sends it.

    Attributes:
        payloads: Texts that the client may have signed, after the timestamp.
        signature: Base64; empty for none.
        timestamp: Seconds since the Unix epoch; empty for none.
        passphrase: Empty for none.
    """

    payloads: tuple[str, ...] = attrs.field(repr=False)
    signature: str = attrs.field(repr=False)
    timestamp: str
    passphrase: str = attrs.field(repr=False)

    def check(self, credentials: Credentials, clocks: Iterable[Range]) -> None:
        """
        Check time, signature and passphrase.

        Args:
            credentials: Of the key that came with the request.
            clocks: First and last of times that are good, of the wall and of the market.

        Raises:
            ExchangeError: The request is refused.
        """
        shown = {"SIGN": self.signature, "TIMESTAMP": self.timestamp, "PASSPHRASE": self.passphrase}
        for name, value in shown.items():
            if not value:
                raise unauthorized(f"CB-ACCESS-{name} header is required")
        if _TIME.fullmatch(self.timestamp) is None:
            raise bad("invalid timestamp")
        at = int(Decimal(self.timestamp) * NS_PER_SECOND)
        if not any(first - WINDOW <= at <= last + WINDOW for first, last in clocks):
            raise bad("request timestamp expired")
        if not self._verified(credentials):
            raise WrongSignature(_UNAUTHORIZED, "invalid signature")
        if not credentials.has_passphrase(self.passphrase):
            raise WrongSignature(_UNAUTHORIZED, "Invalid Passphrase")

    def _verified(self, credentials: Credentials) -> bool:
        secret = credentials.secret_bytes
        try:
            digest = base64.b64decode(self.signature, validate=True)
        except (binascii.Error, ValueError):
            return False
        return secret is not None and any(
            hmac_matches(
                secret,
                (self.timestamp + payload).encode("utf-8", "surrogateescape"),
                digest,
                algorithm="sha256",
            )
            for payload in self.payloads
        )


def signed_http(method: str, call: Call, prefix: str) -> Signed:
    """
    A request by HTTP.

    Args:
        method: Of it.
        call: The request.
        prefix: Of the protocol, which the client leaves out where it signs.
    """
    asked = f"?{call.query}" if call.query else ""
    body = call.content.decode("utf-8", "surrogateescape")
    paths = (call.path.removeprefix(prefix), call.path)
    return Signed(
        payloads=tuple(f"{method}{path}{asked}{body}" for path in paths),
        signature=call.headers.get("CB-ACCESS-SIGN", ""),
        timestamp=call.headers.get("CB-ACCESS-TIMESTAMP", ""),
        passphrase=call.headers.get("CB-ACCESS-PASSPHRASE", ""),
    )


def signed_message(fields: Mapping[str, object]) -> Signed:
    """A subscription by WebSocket, by its members that show who sends it."""
    timestamp = fields.get("timestamp", "")
    return Signed(
        payloads=(f"GET{VERIFY}",),
        signature=_text(fields.get("signature")),
        timestamp=str(timestamp) if isinstance(timestamp, int | float) else _text(timestamp),
        passphrase=_text(fields.get("passphrase")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
