"""``feed export``: a recording into the formats of other tools."""

from __future__ import annotations

from pathlib import Path

import click

from feed.cli.options import example
from feed.cli.options import names as listed
from feed.cli.progress import progress
from feed.errors import ConfigError
from feed.exporters import Exporter, ExportReport, Selection, export_recording, exporter_for, get, names
from feed.recording.atomic_file import AtomicFile, any_content


def _list(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        for name in names():
            click.echo(f"{name:<10}  {get(name).about}")
        context.exit()


@click.command(epilog=example("feed export btc.feed.zst -o btc.dbn.zst --schema mbp-10"))
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="List the formats."
)
@click.argument("recording", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="Its name says the format: .parquet, .dbn or .dbn.zst.",
)
@click.option(
    "--schema", metavar="NAME", default="", help="dbn: which one.  [default: that which says most of it]"
)
@click.option("--symbols", metavar="LIST", default="", help="Separated by commas.  [default: all]")
def export(recording: Path, output: Path, schema: str, symbols: str) -> int:
    """
    Write a RECORDING in the format of another tool: Apache Parquet, or Databento's DBN.

    What the format has no words for is left out, and said. Exit code 1 for a recording that is damaged,
    which is written up to the damage.
    """
    exporter = exporter_for(output)
    selection = Selection(schema=schema, symbols=tuple(listed(symbols)))
    if output.exists() and recording.exists() and output.samefile(recording):
        raise ConfigError("is the recording to be read", where="--output")
    _check_replaceable(output, exporter)
    label = (
        f"{exporter.name} {recording.stat().st_size / 1e6:.1f} MB" if recording.is_file() else exporter.name
    )
    file = AtomicFile(output, is_ours=any_content)
    try:
        with file as out, progress(label) as advance:
            packed = output.name.lower().endswith(".zst")
            report = export_recording(exporter.name, recording, out, selection, advance, packed=packed)
    except OSError as problem:
        raise file.error_for(problem) from None
    for line in lines(report):
        click.echo(line)
    click.echo(f"wrote {output}", err=True)
    if report.corruption is not None:
        click.echo(f"feed: {recording}: damaged in {report.corruption}", err=True)
        return 1
    return 0


def lines(report: ExportReport) -> list[str]:
    """What was written, and what was left out of it."""
    name = f"{report.format} {report.schema}".rstrip()
    records = sum(report.written.values())
    found = [f"{name}: {report.events} events as {records} records ({_counts(report.written)})"]
    if report.left_out:
        found.append(f"{name}: left out: {_counts(report.left_out)}")
    return found + [f"{name}: {note}" for note in report.notes]


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


def _check_replaceable(output: Path, exporter: Exporter) -> None:
    """
    Refuse to replace a file of something else.

    Raises:
        ConfigError: There is one, or it cannot be read.
    """
    try:
        if output.is_file() and output.stat().st_size and not exporter.is_ours(output):
            raise ConfigError(f"{output} holds something else", hint="choose another name")
    except OSError as problem:
        raise ConfigError(f"cannot be written: {problem.strerror}", where=str(output)) from None
