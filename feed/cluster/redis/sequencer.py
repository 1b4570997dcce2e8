"""
What a sequencer does whose log is in Redis: it opens its term there, and has blocks, snapshots and requests
go by Redis for as long as it leads.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
import trio
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from feed.cluster.block import Block, Outcome, Place
from feed.cluster.local_log import LocalLog
from feed.cluster.log_header import LogHeader, release, write_header
from feed.cluster.messages import Report
from feed.cluster.ports import EdgeHandlers
from feed.cluster.redis.connection import RedisServer
from feed.cluster.redis.format import NO_HEAD, Names, head_text, pack_header
from feed.cluster.redis.kept import KeptConnection
from feed.cluster.redis.lease import RedisLease
from feed.cluster.redis.log import Fenced, RedisLog
from feed.cluster.redis.market import MarketWriter
from feed.cluster.redis.present import SEQUENCER
from feed.cluster.redis.requests import NOTHING_READ, RedisRequests
from feed.cluster.redis.script import FENCED, RESTORE, run_script
from feed.cluster.redis.snapshots import SnapshotWriter, remove_log
from feed.cluster.redis.start import check_log
from feed.cluster.redis.term import Start, TakenOver, Term, opening_block
from feed.cluster.retention import Retained
from feed.cluster.snapshot import Snapshot
from feed.errors import ConfigError, FeedError
from feed.server.server_parts import Outside
from feed.settings import Cluster
from feed.stream.hub import Hub

log = structlog.get_logger("feed.log")

_OPTION: Final = "--log"
_MARK_BYTES: Final = 4
_RESIGN_SECONDS: Final = 0.5  # that giving up the lease may take


class RedisSequencer:
    """
    The way of a sequencer's blocks to Redis, as :class:`feed.cluster.outside_log.OutsideLog`.

    Once another server has appended nothing is accepted any more: whoever waits for that waits for ever, so
    that nobody is told of an event that is not in the log.

    Attributes:
        log: What it appends to.
        deposed: Set once another server has appended.
    """

    def __init__(
        self,
        server: RedisServer,
        term: Term,
        settings: Cluster,
        *,
        token_key: bytes,
        start: Start | None = None,
        taken: TakenOver | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """
        Append nothing yet.

        Args:
            server: Where the log is.
            term: That was taken.
            settings: Bounds.
            token_key: That access tokens are signed with.
            start: What is known of the log that is there.
            taken: Instead, the log that is gone on with.
            wall: Seconds since the Unix epoch.
        """
        self.deposed = trio.Event()
        self._taken = taken
        self.log: Final = (
            RedisLog(server, term=term.number, after=None, retain_bytes=settings.retain_bytes)
            if taken is None
            else taken.log
        )
        self.log.make_room = self._needless
        self._server = server
        self._term = term
        self._settings = settings
        self._token_key = token_key
        self._start = start or Start()
        self._wall = wall
        self._seq = 0
        self._leases = KeptConnection(server, "the lease")
        self._lease = RedisLease(server, self._leases, owner=term.owner)
        self._writes = KeptConnection(server, "snapshots")
        self._requests: RedisRequests | None = None
        self._snapshots: SnapshotWriter | None = None
        self._market: MarketWriter | None = None

    @property
    def header(self) -> LogHeader | None:
        """See :class:`feed.cluster.outside_log.OutsideLog`."""
        return None if self._taken is None else self._taken.header

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """See :class:`feed.cluster.outside_log.OutsideLog`."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.log.run)
            yield
            nursery.cancel_scope.cancel()

    def keep_market(self, market: Snapshot | None) -> None:
        """See :class:`feed.cluster.outside_log.OutsideLog`."""
        if self._market is not None:
            self._market.newest = market

    @property
    def retained(self) -> Retained:
        """The blocks that are kept in memory."""
        return self.log.retained

    @property
    def place(self) -> Place:
        """Of the newest block."""
        return self.log.place

    @property
    def joinable(self) -> bool:
        """Whether all blocks after the newest snapshot are kept."""
        market = self._market
        return self.log.joinable and (market is None or market.is_behind(self.retained.oldest))

    @property
    def read(self) -> str:
        """Up to where requests are decided, for who comes after this server."""
        return "" if self._requests is None else self._requests.read

    def keep(self, snapshot: Snapshot) -> None:
        """Let those who come begin with this snapshot."""
        self.log.keep(snapshot)

    def decided(self, outcome: Outcome) -> None:
        """Note that it is known what became of a request."""
        if self._requests is not None:
            self._requests.decided(outcome)

    async def open(self, hub: Hub) -> None:
        """
        Begin the log anew behind what the market has told, with a block that has no events.

        Who followed begins anew too, from the first snapshot of this server: blocks do not say what else it
        was told before it was started again.

        Args:
            hub: Where the market stands.
        Raises:
            ConfigError: The log goes on otherwise than this market.
        """
        start = self._start
        check_log(
            self._term.after,
            hub.history,
            where=self._server.where,
            folder=start.folder,
            led=start.led,
            new_history=start.new_history,
        )
        start.leads(self._term.number)
        try:
            await self._empty()
        except FeedError as problem:
            raise ConfigError(f"{self._server.where}: {problem}", where=_OPTION) from None
        async with self.connected():
            await self.append(opening_block(hub.position, hub.market_state.now, self._wall()))

    async def _empty(self) -> None:
        """Let the log have no blocks; whoever has appended meanwhile keeps it."""
        after, names = self._term.after, Names(self._server.name)
        async with self._server.connection() as connection:
            if after is not None:
                reply = await run_script(
                    connection, RESTORE, names.log, names.head, head_text(*after), NO_HEAD
                )
                if isinstance(reply, list) and reply[0] == FENCED:
                    raise FeedError("another server leads the log")
            await remove_log(connection, names)

    def begin(
        self, local: LocalLog, header: LogHeader, handlers: EdgeHandlers, report: Callable[[], Report]
    ) -> None:
        """See :class:`feed.cluster.outside_log.OutsideLog`."""
        self.log.local = local
        taken = self._taken
        self._requests = RedisRequests(
            self._server,
            handlers,
            settings=self._settings,
            report=report,
            after=None if taken is None else taken.read or NOTHING_READ,
            skip=frozenset() if taken is None else taken.decided,
        )
        packed = pack_header(write_header(header, release=release()), self._token_key)
        self._snapshots = SnapshotWriter(
            self._server,
            self._writes,
            header=packed if taken is None else taken.packed_header,
            history=header.history,
            newest=lambda: local.retained.newest,
            oldest=lambda: local.retained.oldest,
            emptied=lambda: self.log.emptied,
            mark=lambda: secrets.token_hex(_MARK_BYTES),
        )
        self._market = MarketWriter(
            self._server,
            self._writes,
            history=header.history,
            emptied=lambda: self.log.emptied,
            mark=lambda: secrets.token_hex(_MARK_BYTES),
        )

    async def append(self, block: Block) -> Place:
        """See :class:`feed.cluster.ports.BlockSink`; never returns once another server has appended."""
        try:
            place = await self.log.append(block)
        except Fenced as problem:
            self._depose(str(problem))
            await trio.sleep_forever()
            raise
        self._seq = block.ends.seq
        return place

    async def hold(self) -> None:
        """Hold the lease until cancelled, and then give it up; see whether another server has appended."""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._leases.run)
                nursery.start_soon(self._lease.hold, self._settings.lease_seconds)
                while not self.deposed.is_set():
                    await trio.sleep(self._settings.lease_seconds)
                    await self._look()
        finally:
            with trio.move_on_after(_RESIGN_SECONDS, shield=True):
                await self._resign()

    async def _look(self) -> None:
        """Look whether another server leads, which a market that stands still would not find out."""
        try:
            newest = await self._lease.newest()
        except FeedError:
            return  # whoever appends says so
        if newest is not None and newest[0][0] > self._term.number:
            self._depose(f"the log is in term {newest[0][0]}")

    async def _resign(self) -> None:
        try:
            async with self._server.connection() as connection:
                await RedisLease(self._server, connection, owner=self._term.owner).release_lease()
        except FeedError:
            pass  # it runs out by itself

    def _depose(self, reason: str) -> None:
        if not self.deposed.is_set():
            log.error("another server leads; this one serves no more", log=self._server.where, reason=reason)
        self.deposed.set()

    async def run(self) -> None:
        """See :class:`feed.cluster.outside_log.OutsideLog`."""
        assert self._requests and self._snapshots and self._market  # noqa: S101, PT018 - it was opened
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.log.run)
            nursery.start_soon(self._requests.run)
            nursery.start_soon(self._writes.run)
            nursery.start_soon(self._snapshots.run)
            nursery.start_soon(self._market.run)

    def outside(self) -> Outside:
        """See :class:`feed.cluster.outside_log.OutsideLog`."""
        problems = []
        if self.log.waits:
            problems.append(f"market time stands still: {self.log.waits}")
        if self._snapshots is not None and self._snapshots.problem:
            problems.append(f"snapshots: {self._snapshots.problem}")
        # Who starts edges once this server is ready must not find that there is no log yet.
        begun = self._taken is not None or (
            self._snapshots is not None and self._snapshots.written is not None
        )
        return Outside(problems=tuple(problems), ready=begun and not self.log.waits, figures=self._figures())

    def _needless(self) -> Place | None:
        """The place of the newest snapshot in Redis: nobody needs the blocks up to there."""
        return None if self._snapshots is None else self._snapshots.written

    def _figures(self) -> tuple[Metric, ...]:
        log = self.log
        there = {} if self._requests is None else self._requests.present.there()
        behind = GaugeMetricFamily(
            "feed_redis_edge_lag_events", "Events that it has not told its clients.", labels=["edge"]
        )
        for who, said in there.items():
            if who != SEQUENCER:
                behind.add_metric([said.name], max(0, self._seq - said.report.seq))
        up = GaugeMetricFamily(
            "feed_redis_up", "1 while it is connected to Redis, else 0.", int(not log.kept.problem)
        )
        counts = (
            ("feed_redis_appends", "Blocks that Redis has accepted.", log.appends),
            ("feed_redis_append_seconds", "That these took, all together.", log.append_seconds),
            ("feed_redis_repeated", "Appends that were sent again, as no answer came.", log.repeated),
            ("feed_redis_restored", "Blocks that Redis had lost, and has got again.", log.restored),
        )
        return up, *(CounterMetricFamily(*one) for one in counts), behind
