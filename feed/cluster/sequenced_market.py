"""The market of a sequencer: as that of any server, and written to a log that others follow."""

from __future__ import annotations

import secrets
import socket
import time
from collections.abc import Callable
from random import SystemRandom
from typing import Final

import attrs
import structlog
import trio
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from feed.checkpoint.engine import engine_digest
from feed.cluster.block import BEFORE_ALL, Outcome, Place
from feed.cluster.computed import WholeMarket, write_market
from feed.cluster.counts import listed
from feed.cluster.edge_reports import EdgeReports
from feed.cluster.local_log import LocalLog
from feed.cluster.log_header import LogHeader, release, write_header
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.messages import Count, Report
from feed.cluster.outside_log import OutsideLog, Succession
from feed.cluster.ports import EdgeHandlers
from feed.cluster.requests import EdgeRequests
from feed.cluster.sequencer import MarketNow, RecordedEntries, Sequencer
from feed.cluster.snapshot import Snapshot, write_snapshot
from feed.cluster.snapshotting import Snapshotting, StartProcess
from feed.errors import MarketError
from feed.faults.contract import FaultPlan
from feed.model.durations import NS_PER_SECOND
from feed.server.durable.entry_log import EntryLog
from feed.server.durable.service_state import ServiceState
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall
from feed.server.served_market import ServedMarket
from feed.server.server_context import ServerContext
from feed.server.server_parts import Outside, ServerParts
from feed.server.storage import Storage
from feed.server.stream_state import StreamState
from feed.server.tokens import signing_key
from feed.settings import Settings
from feed.sim.run_status import RunState
from feed.sim.simulation import WHOLE, Simulation, StopCondition
from feed.stream.fanout import Fanout
from feed.stream.source import Batch, Source, TakesOrders
from feed.stream.steps import StepLog

log = structlog.get_logger("feed.log")

_HISTORY_BYTES: Final = 16
_LAST_SECONDS: Final = 1.0  # that the end of the market may take to reach those who follow


class SequencedMarket:
    """
    A market that others follow, as :class:`feed.server.served_market.ServedMarket`.

    Attributes:
        log: What they follow; None before the market is open.
        reports: What edges say of themselves.
    """

    def __init__(
        self,
        settings: Settings,
        market: ServedMarket,
        *,
        listener: socket.socket | None = None,
        start: StartProcess | None = None,
        wall: Callable[[], float] = time.time,
        inputs: LoggedCommits | None = None,
        outside_log: OutsideLog | None = None,
        succession: Succession | None = None,
        simulation: Simulation | None = None,
    ) -> None:
        """
        Write nothing yet.

        Args:
            settings: Of this server.
            market: What is written to the log.
            listener: On which others connect; None for links by other ways.
            start: Begins the process that makes snapshots; None for none.
            wall: Seconds since the Unix epoch.
            inputs: Writes requests into the log before they act; for a log that outlives this server, None
                for one that does not.
            outside_log: Where blocks are appended before anybody is told of them; None for who follows on
                this machine alone.
            succession: Instead, how this server comes to append to a log that another one leads.
            simulation: The market itself, for a standby; None where it is elsewhere.
        """
        self.log: LocalLog | None = None
        self.ended = trio.Event()
        self.source: Source = market.source
        self.plan: FaultPlan = market.plan
        self.storage: Storage = market.storage
        self.token_key: Final = market.token_key or signing_key(settings.tokens.key, secrets.token_bytes)
        self.reports: Final = EdgeReports(self._heard)
        self.parts = ServerParts(outside=self.outside, elsewhere=self.reports.counts)
        self._settings = settings
        self._market = market
        self._listener = listener
        self._outside_log = outside_log
        self._succession = succession
        self._simulation = simulation
        self._wall = wall
        self._server: ServerContext | None = None
        self._sequencer = Sequencer(
            market=self._now, wall=wall, snapshot=self._renewed, outlives=inputs is not None
        )
        if inputs is not None:
            inputs.begin(self._sequencer.tell)
        origins = None if inputs is None else inputs.origins
        self._requests = EdgeRequests(market.source, self.outcome, origins)
        self.step_log: StepLog | None = self._sequencer
        self.entry_log: EntryLog = RecordedEntries(
            market.entry_log, self._sequencer, market_time=lambda: self._now().time, wall=wall
        )
        self._snapshotting: Snapshotting | None = None
        if start is not None:
            self._snapshotting = Snapshotting(
                start, self._serve_process, newest=self._newest, random=SystemRandom().random
            )

    @property
    def stream_state(self) -> StreamState | None:
        """What was published before a restart; None for nothing."""
        return self._market.stream_state

    @property
    def recorded(self) -> ServiceState | None:
        """What was recorded of other things than the market before a restart; None for nothing."""
        return self._market.recorded

    @property
    def market_time(self) -> int | None:
        """Where the market stands, nanoseconds since the Unix epoch; None where only its events say so."""
        return self._market.market_time

    def attach(self, server_context: ServerContext) -> None:
        """Get to know the server that publishes it."""
        self._server = server_context
        self._market.attach(server_context)

    async def open(self, fanout: Fanout) -> None:
        """
        Publish where the stream begins: in no block, but in the first snapshot. Or go on where another server
        has led until now, however long that is.

        Raises:
            ConfigError: Something cannot be written where the settings say.
        """
        if self._succession is None:
            await self._market.open(fanout)
            if self._outside_log is not None:
                await self._outside_log.open(fanout.hub)
            return
        assert self._server is not None  # noqa: S101 - it was attached
        outside_log = self._outside_log = await self._succession.take_over(self._server)
        # Others follow already: what happens from now on they are told in blocks.
        self._sequencer.begin(outside_log, fanout.hub.position)
        async with outside_log.connected():
            await self._market.open(fanout)
            await self._sequencer.flush()

    def opened(self) -> None:
        """Begin the log with a snapshot."""
        self._market.opened()
        settings = self._settings
        history = secrets.token_bytes(_HISTORY_BYTES)
        outside_log = self._outside_log
        goes_on = None if outside_log is None else outside_log.header
        header = goes_on or LogHeader.of(
            settings, history=history, listing=self.source.listing, plan=self.plan, until=self._until()
        )
        first = self._snapshot(BEFORE_ALL if outside_log is None else outside_log.place)
        handlers = EdgeHandlers(
            submit=self._requests.take,
            call=self._call,
            reported=self.reports.reported,
            left=self.reports.left,
            elsewhere=self._untold,
        )
        self.log = LocalLog(
            first,
            header=write_header(header, release=release()),
            token_key=self.token_key,
            settings=settings.cluster,
            paced=self._paced,
            phase=lambda: self._now().phase.value,
            handlers=handlers,
            retained=None if outside_log is None else outside_log.retained,
        )
        if outside_log is None:
            self._sequencer.begin(self.log, first.position)
            return
        outside_log.begin(self.log, header, handlers, self._report)
        outside_log.keep_market(self._whole(outside_log.place))
        self._sequencer.read = lambda: outside_log.read
        if goes_on is None:
            self._sequencer.begin(outside_log, first.position)

    async def run(self, channel: trio.MemorySendChannel[Batch], fanout: Fanout) -> None:
        """Let others follow, and play as the market does."""
        assert self.log is not None  # noqa: S101 - it was opened
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._sequencer.run)
            nursery.start_soon(self.reports.run, self._settings.cluster.report_seconds)
            if self._outside_log is not None:
                nursery.start_soon(self._outside_log.run)
            if self._listener is not None:
                listener = trio.SocketListener(trio.socket.from_stdlib_socket(self._listener))
                nursery.start_soon(trio.serve_listeners, self.log.serve_link, [listener])
            if self._snapshotting is not None:
                nursery.start_soon(self._snapshotting.run)
            nursery.start_soon(self._tell_of_end, self.log, fanout)
            await self._market.run(channel, fanout)

    def outside(self) -> Outside:
        """Those who follow, for ``/metrics``, and what is wrong with the way to them."""
        problems = () if self._snapshotting is None else self._snapshotting.problems()
        figures = () if self.log is None else _figures(self.log)
        if self._succession is not None and self.log is None:
            return self._succession.outside()
        if self._outside_log is None or self.log is None:
            return Outside(problems=problems, figures=figures)
        more = self._outside_log.outside()
        return attrs.evolve(more, problems=(*problems, *more.problems), figures=(*figures, *more.figures))

    def outcome(self, outcome: Outcome) -> None:
        """Tell what became of a request of an edge, before its events are published."""
        self._sequencer.outcome(outcome)
        if self._outside_log is not None:
            self._outside_log.decided(outcome)

    def _report(self) -> Report:
        """How this server is, for those who follow."""
        assert self._server is not None  # noqa: S101 - it was attached
        hub = self._server.fanout.hub
        return Report(
            seq=hub.seq,
            listening=hub.listening,
            connections=len(self._server.registry.connections),
            phase=self._now().phase.value,
            counts=listed(self.reports.counts.now()),
        )

    async def _tell_of_end(self, log: LocalLog, fanout: Fanout) -> None:
        """Write that nothing follows, once the last event is published."""
        await fanout.over.wait()
        await self._market.ended.wait()
        await self._sequencer.flush(ended=True)
        await log.taken(_LAST_SECONDS)
        self.ended.set()

    async def _call(self, call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
        """Answer a request that has come to an edge, and name the block by which all has happened."""
        assert self._server is not None  # noqa: S101 - it was attached
        answer = await self._server.forwarded(call)
        return answer, await self._sequencer.written()

    async def _serve_process(self, stream: trio.abc.Stream) -> None:
        assert self.log is not None  # noqa: S101 - it was opened
        await self.log.serve_link(stream, makes_snapshots=True)

    def _heard(self, listening: int) -> None:
        """Clients of edges are clients of the market: it may wait for so many of them."""
        assert self._server is not None  # noqa: S101 - edges come after it was attached
        self._server.fanout.hub.hear_elsewhere(listening)

    def _untold(self, edge: str) -> list[Count]:
        return self.reports.counts.untold(edge) if edge else []

    def _newest(self) -> Snapshot | None:
        return None if self.log is None else self.log.retained.newest

    def _now(self) -> MarketNow:
        assert self._server is not None  # noqa: S101 - it was attached
        control = getattr(self.source, "control", None)
        phase = RunState.RUNNING if control is None else control.status().state
        if self._market.ended.is_set():
            phase = RunState.ENDED
        time = self._market.market_time
        return MarketNow(
            self._server.fanout.hub.market_state.now if time is None else time,
            phase,
            takes_orders=isinstance(self.source, TakesOrders) and self.source.takes_orders,
        )

    def _until(self) -> StopCondition:
        control = getattr(self.source, "control", None)
        return WHOLE if control is None else control.until

    def _paced(self) -> bool:
        control = getattr(self.source, "control", None)
        return control is not None and bool(control.status().speed)

    def _renewed(self, place: Place) -> Snapshot:
        """A snapshot, and what a standby begins with: the newest ones are too old."""
        if self._outside_log is not None:
            self._outside_log.keep_market(self._whole(place))
        return self._snapshot(place)

    def _whole(self, place: Place) -> Snapshot | None:
        """The market itself, and what is known of it, for a server that goes on with it."""
        server, run = self._server, self._simulation
        if run is None:
            return None
        assert server is not None  # noqa: S101 - it was attached
        market = WholeMarket(
            run=run,
            stream=server.stream_state,
            services=server.services.state(),
            faults=server.faults.progress(),
            place=place,
            market_time=self._now().time,
            stood=server.fanout.stood,
        )
        try:
            return write_market(market, engine=engine_digest(), wall=int(self._wall() * NS_PER_SECOND))
        except MarketError as problem:
            log.warning("no standby can compute this market along", reason=str(problem))
            return None

    def _snapshot(self, place: Place) -> Snapshot:
        server = self._server
        assert server is not None  # noqa: S101 - it was attached
        hub = server.fanout.hub
        return write_snapshot(
            server.stream_state,
            server.services.state(),
            server.faults.progress(),
            place=place,
            stood=server.fanout.stood,
            market_time=hub.market_state.now,
            engine=engine_digest(),
            wall=int(self._wall() * NS_PER_SECOND),
        )


def _figures(log: LocalLog) -> tuple[Metric, ...]:
    owed = GaugeMetricFamily(
        "feed_log_edge_lag_bytes",
        "Of blocks that the socket of one who follows has not taken.",
        labels=["edge"],
    )
    behind = GaugeMetricFamily(
        "feed_log_edge_lag_events", "Events that it has not told its clients.", labels=["edge"]
    )
    connections = GaugeMetricFamily(
        "feed_edge_connections", "WebSocket connections open at one who follows.", labels=["edge"]
    )
    deliveries = CounterMetricFamily(
        "feed_edge_deliveries", "Writes to connections, since its start.", labels=["edge"]
    )
    cpu = CounterMetricFamily("feed_edge_cpu_seconds", "Processor time, since its start.", labels=["edge"])
    for one in log.followers():
        owed.add_metric([one.name], one.owed)
        if one.behind is None or one.report is None:
            continue
        behind.add_metric([one.name], one.behind)
        connections.add_metric([one.name], one.report.connections)
        deliveries.add_metric([one.name], one.report.deliveries)
        cpu.add_metric([one.name], one.report.cpu_seconds)
    retained, newest = log.retained, log.retained.newest
    _, number = log.place
    return (
        CounterMetricFamily("feed_log_blocks", "Blocks written to the log.", number),
        GaugeMetricFamily(
            "feed_log_bytes", "Of blocks that are kept for those who follow.", retained.held_bytes
        ),
        GaugeMetricFamily(
            "feed_log_snapshot_seq",
            "Sequence number of the newest snapshot.",
            0 if newest is None else newest.position.seq,
        ),
        owed,
        behind,
        connections,
        deliveries,
        cpu,
    )
