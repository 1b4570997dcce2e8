"""Closes every connection, spread in time so that not all clients come back in the same moment."""

from __future__ import annotations

from random import Random

import trio

from feed.server.close_reason import CloseReason
from feed.server.registry import ConnectionRegistry


async def say_goodbye(
    registry: ConnectionRegistry, why: CloseReason, *, seconds: float, chance: Random
) -> None:
    """
    End every conversation, in no particular order.

    Args:
        registry: Whose conversations.
        why: What each is told.
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
    """So many moments within some seconds, in order, at no regular distance: clients shall not meet again."""
    return sorted(chance.uniform(0, seconds) for _ in range(count))
