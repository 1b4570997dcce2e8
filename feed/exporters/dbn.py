"""
Recordings as Databento DBN, by the library ``databento-dbn``.

A file has one schema: ``mbo`` (every event of a book; of a source without orders its levels), ``mbp-10``,
``mbp-1``, ``trades``, ``status``, or ``definition``, which says ticks and lots and belongs to each of the
others; or ``all``: definitions, and ``mbo`` and ``status`` as they come, as in a live stream. The dataset
is called FEED, the publisher is 0, an instrument's id is its place in the recording from 1, and a record's
sequence number that of the event in the recording.

What DBN has no words for: marks, funding, liquidations, rounds, signals, the ids of trades. Of auctions it
has the status.

Source: Databento, "Schemas and data formats", https://databento.com/docs/schemas-and-data-formats.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, BinaryIO, Final

import zstandard

from feed.exporters.dbn_levels import LevelsOut, QuotesOut, Shown, TradesOut
from feed.exporters.dbn_orders import OrdersOut
from feed.exporters.dbn_units import Change, Contents, Units, units
from feed.exporters.run import Exporter, ExportRun
from feed.importers.dbn_files import DBN_MAGIC, library
from feed.importers.dbn_instruments import (
    COMMODITY,
    CURRENCY,
    FUTURE,
    OWN_DATASET,
    PERPETUAL,
    SCALE,
    SHARE,
    UNDEFINED_PRICE,
)
from feed.model.durations import NS_PER_SECOND
from feed.model.events import ADD, LEVEL, QUOTE, STATUS, Row, Status
from feed.model.instruments import Contract, Instrument
from feed.recording.reader import MAGIC

_ALL: Final = "all"
_SCHEMAS: Final = ("mbo", "mbp-10", "mbp-1", "trades", "status", "definition", _ALL)
_CLASSES: Final = {"fx": CURRENCY, "equity": SHARE, "crypto": COMMODITY, "metal": COMMODITY}
_STATUSES: Final = {
    Status.TRADING: ("TRADING", True),
    Status.HALTED: ("HALT", False),
    Status.AUCTION: ("PRE_CROSS", False),
    Status.CLOSED: ("CLOSE", False),
    Status.DELISTED: ("NOT_AVAILABLE_FOR_TRADING", False),
}
# Lengths of texts in a definition, and of a symbol, less the zero that ends them.
_LONGEST: Final = {"asset": 10, "currency": 3, "group": 20, "security_type": 6, "underlying": 20}
_LONGEST_SYMBOL: Final = 70
_SEQUENCES: Final = 2**32
_LOOKED_AT: Final = 262_144  # bytes; a block of Zstandard is at most half of it


def _write(run: ExportRun, out: BinaryIO, packed: bool) -> None:
    dbn = library("DBN")
    contents = Contents.of(run)
    run.schema = run.schema or _schema(contents)
    known = units(run, contents.largest)
    content = _contents(run, dbn, known, contents)
    if not packed:
        out.writelines(content)
        return
    with zstandard.ZstdCompressor(write_checksum=True).stream_writer(out, closefd=False) as pack:
        for piece in content:
            pack.write(piece)


def _schema(contents: Contents) -> str:
    """The schema that says most of what a recording has."""
    if ADD in contents.kinds or LEVEL in contents.kinds:
        return "mbo"
    return "mbp-1" if QUOTE in contents.kinds else "trades"


def _contents(
    run: ExportRun, dbn: ModuleType, known: dict[int, Units], contents: Contents
) -> Iterator[bytes]:
    yield _metadata(run, dbn, contents).encode()
    for record in _records(run, dbn, known):
        run.written[_TYPES.get(type(record).__name__) or _KINDS[str(record.action)]] += 1
        yield bytes(record)


_TYPES: Final = {"InstrumentDefMsg": "definition", "StatusMsg": "status"}
_KINDS: Final = {"A": "add", "C": "cancel", "M": "modify", "R": "clear", "T": "trade", "F": "fill"}


def _metadata(run: ExportRun, dbn: ModuleType, contents: Contents) -> Any:
    interval = _day(contents.first), _day(contents.last) + timedelta(days=1)
    mappings = []
    for at, item in run.instruments.items():
        days = SimpleNamespace(start_date=interval[0], end_date=interval[1], symbol=str(at + 1))
        mappings.append(SimpleNamespace(raw_symbol=item.symbol, intervals=[days]))
    return dbn.Metadata(
        dataset=OWN_DATASET,
        start=contents.first,
        end=contents.last + 1,
        stype_in=dbn.SType.RAW_SYMBOL,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=None if run.schema == _ALL else dbn.Schema.from_str(run.schema),
        symbols=[item.symbol for item in run.instruments.values()],
        mappings=mappings,
    )


def _day(ts: int) -> date:
    return datetime.fromtimestamp(ts // NS_PER_SECOND, UTC).date()


def _records(run: ExportRun, dbn: ModuleType, known: dict[int, Units]) -> Iterator[Any]:
    if run.schema in ("definition", _ALL):
        for at, item in run.instruments.items():
            yield _definition(dbn, at, item, known[at], run.header.start)
    writer = _writer(run, dbn, known)
    for group, ended in run.groups():
        if writer is not None:
            yield from writer.records(group, ended=ended)


def _writer(run: ExportRun, dbn: ModuleType, known: dict[int, Units]) -> Any:
    """What makes the records of rows; None where there are only definitions."""
    make, statuses = _Records(dbn), _StatusesOut(run, dbn)
    writers: dict[str, Callable[[], Any]] = {
        _ALL: lambda: OrdersOut(run, known, make.order, statuses.status),
        "mbo": lambda: OrdersOut(run, known, make.order),
        "mbp-10": lambda: LevelsOut(run, known, make.ten_levels),
        "mbp-1": lambda: QuotesOut(run, known, make.one_level),
        "trades": lambda: TradesOut(run, known, make.trade),
        "status": lambda: statuses,
        "definition": lambda: None,
    }
    return writers[run.schema]()


class _Records:
    """Makes the library's records of numbers."""

    def __init__(self, dbn: ModuleType) -> None:
        self._dbn = dbn
        self._actions = {str(one): one for one in dbn.Action.variants()}
        self._sides = {str(one): one for one in dbn.Side.variants()}

    def _common(self, seq: int, row: Row, change: Change) -> dict[str, Any]:
        return {
            "publisher_id": 0,
            "instrument_id": row[1] + 1,
            "ts_event": row[2],
            "ts_recv": row[2],
            "action": self._actions[change.action],
            "side": self._sides[change.side],
            "price": change.price,
            "size": change.size,
            "flags": change.flags,
            "sequence": seq % _SEQUENCES,
        }

    def order(self, seq: int, row: Row, change: Change) -> Any:
        """A record of the schema ``mbo``."""
        return self._dbn.MBOMsg(order_id=change.order, **self._common(seq, row, change))

    def trade(self, seq: int, row: Row, change: Change, _: Shown) -> Any:
        """A record of the schema ``trades``."""
        return self._dbn.TradeMsg(depth=0, **self._common(seq, row, change))

    def one_level(self, seq: int, row: Row, change: Change, shown: Shown) -> Any:
        """A record of the schema ``mbp-1``."""
        level = self._pairs(shown)[0]
        return self._dbn.MBP1Msg(depth=0, levels=level, **self._common(seq, row, change))

    def ten_levels(self, seq: int, row: Row, change: Change, shown: Shown) -> Any:
        """A record of the schema ``mbp-10``."""
        levels = self._pairs(shown or [(UNDEFINED_PRICE, 0, UNDEFINED_PRICE, 0)] * 10)
        place = next((at for at, one in enumerate(levels) if change.price in (one.bid_px, one.ask_px)), 0)
        return self._dbn.MBP10Msg(depth=place, levels=levels, **self._common(seq, row, change))

    def _pairs(self, shown: Shown) -> list[Any]:
        pair = self._dbn.BidAskPair
        return [
            pair(bid_px=bid, bid_sz=bid_size, ask_px=ask, ask_sz=ask_size)
            for bid, bid_size, ask, ask_size in shown
        ]


class _StatusesOut:
    """Whether instruments are traded."""

    def __init__(self, run: ExportRun, dbn: ModuleType) -> None:
        self._run = run
        self._dbn = dbn

    def records(self, group: list[tuple[int, Row]], *, ended: bool) -> Iterator[Any]:
        """The records of rows of one market time."""
        del ended
        for _, row in group:
            if row[0] == STATUS:
                yield from filter(None, [self.status(row)])
            else:
                self._run.leave_out(row[0])

    def status(self, row: Row) -> Any | None:
        """The record of a row that tells a status; None, and counted, for one that DBN has no word for."""
        said, dbn = _STATUSES.get(Status(row[3])), self._dbn
        if said is None:
            self._run.leave_out(row[0])
            return None
        action, trading = said
        return dbn.StatusMsg(
            publisher_id=0,
            instrument_id=row[1] + 1,
            ts_event=row[2],
            ts_recv=row[2],
            action=getattr(dbn.StatusAction, action),
            is_trading=dbn.TriState.YES if trading else dbn.TriState.NO,
        )


def _definition(dbn: ModuleType, at: int, item: Instrument, known: Units, start: int) -> Any:
    perpetual = item.contract is Contract.PERPETUAL
    kind = FUTURE if perpetual else _CLASSES.get(item.asset_class, COMMODITY)
    texts = {
        "asset": item.base,
        "currency": item.quote,
        "group": item.venue,
        "security_type": item.asset_class,
        "underlying": item.underlying,
    }
    return dbn.InstrumentDefMsg(
        publisher_id=0,
        instrument_id=at + 1,
        raw_instrument_id=at + 1,
        ts_event=start,
        ts_recv=start,
        min_price_increment=known.price(1),
        display_factor=10**SCALE,
        raw_symbol=item.symbol[:_LONGEST_SYMBOL],
        instrument_class=next(one for one in dbn.InstrumentClass.variants() if str(one) == kind),
        security_update_action=dbn.SecurityUpdateAction.ADD,
        unit_of_measure=item.base[: _LONGEST["asset"]],
        unit_of_measure_qty=item.lot * known.lots * 10 ** (SCALE - item.size_decimals),
        secsubtype=PERPETUAL if perpetual else "",
        # A text that is too long is left out rather than cut into another name.
        **{name: text if len(text) <= _LONGEST[name] else "" for name, text in texts.items()},
    )


def _is_dbn(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT)
    if head.startswith(MAGIC):
        try:
            head = zstandard.ZstdDecompressor().decompressobj().decompress(head)
        except zstandard.ZstdError:
            return False
    return head.startswith(DBN_MAGIC)


EXPORTERS = (
    Exporter(
        name="dbn",
        about="Databento DBN: mbo, mbp-10, mbp-1, trades, status, definition, or all; .dbn and .dbn.zst",
        endings=(".dbn", ".dbn.zst"),
        schemas=_SCHEMAS,
        passes=2,
        is_ours=_is_dbn,
        write=_write,
    ),
)
