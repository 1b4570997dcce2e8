"""
Reads CSV files: lines into cells, columns by position or by header, and the place of every error.

Of several files the lines are read in the order of their times, as one tape; files that follow each other
are read one after the other, in whatever order they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from operator import attrgetter, itemgetter
from pathlib import Path

import attrs

from feed.errors import ConfigError, ConfigErrors
from feed.importers.files import NO_SPAN, FileSpan
from feed.importers.run import UNREADABLE, ImportRun, Malformed
from feed.model.events import Row
from feed.recording.time_order import by_time

ParseLine = Callable[[list[str]], Iterable[Row]]
"""Turns the cells of one line into rows."""
TimeOf = Callable[[list[str]], int]
"""The time by which a line comes before or after those of other files, nanoseconds since the Unix epoch."""
OpenTable = Callable[[Path, str], "Layout"]
"""Gives the layout of a file from its path and first line."""


class Layout:
    """
    The column layout of one file.

    Args:
        take: Turns the cells of one line into rows; its cells are in the order of ``columns``.
        columns: Names of those cells, for errors; a line may have more cells after them.
        separator: Text between two cells.
        header: Whether the first line holds names.
        order: Index of each of ``columns`` in the file; empty where they are its first, in order.
        time: Its time from the cells that ``take`` gets; 0 for one without, which follows the line before it.
    """

    def __init__(
        self,
        take: ParseLine,
        columns: tuple[str, ...],
        *,
        separator: str = ",",
        header: bool = False,
        order: tuple[int, ...] = (),
        time: TimeOf,
    ) -> None:
        self.columns = columns
        self.separator = separator
        self.header = header
        self.most = max(order, default=len(columns) - 1) + 1
        self.take = _reordered(take, order) if order else take
        self.time = _time_reordered(time, order) if order else time

    def explain(self, line: str, problem: Exception) -> Exception:
        """The error to report for a line: too few cells rather than what followed from that."""
        count = len(line.split(self.separator))
        if count < self.most:
            names = self.separator.join(self.columns)
            return Malformed(f"{count} columns where {self.most} are expected: {names}")
        return problem


def _reordered(take: ParseLine, order: tuple[int, ...]) -> ParseLine:
    pick = itemgetter(*order)
    return lambda cells: take(list(pick(cells)))


def _time_reordered(time: TimeOf, order: tuple[int, ...]) -> TimeOf:
    pick = itemgetter(*order)
    return lambda cells: time(list(pick(cells)))


def by_header(take: ParseLine, columns: tuple[str, ...], time: TimeOf) -> OpenTable:
    """A layout for files with a header: finds each of ``columns`` by its name, in any order."""

    def layout(path: Path, first: str) -> Layout:
        names = first.split(",")
        missing = [name for name in columns if name not in names]
        if missing:
            raise ConfigError(
                f"no column {missing[0]}", where=f"{path}:1", hint="the header should be " + ",".join(columns)
            )
        order = tuple(names.index(name) for name in columns)
        plain = order == tuple(range(len(columns)))
        return Layout(take, columns, header=True, order=() if plain else order, time=time)

    return layout


def read_tables(run: ImportRun, open_file: OpenTable) -> Iterator[list[Row]]:
    """
    Read all lines of all files, one batch of rows per chunk.

    The first pass, which takes no notice of the order, finds the times of the files for the second one.

    Args:
        run: The import.
        open_file: Gives the layout of a file from its path and first line.
    Raises:
        ConfigError: A line is malformed, unless the import is lenient; ``ConfigErrors`` with the first
            such line of each file when there are several.
    """
    errors: list[ConfigError] = []
    paths = run.paths
    if not run.scanning and len(paths) > 1:
        paths = sorted(paths, key=lambda path: run.spans.get(path, NO_SPAN).first)
    if not run.scanning and _overlap([run.spans.get(path, NO_SPAN) for path in paths]):
        yield from _read_together(run, open_file, errors)
    else:
        for path in paths:
            try:
                yield from _read_table(run, path, open_file)
            except ConfigError as error:
                errors += _each(error)
    if errors:
        raise ConfigErrors.of(errors)


def _each(error: ConfigError) -> Iterable[ConfigError]:
    return error.errors if isinstance(error, ConfigErrors) else [error]


def _overlap(spans: list[FileSpan]) -> bool:
    return any(one.last > following.first for one, following in pairwise(spans))


@attrs.frozen
class _Line:
    """One line of a file, and the time that orders it."""

    ts: int
    path: Path
    number: int
    text: str
    layout: Layout


def _read_together(run: ImportRun, open_file: OpenTable, errors: list[ConfigError]) -> Iterator[list[Row]]:
    """As one tape: each line in its turn. A file is left at its first malformed line."""
    left: dict[Path, None] = {}
    batch: list[Row] = []
    sources = [
        (run.spans.get(path, NO_SPAN).first, partial(_lines, run, path, open_file)) for path in run.paths
    ]
    for line in by_time(sources, attrgetter("ts")):
        if line.path in left:
            continue
        run.path, run.number = line.path, line.number
        try:
            try:
                batch += line.layout.take(line.text.split(line.layout.separator))
            except UNREADABLE as problem:
                run.malformed(line.layout.explain(line.text, problem))
        except ConfigError as error:
            errors += _each(error)
            left[line.path] = None
        if len(batch) >= run.bounds.batch_rows:
            yield batch
            batch = []
    yield batch


def _lines(run: ImportRun, path: Path, open_file: OpenTable) -> Iterator[_Line]:
    source = run.input(path)
    layout: Layout | None = None
    ts = 0
    for lines in source.chunks():
        for number, text in enumerate(lines, source.number):
            if layout is None:
                layout = open_file(path, text)
                if layout.header:
                    continue
            if text:
                ts = _time(text, layout) or ts
                yield _Line(ts, path, number, text, layout)


def _time(text: str, layout: Layout) -> int:
    """The time of a line; 0 where it has none that can be read, which its reader will say."""
    with suppress(*UNREADABLE):
        return layout.time(text.split(layout.separator))
    return 0


def _read_table(run: ImportRun, path: Path, open_file: OpenTable) -> Iterator[list[Row]]:
    source = run.input(path)
    layout = None
    for lines in source.chunks():
        start = source.number
        if layout is None:
            layout = open_file(path, lines[0])
            if layout.header:
                lines[0] = ""
        if run.scanning and len(run.paths) > 1:
            _note_times(run, path, lines, layout)
        yield _batch(run, path, start, lines, layout)


def _note_times(run: ImportRun, path: Path, lines: list[str], layout: Layout) -> None:
    """Note when a file begins and ends, as far as this chunk of it shows."""
    times = ((_time(line, layout) for line in some) for some in (lines, reversed(lines)))
    first, last = (next(filter(None, found), 0) for found in times)
    if first:
        span = run.spans.setdefault(path, FileSpan(first, last))
        span.last = max(span.last, last)


def _batch(run: ImportRun, path: Path, start: int, lines: list[str], layout: Layout) -> list[Row]:
    batch: list[Row] = []
    take, separator = layout.take, layout.separator
    run.path = path
    for run.number, line in enumerate(lines, start):
        if line:
            try:
                batch += take(line.split(separator))
            except UNREADABLE as problem:
                run.malformed(layout.explain(line, problem))
    return batch


def drain(batches: Iterator[list[Row]]) -> None:
    """Run a first pass, which gives no rows."""
    for _ in batches:
        pass
