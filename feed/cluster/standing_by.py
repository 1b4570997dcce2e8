"""
A server that stands by: all of it is built, and computes the market along, until it can go on with that.

Between the last event of one leader and the first of the next nobody is told anything. So whatever does not
depend on the last block is made before: the endpoints and their documents, the connections' part, the market.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Final

import structlog
import trio
from prometheus_client.core import GaugeMetricFamily

from feed.checkpoint.engine import engine_digest
from feed.cluster.computed import Computed, WholeMarket, write_market
from feed.cluster.lease import Lease
from feed.cluster.redis.connection import RedisServer
from feed.cluster.redis.kept import KeptConnection
from feed.cluster.redis.link import RedisLink
from feed.cluster.redis.log import RedisLog
from feed.cluster.redis.market import MarketWriter
from feed.cluster.redis.sequencer import RedisSequencer
from feed.cluster.redis.shared import RedisShared
from feed.cluster.redis.term import TakenOver, Term
from feed.cluster.standby import Standby, Taken
from feed.errors import FeedError
from feed.model.durations import NS_PER_SECOND
from feed.server.bound_listeners import BoundListener
from feed.server.head import BadRequest
from feed.server.listener import Listener, listen
from feed.server.server_context import ServerContext
from feed.server.server_parts import Outside
from feed.settings import Settings

log = structlog.get_logger("feed.standby")

STANDING_BY: Final = "standing by"
"""What such a server says that it does."""

_REFUSED: Final = BadRequest(503, "This server is standing by; ask another", (("Retry-After", "1"),))
_MARK_BYTES: Final = 8
_SHARE: Final = 10  # to write a market down takes at most this part of the time


class StandingBy:
    """
    Stands by for the leader of a log in Redis, as :class:`feed.cluster.outside_log.Succession`.

    Attributes:
        taken: What was taken over; None before.
        problem: Why it cannot stand by any longer; None while it can.
        over: Set once it never takes over: there is a problem, or the market has ended.
    """

    def __init__(
        self,
        server: RedisServer,
        link: RedisLink,
        market: WholeMarket,
        settings: Settings,
        *,
        listeners: Sequence[BoundListener] = (),
    ) -> None:
        """
        Do nothing yet.

        Args:
            server: Where the log is.
            link: By which it is read; it has given its header.
            market: What it begins with; used by nothing else but the server that publishes it.
            settings: Of this server.
            listeners: Where whoever asks how this server is hears that, and everybody else is refused.
        """
        self.taken: Taken | None = None
        self.problem: FeedError | None = None
        self.over = trio.Event()
        self._server = server
        self._link = link
        self._market = market
        self._settings = settings
        self._listeners = listeners
        self._outside_log: RedisSequencer | None = None
        self._led = trio.Event()

    async def leads(self) -> RedisSequencer:
        """Wait until this server leads; the way to its log."""
        await self._led.wait()
        assert self._outside_log is not None  # noqa: S101 - it is set before
        return self._outside_log

    def had(self) -> Taken:
        """What was taken over, once it was."""
        assert self.taken is not None  # noqa: S101 - nobody asks before
        return self.taken

    def outside(self) -> Outside:
        """How this server is until then."""
        behind = GaugeMetricFamily(
            "feed_standby_lag_events",
            "Events that it knows to be in the log and has not computed.",
            max(0, self._link.state.seq - self._market.position.seq),
        )
        return Outside(phase=STANDING_BY, ready=False, figures=(behind,))

    async def take_over(self, server_context: ServerContext) -> RedisSequencer:
        """See :class:`feed.cluster.outside_log.Succession`; it never returns where :attr:`over` is set."""
        try:
            taken = await self._stand_by(server_context)
        except FeedError as problem:
            self.problem, taken = problem, None
        if taken is None:
            if self.problem is None:
                log.info("the market has ended: there is nothing to stand by for", where=self._link.where)
            self.over.set()
            await trio.sleep_forever()
        assert taken is not None  # noqa: S101 - see above
        self.taken = taken
        server_context.key_watch.ask()  # the file was not looked at since this server was built
        self._outside_log = self._gone_on_with(taken)
        self._led.set()
        return self._outside_log

    async def _stand_by(self, server_context: ServerContext) -> Taken | None:
        """
        Compute along, and take over; None where the market has ended.

        Raises:
            FeedError: See :meth:`feed.cluster.standby.Standby.run`.
        """
        cluster = self._settings.cluster
        shared = RedisShared(self._server, owner=self._link.edge, retain_bytes=cluster.retain_bytes)
        writes = KeptConnection(self._server, "the market")
        writer = MarketWriter(
            self._server,
            writes,
            history=self._link.header.history,
            emptied=lambda: 0,
            mark=lambda: secrets.token_hex(_MARK_BYTES),
        )
        keeping = _Keeping(writer, seconds=cluster.snapshot_seconds, since=self._market.market_time)
        computed = Computed(self._market, server_context.fanout.hub.publish)
        standby = Standby(
            shared, self._link, computed, Lease(cluster.lease_seconds), wall=time.time, taken_in=keeping.look
        )
        taken: Taken | None = None
        problem: FeedError | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._link.run)
            nursery.start_soon(shared.run)
            nursery.start_soon(writes.run)
            nursery.start_soon(writer.run)
            nursery.start_soon(server_context.registry.turns.run)
            try:
                self._answer(server_context, nursery)
                taken = await standby.run()
            except FeedError as found:
                problem = found
            nursery.cancel_scope.cancel()
        if problem is not None:
            raise problem
        return taken

    def _answer(self, server_context: ServerContext, nursery: trio.Nursery) -> None:
        """
        Answer whoever asks how this server is.

        Raises:
            ConfigError: Somebody else has come to listen there meanwhile.
        """
        limits = self._settings.limits
        listener = Listener(server_context.router, limits, refusal=_REFUSED)
        for config, sock in self._listeners:
            listen(sock, limits.accept_backlog)
            nursery.start_soon(listener.run, sock.dup(), nursery, config)

    def _gone_on_with(self, taken: Taken) -> RedisSequencer:
        last, link = taken.last, self._link
        assert isinstance(taken.writer, RedisLog)  # noqa: S101 - that is what RedisShared gives
        return RedisSequencer(
            self._server,
            Term(number=taken.term, owner=self._link.edge, after=None),
            self._settings.cluster,
            token_key=link.token_key,
            taken=TakenOver(
                log=taken.writer,
                header=link.header,
                packed_header=link.packed_header,
                read="" if last is None else last.read,
                decided=taken.market.decided,
            ),
        )


class _Keeping:
    """Writes the market down now and then, for standbys that come later."""

    def __init__(self, writer: MarketWriter, *, seconds: float, since: int) -> None:
        self._writer = writer
        self._every = round(seconds * NS_PER_SECOND)
        self._since = since
        self._rests_until = -1.0

    def look(self, computed: Computed) -> None:
        market, now = computed.market, trio.current_time()
        if market.market_time - self._since < self._every or now < self._rests_until:
            return
        began = time.perf_counter()
        self._since = market.market_time
        self._writer.newest = write_market(market, engine=engine_digest(), wall=time.time_ns())
        self._rests_until = now + _SHARE * (time.perf_counter() - began)
