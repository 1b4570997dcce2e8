"""``feed certify``: test a client against a server with injected faults, and print the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from feed.cli.options import example
from feed.dialects.discovery import with_codec
from feed.recording.atomic_file import starts_with, write_atomically

if TYPE_CHECKING:
    from feed.testing.certify.report import Finding


@click.command(
    epilog=example(f"feed certify --dialect {with_codec()[0]} --junit card.xml -- python my_client.py"),
)
@click.option("--dialect", required=True, metavar="NAME", help="Protocol that the client speaks.")
@click.option(
    "--patience",
    default=45.0,
    type=click.FloatRange(1),
    metavar="SECONDS",
    show_default=True,
    help="How long the client may take to notice that nothing comes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the card as JSON.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write it as JUnit XML.")
@click.argument("command", nargs=-1, required=True)
def certify(
    dialect: str, patience: float, command: tuple[str, ...], junit: Path | None, *, as_json: bool
) -> int:
    """
    Run COMMAND, a client, against a market whose wire goes wrong on purpose.

    COMMAND finds the server in its environment: FEED_URL and FEED_KEY. It shall connect, and run until
    it is stopped. Exit code 0 when it did all that the protocol's document requires, 1 when not.
    """
    # Not at the top: `feed --help` should not wait for a server to load.
    from feed.testing.certify.exercises import Exercises  # noqa: PLC0415

    def tell(finding: Finding) -> None:
        click.echo(f"{finding.at:6.1f} s  {finding.requirement.value}: {finding.seen}", err=True)

    report = Exercises(dialect, command, patience=patience).run(tell)
    click.echo(report.json() if as_json else report.text(), nl=False)
    if junit is not None:
        write_atomically(junit, report.junit().encode(), is_ours=starts_with(b"<"), where="--junit")
    return 0 if report.passed else 1
