"""
Writes snapshots to Redis, and lets it forget what nobody needs any more.

A snapshot stands there in parts, and a pointer names the newest; the one before stays until the next, for
who reads it meanwhile. With each the log is trimmed: what the sequencer does not keep itself for a Redis
that lost something, Redis need not keep either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import structlog
import trio

from feed.cluster.block import Place
from feed.cluster.redis.connection import RedisAway, RedisConnection, RedisRefused, RedisServer, reply_as
from feed.cluster.redis.format import Names, SnapshotPointer, pack_pointer, parse_place, place_text
from feed.cluster.redis.script import FENCED, POINT, run_script
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import parts_of

log = structlog.get_logger("feed.log")

_LOOK_SECONDS: Final = 0.25  # between two looks whether there is a newer one
_AGAIN_SECONDS: Final = 1.0  # after Redis has refused
_PART_SECONDS: Final = 10.0  # that one part may take
_KEPT: Final = 2
_TRIM: Final = 1000  # entries at a time: Redis serves nobody meanwhile


class SnapshotWriter:
    """
    Writes each new snapshot of a log.

    Attributes:
        written: Of the last block in the newest snapshot that was brought to Redis; None before the first.
        problem: Why the newest one is not there; empty when it is.
        bytes: Of the newest one.
    """

    def __init__(
        self,
        server: RedisServer,
        connection: RedisConnection,
        *,
        header: bytes,
        history: bytes,
        newest: Callable[[], Snapshot | None],
        oldest: Callable[[], Place],
        emptied: Callable[[], int],
        mark: Callable[[], str],
    ) -> None:
        """
        Write nothing yet.

        Args:
            server: Which log.
            connection: To it, for this alone.
            header: See :func:`feed.cluster.redis.format.pack_header`; it is written first.
            history: Of the header.
            newest: The newest snapshot there is.
            oldest: The oldest block that the sequencer keeps.
            emptied: How often Redis has lost everything so far: then all is written again.
            mark: Text that no other snapshot has.
        """
        self.written: Place | None = None
        self.problem = ""
        self.bytes = 0
        self._connection = connection
        self._names = Names(server.name)
        self._where = server.where
        self._header = header
        self._history = history
        self._newest = newest
        self._oldest = oldest
        self._emptied = emptied
        self._mark = mark
        self._losses = -1  # as often as it had lost everything when the header was written
        self._snapshots: deque[SnapshotPointer] = deque()  # those in Redis, the newest last
        self._tidy = False  # whether there are no parts of others

    async def run(self) -> None:
        """Write each new one, until cancelled."""
        while True:
            try:
                await self.look()
                self._say("")
            except RedisAway as away:
                self._say(str(away))
            except RedisRefused as refused:
                self._say(str(refused))
                if refused.full:
                    await self._make_room()
                await trio.sleep(_AGAIN_SECONDS)
            await trio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """
        Write the newest snapshot if it is not there yet.

        Raises:
            RedisAway: Then it is written whole another time.
            RedisRefused: Likewise.
        """
        losses = self._emptied()
        if losses != self._losses:
            self._snapshots.clear()
            self.written = None
            await self._connection.command("SET", self._names.header, self._header)
            self._losses = losses
        newest = self._newest()
        if newest is None or newest.place == self.written:
            return
        tidy, self._tidy = self._tidy, False  # unless all of it succeeds
        if not await self._write(newest):
            return
        self._tidy = tidy
        await self._forget(newest.place[0])
        await self._trim(min(self._snapshots[0].place, self._oldest()))

    async def _write(self, snapshot: Snapshot) -> bool:
        """Write a snapshot; False where another server leads."""
        pointer, names = self._pointer_to(snapshot), self._names
        for part, key in zip(parts_of(snapshot), pointer.keys(), strict=True):
            await self._connection.command("SET", key, part.data, seconds=_PART_SECONDS)
        term = snapshot.place[0]
        reply = await run_script(
            self._connection, POINT, names.snapshot, names.head, term, pack_pointer(pointer)
        )
        self.written = snapshot.place
        if reply_as(reply, tuple[bytes, bytes])[0] == FENCED:
            await self._connection.command("UNLINK", *pointer.keys())
            return False
        self._snapshots.append(pointer)
        self.bytes = snapshot.bytes
        return True

    def _pointer_to(self, snapshot: Snapshot) -> SnapshotPointer:
        position = snapshot.position
        return SnapshotPointer(
            prefix=self._names.snapshot_parts(snapshot.place, self._mark()),
            parts=sum(1 for _ in parts_of(snapshot)),
            place=snapshot.place,
            position=(position.seq, position.proof),
            history=self._history,
        )

    async def _forget(self, term: int) -> None:
        """Remove the parts of all but the last snapshots, and what terms before or a failed attempt left."""
        while len(self._snapshots) > _KEPT:
            await self._connection.command("UNLINK", *self._snapshots[0].keys())
            self._snapshots.popleft()
        if not self._tidy:
            needed = {key.encode() for pointer in self._snapshots for key in pointer.keys()}  # noqa: SIM118
            there = await keys_of(self._connection, f"{self._names.snapshot}:*")
            left = [key for key in there if key not in needed and self._term_of(key) <= term]
            if left:
                await self._connection.command("UNLINK", *left)
            self._tidy = True

    def _term_of(self, key: bytes) -> int:
        """In which a part was written: who leads after this server has a higher one, and needs its own."""
        place = key.removeprefix(f"{self._names.snapshot}:".encode()).partition(b":")[0]
        return parse_place(place)[0]

    async def _trim(self, place: Place) -> None:
        """Let Redis forget the blocks before a place, a few at a time."""
        if len(self._snapshots) < _KEPT:
            return  # who reads a snapshot of the term before still needs what follows that
        how = "XTRIM", self._names.log, "MINID"
        while reply_as(await self._connection.command(*how, "~", place_text(place), "LIMIT", _TRIM), int):
            pass
        await self._connection.command(*how, "=", place_text(place))

    async def _make_room(self) -> None:
        """Redis takes no more: keep the newest snapshot alone, and what follows it."""
        try:
            while len(self._snapshots) > 1:
                await self._connection.command("UNLINK", *self._snapshots[0].keys())
                self._snapshots.popleft()
            if self._snapshots:
                await self._connection.command(
                    "XTRIM", self._names.log, "MINID", "=", place_text(self._snapshots[0].place)
                )
        except (RedisAway, RedisRefused) as problem:
            self._say(str(problem))

    def _say(self, problem: str) -> None:
        if problem and not self.problem:
            log.warning("a snapshot cannot be written", where=self._where, reason=problem)
        self.problem = problem


async def keys_of(connection: RedisConnection, pattern: str) -> list[bytes]:
    """
    All keys of a pattern, found without holding up anybody.

    Raises:
        RedisAway: See there.
    """
    found: list[bytes] = []
    cursor = b"0"
    while True:
        reply = await connection.command("SCAN", cursor, "MATCH", pattern, "COUNT", 1000)
        cursor, some = reply_as(reply, tuple[bytes, list[bytes]])
        found += some
        if cursor == b"0":
            return found


async def remove_log(connection: RedisConnection, names: Names) -> None:
    """
    Remove a log, all but the lease, the number of terms, and the head, which is of others to move.

    Raises:
        RedisAway: See there.
    """
    stay = {key.encode() for key in (names.lease, names.term, names.head)}
    left = [key for key in await keys_of(connection, f"{{{names.name}}}:*") if key not in stay]
    if left:
        await connection.command("UNLINK", *left)
