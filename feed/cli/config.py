"""``feed config``: the settings in force, as a file; or what is wrong with one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from feed import __version__
from feed.cli.options import SettingsCommand, example
from feed.cli.serve import OPTIONS
from feed.config.reader import read_settings
from feed.config.writer import settings_text
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.scenario.problems import did_you_mean
from feed.server.guard import check_names


@click.command(
    cls=SettingsCommand,
    epilog=example("feed config --max-connections 500 > feed.toml"),
)
@OPTIONS
@click.option(
    "--check",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Tell what is wrong with a file of settings, and print nothing else.",
)
@click.pass_context
def config(context: click.Context, /, check: Path | None, **_: Any) -> None:
    """
    Print every setting as `feed serve` would have it with the same options, and where it is from.

    What is printed is a file for --config that gives the same settings. Nothing secret is in it. An
    option comes before its variable, such as FEED_PORT, that before the file, and the file before the
    default.
    """
    if check is not None:
        file = read_settings(check, OPTIONS.names)
        said = file.values
        for listen in said.get("listen", ()):
            if listen.protocol not in dialects():
                raise ConfigError(
                    f"listen: there is no protocol {listen.protocol!r}",
                    where=file.places["listen"],
                    hint=did_you_mean(listen.protocol, dialects()),
                )
        try:
            check_names(said.get("allow_host", ()), said.get("allow_origin", ()))
        except ConfigError as problem:
            name = problem.where.removeprefix("--").replace("-", "_")
            where = file.places[name]
            raise ConfigError(f"{name}: {problem.what}", where=where, hint=problem.hint) from None
        click.echo(f"{check}: sound, {len(said)} setting{'' if len(said) == 1 else 's'}")
        return
    click.echo(f"# The settings of feed {__version__}, each with what it may be and where it is from.")
    click.echo("# A relative path in this file is relative to the file.")
    click.echo(settings_text(OPTIONS.effective(context)), nl=False)
