"""``feed replay``: run a scenario without clients, and say what there was."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from feed.cli.options import example
from feed.cli.values import speed
from feed.errors import ConfigError
from feed.model.scenario import KIND_NAMES
from feed.model.signals import Severity, SignalType
from feed.model.truth import judge
from feed.scenario.journal import read_journal
from feed.scenario.reader import parse_scenario
from feed.scenario.shipped import find_scenario
from feed.scenario.times import duration_text
from feed.scenario.writer import with_expectation
from feed.server.program import MARKETS, Program, program_from_file
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.draws import NS_PER_MS
from feed.sim.market import Market
from feed.sim.pace import NANOSECONDS
from feed.sim.replay import Outcome, Replay
from feed.sim.script import ScriptedMarket

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# A progress bar counts in these.
_NS_PER_TICK = 100 * NS_PER_MS


@click.command(epilog=example("feed replay flash-crash --speed max --digest"))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--speed",
    metavar="FACTOR",
    default="max",
    type=speed,
    show_default=True,
    help="Market seconds per second, or max: as fast as the machine allows.",
)
@click.option(
    "--until",
    metavar="TIME|SEQ",
    help="Where to end: an offset such as 90s, an ISO-8601 market time, or a sequence number.",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Play the order requests of this journal too, as `feed serve --journal` wrote it.",
)
@click.option("--digest", is_flag=True, help="Print the SHA-256 over the canonical event stream.")
@click.option("--update", is_flag=True, help="Write what came out into the [expect] table of each FILE.")
def replay(
    files: tuple[str, ...],
    speed: float,
    until: str | None,
    journal: Path | None,
    *,
    digest: bool,
    update: bool,
) -> int:
    """
    Run each FILE without clients: a scenario file, the name of a shipped one, or a recording.

    Prints what happened, and compares a whole run with what the file says: its [expect] table, and
    its [[truth]], the labels that signals are held against. Exit code 1 when something differs, or a
    label is not signalled in its time; a signal that no label explains is only told of. Exit code 1
    too for a recording that is damaged, which runs up to the damage.
    """
    _check(files, until, journal, update=update)
    differing = 0
    for file in files:
        program = program_from_file(file)
        if journal is not None:
            program = _with_journal(program, journal)
        if update and program.duration is None:
            raise ConfigError("only a scenario file has an [expect] table", where=file)
        outcome = _run(program, speed, until)
        for line in report(program.name, outcome, digest=digest):
            click.echo(line)
        if program.labels and until is None:
            differing += bool(_judge(file, program, outcome))
        damage = program.damage()
        if damage is not None:
            differing += 1
            click.echo(f"feed: {file}: damaged in {damage}", err=True)
        if update:
            click.echo(f"{program.name}: {_update(find_scenario(file), outcome)}")
        elif program.expect is not None and until is None:
            differences = outcome.differences(program.expect)
            differing += bool(differences)
            if differences:
                click.echo(f"feed: {file}: not as expected: {'; '.join(differences)}", err=True)
            else:
                click.echo(f"{program.name}: as expected")
    return 1 if differing else 0


def _judge(file: str, program: Program, outcome: Outcome) -> int:
    """Tell what was signalled rightly, and what was not. Returns how many labels were not."""
    verdict = judge(program.labels, outcome.signals, program.run.listing)
    click.echo(
        f"{program.name}: {len(verdict.signalled)} of {len(program.labels)} labels signalled, "
        f"{len(verdict.unexplained)} of {len(outcome.signals)} signals unexplained"
    )

    def at(time: int) -> str:
        return duration_text((time - program.start) // NS_PER_MS * NS_PER_MS)

    for row in verdict.unexplained:
        symbol = program.run.listing[row[1]].symbol
        severity, kind = Severity(row[5]).name.lower(), SignalType(row[4]).label
        click.echo(f"{program.name}: unexplained: {severity} {kind} {symbol} at {at(row[2])}")
    for label in verdict.missed:
        window = f"from {at(label.since)} to {at(label.until)}"
        click.echo(f"feed: {file}: not signalled: {label.signal.label} {label.symbol} {window}", err=True)
    return len(verdict.missed)


def _check(files: tuple[str, ...], until: str | None, journal: Path | None, *, update: bool) -> None:
    if update and until is not None:
        raise ConfigError("only a whole run says what to expect", where="--update", hint="leave out --until")
    if journal is not None and (update or len(files) > 1):
        raise ConfigError("goes with one scenario, and without --update", where="--journal")


def _with_journal(program: Program, path: Path) -> Program:
    if not isinstance(program.run, Market | ScriptedMarket):
        raise ConfigError("only a market takes orders", where="--journal")
    entries = list(read_journal(path))
    run = ClientMarket(program.run, trading=Trading(), entries=entries)
    return attrs.evolve(program, run=run, expect=None)


def report(name: str, outcome: Outcome, *, digest: bool) -> list[str]:
    """What is the same on every run, for standard output."""
    counts = [(getattr(outcome.counts, kind), kind) for kind in KIND_NAMES.values()]
    kinds = ", ".join(f"{count} {kind}" for count, kind in counts if count)
    faults = f"; {outcome.faults} fault{'s' if outcome.faults > 1 else ''}" if outcome.faults else ""
    span = duration_text(outcome.market_ns // NS_PER_MS * NS_PER_MS)
    lines = [f"{name}: {outcome.events} events in {span} ({kinds}){faults}"]
    return [*lines, f"{name}: sha256 {outcome.digest}"] if digest else lines


def _run(program: Program, speed: float, until: str | None) -> Outcome:
    run = Replay(
        program.run,
        start=program.start,
        faults=program.faults,
        clock=time.monotonic,
        speed=speed,
        until=program.until(until),
    )
    began = time.monotonic()
    with _progress(program) as bar:
        for wake_time in run.steps():
            time.sleep(max(0.0, wake_time - time.monotonic()))
            if bar is not None:
                bar.update(run.market_ns // _NS_PER_TICK - bar.pos)
        if bar is not None:
            bar.update(run.market_ns // _NS_PER_TICK - bar.pos)
    seconds = max(time.monotonic() - began, 1e-9)
    outcome = run.outcome()
    ratio = outcome.market_ns / NANOSECONDS / seconds
    click.echo(
        f"{program.name}: {seconds:.2f} s, {ratio:.3g}x real time, {outcome.events / seconds:.0f} events/s",
        err=True,
    )
    return outcome


def _progress(program: Program) -> AbstractContextManager[Any]:
    """A progress bar on a terminal; nothing in a pipe."""
    if program.duration is None or not sys.stderr.isatty():
        return nullcontext()
    return click.progressbar(
        length=program.duration // _NS_PER_TICK,
        label=program.name,
        file=sys.stderr,
        update_min_steps=max(1, program.duration // _NS_PER_TICK // 100),
    )


def _update(path: Path, outcome: Outcome) -> str:
    old = path.read_text(encoding="utf-8")
    new = with_expectation(old, outcome.expectation())
    if new == old:
        return "unchanged"
    parse_scenario(new, MARKETS, name=str(path))  # never leave a file that cannot be read
    try:
        path.write_text(new, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(path)) from None
    return "updated"
