"""
From a client's JSON text to a request of Tradyn's.

Source: section "Client → Server". A request is a JSON object with a ``type``; fields the document
does not name are passed over, as its own examples in other languages send some.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from feed.dialects.messages import parse, request
from feed.errors import ProtocolError


@attrs.frozen
class Auth:
    """``{"type": "auth", "apiKey": "<your-api-key>"}``."""

    apiKey: str = attrs.field(repr=False)  # noqa: N815  # the document's spelling


@attrs.frozen
class Subscribe:
    """
    One ``symbol``, many ``symbols``, or both, which means all of them.

    ``channels`` of the account, and ``since``, are ours.
    """

    symbol: str | None = None
    symbols: list[str] | None = None
    channels: list[str] | None = None
    since: Any = None


@attrs.frozen
class Unsubscribe(Subscribe):
    """The same fields, the other way."""


@attrs.frozen
class List:
    """``{"type": "list"}``."""


Request = Auth | Subscribe | Unsubscribe | List

REQUESTS: Final[dict[str, type[Request]]] = {
    "auth": Auth,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "list": List,
}


def decode(text: str, *, authenticated: bool = True) -> Request:
    """
    The request in one client message.

    Args:
        text: One whole text message.
        authenticated: Whether the client may send anything but its key.
    Raises:
        ProtocolError: Not a request of this protocol; the message says why, fit for the client.
    """
    fields = parse(text)
    if not authenticated and fields.get("type") != "auth":
        raise ProtocolError("Authentication required")
    return request(fields, "type", REQUESTS)
