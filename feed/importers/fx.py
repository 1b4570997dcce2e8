"""
CSV files of FX quotes: a time, a bid and an ask per line.

The layout is detected from the first line: a header that names the columns (``time``, ``Gmt
time``, ``timestamp``; ``bid``; ``ask``; optionally ``symbol``, ``BidVolume``, ``AskVolume``), as JForex
and many others write it; without one, HistData (``20120201 000003660,1.30660,1.30677,0``) or TrueFX
(``EUR/USD,20120102 00:00:00.123,1.29410,1.29430``). For other layouts the options name the columns.
If no column has the instrument, it is taken from the file name (``DAT_ASCII_EURUSD_T_201202.csv``).

Times are UTC, except HistData's, which are New York's standard time all year (UTC-5). Quotes without
sizes get one lot, since a quote of size 0 would mean an empty side.

Source: HistData, "Data file specifications", section Generic ASCII in Ticks,
https://www.histdata.com/f-a-q/data-files-detailed-specification/;
TrueFX, "Historical downloads", https://www.truefx.com/truefx-historical-downloads/; Dukascopy ticks as
https://github.com/FX31337/go-duka writes them, README, section CSV Format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from feed.errors import ConfigError
from feed.importers import fx_bars
from feed.importers.run import Importer, ImportRun
from feed.importers.symbols import fx_symbol
from feed.importers.tables import Layout, ParseLine, TimeOf, drain, read_tables
from feed.importers.times import names_time_zone, time_parser
from feed.model.durations import NS_PER_HOUR
from feed.model.events import Row

_NAMES = {
    "time": ("", "time", "gmt time", "timestamp", "datetime", "date", "date time", "utc", "etc/utc time"),
    "bid": ("bid", "bid price", "bidprice", "rateb"),
    "ask": ("ask", "ask price", "askprice", "offer", "ratea"),
    "symbol": ("symbol", "pair", "instrument", "ticker", "currency pair"),
    "bid_size": ("bid_size", "bidvolume", "bid volume", "bid_volume", "bidsize"),
    "ask_size": ("ask_size", "askvolume", "ask volume", "ask_volume", "asksize"),
}
_HISTDATA = re.compile(r"\d{8} \d{9}[,;]")
_TRUEFX = re.compile(r"[A-Za-z]{3}/[A-Za-z]{3},\d{8} \d\d:\d\d:\d\d\.")
_PAIR = re.compile(r"(?<![A-Za-z])([A-Za-z]{3})[-_/]?([A-Za-z]{3})(?![A-Za-z])")


@attrs.frozen(kw_only=True)
class Columns:
    """
    Indexes of the columns of a quote; None for a column that a file does not have.

    Attributes:
        hours: How far the file's clock is ahead of UTC, unless the options say otherwise.
        header: Whether the first line holds names.
        separator: Text between two cells.
    """

    time: int
    bid: int
    ask: int
    symbol: int | None = None
    bid_size: int | None = None
    ask_size: int | None = None
    hours: float = 0.0
    header: bool = False
    separator: str = ","


def columns(first: str, given: str, where: str) -> Columns:
    """
    The layout of a file.

    Args:
        first: Its first line.
        given: Names of the columns from the options; empty to detect them.
        where: ``file:line`` for errors.
    Raises:
        ConfigError: It has no column for the time, the bid or the ask.
    """
    separator = next((mark for mark in ";\t" if mark in first), ",")
    if given:
        return _named(given.split(","), separator, header=not re.search(r"\d", first), where=where)
    if _HISTDATA.match(first):
        return Columns(time=0, bid=1, ask=2, hours=-5.0, separator=separator)
    if _TRUEFX.match(first):
        return Columns(symbol=0, time=1, bid=2, ask=3)
    return _named(first.split(separator), separator, header=True, where=where)


def _named(names: list[str], separator: str, *, header: bool, where: str) -> Columns:
    plain = [name.strip().strip('"').lower() for name in names]
    found: dict[str, int] = {}
    for column, spellings in _NAMES.items():
        for at, name in enumerate(plain):
            if name in spellings:
                found.setdefault(column, at)
    for needed in ("time", "bid", "ask"):
        if needed not in found:
            raise ConfigError(
                f"no {needed} column in {separator.join(names)[:80]!r}",
                where=where,
                hint="name the columns, such as time,bid,ask",
            )
    return Columns(**found, header=header, separator=separator)


def _name(run: ImportRun, path: Path) -> str:
    """The instrument of a file without a column for it: from the options, else from the file name."""
    if run.options.symbol:
        return run.options.symbol
    found = _PAIR.search(path.name.removeprefix("DAT_ASCII_"))
    if not found:
        raise ConfigError(
            "its name does not say which instrument it is", where=str(path), hint="name the symbol"
        )
    return "".join(found.groups()).upper()


def _read(run: ImportRun, make: Callable[[ImportRun, Columns, str], ParseLine]) -> Iterator[list[Row]]:
    def layout(path: Path, first: str) -> Layout:
        where = columns(first, run.options.columns, f"{path}:1")
        name = "" if where.symbol is not None else _name(run, path)
        order = [where.time, where.bid, where.ask]
        needed = ["time", "bid", "ask"]
        for extra in ("symbol", "bid_size", "ask_size"):
            if (at := getattr(where, extra)) is not None:
                order.append(at)
                needed.append(extra)
        last = max(order) + 1
        return Layout(
            make(run, where, name),
            tuple(needed[order.index(at)] if at in order else "..." for at in range(last)),
            separator=where.separator,
            header=where.header,
            time=_clock(run, where),
        )

    return read_tables(run, layout)


def _ahead(run: ImportRun, where: Columns) -> int:
    """How far the file's clock is ahead of UTC, nanoseconds."""
    hours = where.hours if run.options.utc_offset_hours is None else run.options.utc_offset_hours
    return int(hours * NS_PER_HOUR)


def _clock(run: ImportRun, where: Columns) -> TimeOf:
    """The time of a line, in the format of the first."""
    ahead = _ahead(run, where)
    read: Callable[[str], int] | None = None

    def time(cells: list[str]) -> int:
        nonlocal read
        if read is None:
            read = time_parser(cells[where.time])
        return read(cells[where.time]) - ahead

    return time


def _bars(run: ImportRun) -> fx_bars.Bars | None:
    """The bars in the files, in pairs of bid and ask; None when the files hold quotes."""
    return fx_bars.pairs(run, lambda path: _name(run, path))


def _scan_take(run: ImportRun, where: Columns, name: str) -> ParseLine:
    add = run.scan.add

    def take(cells: list[str]) -> tuple[()]:
        pair = name if where.symbol is None else cells[where.symbol]
        add(pair, cells[where.bid], "1" if where.bid_size is None else cells[where.bid_size])
        add(pair, cells[where.ask], "1" if where.ask_size is None else cells[where.ask_size])
        return ()

    return take


def _take(run: ImportRun, where: Columns, name: str) -> ParseLine:
    ahead = _ahead(run, where)
    read: Callable[[str], int] | None = None

    def take(cells: list[str]) -> tuple[Row]:
        nonlocal read
        time = cells[where.time]
        if read is None:
            read = time_parser(time)
            if run.options.utc_offset_hours is not None and names_time_zone(time):
                raise fx_bars.zone_conflict(run.where)
        market = run.markets[name if where.symbol is None else cells[where.symbol]]
        bid, ask = market.prices[cells[where.bid]], market.prices[cells[where.ask]]
        bid_size = 1 if where.bid_size is None else market.sizes[cells[where.bid_size]]
        ask_size = 1 if where.ask_size is None else market.sizes[cells[where.ask_size]]
        ts = run.monotonic(read(time) - ahead)
        run.messages["quote"] += 1
        return (run.quote(market, ts, (bid, bid_size, ask, ask_size)),)

    return take


def _scan(run: ImportRun) -> None:
    bars = _bars(run)
    if bars is None:
        drain(_read(run, _scan_take))
    else:
        bars.scan()


def _rows(run: ImportRun) -> Iterator[list[Row]]:
    bars = _bars(run)
    return _read(run, _take) if bars is None else bars.rows()


IMPORTERS = (
    Importer(
        name="fx-csv",
        about="FX quotes as CSV: HistData, TrueFX, JForex, pandas, any with named columns; bid and ask bars",
        symbol=fx_symbol,
        scan=_scan,
        rows=_rows,
        notes=("Where the source gives no sizes, one lot stands for them.", fx_bars.NOTE),
    ),
)
