"""
The market itself in Redis, with which a standby begins: a snapshot, which whoever computes along may write.

It goes on from there with the blocks that follow, so that it is of use only as long as these are there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import structlog
import trio

from feed.cluster.block import Place
from feed.cluster.redis.connection import RedisAway, RedisConnection, RedisServer
from feed.cluster.redis.format import Names, SnapshotPointer, pack_pointer, unpack_pointer
from feed.cluster.redis.joining import found
from feed.cluster.redis.script import POINT, run_script
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import parts_of
from feed.errors import FeedError

log = structlog.get_logger("feed.log")

_LOOK_SECONDS: Final = 1.0  # between two looks whether there is a newer one
_PART_SECONDS: Final = 10.0  # that one part may take
_KEPT: Final = 2


class MarketWriter:
    """
    Writes the newest market, unless there is a newer one.

    Attributes:
        newest: The newest that this server has made; None for none.
    """

    def __init__(
        self,
        server: RedisServer,
        connection: RedisConnection,
        *,
        history: bytes,
        emptied: Callable[[], int],
        mark: Callable[[], str],
    ) -> None:
        """
        Write nothing yet.

        Args:
            server: Which log.
            connection: To it.
            history: Of its header.
            emptied: How often Redis has lost everything so far.
            mark: Text that no other one has.
        """
        self.newest: Snapshot | None = None
        self._connection = connection
        self._names = Names(server.name)
        self._where = server.where
        self._history = history
        self._emptied = emptied
        self._losses = emptied()
        self._mark = mark
        self._there: Place | None = None  # of the one in Redis
        self._written: deque[SnapshotPointer] = deque()
        self._troubled = False

    def is_behind(self, oldest: Place) -> bool:
        """Whether all blocks after the newest one are there, if ``oldest`` is the oldest that is kept."""
        places = [self._there or (0, 0)] + ([] if self.newest is None else [self.newest.place])
        term, number = oldest
        return self.newest is None or max(places) >= (term, number - 1)

    async def run(self) -> None:
        """Write each new one, until cancelled."""
        while True:
            try:
                await self.look()
                self._troubled = False
            except (RedisAway, FeedError) as problem:
                if not self._troubled:
                    log.warning("no standby can begin", where=self._where, reason=str(problem))
                self._troubled = True
            await trio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """
        Write the newest one if there is none as new.

        Raises:
            RedisAway: Then it is written whole another time.
            RedisRefused: Likewise.
            FeedError: What is there is malformed.
        """
        if (losses := self._emptied()) != self._losses:
            self._losses, self._there = losses, None
            self._written.clear()
        data = found(await self._connection.command("GET", self._names.market), bytes)
        pointer = None if data is None else unpack_pointer(data)
        self._there = None if pointer is None or pointer.history != self._history else pointer.place
        newest = self.newest
        if newest is not None and (self._there is None or newest.place > self._there):
            await self._write(newest)

    async def _write(self, snapshot: Snapshot) -> None:
        names, place, position = self._names, snapshot.place, snapshot.position
        pointer = SnapshotPointer(
            prefix=names.market_parts(place, self._mark()),
            parts=sum(1 for _ in parts_of(snapshot)),
            place=place,
            position=(position.seq, position.proof),
            history=self._history,
        )
        for part, key in zip(parts_of(snapshot), pointer.keys(), strict=True):
            await self._connection.command("SET", key, part.data, seconds=_PART_SECONDS)
        await run_script(self._connection, POINT, names.market, names.head, place[0], pack_pointer(pointer))
        self._there = place
        self._written.append(pointer)
        if len(self._written) > _KEPT:
            await self._connection.command("UNLINK", *self._written[0].keys())
            self._written.popleft()
