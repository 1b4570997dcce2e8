"""
Importers: real market data into recordings.

Every module of this package that has an ``IMPORTERS`` is a family of formats; there is no list to
keep. An import reads its input twice: once to find the instruments and their decimals, which the
recording's header needs, and once to write the events.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO

from feed.errors import ConfigError
from feed.scenario.importers.files import total_bytes
from feed.scenario.importers.numbers import Grid
from feed.scenario.importers.run import KIND_NAMES, Importer, Options, Problem, Progress, Report, Run
from feed.scenario.recording import Header, Provenance
from feed.scenario.recording_writer import RecordingWriter
from feed.settings import Importing, Recording

__all__ = ["Grid", "Importer", "Options", "Problem", "Report", "get", "import_files", "names"]

_PASSES = 2


def names() -> tuple[str, ...]:
    """Names of all formats, sorted."""
    return tuple(sorted(_registry()))


def get(name: str) -> Importer:
    """
    The importer of a format.

    Raises:
        ConfigError: There is none of that name.
    """
    try:
        return _registry()[name]
    except KeyError:
        known = ", ".join(names())
        raise ConfigError(f"no importer for {name!r}", where="format", hint=f"there are {known}") from None


def import_files(
    name: str,
    paths: Iterable[Path | str],
    out: BinaryIO,
    options: Options | None = None,
    progress: Progress | None = None,
    *,
    tool: str = "",
    bounds: Importing | None = None,
    settings: Recording | None = None,
) -> Report:
    """
    Import files of one format into one recording.

    Args:
        name: One of :func:`names`.
        paths: The files, in the order of their time. Raw captures of several connections are
            merged by the time they were received.
        out: A writable binary file; it is not closed. After an error it holds no whole recording.
        options: What the files do not say.
        progress: Called with bytes done and bytes in all (every file is read twice).
        tool: Name and version of the program, for the recording's provenance.
        bounds: Limits on memory.
        settings: How the recording is cut into blocks.
    Returns:
        What was imported, and what was wrong with it.
    Raises:
        ConfigError: A file is not what it should be; says where and what was expected.
        RecordingError: ``out`` would not take the recording.
    """
    importer = get(name)
    files = [Path(path) for path in paths]
    total = total_bytes(files) * _PASSES
    done = 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        if progress is not None:
            progress(done, total)

    run = Run(files, options or Options(), bounds=bounds or Importing(), advance=advance)
    importer.survey(run)
    run.begin(importer.symbol)
    writer, start = _write(run, importer, out, tool, settings)
    return Report(
        format=name,
        bytes=total // _PASSES,
        messages=dict(run.messages),
        rows={KIND_NAMES[kind]: count for kind, count in sorted(run.kinds.items())},
        checked=dict(run.checked),
        gaps=run.gaps,
        crossed=run.crossed,
        clamped=run.clamped,
        clamped_most=run.clamped_most,
        skipped=run.skipped,
        problems=tuple(run.problems),
        first=start,
        last=run.now,
        events=writer.events,
        digest=writer.hexdigest(),
    )


def _write(
    run: Run, importer: Importer, out: BinaryIO, tool: str, settings: Recording | None
) -> tuple[RecordingWriter, int]:
    """The second pass. Returns the closed writer and the time of the first event."""
    batches = importer.rows(run)
    # The header says when the events begin, so the first of them must be seen before it is written.
    first = next((batch for batch in batches if batch), [])
    start = first[0][2] if first else 0
    header = Header(
        instruments=tuple(market.instrument for market in run.markets.values()),
        provenance=Provenance(
            source=importer.name,
            tool=tool,
            files=tuple(path.name for path in run.paths),
            notes=importer.notes,
        ),
        start=start,
    )
    writer = RecordingWriter(out, header, settings)
    run.count_rows(first)
    writer.append(first)
    for batch in batches:
        run.count_rows(batch)
        writer.append(batch)
    writer.close()
    return writer, start


@cache
def _registry() -> dict[str, Importer]:
    found: dict[str, Importer] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(__path__)):
        family: tuple[Importer, ...] = getattr(
            importlib.import_module(f"{__name__}.{module}"), "IMPORTERS", ()
        )
        for importer in family:
            if importer.name in found:
                raise RuntimeError(f"two importers are called {importer.name}")
            found[importer.name] = importer
    return found
