"""
What a client may send, and the exchange's words for what is wrong with it.

Source: "WebSocket Overview", sections Subscribe and Unsubscribe, and "WebSocket Errors".
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.messages import clip, parse
from feed.errors import ProtocolError

SUBSCRIBE: Final = "subscribe"
UNSUBSCRIBE: Final = "unsubscribe"
FAILED: Final = {SUBSCRIBE: "Failed to subscribe", UNSUBSCRIBE: "Failed to unsubscribe"}
MALFORMED: Final = "Malformed JSON"
UNKNOWN_PRODUCT: Final = "is not a valid product"


class Refused(ProtocolError):
    """
    A request that is answered with an error.

    Attributes:
        reason: What is wrong with it in particular.
    """

    def __init__(self, what: str, reason: str) -> None:
        self.reason = reason
        super().__init__(what)


@attrs.frozen(kw_only=True)
class Channels:
    """
    Begin to listen to channels, or cease to.

    Attributes:
        type: Which of both.
        channels: Each with the ids of its products, as the client wrote them; a channel with none means all
            its products where it is to end.
        signed: The members of the message that show who sends it.
    """

    type: str
    channels: tuple[tuple[str, tuple[str, ...]], ...]
    signed: dict[str, Any] = attrs.field(repr=False)


_SIGNED: Final = ("key", "signature", "timestamp", "passphrase")


def decode(text: str) -> Channels:
    """
    The request in one message.

    Raises:
        Refused: There is none.
    """
    try:
        fields = parse(text)
    except ProtocolError as problem:
        raise Refused(MALFORMED, problem.message) from None
    kind = fields.get("type")
    if not isinstance(kind, str):
        raise Refused(MALFORMED, "type is missing")
    if kind not in FAILED:
        raise Refused(MALFORMED, f"{clip(kind)} is not a valid type")
    try:
        common = _ids(fields.get("product_ids"))
        channels = tuple(_channel(one, common) for one in _list(fields))
    except ProtocolError as problem:
        raise Refused(FAILED[kind], problem.message) from None
    signed: dict[str, Any] = {name: fields[name] for name in _SIGNED if name in fields}
    return Channels(type=kind, channels=channels, signed=signed)


def _list(fields: dict[str, Any]) -> list[Any]:
    found = fields.get("channels")
    if not isinstance(found, list) or not found:
        raise ProtocolError("channels must be a list of channels")
    return found


def _channel(one: object, common: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    name, ids = one, common
    if isinstance(one, dict):
        name = one.get("name")
        ids = _ids(one["product_ids"]) if "product_ids" in one else common
    if not isinstance(name, str):
        raise ProtocolError("channels must be names, or objects with a name")
    if name not in topics.CHANNELS:
        raise ProtocolError(f"{clip(name)} is not a valid channel")
    return name, () if name in topics.WITHOUT_PRODUCTS else ids


def _ids(found: object) -> tuple[str, ...]:
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ProtocolError("product_ids must be a list of product ids")
    return tuple(dict.fromkeys(found))
