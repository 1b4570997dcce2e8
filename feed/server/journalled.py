"""From a run to the header of its journal, and from a journal back to the run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

import feed
from feed.errors import ConfigError
from feed.recording.journal import Journal, JournalHeader, listing_digest, read_journal
from feed.recording.reader import is_recording
from feed.scenario.shipped import find_scenario
from feed.scenario.times import moment_text
from feed.server.run_spec import RunSpec, default_program, program_from_file
from feed.settings import Settings
from feed.sim.clients import ClientMarket, SimulatedRun


def header_of(program: RunSpec, settings: Settings) -> JournalHeader:
    """
    What determines the market of ``program``, where ``settings`` made it.

    Raises:
        ConfigError: It is no market in which accounts can trade.
    """
    if not isinstance(program.run, SimulatedRun):
        raise ConfigError("a recording takes no orders", where="--journal", hint="leave it out")
    return JournalHeader(
        engine=f"feed {feed.__version__}",
        scenario=program.file,
        seed=program.seed,
        start=program.start,
        instruments=settings.instruments,
        sessions=settings.sessions,
        listing=listing_digest(program.run.listing),
        trading=settings.trading,
    )


def journalled(
    path: Path, name: str | None = None, given: Mapping[str, Any] | None = None
) -> tuple[RunSpec, Journal]:
    """
    The run that a journal was written in, with its requests.

    Args:
        path: The journal.
        name: The scenario, where its file is no longer where it was.
        given: What the operator says of the market, by the option that says it; None says nothing.
            It must be as the journal has it.
    Raises:
        ConfigError: The journal cannot be read, what is given contradicts it, or the scenario or the
            default market is no longer what it was.
    """
    journal = read_journal(path)
    header = journal.header
    _check(header, path, given or {})
    program = _program(header, path, name)
    assert isinstance(program.run, SimulatedRun)  # noqa: S101 - recordings are sorted out
    if listing_digest(program.run.listing) != header.listing:
        raise ConfigError(
            f"the instruments of this release are not those of {path}",
            where="--journal",
            hint=f"replay it with {header.engine}",
        )
    run = ClientMarket(program.run, trading=header.trading, entries=journal.entries)
    return attrs.evolve(program, run=run, expect=None, labels=()), journal


def _check(header: JournalHeader, path: Path, given: Mapping[str, Any]) -> None:
    known: dict[str, Any] = {
        "--seed": header.seed,
        "--start": header.start,
        "--instruments": header.instruments,
        "--deposit": header.trading.deposit,
    }
    for option, value in given.items():
        if value is None or value == known[option]:
            continue
        text = moment_text if option == "--start" else str
        was = "all" if known[option] is None else text(known[option])
        raise ConfigError(
            f"is {text(value)}, and {path} was written with {was}",
            where=option,
            hint="leave it out",
        )


def _program(header: JournalHeader, path: Path, name: str | None) -> RunSpec:
    scenario = header.scenario
    if scenario is None:
        if name is not None:
            raise ConfigError(
                f"{path} was written in the default market", where=name, hint="leave the scenario out"
            )
        return default_program(
            seed=header.seed, start=header.start, instruments=header.instruments, sessions=header.sessions
        )
    file = name or scenario.file
    if is_recording(find_scenario(file)):
        raise ConfigError("a recording takes no orders", where=file, hint="leave it out")
    program = program_from_file(file, seed=header.seed, start=header.start, sessions=header.sessions)
    if program.file is None or program.file.sha256 != scenario.sha256:
        raise ConfigError(
            f"is not the scenario {scenario.name!r} as it was when {path} was written"
            f" (sha256 {scenario.sha256[:12]}...)",
            where=file,
            hint="name a file that is" if name is None else "leave it out, or name one that is",
        )
    return program
