"""
Binance's public data files: trades, aggregate trades and klines, as CSV or the zip they come in.

The instrument is the first part of the file name (``BTCUSDT-trades-2024-01-01.zip``). Times are
milliseconds, or microseconds in spot files from 2025 on; only futures files have a header. Ids of
trades and aggregate trades are consecutive, and so are the times of klines; where they are not, a
gap is reported, and only the trades in it are missing.

A kline is replaced by the fewest trades that result in the same kline: open, high and low in the
order of the shorter path, and close, evenly spaced over its interval, with equal shares of its volume;
none when its volume is 0. Number, times, sizes and sides of these trades are not the market's; the
recording's provenance says so.

Source: Binance, "Binance Public Data", https://github.com/binance/binance-public-data, README, section
Data Information.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.run import Importer, ImportRun, Malformed
from feed.importers.symbols import crypto_symbol
from feed.importers.tables import Layout, ParseLine, TimeOf, drain, read_tables
from feed.importers.times import epoch_number
from feed.model.events import UNKNOWN, Row

_TRADES = ("id", "price", "quantity", "quote quantity", "time", "is buyer maker")
_AGG_TRADES = ("id", "price", "quantity", "first id", "last id", "time", "is buyer maker")
_KLINES = ("open time", "open", "high", "low", "close", "volume", "close time")
# From "is buyer maker": the aggressor is the other side.
_AGGRESSORS = {"true": SELL, "True": SELL, "TRUE": SELL, "false": BUY, "False": BUY, "FALSE": BUY}

# Makes the line parser of one instrument, given its name.
_Make = Callable[[ImportRun, str], ParseLine]


def _read(run: ImportRun, columns: tuple[str, ...], make: _Make, time: int) -> Iterator[list[Row]]:
    def layout(path: Path, first: str) -> Layout:
        name = run.options.symbol or path.name.partition("-")[0]
        return Layout(make(run, name), columns, header=not first[:1].isdigit(), time=_time_in(time))

    return read_tables(run, layout)


def _time_in(column: int) -> TimeOf:
    return lambda cells: epoch_number(cells[column])


def _scan_prices(run: ImportRun, name: str) -> ParseLine:
    add = run.scan.add

    def take(cells: list[str]) -> tuple[()]:
        add(name, cells[1], cells[2])
        return ()

    return take


def _scan_klines(run: ImportRun, name: str) -> ParseLine:
    add = run.scan.add

    def take(cells: list[str]) -> tuple[()]:
        # One more decimal than the volume has, so that it can be divided among the trades.
        volume = cells[5].rstrip("0") if "." in cells[5] else f"{cells[5]}."
        for price in cells[1:5]:
            add(name, price, f"{volume}1")
        return ()

    return take


class _SequenceCheck:
    """Checks that numbers are consecutive, and reports a gap where they are not."""

    def __init__(self, run: ImportRun, what: str) -> None:
        self._run = run
        self._what = what
        self._rule = f"{what} follows the one before"
        self._next: int | None = None

    def check(self, found: int, following: int) -> None:
        if self._next is not None:
            if found == self._next:
                self._run.checked[self._rule] += 1
            else:
                self._run.gap(f"expected {self._what} {self._next}, found {found}")
        self._next = following


def _take_trades(run: ImportRun, name: str, *, what: str, time: int) -> ParseLine:
    market, follow = run.markets[name], _SequenceCheck(run, f"{what} of {name}")

    def take(cells: list[str]) -> tuple[Row]:
        number = int(cells[0])
        ts = epoch_number(cells[time])
        aggressor = _AGGRESSORS.get(cells[time + 1])
        if aggressor is None:
            raise Malformed(f"{cells[time + 1]!r} where true or false is expected")
        follow.check(number, number + 1)
        run.messages[what] += 1
        return (run.trade(market, run.monotonic(ts), aggressor, cells[1], cells[2]),)

    return take


def _take_klines(run: ImportRun, name: str) -> ParseLine:
    market, follow = run.markets[name], _SequenceCheck(run, f"kline of {name} at")

    def take(cells: list[str]) -> list[Row]:
        opened, closed = int(cells[0]), int(cells[6])
        o, h, l, c = (market.prices[cell] for cell in cells[1:5])  # noqa: E741 - the usual letters
        lots = market.sizes[cells[5]]
        if not l <= min(o, c) <= max(o, c) <= h or closed < opened:
            raise Malformed("expected low <= open, close <= high, and an end after the beginning")
        follow.check(opened, closed + 1)
        run.messages["kline"] += 1
        start, end = epoch_number(cells[0]), epoch_number(cells[6])
        return _kline_trades(run, market, (start, end), kline_prices(o, h, l, c), lots)

    return take


def kline_prices(o: int, h: int, l: int, c: int) -> list[int]:  # noqa: E741 - the usual letters
    """The fewest prices, in order, whose kline has this open, high, low and close."""
    middle = [l, h] if c >= o else [h, l]
    path = [o, *[price for price in middle if price not in {o, c}], c]
    return path[:1] if len(path) == 2 and o == c else path


def _kline_trades(
    run: ImportRun, market: ImportedMarket, span: tuple[int, int], prices: list[int], lots: int
) -> list[Row]:
    if not lots:
        run.messages["kline without trades"] += 1
        return []
    count = len(prices)
    share, rest = divmod(lots, count)
    if not share:
        raise Malformed(f"{lots} lots cannot have traded at {count} prices")
    start, end = span
    rows: list[Row] = []
    for at, price in enumerate(prices):
        ts = run.monotonic(end if at and at == count - 1 else start + (end - start) * at // count)
        size = share + (rest if at == count - 1 else 0)
        rows.append(run.trade_of(market, ts, UNKNOWN, price, size))
    return rows


def _importer(
    name: str,
    about: str,
    columns: tuple[str, ...],
    *,
    scan: _Make,
    take: _Make,
    time: int,
    notes: tuple[str, ...] = (),
) -> Importer:
    return Importer(
        name=name,
        about=about,
        symbol=crypto_symbol,
        scan=lambda run: drain(_read(run, columns, scan, time)),
        rows=lambda run: _read(run, columns, take, time),
        notes=notes,
    )


IMPORTERS = (
    _importer(
        "binance-trades",
        "Binance public data, trades",
        _TRADES,
        scan=_scan_prices,
        take=partial(_take_trades, what="trade", time=4),
        time=4,
    ),
    _importer(
        "binance-aggtrades",
        "Binance public data, aggregate trades",
        _AGG_TRADES,
        scan=_scan_prices,
        take=partial(_take_trades, what="aggregate trade", time=5),
        time=5,
    ),
    _importer(
        "binance-klines",
        "Binance public data, klines (each becomes up to four trades that stand for it)",
        _KLINES,
        scan=_scan_klines,
        take=_take_klines,
        time=0,
        notes=(
            "Trades were made up from klines: open, high, low, close and volume are true, the rest is not.",
        ),
    ),
)
