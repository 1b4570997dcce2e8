from __future__ import annotations

import io

import attrs
import pytest

from feed.importers import ImportReport, Options, import_files
from feed.recording.format import Header
from feed.recording.reader import RecordingReader


@attrs.frozen
class Imported:
    report: ImportReport
    header: Header
    rows: list[tuple[int, ...]]

    @property
    def instrument(self):
        return self.header.instruments[0]


@pytest.fixture
def import_texts(tmp_path):
    """Writes files, imports them, and reads the recording back."""

    def run(name, files, progress=None, bounds=None, **options):
        paths = []
        for file, content in files.items():
            path = tmp_path / file
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(path)
        out = io.BytesIO()
        report = import_files(name, paths, out, Options(**options), progress, tool="feed test", bounds=bounds)
        out.seek(0)
        reader = RecordingReader(out)
        rows = [row for block in reader for row in block]
        assert reader.complete
        assert report.digest == reader.hexdigest()
        assert report.events == len(rows)
        return Imported(report, reader.header, rows)

    return run
