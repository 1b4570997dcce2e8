"""``feed scenario``: check scenario files, list them, begin a new one."""

from __future__ import annotations

from pathlib import Path

import click

from feed.cli.options import HelpfulGroup, example
from feed.config.scenario_fields import sections
from feed.errors import ConfigError, ConfigErrors
from feed.model.scenario import Scenario
from feed.scenario.problems import did_you_mean
from feed.scenario.schema import NAME, NAMES
from feed.scenario.shipped import SUFFIX, find_scenario, scenarios_in, shipped
from feed.scenario.times import duration_text
from feed.scenario.toml import read_text
from feed.scenario.writer import new_scenario
from feed.server.run_spec import parsed


def _read(path: Path, *, imports: bool = False) -> Scenario:
    return parsed(read_text(path), name=str(path), imports=imports)


@click.group(cls=HelpfulGroup, epilog=example("feed scenario list"))
def scenario() -> None:
    """Check, list and begin scenario files: a market, and what happens in it."""


@scenario.command(epilog=example("feed scenario check my.toml"))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> None:
    """
    Read each FILE, or shipped scenario by name, and tell all that is wrong with it.

    The code of agents that it names is imported, and run that far.
    """
    errors: list[ConfigError] = []
    for file in files:
        try:
            found = _read(find_scenario(file), imports=True)
        except ConfigErrors as several:
            errors += several.errors
        except ConfigError as error:
            errors.append(error)
        else:
            entries = len(found.actions) + len(found.faults)
            told = f", {len(found.labels)} labels" if found.labels else ""
            click.echo(f"{file}: sound, {duration_text(found.duration)}, {entries} timeline entries{told}")
    if errors:
        raise ConfigErrors.of(errors)


@scenario.command("list", epilog=example("feed scenario list"))
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path))
def list_(folder: Path | None) -> None:
    """List the scenarios in DIR, or those that are shipped; of one that cannot be read, what is wrong."""
    if folder is not None and not folder.is_dir():
        raise ConfigError("no such folder", where=str(folder))
    rows = [_row(path) for path in scenarios_in(folder or shipped())]
    width = max((len(name) for name, _, _ in rows), default=0)
    for name, duration, about in rows:
        click.echo(f"{name:<{width}}  {duration:>5}  {about}".rstrip())


def _row(path: Path) -> tuple[str, str, str]:
    """Name, duration and first line of a scenario."""
    try:
        found = _read(path)
    except ConfigError as problem:
        first, *more = problem.errors if isinstance(problem, ConfigErrors) else [problem]
        line = " ".join(str(first).split())
        return path.name, "bad", f"{line} (and {len(more)} more)" if more else line
    return found.name, duration_text(found.duration), found.about.strip().split("\n")[0]


@scenario.command(epilog=example("feed scenario labels signal-whale-movement"))
@click.argument("name", metavar="FILE")
def labels(name: str) -> None:
    """
    Print the labels of FILE, or of a shipped scenario by name, as CSV.

    Each says that a signal of a type in an instrument is right from one market time to another, both
    included, in nanoseconds since the Unix epoch.
    """
    click.echo("signal,symbol,from_ns,until_ns")
    for label in _read(find_scenario(name)).labels:
        click.echo(f"{label.signal.label},{label.symbol},{label.since},{label.until}")


@scenario.command(epilog=example("feed scenario fields disconnect"))
@click.argument("name", metavar="[NAME]", required=False)
def fields(name: str | None) -> None:
    """
    Print every table, action, fault and field of a scenario file; or those of one NAME.

    A NAME is what an entry of the timeline does, such as shock or half-open, or a table, such as
    market.makers.
    """
    known = {section.name: section for section in sections()}
    if name is not None and name not in known:
        raise ConfigError("no such table, action or fault", where=name, hint=did_you_mean(name, known))
    for section in known.values() if name is None else [known[name]]:
        click.echo(section.heading or section.name)
        click.echo(f"  {section.meaning}")
        width = max(len(row.name) for row in section.rows)
        for row in section.rows:
            click.echo(f"    {row.name:<{width}}  {row.meaning} ({row.allowed}; {_default(row.default)})")
        click.echo()


def _default(text: str) -> str:
    return text if text == "needed" else f"default: {text}"


@scenario.command(epilog=example("feed scenario new my-market"))
@click.argument("name")
def new(name: str) -> None:
    """Write NAME.toml: a small scenario that runs, with every part of the format explained."""
    if not NAME.fullmatch(name):
        raise ConfigError("is no name", where=name, hint=f"allowed: {NAMES}")
    path = Path(f"{name}{SUFFIX}")
    created = False
    try:
        with path.open("x", encoding="utf-8") as file:
            created = True
            file.write(new_scenario(name))
    except FileExistsError:
        raise ConfigError("exists already", where=str(path)) from None
    except OSError as error:
        if created:
            path.unlink()
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(path)) from None
    click.echo(f"wrote {path}; run it with: feed replay {path}")
