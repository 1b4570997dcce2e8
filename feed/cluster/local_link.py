"""An edge's end of a link to a sequencer on this machine, which it makes again whenever it breaks."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final

import trio

from feed.cluster.asking import Asking
from feed.cluster.block import BEFORE_ALL, Block, Missing, Place, decode_block
from feed.cluster.counts import Counts, change
from feed.cluster.framing import frame
from feed.cluster.hearing import Broken, Hearing
from feed.cluster.local_socket import is_absent, path_of, reason_of
from feed.cluster.log_header import LogHeader, read_header, release
from feed.cluster.messages import (
    EDGE,
    Answer,
    Beat,
    Hello,
    Message,
    Placed,
    Report,
    SnapshotPart,
    Welcome,
)
from feed.cluster.ports import LinkState
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshot_parts import SnapshotParts
from feed.errors import ConfigError, FeedError
from feed.model.backoff import Backoff
from feed.model.requests import Request
from feed.model.stream_position import StreamPosition
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall
from feed.settings import Cluster

_OPTION: Final = "--follow"
_EDGE_BYTES: Final = 8
_BACKOFF: Final = Backoff(first_seconds=0.1, most_seconds=2.0, jitter_seconds=0.1)

Connect = Callable[[], Awaitable[trio.abc.Stream]]


class StartedAgain(Missing):
    """The sequencer is another process than before, and its log another one, which begins where it says."""

    def __str__(self) -> str:
        return "the server that is followed was started again"


class LocalLink:
    """
    A link as :class:`feed.cluster.ports.Link`.

    Attributes:
        where: What it follows, as its operator wrote it.
        edge: By which its requests are known; no other process has it. Empty for who asks for nothing.
        header: What holds for the whole log; there once :meth:`snapshot` has returned.
        token_key: That access tokens are signed with; likewise.
    """

    header: LogHeader
    token_key: bytes

    def __init__(
        self,
        where: str,
        connect: Connect,
        *,
        name: str,
        settings: Cluster,
        random: Callable[[], float],
        role: str = EDGE,
        backoff: Backoff = _BACKOFF,
    ) -> None:
        """
        Connect to nothing yet.

        Args:
            where: See the class.
            connect: Gives a stream to the sequencer; OSError where there is none.
            name: Of the edge, for figures of the sequencer.
            settings: After which time of silence the sequencer counts as away.
            random: Draws from [0, 1), for waits.
            role: What this end is.
            backoff: Waits before it connects again.
        """
        self.where = where
        self.edge = secrets.token_hex(_EDGE_BYTES) if role == EDGE else ""
        self._connect = connect
        self._name = name
        self._role = role
        self._hearing = Hearing(where, silence=settings.stall_seconds, backoff=backoff, random=random)
        self._stream: trio.abc.Stream | None = None
        self._joined: Snapshot | None = None  # came instead of blocks when it connected again
        self._welcomed = False  # ever
        self._seq = 0
        self._mean_connections, self._phase = 0.0, ""
        self._elsewhere: Counts = {}
        self._asking = Asking(where)

    @property
    def state(self) -> LinkState:
        """How it is now."""
        return LinkState(
            connected=self._stream is not None,
            seq=self._seq,
            heard=self._hearing.heard,
            mean_connections=self._mean_connections,
            phase=self._phase,
        )

    @property
    def elsewhere(self) -> Mapping[tuple[str, str, int], int]:
        """See :class:`feed.cluster.ports.Link`; nothing while it is not connected."""
        return self._elsewhere

    def report(self, report: Report) -> None:
        """Tell the sequencer how the edge is; what cannot be sent now is replaced by the next report."""
        self._asking.report(report)

    def submit(self, request: Request) -> int | None:
        """See :class:`feed.cluster.ports.Link`."""
        return self._asking.submit(request)

    async def call(self, call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
        """See :class:`feed.cluster.ports.Link`."""
        return await self._asking.call(call)

    async def run(self) -> None:
        """Send reports and what is asked, until cancelled."""
        await self._asking.run()

    async def snapshot(self) -> Snapshot:
        """
        What to begin with: once at first, and again after :class:`feed.cluster.block.Missing`.

        Raises:
            ConfigError: Nobody listens there, at first; or another release does.
        """
        while self._joined is None:
            await self.aclose()
            try:
                await self._begin(None, BEFORE_ALL)
            except Broken as problem:
                await self._hearing.wait_after(problem)
        found, self._joined = self._joined, None
        return found

    async def blocks(
        self, after: Place, position: StreamPosition
    ) -> AsyncGenerator[tuple[Place, Block], None]:
        """See :class:`feed.cluster.ports.Link`."""
        while True:
            after, block = await self._next_block(after, position)
            position = max(position, block.ends, key=lambda one: one.seq)
            yield after, block

    async def aclose(self) -> None:
        """End the connection."""
        self._asking.end()
        self._elsewhere.clear()
        stream, self._stream = self._stream, None
        if stream is not None:
            await trio.aclose_forcefully(stream)

    async def _next_block(self, after: Place, position: StreamPosition) -> tuple[Place, Block]:
        """The next block there is after one; connects again as often as it must."""
        while True:
            try:
                if self._stream is None:
                    await self._go_on(after, position)
                message = await self._message()
                if isinstance(message, Placed):
                    block = decode_block(message.block)
                    self._seq = max(self._seq, block.ends.seq)
                    return message.place, block
            except Broken as problem:
                await self.aclose()
                await self._hearing.wait_after(problem)

    # --- connecting -------------------------------------------------------------------------------------

    async def _go_on(self, after: Place, position: StreamPosition) -> None:
        """Connect again, and read on from where it was. Raises Missing: that cannot be."""
        before = self.header.history
        await self._begin(position, after)
        if self.header.history == before:
            if self._joined is not None:
                raise Missing(position, self._joined.position.seq)
            return
        if self._joined is None:  # the market stands where it stood, but its log is another one
            await self.aclose()
            while self._joined is None:
                await self._begin(None, BEFORE_ALL)
        raise StartedAgain(position, self._joined.position.seq)

    async def _begin(self, position: StreamPosition | None, after: Place) -> None:
        """Connect, and read up to the first block. Raises Broken: no connection came of it."""
        try:
            stream = await self._connect()
        except OSError as problem:
            if not self._welcomed and is_absent(problem):
                raise ConfigError(
                    f"no sequencer at {path_of(self.where)}",
                    where=_OPTION,
                    hint=f"start one with --log {self.where}",
                ) from None
            raise Broken(reason_of(problem)) from None
        self._hearing.begin()
        known = None if position is None else (position.seq, position.proof)
        try:
            hello = Hello(name=self._name, role=self._role, position=known, place=after, edge=self.edge)
            await _sent(stream, frame(hello))
            welcome = await self._welcome(stream)
            header = read_header(welcome.header, release=release(), where=self.where)
            joined = None if welcome.after is not None else await self._read_snapshot(stream)
        except BaseException:
            await trio.aclose_forcefully(stream)
            raise
        same = self._welcomed and header.history == self.header.history
        self._asking.begin(stream, welcome.taken, same=same)
        self.header, self.token_key = header, welcome.token_key
        self._joined, self._stream, self._welcomed = joined, stream, True
        if joined is not None:
            self._seq = joined.position.seq

    async def _welcome(self, stream: trio.abc.Stream) -> Welcome:
        message = await self._message(stream)
        if not isinstance(message, Welcome):
            raise self._strange()
        return message

    async def _read_snapshot(self, stream: trio.abc.Stream) -> Snapshot:
        parts = SnapshotParts()
        while True:
            message = await self._message(stream)
            if not isinstance(message, SnapshotPart):
                raise self._strange()
            if (found := parts.take(message)) is not None:
                return found

    def _strange(self) -> FeedError:
        return FeedError(f"{self.where} does not speak as a sequencer of this release")

    # --- reading ----------------------------------------------------------------------------------------

    async def _message(self, stream: trio.abc.Stream | None = None) -> Message:
        """The next message. Raises Broken: none comes any more."""
        stream = stream or self._stream
        assert stream is not None  # noqa: S101 - it is connected
        message = await self._hearing.message(stream)
        if isinstance(message, Beat):
            self._take_beat(message)
        elif isinstance(message, Answer):
            self._asking.answered(message)
        return message

    def _take_beat(self, beat: Beat) -> None:
        self._seq = beat.seq
        self._mean_connections, self._phase = beat.mean_connections, beat.phase
        self._asking.taken(beat.taken)
        change(self._elsewhere, beat.elsewhere)


async def _sent(stream: trio.abc.Stream, data: bytes) -> None:
    try:
        await stream.send_all(data)
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        raise Broken("the connection has ended") from None


def unix_link(where: str, *, name: str, settings: Cluster, random: Callable[[], float]) -> LocalLink:
    """
    A link to a sequencer that listens at a path.

    Args:
        where: Such as ``unix:/run/feed.sock``.
        name: See :class:`LocalLink`; likewise the rest.
        settings: See there.
        random: See there.
    """

    async def connect() -> trio.abc.Stream:
        return await trio.open_unix_socket(str(path_of(where)))

    return LocalLink(where, connect, name=name, settings=settings, random=random)
