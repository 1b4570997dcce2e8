"""The sequencer's end of what edges ask through Redis, and say of themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Container, Mapping
from functools import partial
from typing import Final

import structlog
import trio
from msgspec import structs

from feed.cluster.block import Outcome, Place
from feed.cluster.counts import Counts, changes, read
from feed.cluster.framing import Frames
from feed.cluster.messages import Answer, Call, Message, Report, Submit, decode, decode_request, encode
from feed.cluster.ports import EdgeHandlers
from feed.cluster.redis.connection import (
    COMMAND_SECONDS,
    RedisAway,
    RedisConnection,
    RedisRefused,
    RedisServer,
    reply_as,
)
from feed.cluster.redis.format import ANSWER, EDGE, REQUESTS, Names, parse_place
from feed.cluster.redis.joining import Entry, fields_of, found
from feed.cluster.redis.present import SEQUENCER, Present, Said, encode_said
from feed.errors import FeedError
from feed.settings import Cluster

log = structlog.get_logger("feed.log")

NOTHING_READ: Final = "0-0"
"""Where the stream of requests begins."""

_ENTRIES: Final = 64  # in one reading
_BLOCK_MILLISECONDS: Final = 500
_AGAIN_SECONDS: Final = 0.1  # before it connects again
_MOST_ANSWERS: Final = 1000  # to one edge that are kept
_ANSWER_SECONDS: Final = 60  # that they are kept after the last one


class Undecided:
    """
    Up to which entry all requests are decided. Pure.

    Args:
        read: Identifier of the entry up to which they are.
    """

    def __init__(self, read: str) -> None:
        self._read = read
        self._open: deque[tuple[str, set[tuple[str, int]]]] = deque()

    @property
    def read(self) -> str:
        """Identifier of the last entry with which all before it are decided."""
        while self._open and not self._open[0][1]:
            self._read, _ = self._open.popleft()
        return self._read

    def took(self, identifier: str, requests: set[tuple[str, int]]) -> None:
        """An entry was read, with these requests: an edge and a number each."""
        self._open.append((identifier, requests))

    def decided(self, edge: str, number: int) -> None:
        """It is known what became of a request."""
        for _, requests in self._open:
            if (edge, number) in requests:
                requests.discard((edge, number))
                return


class RedisRequests:
    """
    Hands over what edges ask, each once and in order, and answers them.

    Attributes:
        present: Which servers are there.
    """

    def __init__(
        self,
        server: RedisServer,
        handlers: EdgeHandlers,
        *,
        settings: Cluster,
        report: Callable[[], Report],
        after: str | None = None,
        skip: Container[tuple[str, int]] = frozenset(),
    ) -> None:
        """
        Ask for nothing yet.

        Args:
            server: Where the log is.
            handlers: What is done with what comes.
            settings: How often this server says how it is.
            report: How it is.
            after: Identifier of the last entry that somebody else has read, of whose calls nobody waits for
                an answer any more that came before now; None for entries that come from now on.
            skip: Edge and number of those requests which others have let act.
        """
        self.present = Present(settings.report_seconds)
        self._server = server
        self._names = Names(server.name)
        self._handlers = handlers
        self._seconds = settings.report_seconds
        self._report = report
        self._cursor = after
        self._skip = skip
        self._old: Place | None = None  # up to where calls are too old
        self._undecided = Undecided(after or NOTHING_READ)
        self._count = 0
        self._counts: dict[str, Counts] = {}  # what edges have said
        self._answers: deque[tuple[str, bytes]] = deque()
        self._answered = trio.lowlevel.ParkingLot()

    @property
    def read(self) -> str:
        """Identifier of the last entry with which all before it are decided: a successor goes on after it."""
        return self._undecided.read

    def decided(self, outcome: Outcome) -> None:
        """Note that it is known what became of a request."""
        self._undecided.decided(outcome.edge, outcome.number)

    async def run(self) -> None:
        """Take requests, and answer, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._serve, partial(self._read, nursery))
            nursery.start_soon(self._serve, self._tell)

    async def _serve(self, serve: Callable[[RedisConnection], Awaitable[object]]) -> None:
        """Connect again and again; who appends says that Redis is away."""
        while True:
            try:
                async with self._server.connection() as connection:
                    await serve(connection)
            except (RedisAway, RedisRefused):
                await trio.sleep(_AGAIN_SECONDS)

    # --- requests ---------------------------------------------------------------------------------------

    async def _read(self, nursery: trio.Nursery, connection: RedisConnection) -> None:
        key = self._names.requests.encode()
        if self._old is None:
            last = found(await connection.command("XREVRANGE", key, "+", "-", "COUNT", 1), list[Entry])
            newest = last[0][0] if last else NOTHING_READ.encode()
            self._old = parse_place(newest)
            if self._cursor is None:
                self._cursor = newest.decode()
                self._undecided = Undecided(self._cursor)
        while True:
            after = self._cursor or NOTHING_READ
            reply = await connection.command(
                *("XREAD", "COUNT", _ENTRIES, "BLOCK", _BLOCK_MILLISECONDS, "STREAMS", key, after),
                seconds=_BLOCK_MILLISECONDS / 1000 + COMMAND_SECONDS,
            )
            streams = found(reply, dict[bytes, list[Entry]]) or {}
            for identifier, flat in streams.get(key, []):
                self._cursor = identifier.decode()
                try:
                    self._take(fields_of(flat), nursery)
                except (KeyError, ValueError, FeedError) as problem:
                    log.warning("requests of an edge cannot be read", reason=str(problem))

    def _take(self, fields: Mapping[bytes, bytes], nursery: trio.Nursery) -> None:
        """Hand over what stands in one entry."""
        assert self._cursor is not None and self._old is not None  # noqa: S101, PT018 - it was read
        is_old = parse_place(self._cursor.encode()) <= self._old
        edge = fields[EDGE].decode()
        messages = [decode(one) for one in Frames().feed(fields[REQUESTS])]
        messages = [one for one in messages if not _is_settled(one, edge, self._skip, is_old=is_old)]
        submits = [one for one in messages if isinstance(one, Submit)]
        self._undecided.took(self._cursor, {(edge, one.number) for one in submits})
        for one in messages:
            if isinstance(one, Submit):
                self._handlers.submit(edge, one.number, decode_request(one.request))
            elif isinstance(one, Call):
                nursery.start_soon(self._call, edge, one)

    async def _call(self, edge: str, call: Call) -> None:
        answer, place = await self._handlers.call(call.call)
        data = encode(Answer(number=call.number, place=place, answer=answer))
        self._answers.append((edge, data))
        self._answered.unpark_all()

    # --- answers, and who is there ----------------------------------------------------------------------

    async def _tell(self, connection: RedisConnection) -> None:
        report_at = trio.current_time()
        while True:
            if trio.current_time() >= report_at:
                report_at = trio.current_time() + self._seconds
                await self._say(connection)
                await self._hear(connection)
            if self._answers:
                edge, data = self._answers[0]
                await self._answer(connection, self._names.replies(edge), data)
                self._answers.popleft()
                continue
            with trio.move_on_at(report_at):
                await self._answered.park()

    async def _answer(self, connection: RedisConnection, key: str, data: bytes) -> None:
        """Add an answer; one that is added twice is passed over by who asked."""
        try:
            await connection.command("XADD", key, "MAXLEN", "~", _MOST_ANSWERS, "*", ANSWER, data)
            await connection.command("EXPIRE", key, _ANSWER_SECONDS)
        except RedisRefused as refused:
            log.warning("Redis takes no answer", where=self._server.where, reason=refused.text)

    async def _say(self, connection: RedisConnection) -> None:
        """Say how this server is."""
        self._count += 1
        said = encode_said(Said(count=self._count, name=SEQUENCER, report=self._report()))
        try:
            await connection.command("HSET", self._names.edges, SEQUENCER, said)
        except RedisRefused as refused:
            if not refused.full:
                raise

    async def _hear(self, connection: RedisConnection) -> None:
        """Hear how the edges are, and strike those out that are gone."""
        stands = reply_as(await connection.command("HGETALL", self._names.edges), dict[bytes, bytes])
        try:
            self.present.take(stands, trio.current_time())
        except FeedError as problem:
            log.warning("what servers say of themselves cannot be read", reason=str(problem))
            return
        there = {who: one.report for who, one in self.present.there().items() if who != SEQUENCER}
        for who in self._counts.keys() - there.keys():
            del self._counts[who]
            self._handlers.left(who)
        for who, report in there.items():
            now, before = read(report.counts), self._counts.get(who, {})
            self._counts[who] = now
            self._handlers.reported(who, structs.replace(report, counts=list(changes(before, now))))
        if gone := self.present.gone():
            await connection.command("HDEL", self._names.edges, *gone)


def _is_settled(message: Message, edge: str, skip: Container[tuple[str, int]], *, is_old: bool) -> bool:
    """Whether nothing is to be done about a message: it acted before, or nobody waits for its answer."""
    if isinstance(message, Submit):
        return (edge, message.number) in skip
    return is_old
