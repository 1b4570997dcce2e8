"""
From a client's JSON text to a request of the guide's.

Source: the guide's example, ``{"type": "subscribe", "channels": ["ticker_btcusd"]}``; the other
requests are ours, in its style. Fields that are not named here are passed over.
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from feed.dialects.messages import decoder


@attrs.frozen
class Subscribe:
    """Channels, each ``<kind>_<symbol>``; ``since`` is the position after which they begin."""

    channels: list[str]
    since: Any = None


@attrs.frozen
class Unsubscribe(Subscribe):
    """The same field, the other way."""


@attrs.frozen
class List:
    """``{"type": "list"}``."""


@attrs.frozen
class Ping:
    """``{"type": "ping"}``, for clients that cannot see protocol pings."""


@attrs.frozen
class Auth:
    """``{"type": "auth", "key": "..."}``, for channels that are not for everybody."""

    key: str = attrs.field(repr=False)


Request = Subscribe | Unsubscribe | List | Ping | Auth

REQUESTS: Final[dict[str, type[Request]]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "list": List,
    "ping": Ping,
    "auth": Auth,
}
decode: Final = decoder("type", REQUESTS)
"""The request in one client message; :class:`~feed.errors.ProtocolError` says what is wrong with it."""
