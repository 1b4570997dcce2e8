"""``feed merge``: several recordings as one."""

from __future__ import annotations

from pathlib import Path

import click

from feed import __version__
from feed.cli.imports import unfinished
from feed.cli.options import config_option, example
from feed.cli.progress import progress
from feed.config.reader import effective, read_settings
from feed.errors import ConfigError
from feed.importers.files import total_bytes
from feed.recording.merging import MergeReport, merge
from feed.recording.reader import RecordedBlocks
from feed.scenario.times import duration_text
from feed.settings import Settings


def venue(text: str) -> tuple[str, str]:
    """``day.feed.zst=bybit``: a file, and where its instruments are traded."""
    file, equals, name = text.rpartition("=")
    if not (file and equals and name):
        raise click.BadParameter(f"{text!r} is not FILE=VENUE, such as day.feed.zst=bybit")
    return file, name


@click.command("merge", epilog=example("feed merge bybit.feed.zst bitmex.feed.zst -o both.feed.zst"))
@click.argument(
    "recordings", metavar="RECORDING...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The recording."
)
@click.option(
    "--venue",
    "venues",
    metavar="RECORDING=NAME",
    type=venue,
    multiple=True,
    help="Where the instruments of a recording are traded; give it once for each.  "
    "[default: that of the exchange whose data was imported]",
)
@config_option
def command(
    recordings: tuple[Path, ...],
    output: Path,
    venues: tuple[tuple[str, str], ...],
    config: Path | None,
) -> None:
    """
    Merge RECORDINGs into one, by time.

    Events of equal time keep the order in which the recordings are named. A symbol that is traded in several
    places is the first's, and ends in its venue for each further one: BTC-USD@bybit. Recordings of one
    instrument may follow each other, or one has its book and another its trades; two books at one time are
    an error. What concerns clients' accounts is left out.
    """
    total_bytes(list(recordings))  # names the first that is missing
    settings = Settings() if config is None else effective(read_settings(config), {}).settings
    names = [path.name for path in recordings]
    opened = [
        (path.name if names.count(path.name) == 1 else str(path), RecordedBlocks(path)) for path in recordings
    ]
    with unfinished(output, recordings) as out, progress("merging") as show:
        report = merge(
            opened,
            out,
            venues=_venues(recordings, dict(venues)),
            tool=f"feed {__version__}",
            settings=settings.recording,
            progress=show,
        )
    for line in lines(report, recordings):
        click.echo(line)
    click.echo(f"wrote {output}; run it with: feed replay {output}", err=True)


def lines(report: MergeReport, recordings: tuple[Path, ...]) -> list[str]:
    """What was merged, and which symbols are other ones than they were."""
    span = duration_text((report.last - report.first) // 1_000_000 * 1_000_000)
    kinds = ", ".join(f"{count} {kind}" for kind, count in report.rows.items())
    found = [f"merge: {report.events} events in {span} ({kinds})"]
    for path, names in zip(recordings, report.instruments, strict=True):
        told = ", ".join(now if before == now else f"{now} (there {before})" for before, now in names)
        found.append(f"merge: {path.name}: {told}")
    if report.left_out:
        reasons = ", ".join(f"{count} {what}" for what, count in report.left_out.items())
        found.append(f"merge: left out: {reasons}")
    if report.cleared:
        found.append(f"merge: {report.cleared} books cleared where they pass from one recording to the next")
    return [*found, f"merge: sha256 {report.digest}"]


def _venues(recordings: tuple[Path, ...], known: dict[str, str]) -> list[str]:
    """The venue of each recording; empty where none was given."""
    for file in known:
        if not any(file in {str(path), path.name} for path in recordings):
            raise ConfigError(f"{file} is none of the recordings", where="--venue")
    return [known.get(str(path), known.get(path.name, "")) for path in recordings]
