"""The market of an edge: what comes over a link, from a snapshot on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import structlog
import trio
from prometheus_client.core import GaugeMetricFamily

from feed.cluster.arrival import arrival
from feed.cluster.block import Block
from feed.cluster.calls import EdgeCalls
from feed.cluster.counts import EdgeCounts, listed
from feed.cluster.edge_source import EdgeSource
from feed.cluster.messages import Report
from feed.cluster.ports import Link
from feed.cluster.snapshot import Snapshot, read_snapshot
from feed.errors import FeedError
from feed.server.durable.entry_log import NOT_KEPT, EntryLog
from feed.server.server_context import ServerContext
from feed.server.server_parts import Outside, ServerParts
from feed.server.storage import Storage
from feed.settings import Settings
from feed.sim.run_status import RunState
from feed.stream.fanout import Fanout
from feed.stream.source import Batch, Source
from feed.stream.steps import StepLog

log = structlog.get_logger("feed.edge")

_ANSWERED_WITHIN: Final = 0.75  # of the time of a request: the market may take half, and its log a quarter
_ASKED_OF_WORKERS: Final = ("/metrics",)  # answered for all: a port cannot say whose figures it would show
_MORE_CONNECTIONS: Final = 16  # than the mean of all workers, which is a moment old, may one have


class EdgeMarket:
    """
    Follows a market for as long as its events come without a gap.

    Attributes:
        source: Brings the events.
        gap: Why it cannot go on; None while it can.
        lost: Set once that is so.
    """

    def __init__(
        self,
        link: Link,
        snapshot: Snapshot,
        settings: Settings,
        *,
        engine: str,
        wall: Callable[[], float],
        worker: bool = False,
    ) -> None:
        """
        Stand where a snapshot does.

        Args:
            link: Brings what comes after it.
            snapshot: It.
            settings: Of the server.
            engine: Whose snapshot it must be.
            wall: Seconds since the Unix epoch.
            worker: Whether others accept clients on the same sockets.
        Raises:
            FeedError: The snapshot cannot be read.
        """
        state, recorded, faults = read_snapshot(snapshot, link.header, engine=engine)
        trades = state.projections.accounts is not None
        self._source = EdgeSource(link, snapshot.place, snapshot.position, trades=trades, wall=wall)
        self.source: Source = self._source
        self.plan = link.header.plan
        self.storage = Storage()
        self.ended = self._source.ended
        self.stream_state: Final = state
        self.recorded: Final = recorded
        self.entry_log: EntryLog = NOT_KEPT  # what is changed for a client is changed at the sequencer
        self.token_key: Final = link.token_key
        self.step_log: StepLog | None = None
        calls = EdgeCalls(
            link,
            self._source.reached,
            seconds=settings.web.request_seconds * _ANSWERED_WITHIN,
            also=_ASKED_OF_WORKERS if worker else (),
        )
        self._counts = EdgeCounts(lambda: link.elsewhere)
        self.parts = ServerParts(
            outside=self.outside,
            arrived=self._arrived,
            forward=calls,
            elsewhere=self._counts,
            crowded=self._crowded if worker else None,
        )
        self.gap: FeedError | None = None
        self.lost = trio.Event()
        self._link = link
        self._faults = faults
        self._stood = snapshot.stood
        self._settings = settings.cluster
        self._at_end = settings.at_end
        self._closing_seconds = settings.limits.shutdown_seconds
        self._server: ServerContext | None = None
        self._up_to_date = trio.current_time()  # when it last had all that it knew to be there

    @property
    def server(self) -> ServerContext:
        """Who serves it, from :meth:`attach` on."""
        assert self._server is not None  # noqa: S101 - nothing is asked of it before
        return self._server

    @property
    def market_time(self) -> int | None:
        """Where the market stands, as the newest block says; nanoseconds since the Unix epoch."""
        last = self._source.last
        return None if last is None else last.market_time

    def attach(self, server_context: ServerContext) -> None:
        """Publish there, and change what it knows beside the market."""
        self._server = server_context
        self._source.attach(server_context.fanout, server_context.services)
        server_context.faults.restore(self._faults)

    async def open(self, fanout: Fanout) -> None:
        """Stand as the sequencer does, whose time may stand still."""
        fanout.stood_before(self._stood)

    def opened(self) -> None:
        """Nothing is left to do."""

    async def run(self, channel: trio.MemorySendChannel[Batch], fanout: Fanout) -> None:
        """Follow until there is a gap: also when the market has ended, for what is asked for then."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._link.run)
            nursery.start_soon(self._report, fanout)
            try:
                await self._source.run(channel)
            except FeedError as problem:
                if self.ended.is_set() and self._at_end != "hold":
                    await trio.sleep(self._closing_seconds)  # connections end since the market has
                self.gap = problem
                self.lost.set()
            nursery.cancel_scope.cancel()

    async def _report(self, fanout: Fanout) -> None:
        """Tell the sequencer now and then how this server is, until cancelled."""
        while True:
            self._look()
            self._link.report(self._now(fanout))
            await trio.sleep(self._settings.report_seconds)

    def _now(self, fanout: Fanout) -> Report:
        figures = fanout.statistics()
        return Report(
            seq=fanout.hub.seq,
            listening=fanout.hub.listening,
            connections=len(self.server.registry.connections),
            deliveries=figures.deliveries,
            cpu_seconds=time.process_time(),
            counts=listed(self._counts.now()),
        )

    def _crowded(self) -> bool:
        """Whether it has more connections than other workers, as it was told a moment ago."""
        fair = self._link.state.mean_connections + _MORE_CONNECTIONS
        return len(self.server.registry.connections) > fair

    def _look(self) -> float:
        """For how many seconds now it has not had all that is there."""
        state = self._link.state
        if self.server.fanout.hub.seq >= state.seq:
            self._up_to_date = max(self._up_to_date, state.heard)
        return trio.current_time() - self._up_to_date

    def outside(self) -> Outside:
        """How it is with the market that is followed."""
        state, lag, last = self._link.state, self._look(), self._source.last
        if self.ended.is_set():
            return Outside(phase=RunState.ENDED.value)
        late = lag > self._settings.lag_seconds
        problems = []
        if late:
            problems.append(f"{lag:.1f} s behind {self._link.where}")
        elif not state.connected:
            problems.append(f"not connected to {self._link.where}")
        term, number = self._source.place
        place = GaugeMetricFamily(
            "feed_edge_place", "Number of the newest block that was read, by term.", labels=["term"]
        )
        place.add_metric([str(term)], number)
        return Outside(
            phase=state.phase or self._phase(last),
            problems=tuple(problems),
            ready=not late,
            figures=(
                GaugeMetricFamily(
                    "feed_edge_connected",
                    "1 while it is connected to the server that it follows, else 0.",
                    int(state.connected),
                ),
                GaugeMetricFamily(
                    "feed_edge_lag_seconds", "Since it last had every event that it knew to be there.", lag
                ),
                GaugeMetricFamily(
                    "feed_edge_lag_events",
                    "Events that it knows to be there and has not published.",
                    max(0, state.seq - self.server.fanout.hub.seq),
                ),
                place,
            ),
        )

    def _phase(self, last: Block | None) -> str:
        """What the market did when it was last heard of."""
        if last is not None:
            return last.phase
        return RunState.PAUSED.value if self._stood else RunState.RUNNING.value

    async def _arrived(self, text: str) -> None:
        await arrival(self.server.fanout.hub, text)
