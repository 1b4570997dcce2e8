"""
CSV files of Tardis.dev: trades, incremental order books and quotes.

Times are the exchange's (column ``timestamp``, microseconds); files are sorted by arrival
(``local_timestamp``), so a time may lie before the one above it and is clamped.

Source: Tardis.dev, "Downloadable CSV files: data types", https://docs.tardis.dev/downloadable-csv-files/data-types,
and "FAQ: order books", https://docs.tardis.dev/faq/order-books.
"""

from __future__ import annotations

from collections.abc import Iterator

from feed.importers.books import BUY, SELL
from feed.importers.numbers import Market
from feed.importers.run import Importer, Malformed, Run
from feed.importers.symbols import verbatim
from feed.importers.tables import exhaust, named, read_tables
from feed.model.events import QUOTE, UNKNOWN, Row

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


class _Levels:
    """A book as its lines come in: which message a line belongs to, and whether a snapshot is running."""

    def __init__(self, market: Market) -> None:
        self.market = market
        self.known = False
        self.in_snapshot = False


class TardisBook:
    """
    Folds ``incremental_book_L2`` lines.

    Lines with one ``local_timestamp`` came in one message, so the book is only looked at between
    two of them. A snapshot line after a change line means that the exchange's connection was
    renewed: the book starts anew. Changes before the first snapshot cannot be applied.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._levels = {name: _Levels(market) for name, market in run.markets.items()}
        self._arrived = self._symbol = ""
        self._current: _Levels | None = None
        self._ts = 0

    def take(self, cells: list[str]) -> list[Row]:
        """Rows of one line; the quote of the message before comes first."""
        _, symbol, timestamp, arrived, is_snapshot, side, price, amount = cells
        rows: list[Row] = []
        # Everything is read before anything changes, so that a malformed line leaves no trace.
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
            self._ts = self._run.clock(ts)
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
        """The quote due once the last line of a message is in."""
        current = self._current
        return self._run.quoted(current.market, self._ts) if current and current.known else []

    def _too_early(self, symbol: str) -> None:
        name = f"change of {symbol} before its snapshot"
        self._run.messages[name] += 1
        if self._run.messages[name] == 1:
            self._run.gap(
                f"expected a snapshot of {symbol} first, found a change; changes are left out until then"
            )


def _survey_book(run: Run) -> None:
    see, updates = run.survey.see, run.survey.updates

    def take(cells: list[str]) -> tuple[()]:
        see(cells[1], cells[6], cells[7])
        updates[cells[1]] = None
        return ()

    exhaust(read_tables(run, named(take, _BOOK)))


def _book(run: Run) -> Iterator[list[Row]]:
    state = TardisBook(run)
    yield from read_tables(run, named(state.take, _BOOK))
    yield state.finish()


def _survey_trades(run: Run) -> None:
    see = run.survey.see

    def take(cells: list[str]) -> tuple[()]:
        see(cells[1], cells[6], cells[7])
        return ()

    exhaust(read_tables(run, named(take, _TRADES)))


def _trades(run: Run) -> Iterator[list[Row]]:
    def take(cells: list[str]) -> tuple[Row]:
        _, symbol, timestamp, _, _, side, price, amount = cells
        aggressor = _AGGRESSORS.get(side)
        if aggressor is None:
            raise Malformed(f"side is {side!r} where buy, sell or unknown is expected")
        ts = run.clock(int(timestamp) * 1000)
        run.messages["trade"] += 1
        return (run.trade(run.markets[symbol], ts, aggressor, price, amount),)

    return read_tables(run, named(take, _TRADES))


def _survey_quotes(run: Run) -> None:
    see = run.survey.see

    def take(cells: list[str]) -> tuple[()]:
        _, symbol, _, _, ask_size, ask, bid, bid_size = cells
        see(symbol, ask or "0", ask_size or "0")
        see(symbol, bid or "0", bid_size or "0")
        return ()

    exhaust(read_tables(run, named(take, _QUOTES)))


def _quotes(run: Run) -> Iterator[list[Row]]:
    def take(cells: list[str]) -> tuple[Row]:
        _, symbol, timestamp, _, ask_size, ask, bid, bid_size = cells
        market = run.markets[symbol]
        # An empty cell says that there is nobody on that side.
        prices, sizes = market.prices, market.sizes
        bid_ticks, ask_ticks = prices[bid or "0"], prices[ask or "0"]
        ts = run.clock(int(timestamp) * 1000)
        run.messages["quote"] += 1
        row = (QUOTE, market.index, ts, bid_ticks, sizes[bid_size or "0"], ask_ticks, sizes[ask_size or "0"])
        run.check_quote(market, row)
        return (row,)

    return read_tables(run, named(take, _QUOTES))


IMPORTERS = (
    Importer(
        name="tardis-book",
        about="Tardis.dev CSV, incremental_book_L2",
        symbol=verbatim,
        survey=_survey_book,
        rows=_book,
    ),
    Importer(
        name="tardis-quotes",
        about="Tardis.dev CSV, quotes",
        symbol=verbatim,
        survey=_survey_quotes,
        rows=_quotes,
    ),
    Importer(
        name="tardis-trades",
        about="Tardis.dev CSV, trades",
        symbol=verbatim,
        survey=_survey_trades,
        rows=_trades,
    ),
)
