"""``feed replay``: run a scenario without clients, and print what happened."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from feed import __version__
from feed.cli.agent_report import agent_lines, failure_line
from feed.cli.large_order_report import large_order_lines
from feed.cli.options import example
from feed.cli.progress import progress
from feed.cli.values import speed
from feed.errors import ConfigError
from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.model.ground_truth import judge
from feed.model.kinds import KIND_NAMES
from feed.model.signals import Severity, SignalType
from feed.recording.atomic_file import any_content, write_atomically
from feed.scenario.shipped import find_scenario
from feed.scenario.times import duration_text, parse_moment
from feed.scenario.writer import with_expectation
from feed.server.journalled import journalled
from feed.server.run_spec import RunSpec, parsed, program_from_file
from feed.sim.agent_gateway import HasAgents
from feed.sim.large_orders import HasLargeOrders
from feed.sim.replay import Outcome, Replay


def moment(text: str) -> int:
    """ISO-8601 as integer nanoseconds since the Unix epoch, UTC where it names no zone."""
    try:
        return parse_moment(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a time such as 2024-03-06T16:20:00Z") from None


@click.command(epilog=example("feed replay flash-crash --speed max --digest"))
@click.argument("files", metavar="[FILE...]", nargs=-1)
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
    help="Where to end: an offset such as 90s, an ISO-8601 market time, or a sequence number.  "
    "[default: the end of the scenario; of a --journal, the last event that was served]",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Play the run in which `feed serve --journal` wrote this, requests and all; it names the scenario.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    metavar="INTEGER",
    help="Instead of the scenario's. A --journal has its own, and this must be the same.",
)
@click.option(
    "--start",
    type=moment,
    metavar="TIME",
    help="Market time at which the market opens, ISO-8601 in UTC; as --seed.",
)
@click.option(
    "--instruments", type=click.IntRange(1), metavar="COUNT", help="Must be as it was for the --journal."
)
@click.option(
    "--deposit", type=click.IntRange(0), metavar="AMOUNT", help="Must be as it was for the --journal."
)
@click.option("--digest", is_flag=True, help="Print the SHA-256 over the canonical event stream.")
@click.option("--update", is_flag=True, help="Write what came out into the [expect] table of each FILE.")
def replay(
    files: tuple[str, ...],
    *,
    speed: float,
    until: str | None,
    journal: Path | None,
    seed: int | None,
    start: int | None,
    instruments: int | None,
    deposit: int | None,
    digest: bool,
    update: bool,
) -> int:
    """
    Run each FILE without clients: a scenario file, the name of a shipped one, or a recording.

    Prints what happened, and compares a whole run with what the file says: its [expect] table, and
    its [[truth]], the labels that signals are held against. Exit code 1 when something differs, or a
    label is not signalled in its time; a signal that no label explains is only told of. Exit code 1
    too for a recording that is damaged, which runs up to the damage, and for an agent of the scenario
    that was stopped by an exception; what agents have traded is printed, and what large orders have.
    """
    of_market = {"--seed": seed, "--start": start}
    of_journal = {"--instruments": instruments, "--deposit": deposit}
    if journal is not None:
        _check_journal(files, update=update)
        run_spec, until = _journalled(journal, files, until, of_market | of_journal)
        _report(run_spec, _run(run_spec, speed, until), digest=digest)
        _report_large_orders(run_spec)
        return 1 if _report_agents(run_spec.name, run_spec) else 0
    whole = until is None and not any(value is not None for value in of_market.values())
    _check(files, until, of_journal, update=update, whole=whole)
    differing = 0
    for file in files:
        run_spec = program_from_file(file, seed=seed, start=start)
        if update and run_spec.duration is None:
            raise ConfigError("only a scenario file has an [expect] table", where=file)
        outcome = _run(run_spec, speed, until)
        _report(run_spec, outcome, digest=digest)
        _report_large_orders(run_spec)
        differing += _report_agents(file, run_spec)
        if run_spec.labels and whole:
            differing += bool(_judge(file, run_spec, outcome))
        damage = run_spec.corruption()
        if damage is not None:
            differing += 1
            click.echo(f"feed: {file}: damaged in {damage}", err=True)
        if update:
            click.echo(f"{run_spec.name}: {_update(find_scenario(file), outcome)}")
        elif whole:
            differing += not _as_expected(file, run_spec, outcome)
    return 1 if differing else 0


def _report(run_spec: RunSpec, outcome: Outcome, *, digest: bool) -> None:
    for line in report(run_spec.name, outcome, digest=digest):
        click.echo(line)


def _report_large_orders(run_spec: RunSpec) -> None:
    """Tell what became of the large orders of a scenario, and of what they did not get."""
    if isinstance(run_spec.run, HasLargeOrders):
        for line in large_order_lines(run_spec.run.large_orders, run_spec.run.listing):
            click.echo(f"{run_spec.name}: {line}")


def _report_agents(file: str, run_spec: RunSpec) -> bool:
    """Tell what the agents of a scenario have done. Returns whether any was stopped by an exception."""
    agents = run_spec.run.agents if isinstance(run_spec.run, HasAgents) else None
    if agents is None:
        return False
    for line in agent_lines(agents.statuses, run_spec.run.listing):
        click.echo(f"{run_spec.name}: {line}")
    for failure in agents.failures:
        click.echo(f"feed: {file}: {failure_line(failure, start=run_spec.start)}", err=True)
    return bool(agents.failures)


def _as_expected(file: str, run_spec: RunSpec, outcome: Outcome) -> bool:
    if run_spec.expect is None:
        return True
    differences = outcome.differences(run_spec.expect)
    if differences:
        click.echo(f"feed: {file}: not as expected: {'; '.join(differences)}", err=True)
    else:
        click.echo(f"{run_spec.name}: as expected")
    return not differences


def _judge(file: str, run_spec: RunSpec, outcome: Outcome) -> int:
    """Tell what was signalled rightly, and what was not. Returns how many labels were not."""
    verdict = judge(run_spec.labels, outcome.signals, run_spec.run.listing)
    click.echo(
        f"{run_spec.name}: {len(verdict.signalled)} of {len(run_spec.labels)} labels signalled, "
        f"{len(verdict.unexplained)} of {len(outcome.signals)} signals unexplained"
    )

    def at(time: int) -> str:
        return duration_text((time - run_spec.start) // NS_PER_MILLISECOND * NS_PER_MILLISECOND)

    for row in verdict.unexplained:
        symbol = run_spec.run.listing[row[1]].symbol
        severity, kind = Severity(row[5]).name.lower(), SignalType(row[4]).label
        click.echo(f"{run_spec.name}: unexplained: {severity} {kind} {symbol} at {at(row[2])}")
    for label in verdict.missed:
        window = f"from {at(label.since)} to {at(label.until)}"
        click.echo(f"feed: {file}: not signalled: {label.signal.label} {label.symbol} {window}", err=True)
    return len(verdict.missed)


def _check(
    files: tuple[str, ...], until: str | None, of_journal: dict[str, Any], *, update: bool, whole: bool
) -> None:
    if not files:
        raise ConfigError(
            "FILE is missing", where="replay", hint="name a scenario or a recording, or --journal"
        )
    for option, value in of_journal.items():
        if value is not None:
            raise ConfigError("goes with --journal", where=option, hint="leave it out")
    if update and not whole:
        hint = "leave out --until" if until is not None else "leave out --seed and --start"
        raise ConfigError("only a whole run says what to expect", where="--update", hint=hint)


def _check_journal(files: tuple[str, ...], *, update: bool) -> None:
    if update or len(files) > 1:
        raise ConfigError("goes with one scenario, and without --update", where="--journal")


def _journalled(
    path: Path, files: tuple[str, ...], until: str | None, given: dict[str, Any]
) -> tuple[RunSpec, str | None]:
    """The run of a journal, and where it ends; what is odd about the journal is told."""
    run_spec, journal = journalled(path, files[0] if files else None, given)
    if journal.torn:
        click.echo(f"feed: {path}: the last line is cut off: that request did not act", err=True)
    engine = f"feed {__version__}"
    if journal.header.engine != engine:
        click.echo(
            f"feed: {path}: was written by {journal.header.engine}, this is {engine}: events may differ",
            err=True,
        )
    if until is None and journal.events is not None:
        until = str(journal.events)
    elif until is None:
        click.echo(f"feed: {path}: does not say where the run ended: it was killed, or goes on", err=True)
        if run_spec.duration is None:
            raise ConfigError(
                f"{path} does not say where the run ended, and its market never does",
                where="--until",
                hint="say where, such as --until 90s",
            )
    return run_spec, until


def report(name: str, outcome: Outcome, *, digest: bool) -> list[str]:
    """What is the same on every run, for standard output."""
    counts = [(getattr(outcome.counts, kind), kind) for kind in KIND_NAMES.values()]
    kinds = ", ".join(f"{count} {kind}" for count, kind in counts if count)
    faults = f"; {outcome.faults} fault{'s' if outcome.faults > 1 else ''}" if outcome.faults else ""
    span = duration_text(outcome.market_ns // NS_PER_MILLISECOND * NS_PER_MILLISECOND)
    lines = [f"{name}: {outcome.events} events in {span} ({kinds}){faults}"]
    return [*lines, f"{name}: sha256 {outcome.digest}"] if digest else lines


def _run(run_spec: RunSpec, speed: float, until: str | None) -> Outcome:
    end = run_spec.until(until)
    run = Replay(
        run_spec.run,
        start=run_spec.start,
        faults=run_spec.faults,
        clock=time.monotonic,
        speed=speed,
        until=end,
    )
    length = run_spec.duration
    if end.time is not None and (length is None or end.time < run_spec.start + length):
        length = end.time - run_spec.start
    began = time.monotonic()
    with nullcontext() if length is None else progress(run_spec.name) as show:
        for wake_time in run.steps():
            time.sleep(max(0.0, wake_time - time.monotonic()))
            if show is not None and length is not None:
                show(run.market_ns, length)
        if show is not None and length is not None:
            show(run.market_ns, length)
    seconds = max(time.monotonic() - began, 1e-9)
    outcome = run.outcome()
    ratio = outcome.market_ns / NS_PER_SECOND / seconds
    click.echo(
        f"{run_spec.name}: {seconds:.2f} s, {ratio:.3g}x real time, {outcome.events / seconds:.0f} events/s",
        err=True,
    )
    return outcome


def _update(path: Path, outcome: Outcome) -> str:
    old = path.read_text(encoding="utf-8")
    new = with_expectation(old, outcome.expectation())
    if new == old:
        return "unchanged"
    parsed(new, name=str(path))  # never leave a file that cannot be read
    write_atomically(path, new.encode(), is_ours=any_content)
    return "updated"
