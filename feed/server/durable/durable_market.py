"""A market that goes on after a restart: its data folder, and what is computed before clients are let in."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

import attrs
import structlog
import trio

from feed.durability.disk import Disk, FolderDisk
from feed.errors import ConfigError
from feed.model.durations import NS_PER_SECOND
from feed.server.durable.catching_up import CatchingUp, copied
from feed.server.durable.checkpoint_process import setup_of
from feed.server.durable.checkpointing import Checkpointing, StartWorker, process_beside
from feed.server.durable.commits import Commits, Offload
from feed.server.durable.entry_log import Refused
from feed.server.durable.kinds import PACE
from feed.server.durable.led_log import read_led, write_led
from feed.server.durable.recovery import Recovered, pace_data, recover
from feed.server.durable.service_state import ServiceState
from feed.server.durable.token_key import token_key
from feed.server.run_spec import RunSpec
from feed.server.stream_state import StreamState
from feed.settings import Settings
from feed.sim.control import Control
from feed.sim.run_status import RunStatus
from feed.sim.runner import MarketRunner
from feed.stream.fanout import Fanout
from feed.stream.histogram import Histogram
from feed.stream.history import History

log = structlog.get_logger("feed.durable")


@attrs.frozen(kw_only=True)
class DataFolderFigures:
    """
    How a data folder is.

    Attributes:
        trouble: Why something cannot be written now; empty while all can.
        inputs: That were written to the log since the market began.
        refused: Batches of requests that it did not take, since the start of the server.
        latency: Of the commits since then.
        log_bytes: Of the log.
        horizon: Market time up to which events may be published, nanoseconds since the Unix epoch.
        checkpoint: Sequence number of the newest checkpoint since the start of the server; None before it.
    """

    trouble: str
    inputs: int
    refused: int
    latency: Histogram
    log_bytes: int
    horizon: int
    checkpoint: int | None


class DurableMarket:
    """
    A market in a data folder.

    Attributes:
        settings: Those of the server, with what the folder says of its market.
        program: The market.
        commits: Makes inputs durable.
        stream_state: What the events said that were published before, up to where the market stands.
        seq: How many these were.
        services: What was recorded of other things than the market.
        speed: Market seconds per second.
        opened: Whether its opening was published before.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        disk: Disk | None = None,
        wall: Callable[[], int] = time.time_ns,
        offload: Offload = trio.to_thread.run_sync,
        start_checkpoints: StartWorker | None = None,
    ) -> None:
        """
        Open the folder of ``settings``.

        Args:
            settings: Of the server.
            disk: The folder, locked; None for that of the settings.
            wall: Nanoseconds since the Unix epoch.
            offload: Runs what blocks.
            start_checkpoints: Begins to make checkpoints; None for a process beside this one.
        Raises:
            ConfigError: As :func:`feed.server.durable.recovery.recover`.
        """
        self._recovered: Final[Recovered] = recover(settings, now=wall(), disk=disk)
        self._wall = wall
        self._offload = offload
        self.settings: Final = self._recovered.settings
        self.program: Final[RunSpec] = self._recovered.program
        self.stream_state: Final[StreamState] = self._recovered.restored.stream
        self.seq: Final = self._recovered.restored.position.seq
        self.speed: Final = self._recovered.speed
        self.opened: Final = self._recovered.restored.opened
        folder = self._recovered.folder
        self.commits: Final = Commits(
            folder.log, folder.horizon, self.settings.durability, wall=wall, offload=offload
        )
        self.services: Final[ServiceState] = copied(self._recovered.services)
        self._history: History = self.stream_state.history
        start = start_checkpoints or self._process_beside()
        every = round(self.settings.durability.checkpoint_seconds * NS_PER_SECOND)
        self._checkpointing = Checkpointing(
            start,
            published=lambda: self.commits.published,
            retain=self._retain,
            first=self.program.run.now + every,
        )
        self._catching_up = CatchingUp(
            self._recovered, self.commits, wall=wall, offload=offload, retain=self._retain
        )
        self._live: Control | None = None  # once clients may see the market
        if folder.log.cut:
            log.warning("a torn end of the log was left out", bytes=folder.log.cut)

    def problems(self) -> list[str]:
        """Why inputs cannot be taken now; none when all is well."""
        trouble = self.commits.trouble
        found = [f"data folder: {trouble}; order requests are answered with 503, or wait"] if trouble else []
        return found + self._checkpointing.problems()

    def figures(self) -> DataFolderFigures:
        """How its folder is, for whoever watches the server."""
        commits, log_ = self.commits, self._recovered.folder.log
        made = self._checkpointing.last
        checkpoint = self._catching_up.checkpoint if made is None else made.checkpoint
        return DataFolderFigures(
            trouble=commits.trouble,
            inputs=commits.record_number,
            refused=commits.refused,
            latency=commits.latency,
            log_bytes=log_.bytes,
            horizon=commits.horizon,
            checkpoint=checkpoint,
        )

    async def go_on(self, runner: MarketRunner, fanout: Fanout) -> None:
        """
        Compute up to where the market may have been seen, or to where it would be by now, and publish it.

        Args:
            runner: Of this market, not running yet.
            fanout: Publishes; nobody listens yet.
        Raises:
            ConfigError: The folder cannot be written.
        """
        hub, control = fanout.hub, runner.control
        self.commits.changed = runner.committed
        self.commits.position = lambda: (hub.seq, hub.history.proof, hub.market_state.now)
        self.commits.market_time = lambda: control.now
        recovered, began = self._recovered, control.now
        await self._catching_up.run(control, fanout)
        if recovered.paused:
            control.pause()
        if control.now > began:
            log.info(
                "the market goes on",
                seq=hub.seq,
                computed_seconds=round((control.now - began) / NS_PER_SECOND, 3),
                folder=recovered.folder.disk.where(""),
            )
        await self.commits.move_horizon(control.now)
        if recovered.services.pace is None and not self.settings.wait_clients:
            await self._keep_first_pace(control)
        self._live = control

    async def _keep_first_pace(self, control: Control) -> None:
        """A server that is killed as soon as it is ready, the first time, has a downtime too."""
        self.record_pace(control.status())
        try:
            await self.commits.write_waiting()
        except OSError as problem:
            log.warning("the pace of the market is not kept yet", reason=problem.strerror or str(problem))

    async def run(self) -> None:
        """Write inputs, and see to checkpoints, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.commits.run)
            nursery.start_soon(self._checkpointing.run)

    def token_key(self, random_bytes: Callable[[int], bytes]) -> bytes:
        """
        The key that tokens are signed with, kept in the folder; made up at the first start.

        Raises:
            ConfigError: It cannot be read, or written.
        """
        try:
            return token_key(self._recovered.folder.disk, random_bytes)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise ConfigError(f"cannot keep the key of tokens ({reason})", where="--data") from None

    def led(self, log: str) -> int | None:
        """
        The last term in which this market has led a log for other servers; None for none.

        Args:
            log: Where the log is, and its name.
        Raises:
            ConfigError: The folder cannot be read.
        """
        return read_led(self._recovered.folder.disk, log)

    def set_led(self, log: str, term: int) -> None:
        """
        Keep that it leads a log; before the first block of the term is appended.

        Args:
            log: See :meth:`led`.
            term: The term.
        Raises:
            ConfigError: The folder cannot be written.
        """
        write_led(self._recovered.folder.disk, log, term)

    def record_pace(self, status: RunStatus) -> None:
        """Record how fast market time runs from now on, for whoever catches up."""
        try:
            self.commits.record(PACE, pace_data(status))
        except Refused as problem:
            log.warning("a clock command will be forgotten by a restart", reason=str(problem))

    def _process_beside(self) -> StartWorker:
        directory = self.settings.durability.directory
        assert directory is not None  # noqa: S101 - or there would be no such market
        return partial(process_beside, setup_of(directory, self.settings))

    async def _retain(self) -> None:
        oldest = self._history.oldest
        await self._offload(lambda: self._recovered.folder.retain(history_from=oldest - 1))

    def close(self) -> None:
        """Close the folder; clients have seen the market up to where it stands."""
        folder = self._recovered.folder
        if self._live is not None:
            try:
                folder.horizon.write(self._live.now, record=self.commits.durable_record)
            except OSError as problem:
                log.warning("the data folder cannot be written", reason=problem.strerror or str(problem))
        folder.close()
        if isinstance(folder.disk, FolderDisk):
            folder.disk.close()  # another server may use it from now on, in this process too
