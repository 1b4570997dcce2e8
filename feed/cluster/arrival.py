"""Lets a client wait that has seen more than this server has: it was at another one a moment ago."""

from __future__ import annotations

import re
from typing import Final

import trio

from feed.stream.hub import Hub

# As :mod:`feed.model.stream_position` writes one; where it stands in a message is the protocols' business.
_POSITION: Final = re.compile(r"(?<![0-9a-z-])([1-9][0-9]{0,17})-[0-9a-f]{8}(?![0-9a-z-])")
# Seconds between two looks, one in all. Few, so that who names what never comes costs little.
_LOOKS: Final = (0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.4)


async def arrival(hub: Hub, text: str) -> None:
    """
    Wait until the events are published that a text speaks of.

    A client whose edge is gone resumes at another, which may be some milliseconds behind: without this it
    would be told that its position is ahead of the server. This only waits, a second at most; what the text
    means is decided afterwards, by who reads it.

    Args:
        hub: Publishes.
        text: Of a message, or of the options in a URL.
    """
    seq = max((int(found) for found in _POSITION.findall(text)), default=0)
    for seconds in _LOOKS:
        if seq <= hub.seq:
            return
        await trio.sleep(seconds)
