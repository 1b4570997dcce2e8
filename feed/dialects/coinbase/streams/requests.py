"""
What a client may send, and what is said of it otherwise.

Source: "WebSocket Overview", sections "Subscribe", "Unsubscribe" and "Authentication".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from feed.dialects.coinbase.streams import topics
from feed.dialects.messages import clip, parse
from feed.errors import ProtocolError

SUBSCRIBE: Final = "subscribe"
UNSUBSCRIBE: Final = "unsubscribe"
CHANNELS: Final = (*topics.CHANNELS, topics.USER)
UNKNOWN_PRODUCT: Final = " is not a valid product"


class Refused(ProtocolError):
    """A request that is answered with an error; the connection stays."""


@attrs.frozen(kw_only=True)
class Proof:
    """
    With what a client shows whose key it has; all None where it shows nothing.

    Attributes:
        jwt: A token.
        api_key: A key of the older kind, with what it signs:
        timestamp: Seconds since the Unix epoch,
        signature: and HMAC-SHA256 of it, the channel and the products, hexadecimal.
    """

    jwt: str | None = attrs.field(default=None, repr=False)
    api_key: str | None = None
    timestamp: str | None = None
    signature: str | None = attrs.field(default=None, repr=False)

    @property
    def given(self) -> bool:
        """Whether there is any."""
        return self.jwt is not None or self.api_key is not None


@attrs.frozen(kw_only=True)
class Request:
    """
    Begin to listen to a channel, or cease to.

    Attributes:
        begins: Which of both.
        channel: One of those that there are.
        product_ids: Of which products, as the client wrote them; none for all that the channel has.
        proof: Of who asks.
    """

    begins: bool
    channel: str
    product_ids: tuple[str, ...]
    proof: Proof


def decode(text: str) -> Request:
    """
    The request in one message.

    Raises:
        Refused: There is none.
    """
    try:
        fields = parse(text)
    except ProtocolError as problem:
        raise Refused(problem.message) from None
    kind, channel = fields.get("type"), fields.get("channel")
    if kind not in (SUBSCRIBE, UNSUBSCRIBE):
        raise Refused(f"type must be {SUBSCRIBE} or {UNSUBSCRIBE}")
    if not isinstance(channel, str):
        raise Refused("channel must be a string")
    if channel not in CHANNELS:
        raise Refused(f"{clip(channel)} is not a valid channel")
    ids = _product_ids(fields)
    if channel in topics.OF_PRODUCTS and not ids:
        raise Refused("product_ids must name at least one product")
    proof = Proof(**{name: _text(fields, name) for name in ("jwt", "api_key", "timestamp", "signature")})
    return Request(begins=kind == SUBSCRIBE, channel=channel, product_ids=tuple(ids), proof=proof)


def _product_ids(fields: dict[str, Any]) -> Sequence[str]:
    found = fields.get("product_ids")
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise Refused("product_ids must be a list of strings")
    return found


def _text(fields: dict[str, Any], name: str) -> str | None:
    found = fields.get(name)
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise Refused(f"{name} must be a string")
    return found
