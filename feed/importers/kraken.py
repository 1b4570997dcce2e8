"""
Raw captures of Kraken's WebSocket API, version 1: book, trade, ticker and spread.

Every book update has a CRC32 over the best ten levels of each side after it, and every one is
verified. When one does not match, the book is cleared until the next snapshot, as a client would
subscribe again. A level that is pushed out of the subscribed depth is not announced by the exchange;
it is removed here.

Book and trade events have the exchange's time (the latest of several levels in one message); tickers
have none and get their receive time. Quotes are made from the book; ticker and spread become quotes
only where no book was captured. A trade has the side of its aggressor. Tick and lot sizes are those of a
REST answer to ``AssetPairs``, if one was captured, else the smallest that occur.

Source: Kraken, "Book checksum (WebSocket v1)", https://docs.kraken.com/api/docs/guides/spot-ws-book-v1,
sections Book Updates and Book Checksum Calculation; "WebSockets API v1", channels book, trade, ticker and
spread, https://docs.kraken.com/api/docs/websocket-v1/book.
"""

from __future__ import annotations

import zlib
from typing import Any
from urllib.parse import urlsplit

import msgspec

from feed.book.price_levels import PriceLevels
from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.captures import CaptureReader, capture_importer, invalidate_book, listed
from feed.importers.run import ImportRun, Malformed
from feed.importers.symbol_scan import Definition
from feed.importers.symbols import Symbol, crypto_symbol
from feed.importers.times import decimal_seconds
from feed.model.events import Row
from feed.model.instruments import decimal_text

_CHECKED_LEVELS = 10
_AGGRESSORS = {"b": BUY, "s": SELL}
_NAMES = {"XBT": "BTC", "XDG": "DOGE"}

_Level = list[str]
_Payload = dict[str, list[_Level] | str]
_DECODE = msgspec.json.Decoder()
_PAYLOADS: dict[str, Any] = {
    "book": list[_Payload],
    "trade": list[list[_Level]],
    "spread": list[_Level],
    "ticker": list[dict[str, list[str | int | float]]],
}
"""What the payloads of a channel are made of; those of others are not looked at."""


def checksum(asks: list[str], bids: list[str]) -> int:
    """
    The CRC32 of a book.

    Args:
        asks: :func:`digits` of price and volume of each of the best ten asks, lowest first.
        bids: Those of the best ten bids, highest first.
    """
    return zlib.crc32("".join([*asks, *bids]).encode("ascii"))


def digits(text: str) -> str:
    """A decimal as it enters the checksum: without point and leading zeros."""
    return text.replace(".", "").lstrip("0")


def symbol(pair: str) -> Symbol:
    """Kraken's ``XBT/USD`` is BTC-USD."""
    return crypto_symbol("/".join(_NAMES.get(asset, asset) for asset in pair.split("/")))


class _Side:
    """One side of a book, with the checksum's digits of each level."""

    def __init__(self, side: int, levels: PriceLevels[int]) -> None:
        self.side = side
        self.levels = levels
        self.digits: dict[int, str] = {}

    def best_digits(self) -> list[str]:
        return [self.digits[price] for price in self.levels.top(_CHECKED_LEVELS)]


class _Book:
    """The book of one pair, with what its checksum needs."""

    def __init__(self, market: ImportedMarket) -> None:
        self.market = market
        self.known = False
        self.asks = _Side(SELL, market.book.asks)
        self.bids = _Side(BUY, market.book.bids)

    def clear(self, ts: int) -> Row:
        self.asks.digits.clear()
        self.bids.digits.clear()
        return self.market.book.clear(ts)

    def read(self, levels: list[_Level]) -> list[tuple[int, int, str]]:
        """Ticks, lots and digits of each level."""
        prices, sizes = self.market.prices, self.market.sizes
        return [
            (prices[price], sizes[volume], digits(price) + digits(volume)) for price, volume, *_ in levels
        ]

    def set(self, ts: int, side: _Side, levels: list[tuple[int, int, str]]) -> list[Row]:
        rows = []
        for ticks, lots, text in levels:
            rows.append(self.market.book.level(ts, side.side, ticks, lots))
            if lots:
                side.digits[ticks] = text
            else:
                side.digits.pop(ticks, None)
        return rows

    def cut(self, ts: int, side: _Side, depth: int) -> list[Row]:
        """Remove the levels beyond the subscribed depth."""
        rows = []
        for ticks in side.levels.beyond(depth):
            del side.digits[ticks]
            rows.append(self.market.book.level(ts, side.side, ticks, 0))
        return rows

    def checksum(self) -> int:
        return checksum(self.asks.best_digits(), self.bids.best_digits())


def _message(text: str) -> tuple[str, str, list[Any]] | None:
    """Channel, pair and payloads of a data message; None for one about the connection."""
    message = _DECODE.decode(text)
    if isinstance(message, dict):
        return None
    if not isinstance(message, list) or len(message) < 4:
        raise Malformed("expected [channel id, payload..., channel, pair]")
    channel, pair = msgspec.convert(message[-2:], tuple[str, str])
    kind = _PAYLOADS.get(channel.partition("-")[0], Any)
    return channel, pair, msgspec.convert(message[1:-2], kind)


def _book_levels(payloads: list[_Payload]) -> dict[str, list[_Level]]:
    """Levels of a book message: ``as`` and ``bs`` of a snapshot, ``a`` and ``b`` of an update."""
    return {
        key: levels for payload in payloads for key, levels in payload.items() if isinstance(levels, list)
    }


class _Pair(msgspec.Struct):
    pair_decimals: int
    lot_decimals: int
    wsname: str = ""
    tick_size: str = ""


class _AssetPairs(msgspec.Struct):
    result: dict[str, _Pair]


_ASSET_PAIRS = msgspec.json.Decoder(_AssetPairs)


def _step(decimals: int) -> str:
    return decimal_text(1, decimals)


class _Scanner(CaptureReader):
    """First pass: all prices and sizes."""

    def on_response(self, _: int, url: str, text: str) -> tuple[()]:
        if urlsplit(url).path.endswith("/AssetPairs"):
            for pair in listed(_ASSET_PAIRS, text, _AssetPairs({})).result.values():
                tick, lot = pair.tick_size or _step(pair.pair_decimals), _step(pair.lot_decimals)
                self.run.scan.define(pair.wsname, Definition(tick=tick, lot=lot))
        return ()

    def on_message(self, _: int, text: str) -> tuple[()]:
        if message := _message(text):
            channel, pair, payloads = message
            add = self.run.scan.add
            if channel.startswith("book-"):
                self.run.scan.books[pair] = self.run.scan.updates[pair] = None
                for levels in _book_levels(payloads).values():
                    for price, volume, *_more in levels:
                        add(pair, price, volume)
            elif channel == "trade":
                for price, volume, *_more in payloads[0]:
                    add(pair, price, volume)
            elif channel in {"ticker", "spread"}:
                for price, volume in _top(channel, payloads[0]):
                    add(pair, price, volume)
        return ()


class Kraken(CaptureReader):
    """Second pass: events of books, trades and tickers."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._books = {pair: _Book(market) for pair, market in run.markets.items()}

    def on_message(self, at: int, text: str) -> list[Row]:
        """Rows of a message from the exchange."""
        message = _message(text)
        if message is None:
            self.run.messages["about the connection"] += 1
            return []
        channel, pair, payloads = message
        kind, _, depth = channel.partition("-")
        if kind == "book":
            return self._book(self._books[pair], pair, payloads, int(depth))
        self.run.messages[kind] += 1
        if kind == "trade":
            return [self._trade(self.run.markets[pair], *trade) for trade in payloads[0]]
        if kind in {"ticker", "spread"} and not self.run.markets[pair].has_book:
            return self._quote(at, self.run.markets[pair], kind, payloads[0])
        return []

    def book_lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._books[name].known = False
        self._books[name].clear(at)
        return super().book_lost(name, at)

    def _book(self, book: _Book, pair: str, payloads: list[_Payload], depth: int) -> list[Row]:
        # The whole message is parsed before anything changes, so that a malformed one has no effect.
        levels = _book_levels(payloads)
        stamps = [decimal_seconds(level[2]) for side in levels.values() for level in side]
        promised = next((int(str(payload["c"])) for payload in payloads if "c" in payload), None)
        snapshot = "as" in levels or "bs" in levels
        asks = book.read(levels.get("as" if snapshot else "a", []))
        bids = book.read(levels.get("bs" if snapshot else "b", []))
        ts = self.run.monotonic(max(stamps, default=self.run.now))
        if snapshot:
            self.run.messages["book snapshot"] += 1
            self.track_connection(pair)
            book.known = True
            rows = [book.clear(ts), *book.set(ts, book.asks, asks), *book.set(ts, book.bids, bids)]
            return rows + self.run.quoted(book.market, ts)
        self.run.messages["book update"] += 1
        if not book.known:
            self.run.messages["book update without snapshot"] += 1
            return []
        rows = book.set(ts, book.asks, asks) + book.set(ts, book.bids, bids)
        rows += book.cut(ts, book.asks, depth) + book.cut(ts, book.bids, depth)
        return rows + self._verified(book, pair, promised, ts)

    def _verified(self, book: _Book, pair: str, promised: int | None, ts: int) -> list[Row]:
        found = book.checksum()
        if promised in {None, found}:
            self.run.checked["checksum" if promised == found else "no checksum given"] += 1
            return self.run.quoted(book.market, ts)
        self.run.gap(
            f"expected checksum {promised} of {pair}, found {found}; its book waits for the next snapshot"
        )
        book.known = False
        book.clear(ts)
        return invalidate_book(self.run, book.market, ts)

    def _trade(self, market: ImportedMarket, price: str, volume: str, time: str, side: str, *_: Any) -> Row:
        if side not in _AGGRESSORS:
            raise Malformed(f"side is {side!r} where b or s is expected")
        return self.run.trade(
            market, self.run.monotonic(decimal_seconds(time)), _AGGRESSORS[side], price, volume
        )

    def _quote(self, at: int, market: ImportedMarket, kind: str, payload: Any) -> list[Row]:
        (bid, bid_size), (ask, ask_size) = _top(kind, payload)
        ts = self.run.monotonic(decimal_seconds(payload[2]) if kind == "spread" else at)
        prices, sizes = market.prices, market.sizes
        quote = prices[bid], sizes[bid_size], prices[ask], sizes[ask_size]
        return [self.run.quote(market, ts, quote)]


def _top(channel: str, payload: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """Price and size of bid and ask: of a ticker, or of a spread (bid, ask, time, sizes)."""
    if channel == "ticker":
        bid, ask = [str(it) for it in payload["b"]], [str(it) for it in payload["a"]]
        return (bid[0], bid[2]), (ask[0], ask[2])
    return (payload[0], payload[3]), (payload[1], payload[4])


IMPORTERS = (
    capture_importer(
        "kraken",
        "Kraken's version 1 API: book (with checksums), trade, ticker, spread",
        scanner=_Scanner,
        reader=Kraken,
        symbol=symbol,
    ),
)
