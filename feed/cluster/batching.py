"""What a busy fan-out has not taken yet, gathered: each batch is a write per client, however small it is."""

from __future__ import annotations

import trio

from feed.stream.source import Batch


class BatchSender:
    """
    Sends batches into a bounded channel; while that is full, those that follow become one.

    Heartbeats of a market that stands still are told by how long it has: their batches stay as they are.

    Args:
        channel: Takes the batches; it stays open.
        most_events: That are gathered; beyond them :meth:`send` waits.
    """

    def __init__(self, channel: trio.MemorySendChannel[Batch], *, most_events: int) -> None:
        self._channel = channel
        self._most_events = most_events
        self._held: Batch | None = None  # behind all that was sent
        self._sending = False
        self._changed = trio.lowlevel.ParkingLot()

    async def send(self, batch: Batch) -> None:
        """Send a batch behind those before it; wait only while there is no room for its events."""
        while self._held is not None and not self._fits(self._held, batch):
            await self._changed.park()
        if self._held is not None:
            self._held.rows.extend(batch.rows)
            return
        if not self._sending:
            try:
                self._channel.send_nowait(batch)
            except trio.WouldBlock:
                pass
            else:
                return
        self._held = Batch(list(batch.rows), batch.made, batch.stood)
        self._changed.unpark_all()

    async def sent(self) -> None:
        """Wait until nothing is held."""
        while self._held is not None or self._sending:
            await self._changed.park()

    async def run(self) -> None:
        """Send what is held as soon as there is room, until cancelled."""
        while True:
            while self._held is None:
                await self._changed.park()
            batch, self._held, self._sending = self._held, None, True
            self._changed.unpark_all()
            await self._channel.send(batch)
            self._sending = False
            self._changed.unpark_all()

    def _fits(self, held: Batch, batch: Batch) -> bool:
        together = len(held.rows) + len(batch.rows)
        return not held.stood and not batch.stood and together <= self._most_events
