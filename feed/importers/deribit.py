"""
Raw captures of Deribit: book, trades, ticker and quote.

A notification of a book has its ``change_id`` and that of the one before it, which must be the last one
received; each level says whether it is new, changed or deleted, which is verified too. Grouped books
(``book.{instrument}.{group}.{depth}.{interval}``) are whole at each notification. Where several books of an
instrument were captured, that of interval ``raw`` is used, else another one with changes, else a grouped
one. Trades of an instrument have consecutive numbers, ``trade_seq``.

Events have the exchange's time. Quotes are made from the book; ticker and quote are compared with it, and
become quotes only where no book was captured. Tick and lot sizes are those of ``get_instruments`` where the
file of REST answers is given too, else the smallest that occur.

Source: Deribit, "book.(instrument_name).(interval)",
https://docs.deribit.com/subscriptions/orderbook/bookinstrument_nameinterval, and beside it trades, ticker
and quote; "public/get_instruments".
"""

from __future__ import annotations

from typing import Final

import msgspec

from feed.importers.books import BUY, SELL
from feed.importers.captures import CaptureReader, capture_importer, listed
from feed.importers.numbers import json_decimal
from feed.importers.run import ImportRun, Malformed
from feed.importers.symbol_scan import Definition
from feed.importers.symbols import Symbol, contract_symbol
from feed.importers.verified_books import Action, Change, VerifiedBook
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Row

_AGGRESSORS: Final = {"buy": BUY, "sell": SELL}
_ACTIONS: Final = {"new": Action.INSERT, "change": Action.UPDATE, "delete": Action.DELETE}
_RAW, _CHANGES, _GROUPED = 3, 2, 1
_Level = list[msgspec.Raw]
"""Action, price and amount; of a grouped book price and amount."""


class _Params(msgspec.Struct):
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"null")


class _Message(msgspec.Struct):
    params: _Params | None = None


class _Book(msgspec.Struct):
    instrument_name: str
    timestamp: int
    change_id: int
    bids: list[_Level]
    asks: list[_Level]
    prev_change_id: int | None = None
    type: str = "snapshot"


class _Trade(msgspec.Struct):
    instrument_name: str
    timestamp: int
    trade_seq: int
    direction: str
    price: msgspec.Raw
    amount: msgspec.Raw


class _Ticker(msgspec.Struct):
    instrument_name: str
    timestamp: int
    best_bid_price: msgspec.Raw = msgspec.Raw(b"null")
    best_bid_amount: msgspec.Raw = msgspec.Raw(b"null")
    best_ask_price: msgspec.Raw = msgspec.Raw(b"null")
    best_ask_amount: msgspec.Raw = msgspec.Raw(b"null")


class _Instrument(msgspec.Struct):
    instrument_name: str
    kind: str
    tick_size: msgspec.Raw
    min_trade_amount: msgspec.Raw
    base_currency: str
    quote_currency: str


class _Reply(msgspec.Struct):
    result: list[_Instrument]


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOK: Final = msgspec.json.Decoder(_Book)
_TRADES: Final = msgspec.json.Decoder(list[_Trade])
_TICKER: Final = msgspec.json.Decoder(_Ticker)
_REPLY: Final = msgspec.json.Decoder(_Reply)


def symbol(name: str) -> Symbol:
    """
    Deribit's spot ``BTC_USDC`` is BTC-USDC; futures and options keep their names.

    ``BTC-PERPETUAL`` and ``BTC-25MAR22`` are priced in US dollars, the option ``BTC-24SEP21-8000-P`` in
    its base.
    """
    head, _, rest = name.partition("-")
    return contract_symbol(name, head if rest.count("-") > 1 else "USD")


def _rank(channel: str) -> int:
    """How good the book of a channel is; 0 for a channel that is no book."""
    kind, *rest = channel.split(".")
    if kind != "book":
        return 0
    if len(rest) > 2:
        return _GROUPED
    return _RAW if rest[-1] == "raw" else _CHANGES


def _top(ticker: _Ticker) -> list[tuple[str, str]]:
    """Price and size of bid and ask; zeros for a side that is empty."""
    sides = (
        (ticker.best_bid_price, ticker.best_bid_amount),
        (ticker.best_ask_price, ticker.best_ask_amount),
    )
    return [tuple("0" if text == "null" else text for text in map(json_decimal, one)) for one in sides]  # type: ignore[misc]


class _Scanner(CaptureReader):
    """First pass: all prices and sizes, the books there are, and the exchange's list of instruments."""

    def on_message(self, _: int, text: str) -> tuple[()]:
        params, scan = _MESSAGE.decode(text).params, self.run.scan
        if params is None:
            return ()
        kind = params.channel.partition(".")[0]
        if rank := _rank(params.channel):
            book = _BOOK.decode(params.data)
            name = book.instrument_name
            scan.books[name] = None
            if book.type == "change":
                scan.updates[name] = None
            scan.best_books[name] = max(rank, scan.best_books.get(name, 0))
            for level in (*book.bids, *book.asks):
                scan.add(name, *_price_and_size(level))
        elif kind == "trades":
            for trade in _TRADES.decode(params.data):
                scan.add(trade.instrument_name, json_decimal(trade.price), json_decimal(trade.amount))
        elif kind in {"ticker", "quote"}:
            ticker = _TICKER.decode(params.data)
            for price, size in _top(ticker):
                scan.add(ticker.instrument_name, price, size)
        return ()

    def on_response(self, _: int, url: str, text: str) -> tuple[()]:
        if "get_instruments" in url:
            for one in listed(_REPLY, text, _Reply([])).result:
                option = one.kind.startswith("option")
                definition = Definition(
                    tick=json_decimal(one.tick_size),
                    lot=json_decimal(one.min_trade_amount),
                    base=one.base_currency,
                    # Older answers have the currency of the strike for options, newer ones that of the price.
                    quote=symbol(one.instrument_name).quote if option else one.quote_currency,
                )
                self.run.scan.define(one.instrument_name, definition)
        return ()


def _price_and_size(level: _Level) -> tuple[str, str]:
    """Of a level as a notification has it; older deletions have no amount."""
    if len(level) < 2:
        raise Malformed("expected an action, a price and an amount")
    texts = [json_decimal(part) for part in level]
    if texts[0] == "delete":
        return texts[1], "0"
    return texts[-2], texts[-1]


class Deribit(CaptureReader):
    """Second pass: events of books, trades, tickers and quotes."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._books = {name: VerifiedBook(run, name, market) for name, market in run.markets.items()}
        self._last: dict[str, int] = {}
        self._last_trade: dict[str, int] = {}

    def on_message(self, at: int, text: str) -> list[Row]:  # noqa: ARG002 - all messages have a time
        """Rows of a message from the exchange."""
        params = _MESSAGE.decode(text).params
        if params is None or not params.channel:
            self.run.messages["about the connection"] += 1
            return []
        kind = params.channel.partition(".")[0]
        rows: list[Row] = []
        if rank := _rank(params.channel):
            kind, rows = self._book(_BOOK.decode(params.data), rank)
        elif kind == "trades":
            rows = [row for trade in _TRADES.decode(params.data) for row in self._trade(trade)]
        elif kind in {"ticker", "quote"}:
            rows = self._ticker(kind, _TICKER.decode(params.data))
        self.run.messages[kind] += 1
        return rows

    def on_response(self, _: int, __: str, ___: str) -> tuple[()]:
        """The list of instruments was read in the first pass."""
        self.run.messages["reply"] += 1
        return ()

    def book_lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._last.pop(name, None)
        return self._books[name].lose(at)

    def _book(self, message: _Book, rank: int) -> tuple[str, list[Row]]:
        name = message.instrument_name
        book, last = self._books[name], self._last.get(name)
        snapshot = message.type == "snapshot"
        # The whole message is parsed before anything changes, so that a malformed one has no effect.
        changes = [
            self._change(book, side, level, snapshot=snapshot)
            for side, levels in ((BUY, message.bids), (SELL, message.asks))
            for level in levels
        ]
        if rank < self.run.scan.best_books[name]:
            return "message of another book", []
        ts = message.timestamp * NS_PER_MILLISECOND
        if snapshot:
            self._last[name] = message.change_id
            self.track_connection(name)
            levels = [(side, price, size) for _, side, price, size in changes]
            return "book snapshot", book.snapshot(self.run.monotonic(ts), levels)
        if self.is_of_another(name):
            return "book change of another connection", []
        if not book.known:
            return "book change without snapshot", []
        if message.prev_change_id != last:
            self.run.gap(
                f"expected prev_change_id {last} of {name}, found {message.prev_change_id}; "
                "its book waits for the next snapshot"
            )
            return "book change", self.book_lost(name, self.run.now)
        self.run.checked["prev_change_id = last change_id"] += 1
        self._last[name] = message.change_id
        return "book change", book.apply(self.run.monotonic(ts), changes)

    def _change(self, book: VerifiedBook, side: int, level: _Level, *, snapshot: bool) -> Change:
        action = Action.SET
        if not snapshot:
            said = json_decimal(level[0]) if level else ""
            if said not in _ACTIONS:
                raise Malformed(f"{said!r} where new, change or delete is expected")
            action = _ACTIONS[said]
        price, size = _price_and_size(level)
        return Change(action, side, book.market.prices[price], book.market.sizes[size])

    def _trade(self, trade: _Trade) -> list[Row]:
        name, seq = trade.instrument_name, trade.trade_seq
        if trade.direction not in _AGGRESSORS:
            raise Malformed(f"direction is {trade.direction!r} where buy or sell is expected")
        last = self._last_trade.get(name, seq - 1)
        if seq <= last:
            self.run.messages["trade repeated"] += 1  # as when two intervals were captured
            return []
        if seq == last + 1:
            self.run.checked["trade_seq = last + 1"] += 1
        else:
            self.run.gap(f"expected trade {last + 1} of {name}, found {seq}")
        self._last_trade[name] = seq
        ts = self.run.monotonic(trade.timestamp * NS_PER_MILLISECOND)
        price, size = json_decimal(trade.price), json_decimal(trade.amount)
        return [self.run.trade(self.run.markets[name], ts, _AGGRESSORS[trade.direction], price, size)]

    def _ticker(self, kind: str, ticker: _Ticker) -> list[Row]:
        book = self._books[ticker.instrument_name]
        market = book.market
        (bid, bid_size), (ask, ask_size) = _top(ticker)
        prices, sizes = market.prices, market.sizes
        quote = (prices[bid], sizes[bid_size], prices[ask], sizes[ask_size])
        if market.has_book:
            if book.known:
                book.compare(kind, quote)
            return []
        return [self.run.quote(market, self.run.monotonic(ticker.timestamp * NS_PER_MILLISECOND), quote)]


IMPORTERS = (
    capture_importer(
        "deribit",
        "Deribit: book, trades, ticker, quote",
        scanner=_Scanner,
        reader=Deribit,
        symbol=symbol,
        answers="DERIBIT.0",
        notes=("Sizes of inverse futures, such as BTC-PERPETUAL, are in US dollars.",),
    ),
)
