"""
Raw captures of Bybit: order books and trades of version 5 of its API, and of version 2 (until 2023).

Version 5, ``orderbook.{depth}`` and ``publicTrade``: a message of a book has the id ``u`` that follows that
of the one before it; a snapshot, or ``u`` 1 after a restart of the exchange's service, begins anew. Where
several depths of an instrument were captured, the deepest is used. Events have the time of the matching
engine, ``cts`` of books and ``T`` of trades.

Version 2, ``orderBookL2_25``, ``orderBook_200.100ms`` and ``trade``: a delta lists the levels that it
deletes, updates and inserts, which is verified for each; its ``cross_seq`` must be above that of the one
before it. Events have the exchange's time.

An instrument of one name in two categories (BTCUSDT is a spot pair and a linear contract) is two: each
needs an import of its own.

Sizes are those of the exchange: of inverse contracts, such as BTCUSD, they are US dollars. Quotes are made
from the book; tickers are left out. Tick and lot sizes are those of the exchange's list of instruments
where the file of REST answers is given too, else the smallest that occur.

Source: Bybit, "Websocket Stream, Public, Orderbook" and "Trade",
https://bybit-exchange.github.io/docs/v5/websocket/public/orderbook; of version 2, "Inverse Perpetual,
Websocket Data, orderBookL2_25", https://bybit-exchange.github.io/docs-legacy/futuresV2/inverse/.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from feed.errors import ConfigError
from feed.importers.books import BUY, SELL
from feed.importers.bybit_messages import (
    DELTA,
    DEPTH,
    MESSAGE,
    PUBLIC_TRADES,
    TRADES,
    Level,
    Message,
    depth_of,
    instruments,
    old_depth,
    old_levels,
    old_snapshot,
)
from feed.importers.captures import CaptureReader, capture_importer
from feed.importers.numbers import json_decimal
from feed.importers.run import ImportRun, Malformed
from feed.importers.symbols import Symbol, contract_symbol
from feed.importers.verified_books import Action, Change, VerifiedBook
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Row

_SIDES: Final = {"Buy": BUY, "Sell": SELL}
_RESTARTED: Final = 1
"""The id ``u`` of the first message after a restart of the exchange's service, which has the whole book."""


def symbol(name: str) -> Symbol:
    """Bybit's ``BTCUSDT`` is BTC-USDT; ``BTCPERP`` and ``BTC-27JUN25`` are priced in USDC, and stay."""
    if name.endswith("PERP"):
        return Symbol(name, name.removesuffix("PERP"), "USDC")
    return contract_symbol(name, "USDC")


def _side(name: str) -> int:
    if name not in _SIDES:
        raise Malformed(f"side is {name!r} where Buy or Sell is expected")
    return _SIDES[name]


class _Scanner(CaptureReader):
    """First pass: all prices and sizes, the depths of the books, and the exchange's list of instruments."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._category: dict[Path, str] = {}  # by the file of a connection
        self._categories: dict[str, str] = {}  # by the name of an instrument

    def on_open(self, url: str) -> None:
        """Version 5 has a URL for each category of instruments, such as spot and linear."""
        _, found, category = url.partition("/v5/public/")
        if found:
            self._category[self.run.path] = category

    def on_message(self, _: int, text: str) -> tuple[()]:
        message, scan = MESSAGE.decode(text), self.run.scan
        topic = message.topic
        self._check_category(topic)
        if depth := depth_of(topic):
            part = DEPTH.decode(message.data)
            self._book(part.s, depth, delta=message.type == "delta")
            scan.add_levels(part.s, part.b, part.a)
        elif depth := old_depth(topic):
            name = topic.rpartition(".")[2]
            self._book(name, depth, delta=message.type == "delta")
            self._levels(name, old_levels(message))
        elif topic.startswith("publicTrade."):
            for trade in PUBLIC_TRADES.decode(message.data):
                scan.add(trade.s, trade.p, trade.v)
        elif topic.startswith("trade."):
            for old in TRADES.decode(message.data):
                scan.add(old.symbol, json_decimal(old.price), json_decimal(old.size))
        return ()

    def on_response(self, _: int, url: str, text: str) -> tuple[()]:
        if "symbols" in url or "instruments" in url:
            for name, definition in instruments(text):
                self.run.scan.define(name, definition)
        return ()

    def _check_category(self, topic: str) -> None:
        kind, _, name = topic.partition(".")
        category = self._category.get(self.run.path)
        if category is None or kind not in {"orderbook", "publicTrade"}:
            return
        name = name.rpartition(".")[2]
        other = self._categories.setdefault(name, category)
        if other != category:
            raise ConfigError(
                f"{name} is one of category {category}, and of {other} in another connection",
                where=self.run.where,
                hint="import them one by one, and merge the recordings",
            )

    def _book(self, name: str, depth: int, *, delta: bool) -> None:
        scan = self.run.scan
        scan.books[name] = None
        if delta:
            scan.updates[name] = None
        scan.best_books[name] = max(depth, scan.best_books.get(name, 0))

    def _levels(self, name: str, levels: Iterable[Level]) -> None:
        for level in levels:
            self.run.scan.add(name, json_decimal(level.price), json_decimal(level.size))


class Bybit(CaptureReader):
    """Second pass: events of books and trades."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._books = {name: VerifiedBook(run, name, market) for name, market in run.markets.items()}
        self._last: dict[str, int] = {}

    def on_message(self, at: int, text: str) -> list[Row]:
        """Rows of a message from the exchange."""
        message = MESSAGE.decode(text)
        topic, kind = message.topic, message.topic.partition(".")[0]
        rows: list[Row] = []
        if depth := depth_of(topic):
            kind, rows = self._book(message, depth)
        elif depth := old_depth(topic):
            kind, rows = self._old_book(at, message, depth)
        elif kind == "publicTrade":
            for trade in PUBLIC_TRADES.decode(message.data):
                rows.append(self._trade(trade.s, trade.T, trade.S, trade.p, trade.v))
        elif kind == "trade":
            for old in TRADES.decode(message.data):
                price, size = json_decimal(old.price), json_decimal(old.size)
                rows.append(self._trade(old.symbol, int(old.trade_time_ms), old.side, price, size))
        self.run.messages[kind or "about the connection"] += 1
        return rows

    def on_response(self, _: int, __: str, ___: str) -> tuple[()]:
        """The list of instruments was read in the first pass."""
        self.run.messages["reply"] += 1
        return ()

    def book_lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._last.pop(name, None)
        return self._books[name].lose(at)

    def _trade(self, name: str, ms: int, side: str, price: str, size: str) -> Row:
        ts = self.run.monotonic(ms * NS_PER_MILLISECOND)
        return self.run.trade(self.run.markets[name], ts, _side(side), price, size)

    def _book(self, message: Message, depth: int) -> tuple[str, list[Row]]:
        part = DEPTH.decode(message.data)
        book, last = self._books[part.s], self._last.get(part.s)
        levels = book.market.levels(part.b, part.a)
        if depth < self.run.scan.best_books[part.s]:
            return "message of a book less deep", []
        ts = (message.cts or message.ts) * NS_PER_MILLISECOND
        if message.type == "snapshot" or part.u == _RESTARTED:
            self._last[part.s] = part.u
            self.track_connection(part.s)
            return "book snapshot", book.snapshot(self.run.monotonic(ts), levels)
        if self.is_of_another(part.s):
            return "book delta of another connection", []
        if not book.known or last is None:
            return "book delta without snapshot", []
        if part.u != last + 1:
            self.run.gap(
                f"expected u = {last + 1} of {part.s}, found {part.u}; its book waits for the next snapshot"
            )
            return "book delta", self.book_lost(part.s, self.run.now)
        self.run.checked["u = last + 1"] += 1
        self._last[part.s] = part.u
        changes = [Change(Action.SET, *level) for level in levels]
        return "book delta", book.apply(self.run.monotonic(ts), changes)

    def _old_book(self, at: int, message: Message, depth: int) -> tuple[str, list[Row]]:
        name = message.topic.rpartition(".")[2]
        book, last = self._books[name], self._last.get(name)
        stamp, seq = int(message.timestamp_e6) * 1000 or at, int(message.cross_seq)
        changes = self._changes(book, message)
        if depth < self.run.scan.best_books[name]:
            return "message of a book less deep", []
        if message.type == "snapshot":
            self._last[name] = seq
            self.track_connection(name)
            levels = [(side, price, size) for _, side, price, size in changes]
            return "book snapshot", book.snapshot(self.run.monotonic(stamp), levels)
        if self.is_of_another(name):
            return "book delta of another connection", []
        if not book.known or last is None:
            return "book delta without snapshot", []
        if seq <= last:
            self.run.gap(
                f"expected cross_seq above {last} of {name}, found {seq}; "
                "its book waits for the next snapshot"
            )
            return "book delta", self.book_lost(name, self.run.now)
        self.run.checked["cross_seq above the last"] += 1
        self._last[name] = seq
        return "book delta", book.apply(self.run.monotonic(stamp), changes)

    def _changes(self, book: VerifiedBook, message: Message) -> list[Change]:
        """Deletions first: a price that changes sides leaves one before it comes to the other."""
        if message.type == "snapshot":
            return list(self._of(book, Action.SET, old_snapshot(message.data)))
        if message.type != "delta":
            raise Malformed(f"type is {message.type!r} where snapshot or delta is expected")
        delta = DELTA.decode(message.data)
        return [
            *self._of(book, Action.DELETE, delta.delete),
            *self._of(book, Action.UPDATE, delta.update),
            *self._of(book, Action.INSERT, delta.insert),
        ]

    def _of(self, book: VerifiedBook, action: Action, levels: list[Level]) -> Iterator[Change]:
        prices, sizes = book.market.prices, book.market.sizes
        for level in levels:
            lots = 0 if action is Action.DELETE else sizes[json_decimal(level.size)]
            yield Change(action, _side(level.side), prices[json_decimal(level.price)], lots)


IMPORTERS = (
    capture_importer(
        "bybit",
        "Bybit: orderbook and publicTrade (version 5), orderBookL2_25 and trade (version 2)",
        scanner=_Scanner,
        reader=Bybit,
        symbol=symbol,
        answers="BYBIT.0",
        notes=("Sizes of inverse contracts, such as BTCUSD, are in US dollars.",),
    ),
)
