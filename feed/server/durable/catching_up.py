"""
After a start: the market is computed up to where it would be, and published with nobody listening.

Who is killed before the process beside has made a checkpoint would compute from the same one at each start,
and longer each time. So the server makes them itself while nobody listens: where computing lasts, and before
it lets clients in, if that took more than a second, or is more than lies between two checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
import structlog
import trio

from feed.checkpoint.object_graph import dump, load
from feed.errors import MarketError
from feed.model.durations import NS_PER_SECOND
from feed.server.durable.checkpoint_files import checkpoint_of, write_files
from feed.server.durable.commits import Commits, Offload
from feed.server.durable.recovery import Recovered
from feed.server.durable.service_state import ServiceState
from feed.sim.control import Control
from feed.stream.fanout import Fanout
from feed.stream.spans import Mark, spans_after

log = structlog.get_logger("feed.durable")

_BATCH_EVENTS: Final = 4096  # published at a time
_NEAR: Final = NS_PER_SECOND // 20  # behind the clock: near enough for clients to be let in
_TOLD_SECONDS: Final = 5.0  # between two lines of progress
_LONG_SECONDS: Final = 10.0  # of computing, after which a checkpoint is made
_KEPT_SECONDS: Final = 1.0  # of computing, which are not to be spent again: a checkpoint takes less


class CatchingUp:
    """
    Carries a recovered market on, once.

    Args:
        recovered: It. The services in it are carried on here, and not those that the server has.
        commits: Those of the market, which nothing runs yet.
        wall: Nanoseconds since the Unix epoch.
        offload: Runs what blocks.
        retain: Called after every checkpoint, to remove what it has made superfluous.
    Attributes:
        checkpoint: Sequence number of the newest checkpoint that was made; None before the first.
    """

    def __init__(
        self,
        recovered: Recovered,
        commits: Commits,
        *,
        wall: Callable[[], int],
        offload: Offload,
        retain: Callable[[], Awaitable[object]],
    ) -> None:
        self.checkpoint: int | None = None
        self._recovered = recovered
        self._state = attrs.evolve(recovered.restored, opened=True)
        self._commits = commits
        self._wall = wall
        self._offload = offload
        self._retain = retain
        self._every = round(recovered.settings.durability.checkpoint_seconds * NS_PER_SECOND)
        self._kept = self._mark()  # what the newest checkpoint has
        self._kept_now = self._state.run.now  # and its market time

    async def run(self, control: Control, fanout: Fanout) -> None:
        """
        Compute and publish.

        Args:
            control: Of the market.
            fanout: Publishes; nobody listens yet.
        Raises:
            ConfigError: The folder cannot be written, and it is not known what stands there.
        """
        began = trio.current_time()
        if self._recovered.last_place:
            # Requests of a market that stood still act at its present, also those after a checkpoint of it.
            await self._compute(control, fanout, control.now)
        await self._reach(control, fanout)
        computed = control.now - self._kept_now
        if computed >= self._every or (computed and trio.current_time() - began >= _KEPT_SECONDS):
            await self._keep()
            await self._reach(control, fanout)  # the clock ran on meanwhile

    async def _reach(self, control: Control, fanout: Fanout) -> None:
        recovered, behind = self._recovered, math.inf
        while True:
            target = recovered.target(self._wall())
            left = target - control.now
            # The clock runs on meanwhile, and may be faster than the machine.
            near = left < _NEAR or left >= behind
            if left <= 0 or control.ended or (near and control.now >= recovered.least):
                return
            behind = left
            await self._compute(control, fanout, target)

    async def _compute(self, control: Control, fanout: Fanout, target: int) -> None:
        began, told = control.now, trio.current_time()
        kept = told
        while not control.ended:
            reached = control.now >= target
            rows = control.finish(_BATCH_EVENTS) if reached else control.compute(target, _BATCH_EVENTS)
            if reached and not rows:
                return
            self._state.services.published(fanout.hub.seq, rows)
            await fanout.fast_forward(rows)
            await trio.lowlevel.checkpoint()
            if trio.current_time() - told >= _TOLD_SECONDS:
                told = trio.current_time()
                done = (control.now - began) / max(1, target - began)
                left = round((target - control.now) / NS_PER_SECOND)
                log.info("computing what has happened meanwhile", done=f"{done:.0%}", left_seconds=left)
            if trio.current_time() - kept >= _LONG_SECONDS:
                await self._keep()
                kept = trio.current_time()

    async def _keep(self) -> None:
        """Make a checkpoint of where the market stands; where that cannot be done, a start takes longer."""
        try:
            for entry in await self._commits.write_waiting():
                self._state.services.apply(entry)
            await self._offload(self._write)
            await self._retain()
        except (OSError, MarketError) as problem:
            log.warning("no checkpoint is made; a restart takes longer", reason=str(problem))

    def _write(self) -> None:
        state, folder = attrs.evolve(self._state, record=self._commits.record_number), self._recovered.folder
        spans = spans_after(self._kept, state.stream.history.spans())
        made = checkpoint_of(state, spans, engine=folder.engine, history=folder.history, wall=self._wall())
        write_files(folder.disk, made)
        self.checkpoint = made.header.seq
        self._kept, self._kept_now = self._mark(), made.header.market_time

    def _mark(self) -> Mark:
        stream = self._state.stream
        return stream.history.marked(stream.market_state)


def copied(services: ServiceState) -> ServiceState:
    """A copy that shares nothing with it."""
    found = load(dump({"services": services}))["services"]
    assert isinstance(found, ServiceState)  # noqa: S101 - what was written is read
    return found
