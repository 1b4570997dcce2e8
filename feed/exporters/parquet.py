"""
Recordings as Apache Parquet, by the library ``pyarrow``: one table, one line for each event.

Columns are those of the events (:mod:`feed.model.events`), null where a kind of event has none. Prices and
sizes are in units of money and of the base, as doubles that are nearest to the exact decimals; the tick and
lot size of each instrument stand in the recording's header, which the file has as metadata (``feed.header``).
A price of a side that is empty is null. Events of single accounts and signals are left out.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from feed.errors import ConfigError, install_hint
from feed.exporters.run import Exporter, ExportRun
from feed.model.auctions import AuctionPhase, AuctionPurpose
from feed.model.derivatives import RATE_ONE
from feed.model.events import (
    ADD,
    AUCTION,
    CLEAR,
    CLOCK,
    FUNDING,
    LEVEL,
    LIQUIDATION,
    MARK,
    QUOTE,
    REDUCE,
    STATUS,
    TRADE,
    UNKNOWN,
    Row,
    Side,
    Status,
)
from feed.model.instruments import Instrument
from feed.model.kinds import KIND_NAMES
from feed.recording.format import header_line

_ROW_GROUP: Final = 131_072
"""Lines that are kept in memory, and written as one row group."""

# The fields of each kind of row behind its time, as columns.
_FIELDS: Final = {
    ADD: ("order", "side", "price", "size", "level"),
    REDUCE: ("order", "side", "price", "left", "level"),
    TRADE: ("trade", "aggressor", "price", "size", "maker", "taker", "left", "level"),
    LEVEL: ("side", "price", "level"),
    QUOTE: ("bid", "bid_size", "ask", "ask_size"),
    STATUS: ("status",),
    CLEAR: (),
    CLOCK: (),
    MARK: ("mark", "index", "open_interest"),
    FUNDING: ("rate", "predicted", "next_time"),
    LIQUIDATION: ("order", "side", "price", "size"),
    AUCTION: (
        *("purpose", "phase", "price", "volume", "imbalance"),
        *("bid", "bid_size", "ask", "ask_size", "reference", "ends"),
    ),
}
_PRICES: Final = ("price", "bid", "ask", "mark", "index", "reference")
_SIZES: Final = ("size", "left", "level", "bid_size", "ask_size", "open_interest")
_IDS: Final = ("order", "trade", "maker", "taker")
_SIDES: Final = ("side", "aggressor")
_AMOUNTS: Final = ("volume", "imbalance")  # of which -1 is one
_NAMES: Final = {"status": Status, "purpose": AuctionPurpose, "phase": AuctionPhase}
_TIMES: Final = ("next_time", "ends")
_RATES: Final = ("rate", "predicted")
_COLUMNS: Final = tuple(dict.fromkeys(name for fields in _FIELDS.values() for name in fields))


def _write(run: ExportRun, out: BinaryIO, packed: bool) -> None:
    del packed  # the format compresses by itself
    try:
        import pyarrow as pa  # noqa: PLC0415 - an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "needs the library pyarrow", where="Parquet", hint=install_hint("parquet")
        ) from None
    schema = _schema(pa).with_metadata({"feed.header": header_line(run.header).strip()})
    table = _Table(run)
    with parquet.ParquetWriter(out, schema, compression="zstd", version="2.6") as writer:
        for group, _ in run.groups():
            for seq, row in group:
                table.add(seq, row)
            if table.lines >= _ROW_GROUP:
                writer.write_table(pa.table(table.take(), schema=schema))
        if table.lines:
            writer.write_table(pa.table(table.take(), schema=schema))


def _schema(pa: Any) -> Any:
    text, number = pa.dictionary(pa.int32(), pa.string()), pa.float64()
    types = dict.fromkeys((*_PRICES, *_SIZES, *_AMOUNTS, *_RATES), number)
    types |= dict.fromkeys((*_SIDES, *_NAMES), text) | {name: pa.uint64() for name in _IDS}
    types |= dict.fromkeys(_TIMES, pa.timestamp("ns", "UTC"))
    first = [("seq", pa.int64()), ("ts", pa.timestamp("ns", "UTC")), ("symbol", text), ("kind", text)]
    return pa.schema(first + [(name, types[name]) for name in _COLUMNS])


class _Table:
    """Lines that wait to be written, by column."""

    def __init__(self, run: ExportRun) -> None:
        self._run = run
        self._columns: dict[str, list[Any]] = {}
        self._readers = {at: _readers(item) for at, item in run.instruments.items()}
        self._clear()

    @property
    def lines(self) -> int:
        """How many there are."""
        return len(self._columns["seq"])

    def add(self, seq: int, row: Row) -> None:
        """Add the line of a row."""
        fields = _FIELDS.get(row[0])
        if fields is None:
            self._run.leave_out(row[0])
            return
        self._run.written[KIND_NAMES[row[0]]] += 1
        read, columns = self._readers[row[1]], self._columns
        line = {name: read[name](value) for name, value in zip(fields, row[3:], strict=True)}
        if row[0] in (QUOTE, AUCTION):
            for side in ("bid", "ask"):
                line[side] = line[side] if line[f"{side}_size"] != 0 else None
        if row[0] == AUCTION:
            line |= {name: line[name] or None for name in ("price", "reference")}
        columns["seq"].append(seq)
        columns["ts"].append(row[2])
        columns["symbol"].append(self._run.instruments[row[1]].symbol if row[0] != CLOCK else None)
        columns["kind"].append(KIND_NAMES[row[0]])
        for name in _COLUMNS:
            columns[name].append(line.get(name))

    def take(self) -> dict[str, list[Any]]:
        """All of them; the table is empty afterwards."""
        columns = self._columns
        self._clear()
        return columns

    def _clear(self) -> None:
        self._columns = {name: [] for name in ("seq", "ts", "symbol", "kind", *_COLUMNS)}


def _readers(item: Instrument) -> dict[str, Callable[[int], Any]]:
    """What turns a number of a row into that of a column."""
    # Division of integers is rounded once, so that these are the doubles nearest to the decimals.
    price_scale, size_scale = 10**item.price_decimals, 10**item.size_decimals
    tick, lot = item.tick, item.lot
    readers: dict[str, Callable[[int], Any]] = {}
    readers |= dict.fromkeys(_PRICES, lambda ticks: ticks * tick / price_scale)
    readers |= dict.fromkeys(_SIZES, lambda lots: None if lots == UNKNOWN else lots * lot / size_scale)
    readers |= dict.fromkeys(_IDS, lambda number: number)
    readers |= dict.fromkeys(_SIDES, lambda side: None if side == UNKNOWN else Side(side).name.lower())
    readers |= dict.fromkeys(_RATES, lambda rate: rate / RATE_ONE)
    readers |= dict.fromkeys(_AMOUNTS, lambda lots: lots * lot / size_scale)
    readers |= dict.fromkeys(_TIMES, lambda ts: ts)
    readers |= {name: _named(kind) for name, kind in _NAMES.items()}
    return readers


def _named(kind: type[enum.IntEnum]) -> Callable[[int], str]:
    return lambda number: kind(number).name.lower()


def _is_parquet(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


EXPORTERS = (
    Exporter(
        name="parquet",
        about="Apache Parquet: one table of all events, prices and sizes as numbers",
        endings=(".parquet",),
        is_ours=_is_parquet,
        write=_write,
    ),
)
