"""Listens to a tick server, for the commands that show or record what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import trio
from trio_websocket import ConnectionClosed, HandshakeError, open_websocket_url

from feed.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable


async def hear(url: str, key: str, symbols: list[str], count: int | None, tell: Callable[[str], None]) -> str:
    """
    Subscribe, and pass on every message until the server closes.

    Args:
        url: Of the server.
        key: To authenticate with.
        symbols: What to subscribe to.
        count: Stop after so many ticks; None never.
        tell: Given each message as it stands.

    Returns:
        How the server closed the connection; empty when there were ticks enough.
    Raises:
        ConfigError: It cannot be reached.
    """
    requests = [{"type": "auth", "apiKey": key}, {"type": "subscribe", "symbols": symbols}]
    left = count
    try:
        async with open_websocket_url(url) as socket:
            for request in requests:
                await socket.send_message(json.dumps(request))
            while left is None or left > 0:
                message = await socket.get_message()
                text = message if isinstance(message, str) else message.decode()
                tell(text)
                if left is not None and json.loads(text).get("type") == "tick":
                    left -= 1
    except (OSError, HandshakeError, ValueError, trio.BrokenResourceError) as problem:
        raise ConfigError(
            f"cannot connect ({problem})", where=url, hint="is the server running there?"
        ) from None
    except ConnectionClosed as closed:
        reason = f"{closed.reason.code} {closed.reason.reason or ''}" if closed.reason else "no reason"
        return f"the server closed the connection ({reason.strip()})"
    return ""


def with_option(url: str, option: str) -> str:
    """``url`` with one more option in its query."""
    parts = urlsplit(url)
    query = f"{parts.query}&{option}" if parts.query else option
    return urlunsplit(parts._replace(path=parts.path or "/", query=query))
