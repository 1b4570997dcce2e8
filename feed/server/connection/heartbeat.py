"""Pings a client now and then, and ends its connection when the answer does not come in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from feed.server import close_reason
from feed.server.close_reason import CloseReason
from feed.server.countdown import Countdown

MOST_UNANSWERED: Final = 4
"""Pings without an answer, after which no more are sent: the last of them is waited for."""


async def heartbeat(
    nursery: trio.Nursery,
    socket: WebSocketConnection,
    *,
    ping_seconds: float,
    pong_seconds: float,
    regular: bool,
    excused: Callable[[float], bool],
    end: Callable[[CloseReason], None],
) -> None:
    """
    Ping until cancelled.

    Args:
        nursery: Of the connection.
        socket: The connection.
        ping_seconds: From one answer to the next ping.
        pong_seconds: To answer one.
        regular: Whether to ping every ``ping_seconds``, answered or not.
        excused: Whether the answer may have come unread since a moment, seconds on Trio's clock.
        end: Ends the connection.
    """
    unanswered = 0

    async def expect() -> None:
        """Ping, and wait for the answer."""
        nonlocal unanswered
        pinged, answered = trio.current_time(), trio.Event()
        nursery.start_soon(_ping, socket, answered, end)
        unanswered += 1
        try:
            await Countdown(pong_seconds).wait(answered.wait)
        except trio.TooSlowError:
            if not excused(pinged):
                end(close_reason.SILENT)
        finally:
            unanswered -= 1

    while True:
        await trio.sleep(ping_seconds)
        if not regular:
            await expect()
        elif unanswered < MOST_UNANSWERED:
            nursery.start_soon(expect)


async def _ping(
    socket: WebSocketConnection, answered: trio.Event, end: Callable[[CloseReason], None]
) -> None:
    try:
        await socket.ping()
        answered.set()
    except ConnectionClosed:
        end(close_reason.GONE)
