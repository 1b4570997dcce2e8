"""
CSV files of Tardis.dev: trades, incremental order books and quotes.

Times are the exchange's (column ``timestamp``, microseconds). Files are sorted by receive time
(``local_timestamp``), so a time may be earlier than the one before it, and is clamped to that.

Source: Tardis.dev, "Downloadable CSV files: data types", https://docs.tardis.dev/downloadable-csv-files/data-types,
and "FAQ: order books", https://docs.tardis.dev/faq/order-books.
"""

from __future__ import annotations

from collections.abc import Iterator

from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.run import Importer, ImportRun, Malformed
from feed.importers.symbols import exact_symbol
from feed.importers.tables import by_header, drain, read_tables
from feed.model.events import UNKNOWN, Row

_BOOK = ("exchange", "symbol", "timestamp", "local_timestamp", "is_snapshot", "side", "price", "amount")
_TRADES = ("exchange", "symbol", "timestamp", "local_timestamp", "id", "side", "price", "amount")
_QUOTES = (
    "exchange",
    "symbol",
    "timestamp",
    "local_timestamp",
    "ask_amount",
    "ask_price",
    "bid_price",
    "bid_amount",
)
_BOOK_SIDES = {"bid": BUY, "ask": SELL}
_FLAGS = {"true": True, "false": False}
_AGGRESSORS = {"buy": BUY, "sell": SELL, "unknown": UNKNOWN, "": UNKNOWN}


def _arrival(cells: list[str]) -> int:
    """Files are in order of ``local_timestamp``."""
    return int(cells[3]) * 1000


class _Levels:
    """The book of one instrument: whether it is known, and whether its last line belonged to a snapshot."""

    def __init__(self, market: ImportedMarket) -> None:
        self.market = market
        self.known = False
        self.in_snapshot = False


class TardisBook:
    """
    The books of ``incremental_book_L2`` lines.

    Lines with the same ``local_timestamp`` came in one message, so a quote is made only after the last
    of them. A snapshot line after an update means that the connection to the exchange was opened
    again: the book is cleared. Updates before the first snapshot cannot be applied.
    """

    def __init__(self, run: ImportRun) -> None:
        self._run = run
        self._levels = {name: _Levels(market) for name, market in run.markets.items()}
        self._arrived = self._symbol = ""
        self._current: _Levels | None = None
        self._ts = 0

    def take(self, cells: list[str]) -> list[Row]:
        """Rows of one line, after the quote of the message before it."""
        _, symbol, timestamp, arrived, is_snapshot, side, price, amount = cells
        rows: list[Row] = []
        # The whole line is parsed before anything changes, so that a malformed one has no effect.
        book_side, in_snapshot = _BOOK_SIDES.get(side), _FLAGS.get(is_snapshot)
        if book_side is None or in_snapshot is None:
            raise Malformed(f"{is_snapshot!r} and {side!r} where true or false and bid or ask are expected")
        levels = self._levels[symbol]
        market = levels.market
        ticks, lots = market.prices[price], market.sizes[amount]
        if arrived != self._arrived or symbol != self._symbol:
            ts = int(timestamp) * 1000
            rows = self.finish()
            self._arrived, self._symbol, self._current = arrived, symbol, levels
            self._ts = self._run.monotonic(ts)
            self._run.messages["message"] += 1
        if in_snapshot and not levels.in_snapshot:
            levels.known = True
            rows.append(market.book.clear(self._ts))
            self._run.messages["snapshot"] += 1
        levels.in_snapshot = in_snapshot
        if levels.known:
            rows.append(market.book.level(self._ts, book_side, ticks, lots))
        else:
            self._too_early(symbol)
        return rows

    def finish(self) -> list[Row]:
        """The quote after the last line of a message."""
        current = self._current
        return self._run.quoted(current.market, self._ts) if current and current.known else []

    def _too_early(self, symbol: str) -> None:
        name = f"change of {symbol} before its snapshot"
        self._run.messages[name] += 1
        if self._run.messages[name] == 1:
            self._run.gap(
                f"expected a snapshot of {symbol} first, found a change; changes are left out until then"
            )


def _scan_book(run: ImportRun) -> None:
    add, updates = run.scan.add, run.scan.updates

    def take(cells: list[str]) -> tuple[()]:
        add(cells[1], cells[6], cells[7])
        updates[cells[1]] = None
        return ()

    drain(read_tables(run, by_header(take, _BOOK, _arrival)))


def _book(run: ImportRun) -> Iterator[list[Row]]:
    state = TardisBook(run)
    yield from read_tables(run, by_header(state.take, _BOOK, _arrival))
    yield state.finish()


def _scan_trades(run: ImportRun) -> None:
    add = run.scan.add

    def take(cells: list[str]) -> tuple[()]:
        add(cells[1], cells[6], cells[7])
        return ()

    drain(read_tables(run, by_header(take, _TRADES, _arrival)))


def _trades(run: ImportRun) -> Iterator[list[Row]]:
    def take(cells: list[str]) -> tuple[Row]:
        _, symbol, timestamp, _, _, side, price, amount = cells
        aggressor = _AGGRESSORS.get(side)
        if aggressor is None:
            raise Malformed(f"side is {side!r} where buy, sell or unknown is expected")
        ts = run.monotonic(int(timestamp) * 1000)
        run.messages["trade"] += 1
        return (run.trade(run.markets[symbol], ts, aggressor, price, amount),)

    return read_tables(run, by_header(take, _TRADES, _arrival))


def _scan_quotes(run: ImportRun) -> None:
    add = run.scan.add

    def take(cells: list[str]) -> tuple[()]:
        _, symbol, _, _, ask_size, ask, bid, bid_size = cells
        add(symbol, ask or "0", ask_size or "0")
        add(symbol, bid or "0", bid_size or "0")
        return ()

    drain(read_tables(run, by_header(take, _QUOTES, _arrival)))


def _quotes(run: ImportRun) -> Iterator[list[Row]]:
    def take(cells: list[str]) -> tuple[Row]:
        _, symbol, timestamp, _, ask_size, ask, bid, bid_size = cells
        market = run.markets[symbol]
        # An empty cell means that the side is empty.
        prices, sizes = market.prices, market.sizes
        quote = prices[bid or "0"], sizes[bid_size or "0"], prices[ask or "0"], sizes[ask_size or "0"]
        ts = run.monotonic(int(timestamp) * 1000)
        run.messages["quote"] += 1
        return (run.quote(market, ts, quote),)

    return read_tables(run, by_header(take, _QUOTES, _arrival))


IMPORTERS = (
    Importer(
        name="tardis-book",
        about="Tardis.dev CSV, incremental_book_L2",
        symbol=exact_symbol,
        scan=_scan_book,
        rows=_book,
    ),
    Importer(
        name="tardis-quotes",
        about="Tardis.dev CSV, quotes",
        symbol=exact_symbol,
        scan=_scan_quotes,
        rows=_quotes,
    ),
    Importer(
        name="tardis-trades",
        about="Tardis.dev CSV, trades",
        symbol=exact_symbol,
        scan=_scan_trades,
        rows=_trades,
    ),
)
