"""What all exporters share: their declaration, what the user selects, state and report of one export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import attrs

from feed.errors import ConfigError
from feed.model.events import QUOTE, Row
from feed.model.instruments import Instrument
from feed.model.kinds import KIND_NAMES
from feed.recording.format import Header
from feed.recording.reader import Corruption, RecordingReader

Progress = Callable[[int, int], None]

_GROUP: Final = 65_536
"""Rows of one market time that are looked at together at most."""


@attrs.frozen(kw_only=True)
class Selection:
    """
    What of a recording is wanted.

    Attributes:
        schema: One of those that the exporter has; empty for the one that says most of this recording.
        symbols: Instruments; empty for all.
    """

    schema: str = ""
    symbols: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class ExportReport:
    """
    The outcome of an export.

    Attributes:
        format, schema: What was written; the schema is empty where the format has one alone.
        events: Events read of the instruments that were wanted.
        written: Records or lines written, by kind.
        left_out: Events that the format cannot say, by reason.
        notes: What differs from the recording, for people.
        corruption: Where the recording is damaged; None where it is whole.
    """

    format: str
    schema: str
    events: int
    written: dict[str, int]
    left_out: dict[str, int]
    notes: tuple[str, ...]
    corruption: Corruption | None


@attrs.frozen(kw_only=True)
class Exporter:
    """
    One output format.

    Attributes:
        name: As the user types it.
        about: One line for a list of formats.
        endings: Of the names of its files, in lower case.
        schemas: The kinds of files that it has; empty for one alone.
        passes: How often it reads the recording.
        is_ours: Tells from a file that is there whether it is of this format, and may be replaced.
        write: Writes the whole file; the last argument says whether to compress.
    """

    name: str
    about: str
    endings: tuple[str, ...]
    schemas: tuple[str, ...] = ()
    passes: int = 1
    is_ours: Callable[[Path], bool]
    write: Callable[[ExportRun, BinaryIO, bool], None]


class ExportRun:
    """
    The state of one export.

    Args:
        path: The recording.
        selection: What of it is wanted.
        exporter: Who writes.
        progress: Called with the bytes read so far and in total.

    Attributes:
        header: Of the recording.
        schema: As selected; an exporter may set the one that it chose.
        instruments: Those that are wanted, by their index in the recording.
        events: Events read, of these and of the market as a whole, in the pass that writes.
        written: Records or lines written, by kind.
        left_out: Events that cannot be said, by reason.
        notes: What differs from the recording.
        corruption: Where the recording is damaged.
    Raises:
        ConfigError: It cannot be read, or does not have what is wanted.
    """

    def __init__(
        self, path: Path, selection: Selection, exporter: Exporter, progress: Progress | None
    ) -> None:
        self.schema = selection.schema
        self.events = 0
        self.written: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.notes: list[str] = []
        self.corruption: Corruption | None = None
        self._path = path
        self._exporter = exporter
        self._progress = progress
        self._done = 0
        if self.schema and self.schema not in exporter.schemas:
            known = f"it has {', '.join(exporter.schemas)}" if exporter.schemas else "it has one alone"
            raise ConfigError(f"{exporter.name} has no schema {self.schema}", where="schema", hint=known)
        self._size = 1
        try:
            self._size = path.stat().st_size
            with path.open("rb") as file:
                self.header: Header = RecordingReader(file, str(path)).header
        except OSError as problem:
            raise self._unreadable(problem) from None
        listing = self.header.listing
        for symbol in selection.symbols:
            if symbol not in listing:
                known = ", ".join(listing.symbols[:10]) + (", ..." if len(listing) > 10 else "")
                raise ConfigError(f"no instrument {symbol} in it", where=str(path), hint=f"there are {known}")
        wanted = selection.symbols or listing.symbols
        self.instruments: dict[int, Instrument] = {
            at: item for at, item in enumerate(listing) if item.symbol in wanted
        }

    @property
    def said_in(self) -> str:
        """The format, and the schema where it has several."""
        return f"{self._exporter.name} {self.schema}".rstrip()

    def blocks(self) -> Iterator[list[Row]]:
        """
        Read the recording once, up to its end or its first damaged block: the rows of what is wanted.

        Raises:
            ConfigError: It cannot be read any further.
        """
        try:
            with self._path.open("rb") as file:
                reader = RecordingReader(file, str(self._path))
                told = 0
                for rows in reader:
                    self._advance(file.tell() - told)
                    told = file.tell()
                    yield rows
                self._advance(self._size - told)
                self.corruption = reader.corruption
        except OSError as problem:
            raise self._unreadable(problem) from None

    def groups(self) -> Iterator[tuple[list[tuple[int, Row]], bool]]:
        """
        The rows of one market time after the other, each with its sequence number.

        Yields:
            The rows, and whether the time has ended with them: very many rows come in several parts.
        """
        group: list[tuple[int, Row]] = []
        seq = 0
        for rows in self.blocks():
            for row in rows:
                seq += 1
                if row[1] not in self.instruments:
                    continue
                self.events += 1
                if group and row[2] != group[0][1][2]:
                    yield group, True
                    group = []
                elif len(group) >= _GROUP and row[0] != QUOTE:
                    # Not before a quote, which is how an event ends.
                    yield group, False
                    group = []
                group.append((seq, row))
        if group:
            yield group, True

    def leave_out(self, kind: int) -> None:
        """Count an event of a kind that the format, or the schema, has no words for."""
        self.left_out[f"{KIND_NAMES[kind]} events"] += 1

    def report(self) -> ExportReport:
        """What came of it."""
        return ExportReport(
            format=self._exporter.name,
            schema=self.schema,
            events=self.events,
            written=dict(self.written),
            left_out=dict(self.left_out),
            notes=tuple(self.notes),
            corruption=self.corruption,
        )

    def _advance(self, size: int) -> None:
        self._done += size
        if self._progress is not None:
            self._progress(self._done, self._size * self._exporter.passes)

    def _unreadable(self, problem: OSError) -> ConfigError:
        return ConfigError(f"cannot be read: {problem.strerror}", where=str(self._path))
