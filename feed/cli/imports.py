"""``feed import``: real market data into a recording."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from feed import __version__
from feed.cli.options import config_option, example
from feed.cli.progress import progress
from feed.config.reader import effective, read_settings
from feed.errors import ConfigError, RecordingError
from feed.importers import Grid, ImportReport, Options, get, import_files, names
from feed.importers.files import total_bytes
from feed.model.durations import NS_PER_MILLISECOND
from feed.recording.atomic_file import AtomicFile, starts_with
from feed.recording.reader import MAGIC
from feed.scenario.times import duration_text
from feed.settings import Settings

if TYPE_CHECKING:
    from types import TracebackType


def grid(text: str) -> tuple[str, Grid]:
    """``BTC-USD=0.01/0.0001``: symbol, tick and lot."""
    symbol, equals, steps = text.partition("=")
    tick, slash, lot = steps.partition("/")
    if not (symbol and equals and tick and slash and lot):
        raise click.BadParameter(f"{text!r} is not SYMBOL=TICK/LOT, such as BTC-USD=0.01/0.0001")
    return symbol, Grid(tick, lot)


def _list(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for name in names():
            click.echo(f"{name:<28}  {get(name).about}")
        context.exit()


@click.command("import", epilog=example("feed import tardis-book trades.csv.gz book.csv.gz -o btc.feed.zst"))
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the formats."
)
@click.argument("format_", metavar="FORMAT")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", metavar="FILE", required=True, type=click.Path(path_type=Path), help="The recording."
)
@click.option("--lenient", is_flag=True, help="Count and skip lines that make no sense.")
@click.option("--strict", is_flag=True, help="Any gap is an error, and nothing is written.")
@click.option("--symbol", metavar="TEXT", default="", help="The instrument, where lines do not name it.")
@click.option(
    "--grid",
    "grids",
    metavar="SYMBOL=TICK/LOT",
    type=grid,
    multiple=True,
    help="True steps of an instrument; give it once for each.  [default: the smallest seen]",
)
@click.option("--columns", metavar="LIST", default="", help="fx-csv without a header: such as time,bid,ask.")
@click.option("--date", metavar="YYYY-MM-DD", default="", help="lobster: the day, if not in the file name.")
@click.option(
    "--utc-offset",
    "utc_offset_hours",
    metavar="HOURS",
    type=float,
    help="fx-csv: how far the file's clock is ahead of UTC.",
)
@config_option
def import_(
    format_: str,
    files: tuple[Path, ...],
    output: Path,
    grids: tuple[tuple[str, Grid], ...],
    config: Path | None,
    **known: Any,
) -> None:
    """
    Turn FILEs of a FORMAT into one recording.

    Several files are read as one tape by time, in whatever order they are given: days that follow each
    other, instruments that trade at the same time. `feed merge` unites recordings of several formats.

    The rules of the source, such as sequence numbers and checksums, are checked on the way; what does not
    hold is told with its place.
    """
    options = Options(grids=dict(grids), **known)
    if options.strict and options.lenient:
        raise ConfigError("goes without --lenient", where="--strict")
    get(format_)  # a wrong name should not cost a file
    settings = Settings() if config is None else effective(read_settings(config), {}).settings
    label = f"{format_} {total_bytes(list(files)) / 1e6:.1f} MB"
    with unfinished(output, files) as out, progress(label) as advance:
        report = import_files(
            format_,
            files,
            out,
            options,
            advance,
            tool=f"feed {__version__}",
            bounds=settings.importing,
            settings=settings.recording,
        )
    for line in lines(report):
        click.echo(line)
    click.echo(f"wrote {output}; run it with: feed replay {output}", err=True)


def lines(report: ImportReport) -> list[str]:
    """What was imported, and what was wrong with it."""
    span = duration_text((report.last - report.first) // 1_000_000 * 1_000_000)
    found = [f"{report.format}: {report.events} events in {span} ({_counts(report.rows)})"]
    found.append(f"{report.format}: messages: {_counts(report.messages) or 'none'}")
    if report.checked:
        found.append(f"{report.format}: checked: {_counts(report.checked)}")
    back = f" by {_rounded_up(report.clamped_most)} at most" if report.clamped else ""
    wrong = {
        "gaps": report.gaps,
        "crossed books": report.crossed,
        f"times that went back{back}": report.clamped,
        "lines skipped": report.skipped,
    }
    found.append(f"{report.format}: " + ", ".join(f"{count} {what}" for what, count in wrong.items()))
    found += [f"{report.format}: {problem}" for problem in report.problems]
    if report.notes:
        found.append(f"{report.format}: {'; '.join(report.notes)}")
    return [*found, f"{report.format}: sha256 {report.digest}"]


def _rounded_up(nanoseconds: int) -> str:
    """A duration in whole milliseconds, none of which is 0."""
    return duration_text(-(-nanoseconds // NS_PER_MILLISECOND) * NS_PER_MILLISECOND)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


class unfinished:  # noqa: N801 - used as a function
    """
    A file to write a recording into, which is gone again when that fails.

    Args:
        path: Where it goes in the end; an earlier recording there is replaced, and nothing else.
        inputs: Files that it must not be.
    Raises:
        ConfigError: It cannot be written.
    """

    def __init__(self, path: Path, inputs: tuple[Path, ...] = ()) -> None:
        if any(path.exists() and one.exists() and path.samefile(one) for one in inputs):
            raise ConfigError("is one of the files to be read", where="--output")
        self._path = path
        self._output = AtomicFile(path, is_ours=starts_with(MAGIC))

    def __enter__(self) -> BinaryIO:
        return self._output.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._output.__exit__(kind, error, trace)
        if isinstance(error, RecordingError):
            raise ConfigError(f"cannot be written: {error.what}", where=str(self._path)) from None
