"""
Raw captures of Coinbase's WebSocket feed: level2 (snapshot, l2update), matches and ticker.

Events have the exchange's ``time``; a snapshot has none and gets its receive time. A match has the
side of the maker, so the aggressor is the other one. Quotes are made from the book; the ticker is
compared with it, and becomes a quote only where no book was captured. The level2 channel has no
sequence numbers to check (the exchange guarantees delivery), but the ids of a product's matches are
consecutive. Tick and lot sizes are those of a REST answer to ``/products``, if one was captured, else the
smallest that occur.

Source: Coinbase Exchange, "WebSocket channels", sections Level2, Matches and Ticker,
https://docs.cdp.coinbase.com/exchange/websocket-feed/channels.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import msgspec

from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.captures import CaptureReader, capture_importer, listed
from feed.importers.run import ImportRun
from feed.importers.symbol_scan import Definition
from feed.importers.times import iso_utc
from feed.model.events import Row

_SideName = Literal["buy", "sell"]
_BOOK_SIDES = {"buy": BUY, "sell": SELL}
_AGGRESSORS = {"buy": SELL, "sell": BUY}


class _Message(msgspec.Struct):
    type: str


class _Snapshot(msgspec.Struct):
    product_id: str
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    time: str = ""


class _Update(msgspec.Struct):
    product_id: str
    changes: list[tuple[_SideName, str, str]]
    time: str


class _Match(msgspec.Struct):
    product_id: str
    trade_id: int
    side: _SideName
    price: str
    size: str
    time: str


class _Ticker(msgspec.Struct):
    product_id: str
    best_bid: str
    best_ask: str
    best_bid_size: str = ""
    best_ask_size: str = ""
    time: str = ""


class _Product(msgspec.Struct):
    id: str
    quote_increment: str = ""
    base_increment: str = ""


_TYPE = msgspec.json.Decoder(_Message)
_SNAPSHOT = msgspec.json.Decoder(_Snapshot)
_UPDATE = msgspec.json.Decoder(_Update)
_MATCH = msgspec.json.Decoder(_Match)
_TICKER = msgspec.json.Decoder(_Ticker)
_PRODUCTS = msgspec.json.Decoder(list[_Product])


class _Scanner(CaptureReader):
    """First pass: all prices and sizes."""

    def on_message(self, _: int, text: str) -> tuple[()]:
        scan = self.run.scan
        match _TYPE.decode(text).type:
            case "snapshot":
                snapshot = _SNAPSHOT.decode(text)
                scan.books[snapshot.product_id] = None
                scan.add_levels(snapshot.product_id, snapshot.bids, snapshot.asks)
            case "l2update":
                update = _UPDATE.decode(text)
                scan.updates[update.product_id] = None
                for _side, price, size in update.changes:
                    scan.add(update.product_id, price, size)
            case "match" | "last_match":
                trade = _MATCH.decode(text)
                scan.add(trade.product_id, trade.price, trade.size)
            case "ticker":
                ticker = _TICKER.decode(text)
                scan.add(ticker.product_id, ticker.best_bid or "0", ticker.best_bid_size or "1")
                scan.add(ticker.product_id, ticker.best_ask or "0", ticker.best_ask_size or "1")
        return ()

    def on_response(self, _: int, url: str, text: str) -> tuple[()]:
        if urlsplit(url).path.endswith("/products"):
            for one in listed(_PRODUCTS, text, []):
                self.run.scan.define(one.id, Definition(tick=one.quote_increment, lot=one.base_increment))
        return ()


class Coinbase(CaptureReader):
    """Second pass: events of books, matches and tickers."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._known: dict[str, None] = {}
        self._last_match: dict[str, int] = {}

    def on_message(self, at: int, text: str) -> list[Row]:
        """Rows of a message from the exchange."""
        kind = _TYPE.decode(text).type
        rows: list[Row] = []
        match kind:
            case "snapshot":
                rows = self._snapshot(at, _SNAPSHOT.decode(text))
            case "l2update":
                rows = self._update(_UPDATE.decode(text))
            case "match":
                rows = self._match(_MATCH.decode(text))
            case "last_match":
                # The last trade before the subscription gives no event, but the next id must follow it.
                trade = _MATCH.decode(text)
                self._last_match[trade.product_id] = trade.trade_id
            case "ticker":
                rows = self._ticker(at, _TICKER.decode(text))
        self.run.messages[kind] += 1
        return rows

    def book_lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._known.pop(name, None)
        return super().book_lost(name, at)

    def _snapshot(self, at: int, snapshot: _Snapshot) -> list[Row]:
        market = self.run.markets[snapshot.product_id]
        book, levels = market.book, market.levels(snapshot.bids, snapshot.asks)
        ts = self.run.monotonic(iso_utc(snapshot.time) if snapshot.time else at)
        self.track_connection(snapshot.product_id)
        self._known[snapshot.product_id] = None
        return [
            book.clear(ts),
            *[book.level(ts, *level) for level in levels],
            *self.run.quoted(market, ts),
        ]

    def _update(self, update: _Update) -> list[Row]:
        market = self.run.markets[update.product_id]
        if update.product_id not in self._known:
            self.run.gap(
                f"expected a snapshot of {update.product_id} first, found an l2update; it is left out"
            )
            return []
        prices, sizes, book = market.prices, market.sizes, market.book
        # The whole message is parsed before anything changes, so that a malformed one has no effect.
        changes = [(_BOOK_SIDES[side], prices[price], sizes[size]) for side, price, size in update.changes]
        ts = self.run.monotonic(iso_utc(update.time))
        rows = [book.level(ts, *change) for change in changes]
        rows += self.run.quoted(market, ts)
        return rows

    def _match(self, trade: _Match) -> list[Row]:
        product = trade.product_id
        last = self._last_match.get(product)
        if last is not None:
            if trade.trade_id == last + 1:
                self.run.checked["trade_id = last + 1"] += 1
            else:
                self.run.gap(f"expected match {last + 1} of {product}, found {trade.trade_id}")
        self._last_match[product] = trade.trade_id
        ts = self.run.monotonic(iso_utc(trade.time))
        market = self.run.markets[product]
        return [self.run.trade(market, ts, _AGGRESSORS[trade.side], trade.price, trade.size)]

    def _ticker(self, at: int, ticker: _Ticker) -> list[Row]:
        market = self.run.markets[ticker.product_id]
        # The price of an empty side is an empty string.
        bid, ask = market.prices[ticker.best_bid or "0"], market.prices[ticker.best_ask or "0"]
        if market.has_book:
            self._compare(market, bid, ask)
            return []
        ts = self.run.monotonic(iso_utc(ticker.time) if ticker.time else at)
        # Early tickers have no sizes; one lot is used instead.
        bid_size, ask_size = (
            (market.sizes[size] if size else 1) if price else 0
            for price, size in ((bid, ticker.best_bid_size), (ask, ticker.best_ask_size))
        )
        return [self.run.quote(market, ts, (bid, bid_size, ask, ask_size))]

    def _compare(self, market: ImportedMarket, bid: int, ask: int) -> None:
        # The two channels are not synchronised, so a difference is normal and only counted.
        book = market.book
        same = (bid, ask) == (book.bids.best()[0], book.asks.best()[0])
        self.run.checked["ticker equals book" if same else "ticker ahead of or behind book"] += 1


IMPORTERS = (
    capture_importer(
        "coinbase",
        "Coinbase: level2, matches, ticker",
        scanner=_Scanner,
        reader=Coinbase,
        notes=("Snapshots carry the time they were received; all else the exchange's.",),
    ),
)
