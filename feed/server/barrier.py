"""Lets the market wait for its clients: until enough of them listen, or until the slowest is done."""

from __future__ import annotations

import trio

from feed.stream.fanout import Fanout


class ClientBarrier:
    """
    Who listens, and who lags.

    Args:
        fanout: Who publishes.
    """

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._hub = fanout.hub
        self._waiting = trio.lowlevel.ParkingLot()
        self._hub.watch(self._waiting.unpark_all)

    async def subscribed(self, clients: int) -> None:
        """Wait until so many connections listen at once."""
        while self._hub.listening < clients:
            await self._waiting.park()

    async def caught_up(self, seq: int) -> None:
        """
        Wait until every event up to ``seq`` has been told, and the sockets of all have taken it.

        A client that never reads holds this up until its connection ends. One whose link takes
        nothing, because a fault says so, does not.
        """
        await self._fanout.published(seq)
        while self._hub.lagging:
            await self._waiting.park()
