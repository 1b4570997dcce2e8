"""
Writes inputs to the log, many at a time, and says when they are durable. Trio; the disk is in a thread.

While one batch is written, the next gathers: the slower the disk, the more inputs to a batch. The horizon,
up to which market time may be published, is written beside it.

After a failed sync nobody knows which of the last writes the disk has. Then the log goes on in a new segment,
in which everything since the last good sync is written again; until that has worked nothing is durable, and
nothing acts.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, Final, Protocol

import attrs
import structlog
import trio

from feed.durability.entries import LogEntry, requests_entry
from feed.durability.horizon import HorizonFile
from feed.durability.input_log import InputLog
from feed.errors import ConfigError
from feed.model.requests import Request
from feed.server.durable.entry_log import Refused
from feed.server.durable.published import Published
from feed.settings import Durability
from feed.sim.input_commits import CommitState
from feed.stream.histogram import Histogram
from feed.stream.resettable_event import ResettableEvent

log = structlog.get_logger("feed.durable")

LOG: Final = "log of inputs"
HORIZON: Final = "horizon"
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Offload(Protocol):
    """Runs what blocks where it blocks nobody."""

    def __call__(self, job: Callable[[], object], /) -> Awaitable[object]:
        """Wait until it has returned, or raised."""


@attrs.define(eq=False)
class PendingCommit:
    """
    An input on its way to the disk.

    Attributes:
        entry: It.
        acts: Whether it has acted already: then it is written as soon as the disk takes it, never refused.
        state: What has become of it.
    """

    entry: LogEntry
    acts: bool = False
    state: CommitState = CommitState.WAITING


class Commits:
    """
    The inputs of one market.

    Attributes:
        changed: Called when inputs or the horizon are durable, or refused.
        position: Where the stream stands: sequence number, proof, market time of the last event.
        market_time: The present of the market, nanoseconds.
        refused: Batches of requests that the disk did not take.
        latency: From taking all inputs that wait to their being durable, the waiting for the disk included.
    """

    def __init__(
        self,
        input_log: InputLog,
        horizon: HorizonFile,
        settings: Durability,
        *,
        wall: Callable[[], int],
        offload: Offload,
    ) -> None:
        """
        Begin with nothing to write.

        Args:
            input_log: Used by nothing else.
            horizon: Likewise.
            settings: When to sync, and how often to try again.
            wall: Nanoseconds since the Unix epoch.
            offload: Runs what blocks.
        """
        self.changed: Callable[[], object] = lambda: None
        self.position: Callable[[], tuple[int, int, int]] = lambda: (0, 0, horizon.time)
        self.market_time: Callable[[], int] = lambda: horizon.time
        self._troubles: dict[str, str] = {}  # what cannot be written, and why
        self.refused = 0
        self.latency = Histogram()
        self._log = input_log
        self._record = self._synced = input_log.last  # acknowledged, and on the disk
        self._published: Published | None = None
        self._using_log = trio.Lock()
        self._horizon_file = horizon
        self._settings = settings
        self._wall = wall
        self._offload = offload
        self._horizon = horizon.time
        self._wanted = horizon.time
        self._queue: list[PendingCommit] = []
        self._under_way: list[PendingCommit] = []
        self._failed_at = -math.inf  # seconds of the clock
        self._work = ResettableEvent()
        self._further = ResettableEvent()
        self._done = trio.lowlevel.ParkingLot()

    # --- for the market ----------------------------------------------------------------------------

    @property
    def horizon(self) -> int:
        """Market time up to which events may be published, nanoseconds."""
        return self._horizon

    def extend(self, time: int) -> None:
        """Ask for a horizon that is at ``time`` or later."""
        if time > self._wanted and self._wanted <= self._horizon:
            self._wanted = time
            self._further.set()

    def commit(self, place: int, requests: Sequence[Request]) -> PendingCommit:
        """Begin to write requests that act at ``place``, after what was recorded before."""
        return self._enqueue(requests_entry(at=place, wall=self._wall(), requests=requests))

    @property
    def trouble(self) -> str:
        """Why something cannot be written now; empty while all can."""
        return "; ".join(f"{what}: {reason}" for what, reason in self._troubles.items())

    # --- for services ------------------------------------------------------------------------------

    def record(self, kind: str, data: Any, *, hurry: bool = True) -> None:
        """
        Begin to write an input that acts at once.

        Args:
            kind: Of the entry.
            data: Of the entry; JSON types only.
            hurry: Whether it is written now; else with whatever is written next.
        Raises:
            Refused: The disk takes nothing now; it must not act.
        """
        again = self._failed_at + self._settings.retry_seconds
        if LOG in self._troubles and trio.current_time() < again:
            raise Refused(f"the data folder cannot be written: {self.trouble}")
        at = self.market_time()
        self._enqueue(LogEntry(at=at, wall=self._wall(), kind=kind, data=data), acts=True, hurry=hurry)

    async def durable(self) -> None:
        """Wait until all that was recorded so far is durable, or refused; while the disk fails, for ever."""
        if self._queue:
            self._work.set()
        for pending in [*self._under_way, *self._queue]:
            while pending.state is CommitState.WAITING:
                await self._done.park()

    # --- for the server ----------------------------------------------------------------------------

    @property
    def record_number(self) -> int:
        """How many inputs were ever written to the log."""
        return self._record

    @property
    def durable_record(self) -> int:
        """Number of a record of the log that is on the disk; 0 where nobody makes sure of it."""
        return 0 if self._settings.sync == "os" else self._synced

    async def move_horizon(self, time: int) -> None:
        """
        Move the horizon to ``time``, if it is not there yet; for whoever does not run this yet.

        Raises:
            ConfigError: It cannot be written.
        """
        if time <= self._horizon:
            return
        try:
            await self._offload(partial(self._horizon_file.write, time, record=self.durable_record))
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise ConfigError(f"cannot be written ({reason})", where="--data") from None
        self._horizon = self._wanted = time

    async def write_waiting(self) -> list[LogEntry]:
        """
        Write what was recorded so far; for whoever does not run this yet.

        Returns:
            It. Only what acts at once may wait.
        Raises:
            OSError: None of it stands in the log; it still waits.
            ConfigError: It cannot be said what stands there.
        """
        entries, before = [pending.entry for pending in self._queue], self._log.last
        if not entries:
            return []
        try:
            await self._offload(partial(self._append, entries))
        except OSError as problem:
            if self._log.last == before:
                raise
            reason = problem.strerror or str(problem)
            raise ConfigError(f"cannot be written ({reason})", where="--data") from None
        written, self._queue = self._queue[: len(entries)], self._queue[len(entries) :]
        self._appended()
        self._tell(written, CommitState.DURABLE)
        return entries

    @property
    def published(self) -> Published | None:
        """A moment up to which everything can be computed from the log; None before the first."""
        if not self._queue and not self._under_way:
            self._published = self._moment(self._record)
        return self._published

    async def run(self) -> None:
        """Write whatever comes, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._write_inputs)
            nursery.start_soon(self._write_horizon)
            if self._settings.sync == "batch":
                nursery.start_soon(self._sync_now_and_then)

    def _moment(self, record: int) -> Published:
        seq, proof, market_time = self.position()
        return Published(market_time=market_time, seq=seq, proof=proof, record=record)

    def _enqueue(self, entry: LogEntry, *, acts: bool = False, hurry: bool = True) -> PendingCommit:
        pending = PendingCommit(entry, acts)
        self._queue.append(pending)
        if hurry:
            self._work.set()
        return pending

    async def _write_inputs(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            if not self._queue:
                continue
            batch, self._queue = self._queue, []
            self._under_way = batch
            cut, began = self._moment(0), trio.current_time()
            try:
                async with self._using_log:
                    await self._write([pending.entry for pending in batch])
            except OSError as problem:  # nothing of it stands in the log
                self._refuse(batch, problem)
                await self._rest()
            else:
                self._published = attrs.evolve(cut, record=self._record)
                self._under_way = []
                self.latency.observe(trio.current_time() - began)
                self._tell(batch, CommitState.DURABLE)

    def _refuse(self, batch: list[PendingCommit], problem: OSError) -> None:
        """Refuse what has not acted; the rest is tried again."""
        self._note(LOG, problem)
        requests = [pending for pending in batch if not pending.acts]
        self.refused += len(requests)
        self._queue[:0] = [pending for pending in batch if pending.acts]
        self._under_way = []
        self._tell(requests, CommitState.REFUSED)

    async def _rest(self) -> None:
        """Try later what has acted and is not written."""
        if self._queue:
            await trio.sleep(self._settings.retry_seconds)
            self._work.set()

    def _tell(self, batch: list[PendingCommit], state: CommitState) -> None:
        for pending in batch:
            pending.state = state
        self._done.unpark_all()
        self.changed()

    async def _write(self, entries: list[LogEntry]) -> None:
        """
        Write entries, and sync them where they may not act before.

        Raises:
            OSError: None of them stands in the log.
        """
        before = self._log.last
        try:
            await self._offload(partial(self._append, entries))
        except OSError as problem:
            if self._log.last == before:
                raise
            self._note(LOG, problem)
            await self._move_on()
        self._appended()
        self._settle(LOG)

    def _appended(self) -> None:
        if self._settings.sync == "always":
            self._synced = self._log.last
        self._record = self._log.last

    def _append(self, entries: list[LogEntry]) -> None:
        """Both in one visit to the thread, which costs more than what it does."""
        self._log.append(entries)
        if self._settings.sync == "always":
            self._log.sync()

    async def _sync(self) -> None:
        """Sync the log; where that fails, go on in a new segment, as often as it takes."""
        try:
            await self._offload(self._log.sync)
        except OSError as problem:
            self._note(LOG, problem)
            await self._move_on()
        self._synced = self._log.last

    async def _move_on(self) -> None:
        while True:
            await trio.sleep(self._settings.retry_seconds)
            try:
                await self._offload(partial(self._log.move_on, keep=True))
            except OSError as problem:
                self._note(LOG, problem)
                if problem.errno in _FULL and self._settings.sync == "always" and await self._drop():
                    raise
            else:
                return

    async def _drop(self) -> bool:
        """Go on without what was not synced; whether that has worked."""
        try:
            await self._offload(partial(self._log.move_on, keep=False))
        except OSError as problem:
            self._note(LOG, problem)
            return False
        return True

    async def _sync_now_and_then(self) -> None:
        while True:
            await trio.sleep(self._settings.sync_seconds)
            async with self._using_log:
                if self._synced < self._log.last:
                    await self._sync()
                    self._settle(LOG)

    async def _write_horizon(self) -> None:
        while True:
            while self._wanted <= self._horizon:
                self._further.clear()
                await self._further.wait()
            wanted = self._wanted
            try:
                await self._offload(partial(self._horizon_file.write, wanted, record=self.durable_record))
            except OSError as problem:
                self._note(HORIZON, problem)
                await trio.sleep(self._settings.retry_seconds)
                continue
            self._horizon = wanted
            self._settle(HORIZON)
            self.changed()

    def _note(self, what: str, problem: OSError) -> None:
        reason = problem.strerror or str(problem)
        self._failed_at = trio.current_time()
        if self._troubles.get(what) != reason:
            log.error("the data folder cannot be written", what=what, reason=reason)
        self._troubles[what] = reason

    def _settle(self, what: str) -> None:
        if self._troubles.pop(what, ""):
            log.info("the data folder is written again", what=what, refused=self.refused)
