"""Closes every connection, spread in time so that not all clients come back in the same moment."""

from __future__ import annotations

from typing import Final

import trio

from feed.server.ending import Ending
from feed.server.reception import Reception

# Closed this far apart, a thousand clients do not all come back in the same moment.
FAREWELL_SECONDS: Final = 0.001


async def say_goodbye(reception: Reception, why: Ending, *, seconds: float) -> None:
    """End every conversation, spread over no more than half of ``seconds``."""
    conversations = list(reception.conversations)
    pause = min(FAREWELL_SECONDS, seconds / 2 / max(1, len(conversations)))
    for conversation in conversations:
        conversation.end(why)
        await trio.sleep(pause)
