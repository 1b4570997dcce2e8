"""``feed scenario``: check scenario files, list them, begin a new one."""

from __future__ import annotations

from pathlib import Path

import click

from feed.cli.options import HelpfulGroup, example
from feed.errors import ConfigError, ConfigErrors
from feed.scenario.reader import read_scenario
from feed.scenario.schema import NAME, NAMES
from feed.scenario.shipped import SUFFIX, find_scenario, scenarios_in, shipped
from feed.scenario.times import duration_text
from feed.scenario.writer import new_scenario
from feed.server.program import MARKETS


@click.group(cls=HelpfulGroup, epilog=example("feed scenario list"))
def scenario() -> None:
    """Check, list and begin scenario files: a market, and what happens in it."""


@scenario.command(epilog=example("feed scenario check my.toml"))
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
def check(files: tuple[str, ...]) -> None:
    """Read each FILE, or shipped scenario by name, and tell all that is wrong with it."""
    errors: list[ConfigError] = []
    for file in files:
        try:
            found = read_scenario(find_scenario(file), MARKETS)
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
    """List the scenarios in DIR, or those that are shipped."""
    found = [read_scenario(path, MARKETS) for path in scenarios_in(folder or shipped())]
    width = max((len(item.name) for item in found), default=0)
    for item in found:
        about = item.about.strip().split("\n")[0]
        click.echo(f"{item.name:<{width}}  {duration_text(item.duration):>5}  {about}".rstrip())


@scenario.command(epilog=example("feed scenario labels signal-whale-movement"))
@click.argument("name", metavar="FILE")
def labels(name: str) -> None:
    """
    Print the labels of FILE, or of a shipped scenario by name, as CSV.

    Each says that a signal of a type in an instrument is right from one market time to another, both
    included, in nanoseconds since the Unix epoch.
    """
    click.echo("signal,symbol,from_ns,until_ns")
    for label in read_scenario(find_scenario(name), MARKETS).labels:
        click.echo(f"{label.signal.label},{label.symbol},{label.since},{label.until}")


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
