"""
Importers: real market data into recordings.

Every module of this package with an ``IMPORTERS`` is found and adds its formats. An import reads its
input twice: first to find the instruments and their decimals, which the recording's header needs,
then to write the events. What is verified on the way: ``NOTES.md``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import BinaryIO

from feed.errors import ConfigError, ConfigErrors
from feed.importers.detection import captured_host, detect_format
from feed.importers.files import total_bytes
from feed.importers.numbers import Grid
from feed.importers.run import Importer, ImportReport, ImportRun, Options, Problem, Progress
from feed.model.kinds import KIND_NAMES
from feed.recording.format import Header, Provenance
from feed.recording.writer import RecordingWriter
from feed.settings import Importing, Recording

__all__ = ["Grid", "ImportReport", "Importer", "Options", "Problem", "get", "import_files", "names"]

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
) -> ImportReport:
    """
    Import files of one format into one recording.

    Args:
        name: One of :func:`names`.
        paths: The files, which are read as one tape by time; of lines of equal time those of the file
            that was given first come first. Raw captures are ordered by receive time.
        out: A writable binary file; it is not closed. After an error it holds an incomplete recording.
        options: What the files do not say.
        progress: Called with the bytes read so far and in total (every file is read twice).
        tool: Name and version of the program, for the recording's provenance.
        bounds: Limits on memory.
        settings: How the recording is cut into blocks.
    Returns:
        What was imported, and which problems were found.
    Raises:
        ConfigError: A file is malformed; says where, what was expected, and which format it looks
            like. Or it holds no events, or a book without a snapshot (unless the import is lenient),
            or a gap (when it is strict).
        RecordingError: Writing to ``out`` failed.
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

    options = options or Options()
    run = ImportRun(files, options, bounds=bounds or Importing(), advance=advance)
    try:
        importer.scan(run)
    except ConfigError as error:
        found = "" if isinstance(error, ConfigErrors) else detect_format(_registry(), name, files, options)
        if not found:
            raise
        raise ConfigError(error.what, where=error.where, hint=f"it looks like the format {found}") from None
    run.begin(importer.symbol)
    writer, start = _write(run, importer, out, tool, settings)
    _check(run, importer, writer.events)
    return ImportReport(
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
        notes=run.notes,
    )


def _check(run: ImportRun, importer: Importer, events: int) -> None:
    """
    Refuse an import without events, with a book that has no snapshot, or, when strict, with gaps.

    Raises:
        ConfigError: One of these.
    """
    options, unknown = run.options, run.unknown_books()
    if not events and not unknown:
        raise ConfigError(
            f"nothing in it is of the format {importer.name}",
            where=", ".join(map(str, run.paths)),
            hint=_format_hint(importer.name, run.paths, options),
        )
    if unknown and (not options.lenient or not events):
        raise _unknown(run, importer, unknown)
    if options.strict and run.gaps:
        errors = [ConfigError(one.what, where=one.where) for one in run.broken]
        if run.gaps > len(errors):
            errors.append(ConfigError(f"and {run.gaps - len(errors)} more gaps"))
        raise ConfigErrors.of(errors)


def _format_hint(name: str, paths: list[Path], options: Options) -> str:
    if found := detect_format(_registry(), name, paths, options):
        return f"it looks like the format {found}"
    if host := captured_host(paths):
        return f"it is a capture of {host}, which looks like none of the formats that there are"
    return "feed import --list lists the formats"


def _unknown(run: ImportRun, importer: Importer, symbols: list[str]) -> ConfigError:
    return ConfigError(
        f"the book of {', '.join(symbols)} was never known: there are changes of it, and no snapshot",
        where=", ".join(map(str, run.paths)),
        hint=f"{importer.snapshots}; a lenient import does without these books",
    )


def _write(
    run: ImportRun, importer: Importer, out: BinaryIO, tool: str, settings: Recording | None
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
            notes=(*importer.notes, *run.notes),
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
