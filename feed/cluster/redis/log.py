"""
A log in Redis, as its leader writes it.

Each append names the head before it, and Redis compares: see :mod:`feed.cluster.redis.script`. After a
timeout or a lost connection nobody knows whether an append was carried out; then the same bytes are sent
again, and Redis says whether they are there. Where Redis itself has come back with less than it had
accepted, the blocks that it lost are appended again, as they were. Where another one has appended, this
server leads no more, and says so: whoever appends here is never told of acceptance again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog
import trio

from feed.cluster.block import Block, Place, decode_block
from feed.cluster.framing import Frames
from feed.cluster.local_log import LocalLog
from feed.cluster.messages import Placed, decode
from feed.cluster.redis.connection import RedisAway, RedisRefused, RedisServer, reply_as
from feed.cluster.redis.format import NO_HEAD, Names, head_text, pack_block, parse_head, place_text
from feed.cluster.redis.kept import KeptConnection
from feed.cluster.redis.script import APPEND, APPEND_AGAIN, FENCED, RESTORE, run_script
from feed.cluster.retention import Retained
from feed.cluster.snapshot import Snapshot
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition

log = structlog.get_logger("feed.log")

_REFUSED_SECONDS: Final = 0.25  # until an append that Redis has refused is sent again
_AGAIN_BYTES: Final = (
    1 << 18
)  # of blocks that are appended again at a time: Redis does nothing else meanwhile


class Fenced(FeedError):
    """
    Another server has appended to the log: this one leads no more.

    Attributes:
        head: The head that is there.
    """

    def __init__(self, head: bytes) -> None:
        self.head = head
        found = head.decode("ascii", "replace")
        super().__init__(f"another server has appended to the log in Redis: its head is {found}")


class RedisLog:
    """
    A log in Redis: appends as the leader of one term.

    Attributes:
        retained: The blocks that were appended in this term, as far back as they are kept.
        kept: The connection by which it appends.
        local: Who follows on this machine, such as the process that makes snapshots; None before there is
            anybody who could.
        repeated: Appends that were sent again.
        restored: Blocks that Redis had lost, and that were appended again.
        emptied: How often Redis had come back without anything: then header and snapshot are gone too.
        appends: How many were accepted.
        append_seconds: What these took, all together.
        make_room: As it was given.
        waits: Why an append waits for longer than a round trip; empty while none does.
    """

    def __init__(
        self,
        server: RedisServer,
        *,
        term: int,
        after: tuple[Place, StreamPosition] | None,
        retain_bytes: int,
        make_room: Callable[[], Place | None] = lambda: None,
    ) -> None:
        """
        Append nothing yet.

        Args:
            server: Where, and which log.
            term: Which, larger than that of all blocks that are there.
            after: The head behind which it appends; None for a log without blocks.
            retain_bytes: Of blocks that are kept.
            make_room: The place up to which nobody needs the log any more, where Redis takes no more.
        """
        self.retained = Retained(most_bytes=retain_bytes, after=(term, 0))
        self.kept = KeptConnection(server, "appends")
        self.local: LocalLog | None = None
        self.repeated = 0
        self.restored = 0
        self.emptied = 0
        self.appends = 0
        self.append_seconds = 0.0
        self.waits = ""
        self._where = server.where
        self._names = Names(server.name)
        self._first = NO_HEAD if after is None else head_text(*after)
        self._head = self._first
        self.make_room = make_room

    @property
    def place(self) -> Place:
        """Of the newest block."""
        return self.retained.place

    @property
    def head(self) -> bytes:
        """The head as it is in Redis, as far as this server has heard."""
        return self._head

    @property
    def joinable(self) -> bool:
        """Whether all blocks after the newest snapshot are kept."""
        return self.local is None or self.local.joinable

    def keep(self, snapshot: Snapshot) -> None:
        """Let those who come begin with this snapshot."""
        if self.local is not None:
            self.local.keep(snapshot)

    async def run(self) -> None:
        """Be connected, until cancelled."""
        await self.kept.run()

    async def append(self, block: Block) -> Place:
        """
        Append a block, and wait as long as Redis does not have it.

        One append is under way at a time. One that is cancelled may be in the log all the same.

        Raises:
            Fenced: Another server has appended.
        """
        began = trio.current_time()
        term, number = self.retained.place
        place = term, number + 1
        await self._accepted(place, block.ends, pack_block(block))
        self._head = head_text(place, block.ends)
        self.waits = ""
        self.appends += 1
        self.append_seconds += trio.current_time() - began
        return self.retained.add(block) if self.local is None else await self.local.append(block)

    async def _accepted(self, place: Place, ends: StreamPosition, body: bytes) -> None:
        while True:
            try:
                found = await self._append(self._head, place, ends, body)
                if found is None:
                    return
                await self._append_again(found)
            except RedisAway as away:
                self.repeated += 1
                self.waits = str(away)  # the connection's loss is logged already
            except RedisRefused as refused:
                await self._refused(refused)

    async def _append(self, head: bytes, place: Place, ends: StreamPosition, body: bytes) -> bytes | None:
        """Append an entry; the head that is there where it is another one, else None."""
        names = self._names
        keys = names.log, names.head
        reply = await run_script(self.kept, APPEND, *keys, head, place_text(place), ends.text, body)
        answer, found = reply_as(reply, tuple[bytes, bytes])
        return found if answer == FENCED else None

    async def _append_again(self, head: bytes) -> None:
        """
        Append what Redis has lost.

        Raises:
            Fenced: The head that is there is none that ever was here.
        """
        if head == NO_HEAD:
            head = await self._restore()
        after = self._own(head)
        if after is None:
            raise Fenced(head)
        log.warning("Redis has lost blocks; they are appended again", where=self._where, after=head.decode())
        last = self.retained.place
        while after < last:
            frames, after = self.retained.after(after, _AGAIN_BYTES)
            parts: list[bytes | str] = []
            lost = [(one.place, decode_block(one.block)) for one in _placed(frames)]
            for place, block in lost:
                parts += (place_text(place), block.ends.text, pack_block(block))
            reply = await run_script(self.kept, APPEND_AGAIN, self._names.log, self._names.head, head, *parts)
            answer, head = reply_as(reply, tuple[bytes, bytes])
            if answer == FENCED:
                return  # it has lost some again, or is led by another: the next append tells
            self.restored += len(lost)

    async def _restore(self) -> bytes:
        """Let a log that is empty begin where the blocks do that are kept; gives the head then."""
        term, number = oldest = self.retained.oldest
        begins = self._head_before(oldest)
        log.warning("Redis has lost the log; it is written again", where=self._where, begins=(term, number))
        names = self._names
        reply = await run_script(self.kept, RESTORE, names.log, names.head, NO_HEAD, begins)
        self.emptied += 1
        return reply_as(reply, tuple[bytes, bytes])[1]

    def _own(self, head: bytes) -> Place | None:
        """After which place to go on where Redis has a head that it had before; None where it had not."""
        if head == self._head_before(self.retained.oldest):
            term, number = self.retained.oldest
            return term, number - 1
        found = parse_head(head)
        return None if found is None else self.retained.start(*found)

    def _head_before(self, oldest: Place) -> bytes:
        """The head before the oldest block that is kept, or before the next one where none is."""
        term, number = oldest
        begins = self.retained.begins
        if number == 1 or begins is None:
            return self._first if number == 1 else self._head
        return head_text((term, number - 1), begins)

    async def _refused(self, refused: RedisRefused) -> None:
        """Wait until it may be another time; make room where there is none."""
        self._wait_for(f"Redis refuses an append ({refused.text})")
        if refused.full and (place := self.make_room()) is not None:
            try:
                await self.kept.command("XTRIM", self._names.log, "MINID", "=", place_text(place))
            except (RedisAway, RedisRefused) as problem:
                self._wait_for(str(problem))
        await trio.sleep(_REFUSED_SECONDS)

    def _wait_for(self, reason: str) -> None:
        if not self.waits:
            log.warning("an append waits, and market time with it", where=self._where, reason=reason)
        self.waits = reason


def _placed(frames: list[bytes]) -> list[Placed]:
    taken = Frames()
    found = []
    for one in frames:
        for data in taken.feed(one):
            message = decode(data)
            assert isinstance(message, Placed)  # noqa: S101 - nothing else is kept
            found.append(message)
    return found
