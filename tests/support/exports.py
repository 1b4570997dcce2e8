"""Recordings of a few rows, their exports, and what an import makes of these again."""

from __future__ import annotations

import io

import attrs

from feed.exporters import ExportReport, Selection, export_recording
from feed.importers import import_files
from feed.model.instruments import Instrument
from feed.recording.format import Header, Provenance
from feed.recording.reader import RecordingReader
from feed.recording.writer import RecordingWriter
from feed.settings import Recording

START = 1_709_736_120_000_000_000
BTC = Instrument(
    symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=8, venue="coinbase"
)
EUR = Instrument(
    symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=2, asset_class="fx"
)


@attrs.frozen
class Exported:
    """A file and what is said of it."""

    path: object
    report: ExportReport

    @property
    def left_out(self):
        return self.report.left_out


def write_recording(path, rows, instruments=(BTC, EUR), **settings):
    """A recording of these rows."""
    header = Header(instruments=tuple(instruments), provenance=Provenance(source="test"), start=START)
    with path.open("wb") as file:
        writer = RecordingWriter(file, header, Recording(**settings))
        writer.append(list(rows))
        writer.close()
    return path


def export(folder, name, rows, instruments=(BTC, EUR), **selection):
    """Export rows into a file, whose name says the format."""
    recording = write_recording(folder / "in.feed.zst", rows, instruments)
    path = folder / name
    format_ = "parquet" if name.endswith(".parquet") else "dbn"
    with path.open("wb") as out:
        report = export_recording(
            format_, recording, out, Selection(**selection), packed=name.endswith(".zst")
        )
    return Exported(path, report)


def import_back(*files):
    """Instruments, rows and report of an import of DBN."""
    out = io.BytesIO()
    report = import_files("dbn", files, out)
    out.seek(0)
    reader = RecordingReader(out)
    return reader.header.instruments, [row for block in reader for row in block], report


def there_and_back(folder, rows, instruments=(BTC, EUR), *, schema=""):
    """The same of rows that are exported, with the definitions of their instruments."""
    data = export(folder, "x.dbn.zst", rows, instruments, schema=schema)
    definitions = export(folder, "d.dbn", rows, instruments, schema="definition")
    return import_back(data.path, definitions.path), data
