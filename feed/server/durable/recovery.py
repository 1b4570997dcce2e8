"""
From a data folder to the market that goes on: what was published before, and what is computed again.

What the folder says of the market comes before defaults; whoever says otherwise is told so.
"""

from __future__ import annotations

import errno
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import attrs
import structlog

from feed.durability.data_folder import DataFolder, move_away
from feed.durability.disk import Disk, FolderDisk
from feed.durability.entries import REQUESTS, requests_of
from feed.errors import ConfigError
from feed.model.requests import JournalEntry
from feed.recording.journal import JournalHeader
from feed.server.durable.market_engine import engine_of
from feed.server.durable.restoring import Restored, restore
from feed.server.durable.service_state import ServiceState
from feed.server.journalled import check_given, header_of, program_of
from feed.server.run_spec import RunSpec, program_for
from feed.settings import Settings, Trading
from feed.sim.clients import ClientMarket
from feed.sim.run_status import RunState, RunStatus

log = structlog.get_logger("feed.durable")

OPTION: Final = "--data"


@attrs.frozen(kw_only=True)
class Recovered:
    """
    A market in a data folder, ready to go on.

    Attributes:
        settings: With what the folder says of the market.
        program: The market; accounts can trade in it, and what they did is to act in it again.
        folder: Open, and locked.
        restored: Where it goes on from.
        services: What was recorded of other things than the market.
        last_place: Market time at which the last requests act that were written, nanoseconds; 0 for none.
    """

    settings: Settings
    program: RunSpec
    folder: DataFolder
    restored: Restored
    services: ServiceState
    last_place: int = 0

    @property
    def paused(self) -> bool:
        """Whether market time stood still by a command."""
        return self.services.pace is not None and bool(self.services.pace["paused"])

    @property
    def speed(self) -> float:
        """Market seconds per second: that of the last command, unless the operator says another now."""
        pace, asked = self.services.pace, self.settings.speed
        return float(pace["speed"]) if pace is not None and asked == Settings().speed else asked

    @property
    def least(self) -> int:
        """
        Market time up to which is computed at least, nanoseconds.

        Clients may have seen the market up to the horizon, and what was written acts before anything new.
        """
        return max(self.folder.horizon.time, self.last_place)

    def target(self, wall: int) -> int:
        """
        Market time up to which is computed before clients are let in, nanoseconds.

        Args:
            wall: Nanoseconds since the Unix epoch.
        """
        pace, least = self.services.pace, self.least
        if pace is None or self.paused or self.settings.durability.downtime == "skip":
            return least
        passed = (wall - self.services.pace_wall) * float(pace["speed"])
        return max(least, int(pace["market"]) + int(passed))


def pace_data(status: RunStatus) -> dict[str, object]:
    """What an entry of the kind :data:`feed.server.durable.kinds.PACE` says."""
    return {
        "paused": status.state is RunState.PAUSED,
        "speed": status.speed,
        "market": status.market_time,
    }


def recover(settings: Settings, *, now: int, disk: Disk | None = None) -> Recovered:
    """
    Open the data folder of ``settings``, and make its market ready.

    Args:
        settings: Of the server.
        now: Nanoseconds since the Unix epoch: where a new market begins, unless something else is said.
        disk: The folder, locked; None for that of the settings.
    Raises:
        ConfigError: It is damaged, in use, another market's, or cannot be written.
    """
    directory = settings.durability.directory
    assert directory is not None  # noqa: S101 - whoever calls this has one
    _check(settings)
    with ExitStack() as undo:
        try:
            if disk is None:
                disk = FolderDisk(directory)
                undo.callback(disk.close)  # or this process could not try again
                disk.make()
                disk.lock()
            recovered = _recover(settings, now, disk)
        except OSError as problem:
            reason = problem.strerror or str(problem)
            full = problem.errno in {errno.ENOSPC, errno.EDQUOT}
            hint = "make room there" if full else "it must be possible to write to it"
            raise ConfigError(f"cannot use {directory} ({reason})", where=OPTION, hint=hint) from None
        undo.pop_all()
    return recovered


def _recover(settings: Settings, now: int, disk: Disk) -> Recovered:
    try:
        return _continued(disk, settings, now)
    except ConfigError as refused:
        if not settings.durability.new_history:
            raise
        program = program_for(settings, now=now)  # before anything is moved: it may not be known
        move_away(disk)
        log.warning("a history that cannot go on was moved away", reason=str(refused))
        return _begun(disk, settings, program)


def _continued(disk: Disk, settings: Settings, now: int) -> Recovered:
    stored = DataFolder.stored_header(disk)
    if stored is None:
        return _begun(disk, settings, program_for(settings, now=now))
    header, _ = stored
    where = str(settings.durability.directory)
    settings = _with(settings, header, where)
    return _opened(disk, settings, program_of(header, where, option=OPTION), header)


def _begun(disk: Disk, settings: Settings, program: RunSpec) -> Recovered:
    return _opened(disk, settings, program, header_of(program, settings, option=OPTION))


def _opened(disk: Disk, settings: Settings, program: RunSpec, header: JournalHeader) -> Recovered:
    folder = DataFolder.open(disk, header, engine_of(program), settings.durability)
    try:
        return _recovered(settings, program, folder)
    except BaseException:
        folder.close()
        raise


def _recovered(settings: Settings, program: RunSpec, folder: DataFolder) -> Recovered:
    restored = restore(folder, program, settings)
    run, services = restored.run, restored.services
    for _, entry in folder.log.after(restored.record):
        services.apply(entry)
        if entry.kind == REQUESTS and isinstance(run, ClientMarket):
            run.take_entries(JournalEntry(at=entry.at, request=one) for one in requests_of(entry))
    return Recovered(
        settings=settings,
        program=attrs.evolve(program, run=run),
        folder=folder,
        restored=restored,
        services=services,
        last_place=run.last_place if isinstance(run, ClientMarket) else 0,
    )


def _check(settings: Settings) -> None:
    """What does not go with a data folder."""
    for option, value in (("--until", settings.until), ("--journal", settings.journal)):
        if value is not None:
            raise ConfigError(f"does not go with {OPTION}", where=option, hint="leave one of them out")
    if settings.at_end == "loop":
        raise ConfigError(f"does not go with {OPTION}", where="--at-end loop", hint="leave one of them out")


def _with(settings: Settings, header: JournalHeader, where: str) -> Settings:
    """
    Settings with what a folder says of its market.

    Raises:
        ConfigError: They say otherwise.
    """
    given: dict[str, Any] = {
        "--seed": settings.seed,
        "--start": settings.start,
        "--instruments": settings.instruments,
    }
    check_given(header, where, given)
    scenario = None if header.scenario is None else header.scenario.file
    given_file = settings.scenario
    if given_file is not None and scenario not in (given_file, _absolute(given_file)):
        raise ConfigError(
            f"is {given_file}, and {where} has {scenario or 'the default market'}",
            where="--scenario",
            hint="leave it out, or give another --data",
        )
    trading = attrs.evolve(header.trading, waiting=settings.trading.waiting)
    if settings.trading not in (trading, Trading()):
        raise ConfigError(
            f"accounts are not what they are in {where}",
            where="trading",
            hint="leave these settings out, or give another --data",
        )
    return attrs.evolve(
        settings,
        seed=header.seed,
        start=header.start,
        instruments=header.instruments,
        sessions=header.sessions,
        scenario=scenario,
        trading=trading,
    )


def _absolute(name: str) -> str:
    return str(Path(name).absolute())
