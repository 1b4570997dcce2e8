"""
Raw captures of BitMEX: orderBookL2 (or orderBookL2_25, orderBook10), trade and quote.

A level has an id for as long as it is there; its price is told when it is inserted, and updates and
deletions name the id alone. An update or a deletion of an id that is not there, or an insertion of one that
is, shows that a message is missing: the book is cleared until its next ``partial``. What comes before the
first ``partial`` is left out, as the exchange asks clients to. Where several books of an instrument were
captured, orderBookL2 is used, then orderBookL2_25, then orderBook10, which is whole at each message.

Levels have a time since 2022. Where a message of a book has none, all events of the capture have the time
they were received, so that books and trades keep their order. The ``partial`` of trades is the last one
before the subscription, and left out. Quotes are made from the book; the table ``quote`` is compared with it,
and becomes quotes only where no book was captured.

XBT is BTC. Sizes are contracts: of XBTUSD one is a US dollar. Tick and lot sizes are those of the exchange's
list of instruments where the file of REST answers is given too, else the smallest that occur.

Source: BitMEX, "WebSocket API", sections Subscriptions and Response Format,
https://www.bitmex.com/app/wsAPI; "OrderBookL2" and "Instrument" of https://www.bitmex.com/api/explorer/.
"""

from __future__ import annotations

from typing import Final

from feed.importers.bitmex_messages import (
    INSTRUMENTS,
    LEVELS,
    MESSAGE,
    QUOTES,
    TEN,
    Level,
    Message,
    Quote,
    Ten,
    Trade,
    known,
    traded,
)
from feed.importers.books import BUY, SELL
from feed.importers.captures import CaptureReader, capture_importer, listed
from feed.importers.numbers import json_decimal
from feed.importers.run import ImportRun, Malformed
from feed.importers.symbol_scan import Definition
from feed.importers.symbols import Symbol, contract_symbol
from feed.importers.times import iso_utc
from feed.importers.verified_books import Action, Change, VerifiedBook
from feed.model.events import UNKNOWN, Row

_SIDES: Final = {"Buy": BUY, "Sell": SELL}
_AGGRESSORS: Final = _SIDES | {"": UNKNOWN}
_BOOKS: Final = {"orderBookL2": 3, "orderBookL2_25": 2, "orderBook10": 1}
"""The tables that are books, and how good each is."""
_ACTIONS: Final = {"insert": Action.INSERT, "update": Action.UPDATE, "delete": Action.DELETE}
BY_RECEIPT: Final = "Levels of the book have no time in this capture: all events have that of their receipt."


def _asset(name: str) -> str:
    return "BTC" if name == "XBT" else name


def symbol(name: str) -> Symbol:
    """BitMEX's ``XBTUSD`` is BTC-USD; a future such as ``XRPU21``, priced in bitcoin, keeps its name."""
    plain = "BTC" + name.removeprefix("XBT") if name.startswith("XBT") else name
    found = contract_symbol(plain, "USD" if plain.startswith("BTC") else "BTC")
    return Symbol(name, found.base, found.quote) if found.name == plain else found


class _Scanner(CaptureReader):
    """First pass: all prices and sizes, the books there are and whether they have times."""

    def on_message(self, _: int, text: str) -> tuple[()]:
        message, scan = MESSAGE.decode(text), self.run.scan
        rank = _BOOKS.get(message.table, 0)
        if message.table == "orderBook10":
            for ten in TEN.decode(message.data):
                self._book(ten.symbol, rank, whole=True, timed=bool(ten.timestamp))
                for price, size in (*ten.bids, *ten.asks):
                    scan.add(ten.symbol, json_decimal(price), json_decimal(size))
        elif rank:
            for level in LEVELS.decode(message.data):
                self._book(level.symbol, rank, whole=message.action == "partial", timed=bool(level.timestamp))
                scan.add(level.symbol, known(level.price), json_decimal(level.size))
        elif message.table == "trade":
            for trade in traded(message.data):
                scan.add(trade.symbol, json_decimal(trade.price), known(trade.size))
        elif message.table == "quote":
            for quote in QUOTES.decode(message.data):
                scan.add(quote.symbol, known(quote.bid_price), known(quote.bid_size))
                scan.add(quote.symbol, known(quote.ask_price), known(quote.ask_size))
        return ()

    def on_response(self, _: int, url: str, text: str) -> tuple[()]:
        if "/instrument" in url:
            for one in listed(INSTRUMENTS, text, []):
                steps = (json_decimal(step) for step in (one.tick_size, one.lot_size))
                tick, lot = ("" if step == "null" else step for step in steps)
                base, quote = _asset(one.underlying), _asset(one.quote_currency)
                self.run.scan.define(one.symbol, Definition(tick=tick, lot=lot, base=base, quote=quote))
        return ()

    def _book(self, name: str, rank: int, *, whole: bool, timed: bool) -> None:
        scan = self.run.scan
        scan.books[name] = None
        if not whole:
            scan.updates[name] = None
        scan.best_books[name] = max(rank, scan.best_books.get(name, 0))
        if not timed:
            self.run.notes = (BY_RECEIPT,)


class Bitmex(CaptureReader):
    """Second pass: events of books, trades and quotes."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._books = {name: VerifiedBook(run, name, market) for name, market in run.markets.items()}
        # Side and ticks of each level by its id.
        self._places: dict[str, dict[int, tuple[int, int]]] = {name: {} for name in run.markets}
        self._by_receipt = BY_RECEIPT in run.notes

    def on_message(self, at: int, text: str) -> list[Row]:
        """Rows of a message from the exchange."""
        message = MESSAGE.decode(text)
        kind = message.table
        rows: list[Row] = []
        if kind == "orderBook10":
            for ten in TEN.decode(message.data):
                rows += self._ten(at, ten)
        elif kind in _BOOKS:
            kind, rows = self._levels(at, message)
        elif kind == "trade" and message.action == "partial":
            kind = "last trades"
        elif kind == "trade":
            rows = [self._trade(at, trade) for trade in traded(message.data)]
        elif kind == "quote":
            rows = self._quotes(at, QUOTES.decode(message.data))
        self.run.messages[kind or "about the connection"] += 1
        return rows

    def on_response(self, _: int, __: str, ___: str) -> tuple[()]:
        """The list of instruments was read in the first pass."""
        self.run.messages["reply"] += 1
        return ()

    def book_lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next ``partial``."""
        self._places[name].clear()
        return self._books[name].lose(at)

    def _time(self, at: int, *stamps: str) -> int:
        """The latest of some times of the exchange, or that of the receipt."""
        stamped = [] if self._by_receipt else [iso_utc(stamp) for stamp in stamps if stamp]
        return self.run.monotonic(max(stamped, default=at))

    def _levels(self, at: int, message: Message) -> tuple[str, list[Row]]:
        action = message.action
        if action != "partial" and action not in _ACTIONS:
            raise Malformed(f"action is {action!r} where partial, insert, update or delete is expected")
        by_name: dict[str, list[Level]] = {}
        if action == "partial" and message.filter.get("symbol") in self._books:
            by_name[message.filter["symbol"]] = []  # of a book that is empty it is all there is
        for level in LEVELS.decode(message.data):
            by_name.setdefault(level.symbol, []).append(level)
        rank = _BOOKS[message.table]
        if all(rank < self.run.scan.best_books[name] for name in by_name):
            return "message of another book", []
        # The whole message is parsed before anything changes, so that a malformed one has no effect.
        read = {name: [self._read(name, level) for level in levels] for name, levels in by_name.items()}
        ts = self._time(at, *(level.timestamp for levels in by_name.values() for level in levels))
        rows: list[Row] = []
        for name, levels in read.items():
            if action == "partial":
                rows += self._partial(ts, name, levels)
            elif self.is_of_another(name):
                return f"book {action} of another connection", rows
            elif self._books[name].known:
                rows += self._changed(ts, name, _ACTIONS[action], levels)
            else:
                return f"book {action} without partial", rows
        return f"book {action}", rows

    def _read(self, name: str, level: Level) -> tuple[int, int, int | None, int]:
        """Id, side, ticks where the price is told, and lots."""
        if level.side not in _SIDES:
            raise Malformed(f"side is {level.side!r} where Buy or Sell is expected")
        market, price = self.run.markets[name], json_decimal(level.price)
        ticks = None if price == "null" else market.prices[price]
        return level.id, _SIDES[level.side], ticks, market.sizes[json_decimal(level.size)]

    def _partial(self, ts: int, name: str, levels: list[tuple[int, int, int | None, int]]) -> list[Row]:
        self.track_connection(name)
        self._places[name] = {number: (side, ticks or 0) for number, side, ticks, _ in levels}
        return self._books[name].snapshot(ts, [(side, ticks or 0, lots) for _, side, ticks, lots in levels])

    def _changed(
        self, ts: int, name: str, action: Action, levels: list[tuple[int, int, int | None, int]]
    ) -> list[Row]:
        places = self._places[name]
        changes: list[Change] = []
        for number, side, ticks, lots in levels:
            place = places.get(number)
            if (place is None) != (action is Action.INSERT) or (place is None and ticks is None):
                self.run.gap(
                    f"the message {action.value} level {number} of {name}, which is "
                    f"{'not there' if place is None else 'there already'}; "
                    "its book waits for the next partial"
                )
                return self.book_lost(name, ts)
            if action is Action.DELETE:
                changes.append(Change(action, *places.pop(number), 0))
                continue
            now = (side, place[1] if ticks is None else ticks) if place else (side, ticks or 0)
            if place is not None and place != now:
                changes.append(Change(Action.DELETE, *place, 0))
            places[number] = now
            kind = Action.UPDATE if place == now else Action.INSERT
            changes.append(Change(kind, *now, lots))
        rows = self._books[name].apply(ts, changes)
        if not self._books[name].known:
            places.clear()
        return rows

    def _ten(self, at: int, ten: Ten) -> list[Row]:
        book = self._books[ten.symbol]
        levels = book.market.levels(
            *(
                [(json_decimal(price), json_decimal(size)) for price, size in side]
                for side in (ten.bids, ten.asks)
            )
        )
        if _BOOKS["orderBook10"] < self.run.scan.best_books[ten.symbol]:
            return []
        self.track_connection(ten.symbol)
        return book.snapshot(self._time(at, ten.timestamp), levels)

    def _trade(self, at: int, trade: Trade) -> Row:
        if trade.side not in _AGGRESSORS:
            raise Malformed(f"side is {trade.side!r} where Buy or Sell is expected")
        ts, price = self._time(at, trade.timestamp), json_decimal(trade.price)
        return self.run.trade(
            self.run.markets[trade.symbol], ts, _AGGRESSORS[trade.side], price, known(trade.size)
        )

    def _quotes(self, at: int, quotes: list[Quote]) -> list[Row]:
        """Rows of quotes; where there is a book, the last of each instrument is compared with it."""
        rows = []
        for quote in quotes:
            if not self.run.markets[quote.symbol].has_book:
                market = self.run.markets[quote.symbol]
                rows.append(self.run.quote(market, self._time(at, quote.timestamp), self._top(quote)))
        for name, last in {quote.symbol: quote for quote in quotes}.items():
            if self._books[name].known:
                self._books[name].compare("quote", self._top(last))
        return rows

    def _top(self, quote: Quote) -> tuple[int, int, int, int]:
        market = self.run.markets[quote.symbol]
        prices, sizes = market.prices, market.sizes
        return (
            *(prices[known(quote.bid_price)], sizes[known(quote.bid_size)]),
            *(prices[known(quote.ask_price)], sizes[known(quote.ask_size)]),
        )


IMPORTERS = (
    capture_importer(
        "bitmex",
        "BitMEX: orderBookL2, trade, quote",
        scanner=_Scanner,
        reader=Bitmex,
        symbol=symbol,
        answers="BITMEX.0",
        notes=("Sizes are contracts; of XBTUSD one is a US dollar.",),
    ),
)
