"""Reads CSV files: lines into cells, columns by position or by header, and the place of every error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path

from feed.errors import ConfigError, ConfigErrors
from feed.importers.run import UNREADABLE, ImportRun, Malformed
from feed.model.events import Row

ParseLine = Callable[[list[str]], Iterable[Row]]
"""Turns the cells of one line into rows."""
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
    """

    def __init__(
        self,
        take: ParseLine,
        columns: tuple[str, ...],
        *,
        separator: str = ",",
        header: bool = False,
        order: tuple[int, ...] = (),
    ) -> None:
        self.columns = columns
        self.separator = separator
        self.header = header
        self.most = max(order, default=len(columns) - 1) + 1
        self.take = _reordered(take, order) if order else take

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


def by_header(take: ParseLine, columns: tuple[str, ...]) -> OpenTable:
    """A layout for files with a header: finds each of ``columns`` by its name, in any order."""

    def layout(path: Path, first: str) -> Layout:
        names = first.split(",")
        missing = [name for name in columns if name not in names]
        if missing:
            raise ConfigError(
                f"no column {missing[0]}", where=f"{path}:1", hint="the header should be " + ",".join(columns)
            )
        order = tuple(names.index(name) for name in columns)
        return Layout(take, columns, header=True, order=() if order == tuple(range(len(columns))) else order)

    return layout


def read_tables(run: ImportRun, open_file: OpenTable) -> Iterator[list[Row]]:
    """
    Read all lines of all files, one batch of rows per chunk.

    Args:
        run: The import.
        open_file: Gives the layout of a file from its path and first line.
    Raises:
        ConfigError: A line is malformed, unless the import is lenient; ``ConfigErrors`` with the first
            such line of each file when there are several.
    """
    errors: list[ConfigError] = []
    for path in run.paths:
        try:
            yield from _read_table(run, path, open_file)
        except ConfigErrors as several:
            errors += several.errors
        except ConfigError as error:
            errors.append(error)
    if errors:
        raise ConfigErrors.of(errors)


def _read_table(run: ImportRun, path: Path, open_file: OpenTable) -> Iterator[list[Row]]:
    source = run.input(path)
    layout = None
    for lines in source.chunks():
        start = source.number
        if layout is None:
            layout = open_file(path, lines[0])
            if layout.header:
                lines[0] = ""
        yield _batch(run, path, start, lines, layout)


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
