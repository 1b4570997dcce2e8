"""
From a client's JSON text to a request of SecurityPro's.

Source: section "Message Types". A request is a JSON object with an ``op``; a pong has a ``type`` in
its place. Fields the document does not name are passed over.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from feed.dialects.messages import parse, request


@attrs.frozen
class Subscribe:
    """
    ``{"op": "subscribe", "channel": "trades", "symbol": "BTC-USD", "apiKey": "<YOUR_API_KEY>"}``.

    ``apiKey`` can be null: what the published clients send where no key is set. ``since`` is ours.
    """

    channel: str
    symbol: str
    apiKey: str | None = attrs.field(default=None, repr=False)  # noqa: N815  # the document's spelling
    since: Any = None


@attrs.frozen
class Unsubscribe(Subscribe):
    """The same fields, the other way; the document has none."""


@attrs.frozen
class StreamRequest:
    """One stream of a batch."""

    channel: str
    symbol: str


@attrs.frozen
class SubscribeBatch:
    """
    ``{"op": "subscribe", "subscriptions": [{"channel": "trades", "symbol": "BTC-USD"}], "apiKey": "<KEY>"}``.

    Ours; the document has one stream in a frame. The other fields are those of :class:`Subscribe`.
    """

    subscriptions: list[StreamRequest]
    apiKey: str | None = attrs.field(default=None, repr=False)  # noqa: N815  # the document's spelling
    since: Any = None


@attrs.frozen
class UnsubscribeBatch(SubscribeBatch):
    """The same fields, the other way."""


@attrs.frozen
class Pong:
    """``{"type": "pong", "ts": "2025-08-17T14:25:32.100Z"}``."""


Request = Subscribe | Unsubscribe | SubscribeBatch | UnsubscribeBatch | Pong

OPERATIONS: Final[dict[str, type[Request]]] = {"subscribe": Subscribe, "unsubscribe": Unsubscribe}
BATCHES: Final[dict[str, type[Request]]] = {"subscribe": SubscribeBatch, "unsubscribe": UnsubscribeBatch}


def decode(text: str) -> Request:
    """
    The request in one client message.

    Args:
        text: One whole text message.
    Raises:
        ProtocolError: Not a request of this protocol; the message says why, fit for the client.
    """
    fields = parse(text)
    if "op" not in fields and fields.get("type") == "pong":
        return Pong()
    # A frame of the document's is one, whatever else is in it.
    batch = "subscriptions" in fields and "channel" not in fields
    return request(fields, "op", BATCHES if batch else OPERATIONS)
