"""The sequencer's end of a link: one who follows hears where it goes on, and then every block."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, Protocol

import trio

from feed.cluster.block import BEFORE_ALL, Place
from feed.cluster.framing import Frames, frame
from feed.cluster.messages import (
    SNAPSHOTS,
    Answer,
    Beat,
    Call,
    Hello,
    Message,
    Report,
    SnapshotPart,
    Submit,
    Welcome,
    decode,
)
from feed.cluster.ports import EdgeHandlers
from feed.cluster.retention import NotKept, Retained
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import SnapshotParts, parts_of
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition

_HELLO_SECONDS: Final = 5.0
_WRITE_BYTES: Final = 256 * 1024  # in one write, so that a beat need not wait long for its turn
_READ_BYTES: Final = 64 * 1024
_NAME_LENGTH: Final = 64
_MOST_CALLS: Final = 2_000  # that are not answered yet, or whose answers its socket has not taken


class FollowedLog(Protocol):
    """
    What one end of a link needs of the log.

    Attributes:
        retained: The blocks that are kept, and a snapshot.
        grown: Unparked when there is a new block.
        handlers: Do what is asked.
    """

    retained: Retained
    grown: trio.lowlevel.ParkingLot
    handlers: EdgeHandlers

    def welcome(self, edge: str, after: Place | None) -> Welcome:
        """The answer to who goes on after a block; to who begins with a snapshot, for None."""
        ...

    def beat(self, edge: str) -> Beat:
        """How far the log has come, and what else is told to an edge."""
        ...

    def take(self, edge: str, request: Submit | Call) -> bool:
        """Note that a request has come from an edge; False where it has come before."""
        ...

    def submit(self, edge: str, request: Submit) -> None:
        """Let a request of an account act."""
        ...

    def moved(self) -> None:
        """Note that somebody's socket has taken something."""
        ...

    def keep(self, snapshot: Snapshot) -> None:
        """Let those who come begin with this snapshot."""
        ...


class FollowerLink:
    """
    One who follows.

    Attributes:
        name: As it calls itself; empty before it does.
        edge: By which its requests are known; empty for who has none, and before it says so.
        place: Of the last block that its socket has taken.
        writing: Since when a write waits for its socket, seconds on Trio's clock; None while none does.
        report: The last thing that it said of itself; None before the first.
        ended: Why it follows no more; empty while it does.
        worker: Whether it accepts clients on the sockets of this server.
        beat_at: When it is told next how far the log is, seconds on Trio's clock.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        log: FollowedLog,
        *,
        beat_seconds: float,
        makes_snapshots: bool = False,
        worker: bool = False,
    ) -> None:
        """
        Say nothing yet.

        Args:
            stream: To it.
            log: What it follows.
            beat_seconds: Between two beats.
            makes_snapshots: Whether it is a process of our own, whose snapshots are taken.
            worker: Whether it is a process of our own that serves clients. Neither has to be quick to say
                who it is: how long it takes to load depends on the machine.
        """
        self.name = self.edge = ""
        self.worker = worker
        self.place = BEFORE_ALL
        self.writing: float | None = None
        self.report: Report | None = None
        self.ended = ""
        self.beat_at = trio.current_time()
        self._stream = stream
        self._log = log
        self._beat_seconds = beat_seconds
        self._makes_snapshots = makes_snapshots
        self._frames = Frames()
        self._answers: deque[bytes] = deque()
        self._calls = trio.Semaphore(_MOST_CALLS)
        self._scope = trio.CancelScope()
        self._hello: Hello | None = None

    def cut(self, reason: str) -> None:
        """End it."""
        self.ended = self.ended or reason
        self._scope.cancel()

    async def meet(self) -> bool:
        """Hear who it is, in time; False where it does not say."""
        try:
            own = self.worker or self._makes_snapshots
            with trio.fail_after(math.inf if own else _HELLO_SECONDS):
                self._hello = await self._hear()
        except trio.TooSlowError:
            self.ended = f"it has not said within {_HELLO_SECONDS:g} s who it is"
        except (FeedError, trio.BrokenResourceError, trio.ClosedResourceError) as problem:
            self.ended = _why(problem)
        if self._hello is None:
            return False
        self.name, self.edge = self._hello.name[:_NAME_LENGTH], self._hello.edge[:_NAME_LENGTH]
        if self._hello.role == SNAPSHOTS and not self._makes_snapshots:
            self.ended = "only a process of the sequencer's own makes its snapshots"
        return not self.ended

    async def run(self) -> None:
        """Let it follow, until one of both ends it."""
        with self._scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._until_it_fails, partial(self._read, nursery))
                nursery.start_soon(self._until_it_fails, self._write)

    async def _until_it_fails(self, talk: Callable[[], Awaitable[object]]) -> None:
        try:
            await talk()
            self.cut("it has gone")
        except (FeedError, trio.BrokenResourceError, trio.ClosedResourceError) as problem:
            self.cut(_why(problem))

    async def _hear(self) -> Hello:
        messages: list[Message] = []
        while not messages:
            data = await self._stream.receive_some(_READ_BYTES)
            if not data:
                raise trio.BrokenResourceError
            messages = [decode(one) for one in self._frames.feed(bytes(data))]
        if len(messages) > 1 or not isinstance(messages[0], Hello):
            raise FeedError("it does not begin by saying who it is")
        return messages[0]

    async def _read(self, nursery: trio.Nursery) -> None:
        parts = SnapshotParts()
        while data := await self._stream.receive_some(_READ_BYTES):
            for one in self._frames.feed(bytes(data)):
                message = decode(one)
                if isinstance(message, Report):
                    self.report = message
                    self._log.handlers.reported(self.edge, message)
                elif isinstance(message, Submit | Call) and self.edge:
                    await self._take(message, nursery)
                elif isinstance(message, SnapshotPart) and self._makes_snapshots:
                    if (snapshot := parts.take(message)) is not None:
                        self._log.keep(snapshot)
                else:
                    raise FeedError(f"it says {type(message).__name__}, which is not its turn")

    async def _take(self, message: Submit | Call, nursery: trio.Nursery) -> None:
        """Let be done what is asked, once."""
        if not self._log.take(self.edge, message):
            return
        if isinstance(message, Call):
            await self._calls.acquire()
            nursery.start_soon(self._answer, message)
        else:
            self._log.submit(self.edge, message)

    async def _answer(self, message: Call) -> None:
        answer, place = await self._log.handlers.call(message.call)
        self._answers.append(frame(Answer(number=message.number, place=place, answer=answer)))
        self._log.grown.unpark_all()

    async def _write(self) -> None:
        assert self._hello is not None  # noqa: S101 - it was met
        await self._begin(self._hello)
        retained = self._log.retained
        while True:
            now = trio.current_time()
            frames, place = retained.after(self.place, _WRITE_BYTES)
            if now >= self.beat_at:
                frames.append(frame(self._log.beat(self.edge)))
                self.beat_at = now + self._beat_seconds
            answers = self._due_answers()
            if frames or answers:
                await self._send(b"".join([*frames, *answers]))
                self.place = place
                for _ in answers:
                    self._calls.release()
                self._log.moved()
                continue
            with trio.move_on_at(self.beat_at):
                await self._log.grown.park()

    def _due_answers(self) -> list[bytes]:
        """As many as go into one write; one at least, if there is any."""
        found: list[bytes] = []
        size = 0
        while self._answers and size < _WRITE_BYTES:
            found.append(self._answers.popleft())
            size += len(found[-1])
        return found

    async def _begin(self, hello: Hello) -> None:
        """Say where it goes on, and send the snapshot if it begins there."""
        retained = self._log.retained
        after = None
        if hello.position is not None:
            after = retained.start(hello.place, StreamPosition(*hello.position))
        if after is not None:
            self.place = after
            await self._send(frame(self._log.welcome(self.edge, after)))
            return
        snapshot = retained.newest
        assert snapshot is not None  # noqa: S101 - a log begins with one
        self.place = snapshot.place
        await self._send(frame(self._log.welcome(self.edge, None)))
        for part in parts_of(snapshot):
            await self._send(frame(part))

    async def _send(self, data: bytes) -> None:
        self.writing = trio.current_time()
        await self._stream.send_all(data)
        self.writing = None


def _why(problem: Exception) -> str:
    if isinstance(problem, NotKept):
        return "it is so far behind that what follows is not kept any more"
    return str(problem) if isinstance(problem, FeedError) else "its connection has ended"
