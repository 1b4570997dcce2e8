"""
An edge's way to a log in Redis: it reads blocks and answers on one connection, and asks on another.

Nothing is lost by a connection that breaks: the next one reads on after the last entry. Where Redis comes
back with less than was read, the edge waits until whoever appends has brought it again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from typing import Final

import attrs
import structlog
import trio

from feed.cluster.block import Block, Place
from feed.cluster.log_header import LogHeader, read_header, release
from feed.cluster.messages import Answer, Report, decode
from feed.cluster.ports import LinkState
from feed.cluster.redis.asking import RedisAsking
from feed.cluster.redis.connection import (
    COMMAND_SECONDS,
    RedisAway,
    RedisConnection,
    RedisRefused,
    RedisServer,
)
from feed.cluster.redis.format import ANSWER, Names, key_fingerprint, place_text, unpack_header
from feed.cluster.redis.joining import Entry, fields_of, found, read_newest
from feed.cluster.redis.present import SEQUENCER
from feed.cluster.redis.reading import AnotherLog, LogReader
from feed.cluster.snapshot import Snapshot
from feed.errors import ConfigError, FeedError
from feed.model.backoff import Backoff
from feed.model.requests import Request
from feed.model.stream_position import StreamPosition
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall
from feed.settings import Cluster

log = structlog.get_logger("feed.link")

_OPTION: Final = "--follow"
BACKOFF: Final = Backoff(first_seconds=0.05, most_seconds=1.0, jitter_seconds=0.05)
_JOIN_SECONDS: Final = 0.1  # between two looks whether there is a snapshot yet
_ENTRIES: Final = 64  # in one reading
_BLOCK_MILLISECONDS: Final = 500
_NO_ENTRY: Final = "0-0"


@attrs.define
class _Reading:
    """One who reads blocks: what was read, and where entries go."""

    reader: LogReader
    cursor: str
    send: trio.MemorySendChannel[list[Entry] | FeedError]


class RedisLink:
    """
    A link as :class:`feed.cluster.ports.Link`.

    Attributes:
        where: What it follows, without user and password.
        edge: By which its requests are known; no other process has it.
        header: What holds for the whole log; there once :meth:`snapshot` has returned.
        token_key: That access tokens are signed with.
    """

    header: LogHeader

    def __init__(
        self,
        server: RedisServer,
        *,
        edge: str,
        name: str,
        token_key: bytes,
        settings: Cluster,
        random: Callable[[], float],
        backoff: Backoff = BACKOFF,
    ) -> None:
        """
        Connect to nothing yet.

        Args:
            server: Where the log is.
            edge: See the class.
            name: As operators know it.
            token_key: See the class; it must be the sequencer's.
            settings: How often it says how it is, and after which time of silence the sequencer is away.
            random: Draws from [0, 1), for waits.
            backoff: Waits before it connects again.
        """
        self.where = server.where
        self.edge = edge
        self.token_key = token_key
        self._server = server
        self._names = Names(server.name)
        self._settings = settings
        self._random = random
        self._backoff = backoff
        self._asking = RedisAsking(server, edge=edge, name=name, settings=settings, backoff=backoff)
        self._header = b""  # as it stands in Redis
        self._reading: _Reading | None = None
        self._wanted = trio.lowlevel.ParkingLot()
        self._answers_read = _NO_ENTRY
        self._connected = False
        self._away = False  # as it was told
        self._seq, self._heard = 0, trio.current_time()
        self._delays: Iterator[float] | None = None

    @property
    def state(self) -> LinkState:
        """How it is now."""
        asking = self._asking
        heard = max(self._heard, asking.present.heard(SEQUENCER) or 0.0)
        sequencer = asking.present.there().get(SEQUENCER)
        silent = trio.current_time() - heard >= self._settings.lag_seconds
        return LinkState(
            connected=self._connected and asking.connected and not silent,
            seq=max(self._seq, 0 if sequencer is None else sequencer.report.seq),
            heard=heard,
            mean_connections=asking.mean_connections,
            phase="" if sequencer is None else sequencer.report.phase,
        )

    @property
    def packed_header(self) -> bytes:
        """The header as it stands in Redis, see :func:`feed.cluster.redis.format.pack_header`."""
        return self._header

    @property
    def elsewhere(self) -> Mapping[tuple[str, str, int], int]:
        """What all other servers have counted: a counter, whom, in which window."""
        return self._asking.elsewhere

    def report(self, report: Report) -> None:
        """Tell the others how the edge is; what cannot be sent now is replaced by the next report."""
        self._asking.report(report)

    def submit(self, request: Request) -> int | None:
        """See :class:`feed.cluster.ports.Link`."""
        return self._asking.submit(request) if self.state.connected else None

    async def call(self, call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
        """See :class:`feed.cluster.ports.Link`."""
        return await self._asking.call(call)

    async def run(self) -> None:
        """Read, and send what is asked and reported, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._asking.run)
            nursery.start_soon(self._read)

    # --- joining ----------------------------------------------------------------------------------------

    async def snapshot(self) -> Snapshot:
        """
        What to begin with: once at first, and again after :class:`feed.cluster.block.Missing`.

        Raises:
            ConfigError: There is no Redis, or no log in it, at first; or another release, or another key of
                tokens is used there.
        """
        joined = bool(self._header)
        while True:
            try:
                async with self._server.connection() as connection:
                    snapshot = await self._join(connection)
                if snapshot is not None:
                    self._there()
                    self._seq = snapshot.position.seq
                    return snapshot
                if not joined and not self._header:
                    raise ConfigError(
                        f"there is no log at {self.where}",
                        where=_OPTION,
                        hint="start a server with --log and the same URL",
                    )
            except (RedisAway, RedisRefused) as problem:
                if not joined:
                    raise ConfigError(f"{self.where}: {problem}", where=_OPTION) from None
                self._lost(problem)
            await trio.sleep(_JOIN_SECONDS)

    async def _join(self, connection: RedisConnection) -> Snapshot | None:
        """The newest snapshot, where there is one; the header is known then."""
        data = found(await connection.command("GET", self._names.header), bytes)
        if data is None:
            return None
        header, fingerprint = unpack_header(data)
        header_found = read_header(header, release=release(), where=self.where)
        if fingerprint != key_fingerprint(self.token_key):
            raise ConfigError(
                f"the key of access tokens is another one than that of the log at {self.where}",
                where="--token-key",
                hint="give every server of a log the same file",
            )
        if self._header and self._header != data:
            self._asking.clear()  # it may have acted in the log before
        self.header, self._header = header_found, data
        return await read_newest(connection, self._names.snapshot, header_found.history)

    # --- reading ----------------------------------------------------------------------------------------

    async def blocks(
        self, after: Place, position: StreamPosition
    ) -> AsyncGenerator[tuple[Place, Block], None]:
        """See :class:`feed.cluster.ports.Link`; :meth:`run` must run meanwhile."""
        send, receive = trio.open_memory_channel[list[Entry] | FeedError](1)
        reader = LogReader(after, position)
        self._reading = _Reading(reader, place_text(after), send)
        self._wanted.unpark_all()
        with send, receive:
            async for entries in receive:
                if isinstance(entries, FeedError):
                    raise entries
                for identifier, flat in entries:
                    taken = reader.take(identifier, fields_of(flat))
                    if taken is None:
                        continue
                    self._seq, self._heard = max(self._seq, taken[1].ends.seq), trio.current_time()
                    yield taken

    async def _read(self) -> None:
        """Connect again and again, and hand on what comes, until cancelled."""
        while True:
            while (reading := self._reading) is None:
                await self._wanted.park()
            try:
                async with self._server.connection() as connection:
                    await self._look(connection, reading)
                    await self._follow(connection)
            except (RedisAway, RedisRefused) as problem:
                self._lost(problem)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                await trio.lowlevel.checkpoint()  # who read reads no more
                continue
            except FeedError as problem:
                await self._fail(reading, problem)
            finally:
                self._connected = False
            self._delays = self._delays or self._backoff.delays(self._random)
            await trio.sleep(next(self._delays))

    async def _look(self, connection: RedisConnection, reading: _Reading) -> None:
        """Look whether it is the same log as before."""
        header = found(await connection.command("GET", self._names.header), bytes)
        head = found(await connection.command("GET", self._names.head), bytes)
        if header is not None and header != self._header:
            raise AnotherLog(reading.reader.position, 0)
        reading.reader.look(head)

    async def _follow(self, connection: RedisConnection) -> None:
        names = self._names
        log_key, answers_key = names.log.encode(), names.replies(self.edge).encode()
        self._there()
        while (reading := self._reading) is not None:
            reply = await connection.command(
                *("XREAD", "COUNT", _ENTRIES, "BLOCK", _BLOCK_MILLISECONDS, "STREAMS"),
                *(log_key, answers_key, reading.cursor, self._answers_read),
                seconds=_BLOCK_MILLISECONDS / 1000 + COMMAND_SECONDS,
            )
            streams = found(reply, dict[bytes, list[Entry]]) or {}
            self._take_answers(streams.get(answers_key, []))
            entries = streams.get(log_key, [])
            if entries:
                await reading.send.send(entries)
                reading.cursor = entries[-1][0].decode()

    def _take_answers(self, entries: Sequence[Entry]) -> None:
        for identifier, flat in entries:
            self._answers_read = identifier.decode()
            try:
                answer = decode(fields_of(flat)[ANSWER])
            except (KeyError, FeedError) as problem:
                log.warning("an answer cannot be read", reason=str(problem))
                continue
            if isinstance(answer, Answer):
                self._asking.answered(answer)

    async def _fail(self, reading: _Reading, problem: FeedError) -> None:
        """Let who reads know that nothing comes any more."""
        try:
            await reading.send.send(problem)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await trio.lowlevel.checkpoint()
        if self._reading is reading:
            self._reading = None

    def _there(self) -> None:
        self._connected, self._delays = True, None
        if self._away:
            self._away = False
            log.info("Redis is there again", where=self.where)

    def _lost(self, problem: RedisAway | RedisRefused) -> None:
        """Say once that nothing comes."""
        self._connected = False
        if not self._away:
            reason = problem.reason if isinstance(problem, RedisAway) else problem.text
            log.warning("Redis is away", where=self.where, reason=reason)
        self._away = True
