"""The source of events that is served, and what paces it: clients that it waits for, and a recording."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Protocol

import attrs
import structlog
import trio

from feed.errors import ConfigError
from feed.faults.contract import FaultPlan
from feed.model.events import Row
from feed.recording.format import Header, Provenance
from feed.server.durable.durable_market import DurableMarket
from feed.server.durable.entry_log import NOT_KEPT, EntryLog
from feed.server.durable.service_state import ServiceState
from feed.server.journalled import header_of
from feed.server.run_spec import RunSpec, program_for
from feed.server.server_context import ServerContext
from feed.server.server_parts import ServerParts
from feed.server.storage import Storage
from feed.server.stream_state import StreamState
from feed.server.timeline import described
from feed.settings import Settings
from feed.sim.clients import open_to_accounts
from feed.sim.input_commits import InputCommits
from feed.sim.large_orders import LargeOrderReport, summary
from feed.sim.run_status import RunStatus
from feed.sim.runner import MarketRunner
from feed.sim.simulation import Looping, Simulation
from feed.stream.fanout import Fanout
from feed.stream.source import Batch, Source
from feed.stream.steps import StepLog

log = structlog.get_logger("feed.playout")


class ClientBarrier:
    """
    Waits until no client lags.

    Args:
        fanout: Who publishes.
    """

    def __init__(self, fanout: Fanout) -> None:
        self._fanout = fanout
        self._hub = fanout.hub
        self._waiting = trio.lowlevel.ParkingLot()
        self._hub.watch(self._waiting.unpark_all)

    async def caught_up(self, seq: int) -> None:
        """
        Wait until every event up to ``seq`` has been told, and the sockets of all have taken it.

        A client that never reads holds this up until its connection ends. One whose link takes
        nothing, because a fault says so, does not.
        """
        await self._fanout.published(seq)
        while self._hub.lagging:
            await self._waiting.park()


class SecondCommits(InputCommits, Protocol):
    """
    What makes inputs durable in a second place, after the disk.

    Attributes:
        changed: Called when inputs or the horizon are durable in both, or refused.
    """

    changed: Callable[[], object]

    def after(self, disk: InputCommits | None) -> None:
        """Name what comes first; None for nothing."""
        ...

    def look(self) -> None:
        """Look at what has become of inputs there; called whenever that has changed."""
        ...

    def paced(self, status: RunStatus) -> None:
        """Write down how fast market time runs from now on."""
        ...


class Playout:
    """
    A source of events, and what surrounds it.

    Attributes:
        source: Where events come from.
        plan: What goes wrong on the wire meanwhile.
        ended: Set once the source has nothing more to give.
        storage: What is written to disk meanwhile.
        durable: The market in a data folder; None where it ends with the process.
        entry_log: Where is recorded what shall outlive the process.
        step_log: Nowhere: nobody else follows it.
        parts: Those of a server by itself.
        simulation: The market itself; None where the events come from elsewhere.
    """

    def __init__(
        self,
        settings: Settings,
        source: Source | None = None,
        durable: DurableMarket | None = None,
        commits: SecondCommits | None = None,
    ) -> None:
        """
        Make everything ready; nothing happens yet.

        Args:
            settings: What to play, how fast, and whom to wait for.
            source: Instead of what they say shall be played.
            durable: Instead of it as well: what goes on in a data folder.
            commits: Where inputs are written before they act, beside a data folder; None for nowhere.
        Raises:
            ConfigError: The scenario cannot be read, or does not go with another setting.
        """
        self._settings = settings
        self.durable = durable
        self._commits = commits
        if commits is not None:
            commits.after(None if durable is None else durable.commits)
        self._run_spec = None
        if durable is not None:
            self._run_spec = durable.program
        elif source is None:
            self._run_spec = program_for(settings, now=time.time_ns())
        self.storage = Storage(settings.recording)
        self.storage.durable = durable
        self.simulation: Simulation | None = None
        self._runner = None if self._run_spec is None else self._make_runner(self._run_spec)
        self.ended = trio.Event()
        self._corruption_logged = False
        self._rounds = 1
        self._stopped_agents: set[tuple[str, int]] = set()  # name and market time; seeking meets them again
        self._told_orders: frozenset[LargeOrderReport] = frozenset()
        found = source or self._runner
        assert found is not None  # noqa: S101 - one of the two is there
        self.source: Source = found
        self.plan = FaultPlan() if self._run_spec is None else self._run_spec.plan
        self.entry_log: EntryLog = NOT_KEPT if durable is None else durable.commits
        self.step_log: StepLog | None = None
        self.parts = ServerParts()

    @property
    def stream_state(self) -> StreamState | None:
        """What was published before a restart; None for nothing."""
        return None if self.durable is None else self.durable.stream_state

    @property
    def recorded(self) -> ServiceState | None:
        """What was recorded of other things than the market before a restart; None for nothing."""
        return None if self.durable is None else self.durable.services

    @property
    def token_key(self) -> bytes | None:
        """
        The key of access tokens that a data folder keeps; None where the settings say which, or nothing does.

        Raises:
            ConfigError: It cannot be read, or written.
        """
        if self.durable is None or self._settings.tokens.key is not None:
            return None
        return self.durable.token_key(secrets.token_bytes)

    def attach(self, server_context: ServerContext) -> None:
        """Nothing: it is told by :meth:`run` who publishes."""

    def opened(self) -> None:
        """Nothing is left to do."""

    async def open(self, fanout: Fanout) -> None:
        """
        Publish where the stream begins.

        Raises:
            ConfigError: The journal or the recording cannot be written there.
        """
        durable, runner = self.durable, self._runner
        if self._settings.journal is not None:
            self._keep_journal(self._settings.journal)
        if durable is None or not durable.opened:
            rows = self.source.opening()
            if self._settings.record is not None:
                self.storage.record(self._settings.record, self._header(rows))
            await fanout.fast_forward(rows)
        if durable is not None and runner is not None:
            await durable.go_on(runner, fanout)
            if self._commits is not None:
                durable.commits.changed = self._commits.look
            if durable.opened and self._settings.record is not None:
                # What was published before is not recorded again: the books, and what follows.
                rows = runner.control.snapshot()
                header = attrs.evolve(self._header(rows), start=runner.control.now)
                self.storage.record(self._settings.record, header)
                self.storage.published(rows)

    @property
    def market_time(self) -> int | None:
        """Where the market stands, nanoseconds since the Unix epoch; None where only its events say so."""
        return None if self._runner is None else self._runner.control.status().market_time

    async def run(self, channel: trio.MemorySendChannel[Batch], fanout: Fanout) -> None:
        """
        Play to the end, and record to the end of the server.

        Args:
            channel: Takes every event.
            fanout: Knows which clients listen, and which lag.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.storage.run)
            if self.storage.recorder is not None:
                nursery.start_soon(self.storage.recorder.run)
            if self.durable is not None:
                nursery.start_soon(self.durable.run)
            if self._runner is None:
                await self.source.run(channel)
            else:
                barrier = ClientBarrier(fanout)
                fanout.hub.watch(self._runner.look_at_hold)
                await self._runner.run(
                    channel,
                    publish_at_once=fanout.publish_at_once,
                    held=lambda: fanout.hub.listening_anywhere < self._settings.wait_clients,
                    settle=partial(self._settle, self._runner, barrier),
                )
                self._tell_of_large_orders(self._runner)
            self.ended.set()
            self._log_corruption()

    def _log_corruption(self) -> None:
        if self._run_spec is None or self._corruption_logged:
            return
        corruption = self._run_spec.corruption()
        if corruption is not None:
            self._corruption_logged = True
            log.error("the recording that is played is damaged", where=str(corruption))

    def _tell_of_agents(self, runner: MarketRunner) -> None:
        """Log the agents that have stopped since the last time, each once."""
        agents = runner.control.agents
        for failure in () if agents is None else agents.failures:
            if (failure.agent, failure.ts) not in self._stopped_agents:
                self._stopped_agents.add((failure.agent, failure.ts))
                log.error(
                    "an agent has stopped",
                    agent=failure.agent,
                    error=failure.error,
                    where=failure.where,
                    market_time=failure.ts,
                    traceback=failure.traceback,
                )

    def _tell_of_large_orders(self, runner: MarketRunner) -> None:
        """Log what became of the large orders that are over, each once."""
        reports = runner.control.large_orders
        if not reports:
            return
        over = [report for report in reports if report.over]
        for report in over:
            if report not in self._told_orders:
                told = attrs.asdict(summary(report, runner.listing))
                if report.traded < report.lots:
                    log.warning("a large order was not traded in full", **told)
                else:
                    log.info("a large order was traded", **told)
        self._told_orders = frozenset(over)

    def _tell_of_rounds(self) -> None:
        """Say that what is played begins again, where it does."""
        run = None if self._run_spec is None else self._run_spec.run
        if isinstance(run, Looping) and run.rounds > self._rounds:
            self._rounds = run.rounds
            log.info("the market begins again", round=run.rounds)
            self._log_corruption()

    async def _settle(self, runner: MarketRunner, barrier: ClientBarrier) -> None:
        self._tell_of_rounds()
        self._tell_of_agents(runner)
        self._tell_of_large_orders(runner)
        if self.storage.recorder is not None:
            await self.storage.recorder.room()
        if self._settings.lockstep:
            await barrier.caught_up(runner.control.status().seq)

    def _keep_journal(self, path: Path) -> None:
        if self._run_spec is None or self._runner is None:
            raise ConfigError("only a simulated market keeps one", where="--journal", hint="leave it out")
        self.storage.keep(path, header_of(self._run_spec, self._settings))

    def _header(self, rows: list[Row]) -> Header:
        if self._run_spec is not None:
            return self._run_spec.header
        instruments = tuple(self.source.listing)
        start = rows[0][2] if rows else 0
        return Header(instruments=instruments, provenance=Provenance(source="program"), start=start)

    def _make_runner(self, run_spec: RunSpec) -> MarketRunner:
        settings = self._settings
        durable = self.durable
        run = run_spec.run if durable is not None else open_to_accounts(run_spec.run, settings.trading)
        self.simulation = run
        commits: InputCommits | None = None if durable is None else durable.commits
        runner = MarketRunner(
            run,
            flow=settings.flow,
            speed=settings.speed if durable is None else durable.speed,
            until=run_spec.until(settings.until),
            waiting=settings.trading.waiting,
            journal=None if settings.journal is None else self.storage.write,
            commits=commits if self._commits is None else self._commits,
            horizon_seconds=settings.durability.horizon_seconds,
            seq=0 if durable is None else durable.seq,
            paced=self._paced,
            scenario=described(run_spec),
        )
        if self._commits is not None:
            self._commits.changed = runner.committed
        return runner

    def _paced(self, status: RunStatus) -> None:
        """Record how fast market time runs, for whoever goes on with it."""
        if self.durable is not None:
            self.durable.record_pace(status)
        if self._commits is not None:
            self._commits.paced(status)


@contextmanager
def playing(
    settings: Settings, source: Source | None = None, commits: SecondCommits | None = None
) -> Iterator[tuple[Settings, Playout]]:
    """
    What settings say is played, with the data folder open if there is one, until the block ends.

    Args:
        settings: All of the server.
        source: Instead of what they say.
        commits: See :class:`Playout`.
    Returns:
        The settings, with what the folder says of its market; and the market.

    Raises:
        ConfigError: As :class:`Playout`, or the folder cannot be used.
    """
    if settings.durability.directory is None:
        yield settings, Playout(settings, source, commits=commits)
        return
    if source is not None:
        raise ConfigError("only a market of its own goes on", where="--data", hint="leave it out")
    durable = DurableMarket(settings)
    try:
        yield durable.settings, Playout(durable.settings, durable=durable, commits=commits)
    finally:
        durable.close()
