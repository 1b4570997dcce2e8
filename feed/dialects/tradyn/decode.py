"""
From a client's JSON text to a request of Tradyn's.

Source: section "Client → Server". A request is a JSON object with a ``type``; fields the document
does not name are passed over, as its own examples in other languages send some.
"""

from __future__ import annotations

from typing import Any, Final

import attrs
import cattrs
import msgspec

from feed.errors import ProtocolError

# An error never quotes more of what the client sent than this.
QUOTED_CHARACTERS: Final = 32


@attrs.frozen
class Auth:
    """``{"type": "auth", "apiKey": "<your-api-key>"}``."""

    apiKey: str = attrs.field(repr=False)  # noqa: N815  # the document's spelling


@attrs.frozen
class Subscribe:
    """One ``symbol``, many ``symbols``, or both, which means all of them."""

    symbol: str | None = None
    symbols: list[str] | None = None


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


def _string(value: object, _: object) -> str:
    if not isinstance(value, str):
        raise TypeError("must be a string")
    return value


def _strings(value: object, _: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("must be a list of strings")
    return value


_converter = cattrs.Converter()
_converter.register_structure_hook(str, _string)
_converter.register_structure_hook_func(lambda wanted: wanted == list[str], _strings)
_decode = msgspec.json.Decoder().decode


def decode(text: str) -> Request:
    """
    The request in one client message.

    Args:
        text: One whole text message.
    Raises:
        ProtocolError: Not a request of this protocol; the message says why, fit for the client.
    """
    try:
        message: Any = _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise ProtocolError("Invalid JSON") from None
    if not isinstance(message, dict):
        raise ProtocolError("Message must be a JSON object")
    kind = message.get("type")
    if not isinstance(kind, str):
        raise ProtocolError("Missing or invalid field: type")
    request = REQUESTS.get(kind)
    if request is None:
        raise ProtocolError(f"Unknown message type: {clip(kind)}")
    try:
        return _converter.structure(message, request)
    except cattrs.ClassValidationError as problem:
        raise ProtocolError(_complaint(kind, problem)) from None


def _complaint(kind: str, problem: cattrs.ClassValidationError) -> str:
    """The first thing wrong with the fields of a request."""
    cause, note = problem.group_exceptions()[0][0]
    if isinstance(cause, KeyError):
        return f"Missing field in {kind}: {cause.args[0]}"
    return f"Invalid field in {kind}: {note.name} {cause}"


def clip(text: str) -> str:
    """At most :data:`QUOTED_CHARACTERS` of what the client sent."""
    return text if len(text) <= QUOTED_CHARACTERS else text[:QUOTED_CHARACTERS] + "..."
