"""
What all raw captures share: one received message per line, with the time it was received.

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
from collections.abc import Iterable, Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from feed.importers.numbers import Market
from feed.importers.run import UNREADABLE, Malformed, Run
from feed.importers.times import decimal_seconds
from feed.model.events import Row

_MARKED = re.compile(
    r"(?P<url>(?:wss?|https?)://\S+) (?P<arrow><->|<-|->) (?P<at>[0-9.]+)(?:: (?P<text>.*))?"
)
_OPENED, _SENT, _REPLY, _RECEIVED = "<->", "<-", "->", ""
_CONFIGURATION = "configuration:"


class _Line(NamedTuple):
    at: int
    path: Path
    number: int
    kind: str
    url: str
    text: str


class Capture:
    """
    How one exchange's captures are read; both passes have one. Times are in nanoseconds.

    Args:
        run: The import at hand.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        # Whose book came over the connection of which file, by the source's name.
        self._fed_by: dict[str, Path] = {}

    def received(self, at: int, text: str) -> Iterable[Row]:
        """Rows of a message from the exchange."""
        raise NotImplementedError

    def reply(self, at: int, url: str, text: str) -> Iterable[Row]:  # noqa: ARG002 - most have no use for it
        """Rows of the answer to a request; most exchanges send everything over the socket."""
        return ()

    def configured(self, text: str) -> None:
        """The recorder's configuration, of the file at hand; most have no use for it."""

    def feeds(self, name: str) -> None:
        """Remember that the book of ``name`` comes over the connection at hand."""
        self._fed_by[name] = self.run.path

    def reopened(self, at: int) -> list[Row]:
        """The connection at hand is a new one: what came over the old one is no longer kept up to date."""
        rows: list[Row] = []
        for name, path in list(self._fed_by.items()):
            if path == self.run.path:
                del self._fed_by[name]
                self.run.gap(
                    f"the connection was opened anew; the book of {name} waits for its next snapshot"
                )
                rows += self.lost(name, at)
        return rows

    def lost(self, name: str, at: int) -> list[Row]:
        """Rows that say that the book of ``name`` is not known until its next snapshot."""
        return forget(self.run, self.run.markets[name], at)


def forget(run: Run, market: Market, at: int) -> list[Row]:
    """A book is not known from here on: no levels, and a quote that says so."""
    ts = run.clock(at)
    return [market.book.clear(ts), *run.quoted(market, ts)]


def read_captures(run: Run, capture: Capture) -> Iterator[list[Row]]:
    """
    All lines of all files in the order of their time, in batches of rows.

    Raises:
        ConfigError: A line makes no sense, unless the import is lenient.
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


def _take(capture: Capture, line: _Line, opened: dict[Path, None]) -> Iterable[Row]:
    if line.kind == _RECEIVED:
        return capture.received(line.at, line.text)
    if line.kind == _REPLY:
        return capture.reply(line.at, line.url, line.text)
    if line.kind == _CONFIGURATION:
        capture.configured(line.text)
    if line.kind == _OPENED:
        if line.path in opened:
            return capture.reopened(line.at)
        opened[line.path] = None
    return ()


def _lines(run: Run, path: Path) -> Iterator[_Line]:
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
