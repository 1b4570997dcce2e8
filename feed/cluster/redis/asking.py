"""What an edge asks a sequencer through Redis, and how both say that they are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import structlog
import trio

from feed.cluster.answers import Answers
from feed.cluster.block import Place
from feed.cluster.counts import Counts, combined, read
from feed.cluster.messages import Answer, Report
from feed.cluster.outbox import Outbox
from feed.cluster.ports import NotConnected
from feed.cluster.redis.connection import RedisAway, RedisConnection, RedisRefused, RedisServer, reply_as
from feed.cluster.redis.format import Names
from feed.cluster.redis.present import SEQUENCER, Present, Said, encode_said
from feed.cluster.redis.script import Script, run_script
from feed.errors import FeedError
from feed.model.backoff import Backoff
from feed.model.requests import Request
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall
from feed.settings import Cluster

log = structlog.get_logger("feed.link")

MOST_REQUESTS: Final = 10_000  # entries, of up to 64 requests each, that the stream keeps, read or not
_KEPT_SECONDS: Final = 3600  # that it is known how far an edge has asked which says nothing any more
_AGAIN_SECONDS: Final = 0.1  # before what a full Redis has refused is tried again

ASK: Final = Script(
    """\
-- KEYS requests asked   ARGV edge number body most seconds
local last = redis.call('GET', KEYS[2])
if last and tonumber(last) >= tonumber(ARGV[2]) then return 'DUP' end
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'e', ARGV[1], 'b', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[5])
return 'OK'
""",
    2,
)
"""Adds some requests, up to a number of that edge. Where they came before it adds nothing, and says DUP."""


class RedisAsking:
    """
    What goes up from an edge, and what it learns of the other servers.

    Attributes:
        connected: Whether it can ask.
        present: Which servers are there.
    """

    def __init__(
        self, server: RedisServer, *, edge: str, name: str, settings: Cluster, backoff: Backoff
    ) -> None:
        """
        Ask for nothing yet.

        Args:
            server: Where the log is.
            edge: By which the requests of this process are known.
            name: As operators know it.
            settings: How often it says how it is.
            backoff: Waits before it connects again.
        """
        self.connected = False
        self.present = Present(settings.report_seconds)
        self._server = server
        self._names = Names(server.name)
        self._edge, self._name = edge, name
        self._seconds = settings.report_seconds
        self._backoff = backoff
        self._outbox = Outbox()
        self._doubtful: tuple[int, bytes] | None = None  # sent, and not known to have come
        self._report: Report | None = None
        self._count = 0
        self._waits = trio.lowlevel.ParkingLot()
        self._answers = Answers()
        self._elsewhere: Counts = {}
        self._full = False

    @property
    def elsewhere(self) -> Mapping[tuple[str, str, int], int]:
        """What all other servers have counted."""
        return self._elsewhere

    @property
    def mean_connections(self) -> float:
        """Of clients, that are open at an edge."""
        found = [one.report.connections for who, one in self.present.there().items() if who != SEQUENCER]
        return sum(found) / len(found) if found else 0.0

    def report(self, report: Report) -> None:
        """See :class:`feed.cluster.ports.Link`."""
        self._report = report

    def submit(self, request: Request) -> int | None:
        """See :class:`feed.cluster.ports.Link`."""
        number = self._outbox.submit(request)
        self._waits.unpark_all()
        return number

    async def call(self, call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
        """See :class:`feed.cluster.ports.Link`."""
        number = self._outbox.call(call) if self.connected else None
        if number is None:
            raise NotConnected(f"not connected to {self._server.where}")
        self._waits.unpark_all()
        return await self._answers.wait(number)

    def answered(self, answer: Answer) -> None:
        """Hand an answer to whoever still waits for it; one may come twice."""
        self._answers.give(answer)

    def clear(self) -> None:
        """Forget what is not known to have come: whoever would get it has nothing to do with it."""
        self._outbox.clear()
        self._doubtful = None

    async def run(self) -> None:
        """Send what is asked and reported, until cancelled."""
        delays = None
        while True:
            try:
                async with self._server.connection() as connection:
                    await self._settle(connection)
                    self.connected, delays = True, None
                    await self._serve(connection)
            except (RedisAway, RedisRefused):
                pass  # who reads the log finds out too, and says so
            finally:
                self.connected, self._elsewhere = False, {}  # what others count now is not known
            delays = delays or self._backoff.delays(lambda: 0.0)
            await trio.sleep(next(delays))

    async def _settle(self, connection: RedisConnection) -> None:
        """Find out what came by the last connection; calls that still waited are too old by now."""
        while self._doubtful is not None:
            await self._ask(connection)
        self._outbox.begin(0)

    async def _serve(self, connection: RedisConnection) -> None:
        report_at = trio.current_time()
        while True:
            if trio.current_time() >= report_at:
                report_at = trio.current_time() + self._seconds
                await self._tell(connection)
            if self._doubtful is None and (data := self._outbox.next()):
                self._doubtful = self._outbox.sent, data
            if self._doubtful is not None:
                await self._ask(connection)
                continue
            with trio.move_on_at(report_at):
                await self._waits.park()

    async def _ask(self, connection: RedisConnection) -> None:
        """Send what is not known to have come; where Redis is full, try again in a moment."""
        assert self._doubtful is not None  # noqa: S101 - or there is nothing to send
        number, data = self._doubtful
        names = self._names
        try:
            await run_script(
                connection,
                ASK,
                names.requests,
                names.asked(self._edge),
                self._edge,
                number,
                data,
                MOST_REQUESTS,
                _KEPT_SECONDS,
            )
        except RedisRefused as refused:
            if not refused.full:
                raise
            self._say_full(refused)
            await trio.sleep(_AGAIN_SECONDS)
            return
        self._full = False
        if self._doubtful == (number, data):
            self._doubtful = None
        self._outbox.taken(number)

    def _say_full(self, refused: RedisRefused) -> None:
        if not self._full:
            log.warning("Redis takes no requests", where=self._server.where, reason=refused.text)
        self._full = True

    async def _tell(self, connection: RedisConnection) -> None:
        """Say how this server is, and hear how the others are."""
        if self._report is not None:
            self._count += 1
            said = encode_said(Said(count=self._count, name=self._name, report=self._report))
            try:
                await connection.command("HSET", self._names.edges, self._edge, said)
            except RedisRefused as refused:
                if not refused.full:
                    raise
                self._say_full(refused)
        found = reply_as(await connection.command("HGETALL", self._names.edges), dict[bytes, bytes])
        try:
            self.present.take(found, trio.current_time())
        except FeedError as problem:
            log.warning("what servers say of themselves cannot be read", reason=str(problem))
            return
        others = [one.report.counts for who, one in self.present.there().items() if who != self._edge]
        self._elsewhere = combined(read(counts) for counts in others)
