"""Pings a client now and then, and ends its connection when the answer does not come in time."""

from __future__ import annotations

from collections.abc import Callable

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from feed.server import close_reason
from feed.server.close_reason import CloseReason
from feed.server.countdown import Countdown


async def heartbeat(
    nursery: trio.Nursery,
    socket: WebSocketConnection,
    *,
    ping_seconds: float,
    pong_seconds: float,
    excused: Callable[[float], bool],
    end: Callable[[CloseReason], None],
) -> None:
    """
    Ping until cancelled.

    Args:
        nursery: Of the connection.
        socket: The connection.
        ping_seconds: Between two pings.
        pong_seconds: To answer one.
        excused: Whether the answer may have come unread since a moment, seconds on Trio's clock.
        end: Ends the connection.
    """
    while True:
        await trio.sleep(ping_seconds)
        pinged, answered = trio.current_time(), trio.Event()
        nursery.start_soon(_ping, socket, answered, end)
        try:
            await Countdown(pong_seconds).wait(answered.wait)
        except trio.TooSlowError:
            if not excused(pinged):
                end(close_reason.SILENT)


async def _ping(
    socket: WebSocketConnection, answered: trio.Event, end: Callable[[CloseReason], None]
) -> None:
    try:
        await socket.ping()
        answered.set()
    except ConnectionClosed:
        end(close_reason.GONE)
