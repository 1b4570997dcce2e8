"""The market of a server that has taken it over: it goes on where it was computed along to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

from feed.cluster.block import Outcome
from feed.cluster.computed import WholeMarket
from feed.cluster.log_header import LogHeader
from feed.cluster.origins import Origin
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
        phase: RunState,
        passed: Callable[[], float],
        commits: SecondCommits,
    ) -> None:
        """
        Stand where it was computed along to.

        Args:
            market: It; used by nothing else from now on.
            header: Of its log.
            settings: Of this server, with what the header says applied.
            phase: What the market was doing.
            passed: For how many seconds market time has stood by now, as nobody had the market.
            commits: Writes requests into the log before they act.
        """
        self.told: Callable[[Outcome], object] = lambda _: None
        pace = market.services.pace
        speed = settings.speed if pace is None else float(pace["speed"])
        self._runner = MarketRunner(
            market.run,
            flow=settings.flow,
            speed=speed,
            waiting=settings.trading.waiting,
            commits=commits,
            horizon_seconds=settings.durability.horizon_seconds,
            seq=market.position.seq,
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
        self.recorded: ServiceState | None = market.services
        self.token_key: bytes | None = None
        self._market = market
        self._settings = settings
        self._paused = phase is RunState.PAUSED
        self._passed = passed
        self._speed = speed if phase is RunState.RUNNING else 0.0
        self._origins: deque[Origin | None] = market.origins

    @property
    def market_time(self) -> int | None:
        """Where the market stands, nanoseconds since the Unix epoch."""
        return self._runner.control.status().market_time

    def attach(self, server_context: ServerContext) -> None:
        """Let the scenario's faults go on that have begun."""
        server_context.faults.restore(self._market.faults)

    async def open(self, fanout: Fanout) -> None:
        """
        Let act what was accepted and has not acted, and make good for the time in which nobody had it.

        Edges are told of these events as of all others; they have clients already.
        """
        fanout.stood_before(self._market.stood)
        run = self._market.run
        if isinstance(run, ClientMarket):
            run.acted = self._acted
            await self._reach(run.last_place, fanout)
            run.acted = unheard
        await self._reach(self._target(), fanout)
        if self._paused:
            self._runner.control.pause()

    def opened(self) -> None:
        """Nothing is left to do."""

    async def run(self, channel: trio.MemorySendChannel[Batch], fanout: Fanout) -> None:
        """Play to the end."""
        del fanout
        await self._runner.run(channel)
        self.ended.set()

    def _target(self) -> int:
        """Market time up to which is computed before own clients are let in, nanoseconds."""
        if self._settings.durability.downtime == "skip":
            return 0
        return self._market.market_time + int(self._passed() * self._speed * NS_PER_SECOND)

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
        origin = self._origins.popleft() if self._origins else None
        if origin is not None:
            edge, number = origin
            seq = self._runner.control.status().seq + end
            self.told(Outcome(edge=edge, number=number, seq=seq, events=len(rows)))
