"""What a feed can be told, for type checkers: the keywords of :func:`feed.client.connect`."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from typing import Required, TypedDict

from feed.client.event_buffer import Overflow
from feed.dialects.items import Channel


class ConnectOptions(TypedDict, total=False):
    """All of them but what stands in for the network in tests."""

    key: str | None
    secret: str | None
    symbols: Required[Sequence[str]]
    channels: Sequence[Channel | str]
    raw_channels: Sequence[str]
    dialect: str | None
    resume: bool
    mute_seconds: float | None
    queue_events: int
    overflow: Overflow
    raw: bool
    on_message: Callable[[bytes], None] | None
    ssl_context: ssl.SSLContext | None
