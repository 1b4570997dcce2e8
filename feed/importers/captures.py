"""
Reads raw captures of WebSocket connections: one received message per line, with its receive time.

The lines of a capture file, as the cryptofeed project writes them::

    wss://host/path <-> 1618677816.8434298              a connection was opened
    wss://host/path <- 1618677817.020616: {...}         sent
    1618677817.061845: {...}                            received
    https://host/path?query -> 1633998274.865238: {...} the answer to a request
    configuration: {...}                                the recorder's, in the first line of some

Times are seconds since the Unix epoch. Several files (a socket and the requests beside it, or
several sockets) are merged by these times.

Source: https://github.com/bmoscon/cryptofeed, ``cryptofeed/util/async_file.py``, class ``AsyncFileCallback``.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from feed.importers.books import ImportedMarket
from feed.importers.run import SNAPSHOTS, UNREADABLE, Importer, ImportRun, Malformed
from feed.importers.symbols import Symbol, crypto_symbol
from feed.importers.tables import drain
from feed.importers.times import decimal_seconds
from feed.model.events import Row

_MARKED = re.compile(
    r"(?P<url>(?:wss?|https?)://\S+) (?P<arrow><->|<-|->) (?P<at>[0-9.]+)(?:: (?P<text>.*))?"
)
_OPENED, _SENT, _REPLY, _RECEIVED = "<->", "<-", "->", ""
_CONFIGURATION = "configuration:"
# Instruments that a note names; the others are counted.
_NAMED = 3


List = TypeVar("List")
"""An exchange's list of instruments."""


class _Line(NamedTuple):
    at: int
    path: Path
    number: int
    kind: str
    url: str
    text: str


class CaptureReader:
    """
    Handles the messages of one exchange, in one of the two passes.

    Times are integer nanoseconds since the Unix epoch, names of instruments the source's.

    Args:
        run: The import.
    """

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        # The file that has the connection over which the book of an instrument came.
        self._connections: dict[str, Path] = {}

    def on_message(self, at: int, text: str) -> Iterable[Row]:
        """Rows of a message that was received at ``at``."""
        raise NotImplementedError

    def on_response(self, at: int, url: str, text: str) -> Iterable[Row]:  # noqa: ARG002 - most exchanges need no response
        """Rows of a response to an HTTP request; most exchanges send everything over the WebSocket."""
        return ()

    def on_configuration(self, text: str) -> None:
        """The recorder's configuration of the current file; ignored by most."""

    def on_open(self, url: str) -> None:
        """The current connection was opened; what its URL says matters to few."""

    def track_connection(self, name: str) -> None:
        """Note that the book of ``name`` comes over the current connection."""
        self._connections[name] = self.run.path

    def is_of_another(self, name: str) -> bool:
        """Whether the book of ``name`` comes over another connection, which was captured too."""
        return self._connections.get(name, self.run.path) != self.run.path

    def on_reconnect(self, at: int) -> list[Row]:
        """The current connection was opened again: the books that came over it are no longer known."""
        rows: list[Row] = []
        for name, path in list(self._connections.items()):
            if path == self.run.path:
                del self._connections[name]
                self.run.gap(
                    f"the connection was opened anew; the book of {name} waits for its next snapshot"
                )
                rows += self.book_lost(name, at)
        return rows

    def book_lost(self, name: str, at: int) -> list[Row]:
        """Rows that clear the book of ``name``, which is not known until its next snapshot."""
        return invalidate_book(self.run, self.run.markets[name], at)


def listed(decoder: msgspec.json.Decoder[List], text: str, none: List) -> List:
    """
    The exchange's list of instruments in a REST answer.

    Args:
        decoder: Of the list.
        text: The answer.
        none: What stands for an answer of another form, such as an error of the exchange.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError:
        return none


def invalidate_book(run: ImportRun, market: ImportedMarket, at: int) -> list[Row]:
    """Clear a book that is no longer known: a ``CLEAR`` row, and an empty quote."""
    ts = run.monotonic(at)
    return [market.book.clear(ts), *run.quoted(market, ts)]


def read_captures(run: ImportRun, capture: CaptureReader) -> Iterator[list[Row]]:
    """
    Read all lines of all files in the order of their times.

    Returns:
        The rows, in batches.
    Raises:
        ConfigError: A line is malformed, unless the import is lenient.
    """
    batch: list[Row] = []
    opened: dict[Path, None] = {}
    for line in heapq.merge(*(_lines(run, path) for path in run.paths), key=itemgetter(0)):
        run.path, run.number = line.path, line.number
        try:
            batch += _take(capture, line, opened)
        except UNREADABLE as problem:
            run.malformed(problem)
        if len(batch) >= run.bounds.batch_rows:
            yield batch
            batch = []
    yield batch


def _take(capture: CaptureReader, line: _Line, opened: dict[Path, None]) -> Iterable[Row]:
    if line.kind == _RECEIVED:
        return capture.on_message(line.at, line.text)
    if line.kind == _REPLY:
        return capture.on_response(line.at, line.url, line.text)
    if line.kind == _CONFIGURATION:
        capture.on_configuration(line.text)
    if line.kind == _OPENED:
        capture.on_open(line.url)
        if line.path in opened:
            return capture.on_reconnect(line.at)
        opened[line.path] = None
    return ()


def _lines(run: ImportRun, path: Path) -> Iterator[_Line]:
    source = run.input(path)
    for lines in source.chunks():
        for number, line in enumerate(lines, source.number):
            if line.startswith(_CONFIGURATION):  # before any message, whatever its time
                text = line.removeprefix(_CONFIGURATION).strip()
                yield _Line(0, path, number, _CONFIGURATION, "", text)
            elif line:  # an empty one ends a batch
                try:
                    parsed = _parse(path, number, line)
                except Malformed as problem:
                    run.path, run.number = path, number
                    run.malformed(problem)
                else:
                    yield parsed


def _parse(path: Path, number: int, line: str) -> _Line:
    at, colon, text = line.partition(": ")
    try:
        if colon and line[0].isdigit():
            return _Line(decimal_seconds(at), path, number, _RECEIVED, "", text)
        if marked := _MARKED.fullmatch(line):
            url, arrow, at, text = marked.groups(default="")
            return _Line(decimal_seconds(at), path, number, arrow, url, text)
    except ValueError:
        pass
    raise Malformed("expected seconds, a colon, a blank and a message")


def _guessed(names: list[str], answers: str) -> str:
    """What to tell of instruments whose steps are not known."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return (
        f"The smallest steps that occur are tick and lot size of {', '.join(names[:_NAMED])}{more}; "
        f"a file of REST answers, such as {answers}, may have those of the exchange."
    )


def capture_importer(
    name: str,
    about: str,
    *,
    scanner: Callable[[ImportRun], CaptureReader],
    reader: Callable[[ImportRun], CaptureReader],
    symbol: Callable[[str], Symbol] = crypto_symbol,
    notes: tuple[str, ...] = (),
    snapshots: str = SNAPSHOTS,
    answers: str = "",
) -> Importer:
    """
    The importer of an exchange's raw captures.

    Args:
        name: See :class:`Importer`.
        about: What is captured.
        scanner: Makes the reader of the first pass, which gives no rows.
        reader: Makes the reader of the second pass.
        symbol: See :class:`Importer`.
        notes: See :class:`Importer`.
        snapshots: See :class:`Importer`.
        answers: Name of a file of REST answers that has the exchange's list of instruments, if one is read.
    """

    def scan(run: ImportRun) -> None:
        drain(read_captures(run, scanner(run)))
        grids = run.options.grids
        stepless = [one for one in run.scan.stepless if symbol(one).name not in grids]
        if answers and stepless:
            run.notes += (_guessed(stepless, answers),)

    return Importer(
        name=name,
        about=f"raw capture of {about}",
        symbol=symbol,
        scan=scan,
        rows=lambda run: read_captures(run, reader(run)),
        notes=notes,
        snapshots=snapshots,
    )
