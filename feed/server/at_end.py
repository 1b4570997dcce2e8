"""What becomes of the server when its market is over: a scenario or a recording was played to its end."""

from __future__ import annotations

from random import Random

import structlog
import trio

from feed.model.durations import NS_PER_SECOND
from feed.server import ending
from feed.server.farewell import say_goodbye
from feed.server.house import House
from feed.sim.runner import STAND_SECONDS

log = structlog.get_logger("feed.server")


async def conclude(
    house: House, at_end: str, *, market_time: int | None, seconds: float, chance: Random
) -> None:
    """
    Say that the market is over, and do what ``at_end`` says. It returns when the server may end.

    Args:
        house: All of its events have been told.
        at_end: ``close``, ``hold`` or ``exit``, as in :class:`feed.settings.Settings`; a market that
            begins again (``loop``) is never over.
        market_time: At the end, nanoseconds since the Unix epoch; None is that of the last event.
        seconds: How long closing every connection may take.
        chance: Decides in which order.
    """
    reception, fanout = house.reception, house.fanout
    fanout.finish(fanout.hub.latest.now if market_time is None else market_time)
    reception.ended.set()
    connections = len(reception.conversations)
    log.info("the market has ended", seq=fanout.hub.seq, at_end=at_end, connections=connections)
    if at_end == "hold":
        await _hold(house)
    reception.closed.set()
    await say_goodbye(reception, ending.MARKET_OVER, seconds=seconds, chance=chance)
    if at_end == "close":
        await trio.sleep_forever()


async def _hold(house: House) -> None:
    """Keep everybody, and let them hear that their connections are alive."""
    while True:
        await trio.sleep(STAND_SECONDS)
        await house.fanout.stand(int(STAND_SECONDS * NS_PER_SECOND))
