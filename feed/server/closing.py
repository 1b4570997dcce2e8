"""
Closes every connection, when the server stops or its market is over.

It is spread in time, so that not all clients come back in the same moment. A market is over when a scenario
or a recording was played to its end.
"""

from __future__ import annotations

from random import Random

import structlog
import trio

from feed.model.durations import NS_PER_SECOND
from feed.server import close_reason
from feed.server.close_reason import CloseReason
from feed.server.registry import ConnectionRegistry
from feed.server.server_context import ServerContext
from feed.sim.runner import STAND_SECONDS

log = structlog.get_logger("feed.server")


async def close_connections(
    registry: ConnectionRegistry, why: CloseReason, *, seconds: float, chance: Random
) -> None:
    """
    End every connection, in no particular order.

    Args:
        registry: Whose.
        why: What each client is told.
        seconds: How long there is in all; closing is spread over no more than half of it.
        chance: Decides who is told when.
    """
    connections = list(registry.connections)
    chance.shuffle(connections)
    began = trio.current_time()
    most = min(seconds / 2, len(connections) / registry.limits.closes_per_second)
    for moment, connection in zip(moments(len(connections), most, chance), connections, strict=True):
        await trio.sleep_until(began + moment)
        connection.end(why)


def moments(count: int, seconds: float, chance: Random) -> list[float]:
    """``count`` random moments within some seconds, in order: clients shall not come back together."""
    return sorted(chance.uniform(0, seconds) for _ in range(count))


async def conclude(
    server_context: ServerContext, at_end: str, *, market_time: int | None, seconds: float, chance: Random
) -> None:
    """
    Say that the market is over, and do what ``at_end`` says. It returns when the server may end.

    Args:
        server_context: All of its events have been told.
        at_end: ``close``, ``hold`` or ``exit``, as in :class:`feed.settings.Settings`; a market that
            begins again (``loop``) is never over.
        market_time: At the end, nanoseconds since the Unix epoch; None is that of the last event.
        seconds: How long closing every connection may take.
        chance: Decides in which order.
    """
    registry, fanout = server_context.registry, server_context.fanout
    fanout.finish(fanout.hub.market_state.now if market_time is None else market_time)
    registry.ended.set()
    connections = len(registry.connections)
    log.info("the market has ended", seq=fanout.hub.seq, at_end=at_end, connections=connections)
    if at_end == "hold":
        await _hold(server_context)
    registry.closed.set()
    await close_connections(registry, close_reason.MARKET_OVER, seconds=seconds, chance=chance)
    if at_end == "close":
        await trio.sleep_forever()


async def _hold(server_context: ServerContext) -> None:
    """Keep everybody, and let them hear that their connections are alive."""
    while True:
        await trio.sleep(STAND_SECONDS)
        await server_context.fanout.stand(int(STAND_SECONDS * NS_PER_SECOND))
