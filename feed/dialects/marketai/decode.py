"""
From a client's JSON text to a request.

Source: sections "Authentication" and "Protocol" of the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from feed.dialects.marketai.channels import CHANNELS, DEFAULT_INTERVALS, known_interval
from feed.dialects.messages import clip, decoder, unknown
from feed.errors import ProtocolError


@attrs.frozen
class Auth:
    """``{"action": "auth", "key": "mk_live_..."}``."""

    key: str = attrs.field(repr=False)


@attrs.frozen
class Subscribe:
    """``{"action": "subscribe", "channels": [{"type": ..., "symbols": [...]}]}``."""

    channels: list[Any]


@attrs.frozen
class Unsubscribe(Subscribe):
    """The same fields, the other way."""


@attrs.frozen
class Ping:
    """``{"action": "ping"}``."""


Request = Auth | Subscribe | Unsubscribe | Ping

REQUESTS: Final[dict[str, type[Request]]] = {
    "auth": Auth,
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "ping": Ping,
}
decode: Final = decoder("action", REQUESTS)
"""The request in one client message; :class:`~feed.errors.ProtocolError` says what is wrong with it."""


@attrs.frozen(kw_only=True)
class ChannelRequest:
    """
    One entry of a request's list.

    Attributes:
        channel: One of the nine.
        symbols: As the client spells them, each once; none means all of them.
        intervals: Of klines.
    """

    channel: str
    symbols: tuple[str, ...]
    intervals: tuple[str, ...] = DEFAULT_INTERVALS


class UnknownChannel(ProtocolError):
    """An entry names a channel that there is not."""


def wanted(entry: object) -> ChannelRequest:
    """
    One entry of ``channels``.

    Raises:
        UnknownChannel: No channel is called that.
        ProtocolError: It is no object, or a field of it is of the wrong type.
    """
    if not isinstance(entry, Mapping):
        raise ProtocolError('Every channel must be an object such as {"type": "quotes"}')
    channel = entry.get("type")
    if not isinstance(channel, str):
        raise ProtocolError("Missing or invalid field: type")
    if channel not in CHANNELS:
        raise UnknownChannel(f"Unknown channel: {clip(channel)}")
    intervals = _strings(entry, "intervals") or DEFAULT_INTERVALS
    strange = [interval for interval in intervals if not known_interval(interval)]
    if strange:
        raise ProtocolError(unknown("interval(s)", strange))
    return ChannelRequest(channel=channel, symbols=_strings(entry, "symbols"), intervals=intervals)


def _strings(entry: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = entry.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(item, str) for item in found):
        raise ProtocolError(f"Invalid field: {name} must be a list of strings")
    return tuple(dict.fromkeys(found))
