"""The market of a server that has taken it over: it goes on where it was computed along to."""

from __future__ import annotations

from collections.abc import Callable

import trio

from feed.cluster.block import Outcome
from feed.cluster.computed import WholeMarket
from feed.cluster.log_header import LogHeader
from feed.cluster.standby import Taken
from feed.faults.contract import FaultPlan
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.requests import JournalEntry
from feed.server.durable.entry_log import NOT_KEPT, EntryLog
from feed.server.durable.service_state import ServiceState
from feed.server.playout import SecondCommits
from feed.server.server_context import ServerContext
from feed.server.server_parts import ServerParts
from feed.server.storage import Storage
from feed.server.stream_state import StreamState
from feed.settings import Settings
from feed.sim.clients import ClientMarket, unheard
from feed.sim.run_status import RunState
from feed.sim.runner import MarketRunner
from feed.stream.fanout import Fanout
from feed.stream.source import Batch, Source
from feed.stream.steps import StepLog

_BATCH_EVENTS = 4096  # that are published at a time, before clients are let in


class TakenMarket:
    """
    A market that goes on, as :class:`feed.server.served_market.ServedMarket`.

    Attributes:
        told: Called with the outcome of each request of an edge that was accepted before and acts here.
    """

    def __init__(
        self,
        market: WholeMarket,
        header: LogHeader,
        settings: Settings,
        *,
        taken: Callable[[], Taken],
        commits: SecondCommits,
    ) -> None:
        """
        Stand where it is computed along to.

        Args:
            market: It; somebody carries it on until :meth:`open` is called.
            header: Of its log.
            settings: Of this server, with what the header says applied.
            taken: How it was taken over; asked once it was.
            commits: Writes requests into the log before they act.
        """
        self.told: Callable[[Outcome], object] = lambda _: None
        self._runner = MarketRunner(
            market.run,
            flow=settings.flow,
            until=header.until,
            waiting=settings.trading.waiting,
            commits=commits,
            horizon_seconds=settings.durability.horizon_seconds,
            paced=commits.paced,
        )
        commits.after(None)
        commits.changed = self._runner.committed
        self.source: Source = self._runner
        self.plan: FaultPlan = header.plan
        self.storage = Storage()
        self.ended = trio.Event()
        self.entry_log: EntryLog = NOT_KEPT
        self.step_log: StepLog | None = None
        self.parts = ServerParts()
        self.stream_state: StreamState | None = market.stream
        self.recorded: ServiceState | None = None  # it is taken back once it is known to be the last
        self.token_key: bytes | None = None
        self._market = market
        self._settings = settings
        self._taken = taken
        self._server: ServerContext | None = None

    @property
    def market_time(self) -> int | None:
        """Where the market stands, nanoseconds since the Unix epoch."""
        return self._runner.control.status().market_time

    def attach(self, server_context: ServerContext) -> None:
        """Get to know who publishes it."""
        self._server = server_context

    async def open(self, fanout: Fanout) -> None:
        """
        Let act what was accepted and has not acted, and make good for the time in which nobody had it.

        Edges are told of these events as of all others; they have clients already.
        """
        server, market, taken = self._server, self._market, self._taken()
        assert server is not None  # noqa: S101 - it was attached
        server.faults.restore(market.faults)
        server.services.restore(market.services)
        pace, run = market.services.pace, market.run
        speed = self._settings.speed if pace is None else float(pace["speed"])
        control = self._runner.control
        control.seq = market.position.seq
        control.set_speed(speed)
        fanout.stood_before(market.stood)
        phase = RunState.RUNNING if taken.last is None else RunState(taken.last.phase)
        if isinstance(run, ClientMarket):
            run.acted = self._acted
            await self._reach(run.last_place, fanout)
            run.acted = unheard
        if phase is RunState.RUNNING and self._settings.durability.downtime != "skip":
            passed = trio.current_time() - taken.heard
            await self._reach(market.market_time + int(passed * speed * NS_PER_SECOND), fanout)
        if phase is RunState.PAUSED:
            control.pause()
        server.services.restored()

    def opened(self) -> None:
        """Nothing is left to do."""

    async def run(self, channel: trio.MemorySendChannel[Batch], fanout: Fanout) -> None:
        """Play to the end."""
        del fanout
        await self._runner.run(channel)
        self.ended.set()

    async def _reach(self, until: int, fanout: Fanout) -> None:
        """Compute and publish up to a market time, and what is to act at it; nothing where it has passed."""
        control = self._runner.control
        while not control.ended and until:
            reached = control.now >= until
            rows = control.finish(_BATCH_EVENTS) if reached else control.compute(until, _BATCH_EVENTS)
            if rows:
                await fanout.fast_forward(rows)
            elif reached:
                return
            await trio.lowlevel.checkpoint()

    def _acted(self, entry: JournalEntry, rows: list[Row], end: int) -> None:
        del entry
        origins = self._market.origins
        origin = origins.popleft() if origins else None
        if origin is not None:
            edge, number = origin
            seq = self._runner.control.status().seq + end
            self.told(Outcome(edge=edge, number=number, seq=seq, events=len(rows)))
