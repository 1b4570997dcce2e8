"""From a run to the header of its journal, and from a journal back to the run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

import feed
from feed.errors import ConfigError
from feed.recording.journal import Journal, JournalHeader, ScenarioFile, listing_digest, read_journal
from feed.recording.reader import SUFFIX, is_recording
from feed.scenario.shipped import find_scenario
from feed.scenario.times import moment_text
from feed.server.run_spec import RunSpec, default_program, program_from_file, recorded
from feed.settings import Settings
from feed.sim.clients import open_to_accounts


def header_of(program: RunSpec, settings: Settings, *, option: str = "--journal") -> JournalHeader:
    """
    What determines the market of ``program``, where ``settings`` made it.

    Args:
        program: The run.
        settings: Its instruments, hours and accounts.
        option: That wants to know, for messages.
    Raises:
        ConfigError: Accounts cannot trade in it, or the recording that it is cannot be read.
    """
    if program.recording is not None and not settings.trading.recorded_orders:
        raise ConfigError(
            "nobody can trade in a recording where trading.recorded_orders is false",
            where=option,
            hint="leave it out",
        )
    return JournalHeader(
        engine=f"feed {feed.__version__}",
        scenario=program.file if program.recording is None else _recording_file(program.recording),
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
    check_given(header, str(path), given or {})
    program = program_of(header, str(path), name, option="--journal")
    run = open_to_accounts(program.run, header.trading, journal.entries)
    return attrs.evolve(program, run=run, expect=None, labels=()), journal


def check_given(header: JournalHeader, path: str, given: Mapping[str, Any]) -> None:
    """
    Hold what the operator says of a market against the header of one that goes on.

    Args:
        header: Of that one.
        path: Where it was written, for messages.
        given: What is said, by the option that says it; None says nothing.
    Raises:
        ConfigError: It is something else.
    """
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


def program_of(header: JournalHeader, path: str, name: str | None = None, *, option: str) -> RunSpec:
    """
    The run of which a header tells.

    Args:
        header: What determines it.
        path: Where that was written, for messages.
        name: The scenario, where its file is no longer where it was.
        option: That names ``path``, for messages.
    Raises:
        ConfigError: The scenario, or the default market, is no longer what it was.
    """
    program = _program(header, path, name)
    if listing_digest(program.run.listing) != header.listing:
        raise ConfigError(
            f"the instruments of this release are not those of {path}",
            where=option,
            hint=f"run it with {header.engine}",
        )
    return program


def _program(header: JournalHeader, path: str, name: str | None) -> RunSpec:
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
    where, hint = find_scenario(file), "leave it out, or name one that is" if name else "name a file that is"
    if is_recording(where):
        if _recording_file(where).sha256 != scenario.sha256:
            raise ConfigError(
                f"is not what was played when {path} was written (sha256 {scenario.sha256[:12]}...)",
                where=file,
                hint=hint,
            )
        return recorded(where)
    program = program_from_file(file, seed=header.seed, start=header.start, sessions=header.sessions)
    if program.file is None or program.file.sha256 != scenario.sha256:
        raise ConfigError(
            f"is not the scenario {scenario.name!r} as it was when {path} was written"
            f" (sha256 {scenario.sha256[:12]}...)",
            where=file,
            hint=hint,
        )
    return program


def _recording_file(path: Path) -> ScenarioFile:
    """
    A recording, as the header of a journal names it.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", where=str(path)) from error
    return ScenarioFile(name=path.name.removesuffix(SUFFIX), file=str(path.absolute()), sha256=digest)
