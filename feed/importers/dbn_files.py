"""
Reads DBN files: records with their symbols, of several files in the order of their time.

A file of DBN begins with metadata (dataset, schema, which instrument id is which symbol on which days), and
records of a fixed length follow. They are decoded by the library ``databento-dbn``, which is an extra.

Source: Databento, "Databento Binary Encoding", https://databento.com/docs/standards-and-conventions/databento-binary-encoding.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from feed.errors import ConfigError, install_hint
from feed.importers.run import ImportRun
from feed.model.durations import NS_PER_SECOND

if TYPE_CHECKING:
    from types import ModuleType

    from databento_dbn import Metadata

DBN_MAGIC: Final = b"DBN"
"""The first bytes of a file that is not compressed."""

_UNDEFINED_TIME: Final = 2**64 - 1

Venue = tuple[str, int, int]
"""Dataset, publisher and instrument id: what a record of DBN is of."""


def library(where: str) -> ModuleType:
    """
    The library that knows DBN.

    Args:
        where: Whatever needs it, for the error.
    Raises:
        ConfigError: It is not installed.
    """
    try:
        import databento_dbn  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            "needs the library databento-dbn", where=where, hint=install_hint("databento")
        ) from None
    return databento_dbn


class Record(NamedTuple):
    """
    One record and where it stands.

    Attributes:
        received: Time at which the vendor received it, by which files are ordered; nanoseconds since the
            Unix epoch.
        file: Number of its file, in the order given.
        number: Its number in the file, from 1.
        venue: What it is of.
        record: As the library gives it.
    """

    received: int
    file: int
    number: int
    venue: Venue
    record: Any


class Names:
    """The symbols of instrument ids, by the metadata of files and by records that name them."""

    def __init__(self) -> None:
        self._by_day: dict[tuple[str, int], list[tuple[date, date, str]]] = {}
        self._known: dict[tuple[str, int], str] = {}

    def add_metadata(self, metadata: Metadata) -> None:
        """Take the symbols in the metadata of a file into account, where they map to instrument ids."""
        for symbol, intervals in metadata.mappings.items():
            for interval in intervals:
                if interval["symbol"].isdigit():
                    days = (interval["start_date"], interval["end_date"], symbol)
                    known = self._by_day.setdefault((metadata.dataset, int(interval["symbol"])), [])
                    if days not in known:
                        known.append(days)

    def add(self, dataset: str, instrument: int, symbol: str) -> None:
        """
        Take a record that names an id into account, such as its definition.

        Raises:
            ConfigError: The id was another symbol before.
        """
        before = self._known.setdefault((dataset, instrument), symbol)
        if before != symbol:
            raise ConfigError(
                f"instrument {instrument} of {dataset} is {before}, and then {symbol}",
                hint="import the days before and after one by one",
            )

    def mapped(self, dataset: str, instrument: int, ts: int) -> str:
        """The symbol of an id by the metadata, at a time in nanoseconds; empty where it tells none."""
        intervals = self._by_day.get((dataset, instrument))
        if not intervals:
            return ""
        if len(intervals) > 1:
            day = datetime.fromtimestamp(ts // NS_PER_SECOND, UTC).date()
            for start, end, symbol in intervals:
                if start <= day < end:
                    return symbol
        return intervals[0][2]

    def known(self, dataset: str, instrument: int) -> str:
        """The symbol of an id by records that name it; empty where none does."""
        return self._known.get((dataset, instrument), "")


def read(run: ImportRun, names: Names | None = None) -> Iterator[Record]:
    """
    The records of all files, by the time at which they were received; at equal times in the order of files.

    Args:
        run: The import.
        names: Takes the symbols in the files' metadata.
    Raises:
        ConfigError: A file is no DBN, ends inside a record, or the library is missing.
    """
    files = [_records(run, at, path, names) for at, path in enumerate(run.paths)]
    return heapq.merge(*files, key=lambda record: record.received)


def _records(run: ImportRun, at: int, path: Path, names: Names | None) -> Iterator[Record]:
    dbn = library(str(path))
    decoder, number, dataset, received = dbn.DBNDecoder(), 0, "", 0
    begun = False
    for piece in run.input(path).pieces():
        if not begun and not piece.startswith(DBN_MAGIC):
            raise ConfigError("no DBN: a file of it begins with the letters DBN", where=str(path))
        begun = True
        try:
            decoder.write(piece)
            found = decoder.decode()
        except dbn.DBNError as problem:
            raise ConfigError(f"{problem}", where=f"{path}:{number + 1}") from None
        for record in found:
            if isinstance(record, dbn.Metadata):
                dataset = record.dataset
                if names is not None:
                    names.add_metadata(record)
                continue
            number += 1
            ts = record.ts_index
            # Some records have none; they stand where they are in the file.
            received = max(received, ts) if ts != _UNDEFINED_TIME else received
            yield Record(received, at, number, (dataset, record.publisher_id, record.instrument_id), record)
            if run.lines is not None and number >= run.lines:
                return
    if not begun:
        raise ConfigError("no DBN: the file is empty", where=str(path))
    if rest := len(decoder.buffer()):
        raise ConfigError(
            f"the file ends inside a record, {rest} bytes after its beginning", where=f"{path}:{number + 1}"
        )


def event_time(record: Any, *, snapshot: bool) -> int:
    """
    When it happened at the venue, nanoseconds since the Unix epoch.

    A replay of the book has the times at which its orders came; it gets that at which it was received.
    """
    if snapshot or record.ts_event == _UNDEFINED_TIME:
        received: int = record.ts_recv
        return received
    happened: int = record.ts_event
    return happened
