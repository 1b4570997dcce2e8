"""What all CSV formats share: lines into cells, a header where there is one, and the place of every error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path

from feed.errors import ConfigError, ConfigErrors
from feed.importers.run import UNREADABLE, Malformed, Run
from feed.model.events import Row

Take = Callable[[list[str]], Iterable[Row]]
# Makes the function that takes the lines of one file, and says how to split them.
Open = Callable[[Path, str], "Layout"]


class Layout:
    """
    How the lines of one file are read.

    Args:
        take: Turns the cells of one line into rows, in the order of ``columns``.
        columns: Names of the cells that ``take`` expects; a line may have more behind them.
        separator: Between two cells.
        header: Whether the first line holds names.
        order: Where the columns stand in the file, if not first and in order.
    """

    def __init__(
        self,
        take: Take,
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
        """The better of two errors: too few cells explain all others."""
        count = len(line.split(self.separator))
        if count < self.most:
            names = self.separator.join(self.columns)
            return Malformed(f"{count} columns where {self.most} are expected: {names}")
        return problem


def _reordered(take: Take, order: tuple[int, ...]) -> Take:
    pick = itemgetter(*order)
    return lambda cells: take(list(pick(cells)))


def named(take: Take, columns: tuple[str, ...]) -> Open:
    """For formats with a header: finds each of ``columns`` by its name, wherever it stands."""

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


def read_tables(run: Run, open_file: Open) -> Iterator[list[Row]]:
    """
    All lines of all files through their layouts, one batch of rows per chunk.

    Raises:
        ConfigError: A line makes no sense, unless the import is lenient; ``ConfigErrors`` with the first
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


def _read_table(run: Run, path: Path, open_file: Open) -> Iterator[list[Row]]:
    source = run.input(path)
    layout = None
    for lines in source.chunks():
        start = source.number
        if layout is None:
            layout = open_file(path, lines[0])
            if layout.header:
                lines[0] = ""
        yield _batch(run, path, start, lines, layout)


def _batch(run: Run, path: Path, start: int, lines: list[str], layout: Layout) -> list[Row]:
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


def exhaust(batches: Iterator[list[Row]]) -> None:
    """Run a first pass, which makes no rows."""
    for _ in batches:
        pass
