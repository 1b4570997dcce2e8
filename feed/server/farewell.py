"""Closes every connection, spread in time so that not all clients come back in the same moment."""

from __future__ import annotations

from random import Random

import trio

from feed.server.ending import Ending
from feed.server.reception import Reception


async def say_goodbye(reception: Reception, why: Ending, *, seconds: float, chance: Random) -> None:
    """
    End every conversation, in no particular order.

    Args:
        reception: Whose conversations.
        why: What each is told.
        seconds: How long there is in all; closing is spread over no more than half of it.
        chance: Decides who is told when.
    """
    conversations = list(reception.conversations)
    chance.shuffle(conversations)
    began = trio.current_time()
    most = min(seconds / 2, len(conversations) / reception.limits.closes_per_second)
    for moment, conversation in zip(moments(len(conversations), most, chance), conversations, strict=True):
        await trio.sleep_until(began + moment)
        conversation.end(why)


def moments(count: int, seconds: float, chance: Random) -> list[float]:
    """So many moments within some seconds, in order, at no regular distance: clients shall not meet again."""
    return sorted(chance.uniform(0, seconds) for _ in range(count))
