"""
Databento DBN: order by order (``mbo``), by price (``mbp-1``, ``tbbo``, ``mbp-10``), trades and statuses.

Files are ``.dbn`` or ``.dbn.zst``, of any of these schemas, of one or several instruments; they are read as
one tape by the time at which the vendor received each record. Definitions among them give ticks and symbols.
An instrument that several schemas tell of is read from the one that tells most.

Events have the time of the venue (``ts_event``), and those of a replayed book that of its receipt; a time
that goes back is held at the one before.

Source: Databento, "Schemas and data formats", https://databento.com/docs/schemas-and-data-formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final, NamedTuple

from feed.errors import ConfigError
from feed.importers.books import ImportedMarket
from feed.importers.dbn_files import Names, Record, event_time, read
from feed.importers.dbn_instruments import OWN_DATASET, SCALE, UNDEFINED_PRICE, PriceSteps, instrument
from feed.importers.dbn_levels import BookOfLevels, Levels, LevelsRecord
from feed.importers.dbn_orders import FLAG_LAST, FLAG_SNAPSHOT, OrderBookOfRecords, OrderRecord
from feed.importers.run import UNREADABLE, Importer, ImportRun
from feed.importers.symbols import exact_symbol
from feed.model.events import STATUS, UNKNOWN, Row, Status
from feed.model.instruments import OffGrid

_ORDERS, _TEN_LEVELS, _ONE_LEVEL, _TRADES, _STATUS = "MBOMsg", "MBP10Msg", "MBP1Msg", "TradeMsg", "StatusMsg"
# Ascending: the one of these that tells most of an instrument is read.
_RANKED: Final = (_TRADES, _ONE_LEVEL, _TEN_LEVELS, _ORDERS)
_DEPTHS: Final = {_TEN_LEVELS: 10, _ONE_LEVEL: 1}
_TOLD_BETTER: Final = "told in full by another schema"
_WITHOUT_EVENTS: Final = "definition or other record without events"
_SIDES: Final = {"B": 0, "A": 1}
_ACTIONS: Final = {
    "A": "add",
    "C": "cancel",
    "M": "modify",
    "R": "clear",
    "T": "trade",
    "F": "fill",
    "N": "no change",
}
_STATUSES: Final = {
    "TRADING": Status.TRADING,
    "PRE_OPEN": Status.AUCTION,
    "PRE_CROSS": Status.AUCTION,
    "CROSS": Status.AUCTION,
    "ROTATION": Status.AUCTION,
    "HALT": Status.HALTED,
    "PAUSE": Status.HALTED,
    "SUSPEND": Status.HALTED,
    "QUOTING": Status.HALTED,
    "CLOSE": Status.CLOSED,
    "POST_CLOSE": Status.CLOSED,
    "NOT_AVAILABLE_FOR_TRADING": Status.DELISTED,
}


class _Told(NamedTuple):
    """What a record says of its instrument; the symbol is that of the metadata, and may be empty."""

    dataset: str
    publisher: int
    number: int
    mapped: str


class _Scan:
    """First pass: instruments, their units, and the schema from which each is read."""

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._names = Names()
        self._definitions: dict[tuple[str, int], Any] = {}
        self._kinds: dict[_Told, dict[str, None]] = {}
        self._steps: dict[_Told, PriceSteps] = {}

    def read(self) -> None:
        """Read all files, and say in ``run.scan`` what is in them."""
        for found in read(self._run, self._names):
            self._take(found)
        best: dict[str, str] = {}
        if self._definitions and not self._kinds:
            raise ConfigError(
                "there are definitions alone, and no events",
                where=", ".join(map(str, self._run.paths)),
                hint="give them together with files of orders, levels or trades",
            )
        # What was exported from a recording gets its order again; all else that of its first records.
        ordered = sorted(self._kinds, key=lambda told: told.number if told.dataset == OWN_DATASET else 0)
        names = {told: self._name(told) for told in ordered}
        for told, name in names.items():
            kind = max(self._kinds[told], key=_RANKED.index)
            best[name] = max(best.get(name, kind), kind, key=_RANKED.index)
        scan = self._run.scan
        for told, name in names.items():
            kind = best[name]
            scan.sources[told, kind] = scan.sources[told, _STATUS] = (name, kind)
            scan.decimals_of(name)
            if kind in (_ORDERS, _TEN_LEVELS):
                scan.books[name] = None
            definition = self._definitions.get((told.dataset, told.number))
            scan.described[name] = instrument(
                name, self._steps_of(name, names), definition, own=told.dataset == OWN_DATASET
            )

    def _take(self, found: Record) -> None:
        kind, record = type(found.record).__name__, found.record
        dataset, publisher, number = found.venue
        if kind in _RANKED:
            told = _Told(dataset, publisher, number, self._names.mapped(dataset, number, found.received))
            steps = self._steps.get(told)
            if steps is None:
                steps = self._steps[told] = PriceSteps()
            self._kinds.setdefault(told, {})[kind] = None
            steps.add(record.price)
            for level in record.levels if kind in _DEPTHS else ():
                steps.add(level.bid_px)
                steps.add(level.ask_px)
        elif kind == "InstrumentDefMsg":
            self._definitions[dataset, number] = record
            self._names.add(dataset, number, record.raw_symbol)
        elif kind == "SymbolMappingMsg":
            # Whoever asks by id is told a symbol, and whoever asks by symbol an id.
            symbol = record.stype_out_symbol
            self._names.add(dataset, number, record.stype_in_symbol if symbol.isdigit() else symbol)

    def _name(self, told: _Told) -> str:
        name = self._names.known(told.dataset, told.number) or told.mapped
        name = name or self._run.options.symbol or str(told.number)
        # One symbol on several venues of a dataset is as many instruments.
        places = [one for one in self._kinds if one.dataset == told.dataset and one.number == told.number]
        return name if places[0].publisher == told.publisher else f"{name}@{told.publisher}"

    def _steps_of(self, name: str, names: dict[_Told, str]) -> PriceSteps:
        steps = PriceSteps()
        for told, other in names.items():
            if other == name:
                steps.add(self._steps[told].step)
        return steps


class _Units:
    """Ticks and lots of the prices and sizes of one instrument in its records."""

    def __init__(self, run: ImportRun, market: ImportedMarket, name: str) -> None:
        self._instrument = market.instrument
        self._tick = int(market.instrument.tick_size.scaleb(SCALE))
        lots = Fraction(run.scan.described[name].lot_size) / Fraction(market.instrument.lot_size)
        self._lots, self._into = lots.numerator, lots.denominator

    def price(self, price: int) -> int:
        """Integer ticks."""
        ticks, rest = divmod(price, self._tick)
        if rest:
            raise OffGrid(f"{price / 10**SCALE} is not a multiple of {self._instrument.tick_size}")
        return ticks

    def price_or_none(self, price: int) -> int | None:
        """Integer ticks; None for no price."""
        return None if price == UNDEFINED_PRICE else self.price(price)

    def size(self, size: int) -> int:
        """Integer lots."""
        lots = size * self._lots
        if self._into == 1:
            return lots
        if lots % self._into:
            raise OffGrid(f"a size of {size} is not a multiple of {self._instrument.lot_size}")
        return lots // self._into


class _Market:
    """One instrument while its records become rows; an event is what happens in it at one time."""

    def __init__(self, run: ImportRun, name: str, kind: str) -> None:
        self._run = run
        self._market = run.markets[name]
        self._kind = kind
        self._units = _Units(run, self._market, name)
        self._orders = OrderBookOfRecords(run, self._market)
        self._levels = BookOfLevels(run, self._market, _DEPTHS.get(kind, 1))
        self._begun: int | None = None

    def take(self, record: Any) -> list[Row]:
        """The rows of one record."""
        flags = record.flags
        happened = event_time(record, snapshot=bool(flags & FLAG_SNAPSHOT))
        # All of a record is read before anything changes, so that a malformed one has no effect.
        content = self._read(record)
        rows = self.end() if self._begun not in (None, happened) else []
        self._begun = happened
        ts = self._run.monotonic(happened)
        self._run.messages[_ACTIONS.get(str(record.action), "other")] += 1
        match content:
            case OrderRecord():
                rows += self._orders.take(ts, content)
            case LevelsRecord():
                rows += self._levels.take(ts, content)
            case _:
                side = _SIDES.get(str(record.side), UNKNOWN)
                rows.append(self._run.trade_of(self._market, ts, side, *content))
        return rows + self.end() if flags & FLAG_LAST else rows

    def end(self) -> list[Row]:
        """What there is to say when an event has ended."""
        if self._begun is None:
            return []
        self._begun = None
        if self._kind == _ORDERS:
            return self._orders.end(self._run.now)
        return self._levels.end(self._run.now) if self._kind in _DEPTHS else []

    def status(self, record: Any) -> list[Row]:
        """The row of a record of the schema ``status``; none where it tells nothing of trading."""
        status = _STATUSES.get(getattr(record.action, "name", ""))
        if status is None and record.is_trading is not None:
            status = Status.TRADING if record.is_trading else Status.HALTED
        if status is None:
            return []
        ts = self._run.monotonic(event_time(record, snapshot=False))
        return [*self.end(), (STATUS, self._market.index, ts, status)]

    def _read(self, record: Any) -> OrderRecord | LevelsRecord | tuple[int, int]:
        units, size = self._units, self._units.size(record.size)
        if self._kind == _TRADES:
            return units.price(record.price), size
        action, side = str(record.action), _SIDES.get(str(record.side), UNKNOWN)
        price = units.price_or_none(record.price)
        if self._kind == _ORDERS:
            return OrderRecord(action, side, price, size, record.order_id, record.flags)
        return LevelsRecord(action, side, price, size, *self._sides(record.levels))

    def _sides(self, levels: Any) -> tuple[Levels, Levels]:
        price, size = self._units.price, self._units.size
        bids = [(price(one.bid_px), size(one.bid_sz)) for one in levels if one.bid_px != UNDEFINED_PRICE]
        asks = [(price(one.ask_px), size(one.ask_sz)) for one in levels if one.ask_px != UNDEFINED_PRICE]
        return bids, asks


def _rows(run: ImportRun) -> Iterator[list[Row]]:
    """Second pass: the events."""
    batch: list[Row] = []
    markets: dict[str, _Market] = {}
    names = Names()
    for found in read(run, names):
        dataset, publisher, number = found.venue
        kind, record = type(found.record).__name__, found.record
        told = _Told(dataset, publisher, number, names.mapped(dataset, number, found.received))
        source = run.scan.sources.get((told, kind))
        run.path, run.number = run.paths[found.file], found.number
        if source is None:
            run.messages[_TOLD_BETTER if kind in _RANKED else _WITHOUT_EVENTS] += 1
            continue
        market = markets.get(source[0])
        if market is None:
            market = markets[source[0]] = _Market(run, *source)
        try:
            batch += market.status(record) if kind == _STATUS else market.take(record)
        except UNREADABLE as problem:
            run.malformed(problem)
        if len(batch) >= run.bounds.batch_rows:
            yield batch
            batch = []
    for market in markets.values():
        batch += market.end()
    yield batch


IMPORTERS = (
    Importer(
        name="dbn",
        about="Databento DBN: mbo, mbp-1, tbbo, mbp-10, trades, status, definition; .dbn and .dbn.zst",
        symbol=exact_symbol,
        scan=lambda run: _Scan(run).read(),
        rows=_rows,
        notes=(
            "Times are those of the venue; of a replayed book, that of its receipt.",
            "Without a definition the tick is the greatest step that all prices are multiples of.",
        ),
    ),
)
