"""
Raw captures of Kraken's WebSocket API, version 1: book, trade, ticker and spread.

Every book update carries a CRC32 over the best ten levels of each side as they are after it, and
every one is verified. When one does not match, the book is wrong by an unknown amount: it is
cleared and waits for the next snapshot, as a client would subscribe anew. A level that is pushed
out of the subscribed depth is not announced; it is taken off here.

Book and trade events carry the exchange's time (of several levels in one message, the latest);
tickers have none and get the time they were received. Quotes come from the book; ticker and spread
become quotes only where no book was captured. A trade names the side of the incoming order.

Source: Kraken, "Book checksum (WebSocket v1)", https://docs.kraken.com/api/docs/guides/spot-ws-book-v1,
sections Book Updates and Book Checksum Calculation; "WebSockets API v1", channels book, trade, ticker and
spread, https://docs.kraken.com/api/docs/websocket-v1/book.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from feed.book.price_levels import PriceLevels
from feed.importers.books import BUY, SELL
from feed.importers.captures import Capture, forget, read_captures
from feed.importers.numbers import Market
from feed.importers.run import Importer, Malformed, Run
from feed.importers.symbols import Symbol, crypto
from feed.importers.tables import exhaust
from feed.importers.times import decimal_seconds
from feed.model.events import QUOTE, Row

_CHECKED_LEVELS = 10
_AGGRESSORS = {"b": BUY, "s": SELL}
_NAMES = {"XBT": "BTC", "XDG": "DOGE"}

_Level = list[str]
_Payload = dict[str, Any]
_DECODE = msgspec.json.Decoder()


def checksum(asks: list[str], bids: list[str]) -> int:
    """
    The CRC32 of a book.

    Args:
        asks: :func:`digits` of price and volume of the best ten asks, lowest first.
        bids: The same of the best ten bids, highest first.
    """
    return zlib.crc32("".join([*asks, *bids]).encode("ascii"))


def digits(text: str) -> str:
    """A decimal as the checksum wants it: no point, no leading zeros."""
    return text.replace(".", "").lstrip("0")


def symbol(pair: str) -> Symbol:
    """Kraken's ``XBT/USD`` is BTC-USD."""
    return crypto("/".join(_NAMES.get(asset, asset) for asset in pair.split("/")))


class _Side:
    """One side of a book, with each level's digits beside its size."""

    def __init__(self, side: int, levels: PriceLevels[int]) -> None:
        self.side = side
        self.levels = levels
        self.digits: dict[int, str] = {}

    def best_digits(self) -> list[str]:
        return [self.digits[price] for price in self.levels.top(_CHECKED_LEVELS)]


class _Book:
    """The book of one pair, as far as it is known."""

    def __init__(self, market: Market) -> None:
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
        """Take off what lies beyond the subscribed depth."""
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
    return message[-2], message[-1], message[1:-2]


def _book_levels(payloads: list[_Payload]) -> dict[str, list[_Level]]:
    """Levels of a book message: ``as`` and ``bs`` of a snapshot, ``a`` and ``b`` of an update."""
    return {key: levels for payload in payloads for key, levels in payload.items() if key != "c"}


class _Scanner(Capture):
    """First pass: every price and size there is."""

    def received(self, _: int, text: str) -> tuple[()]:
        if message := _message(text):
            channel, pair, payloads = message
            see = self.run.survey.see
            if channel.startswith("book-"):
                self.run.survey.books[pair] = self.run.survey.updates[pair] = None
                for levels in _book_levels(payloads).values():
                    for price, volume, *_more in levels:
                        see(pair, price, volume)
            elif channel == "trade":
                for price, volume, *_more in payloads[0]:
                    see(pair, price, volume)
            elif channel in {"ticker", "spread"}:
                for price, volume in _top(channel, payloads[0]):
                    see(pair, price, volume)
        return ()


class Kraken(Capture):
    """Second pass: the book of every pair."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._books = {pair: _Book(market) for pair, market in run.markets.items()}

    def received(self, at: int, text: str) -> list[Row]:
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

    def lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._books[name].known = False
        self._books[name].clear(at)
        return super().lost(name, at)

    def _book(self, book: _Book, pair: str, payloads: list[_Payload], depth: int) -> list[Row]:
        # Everything is read before anything changes, so that a malformed message leaves no trace.
        levels = _book_levels(payloads)
        stamps = [decimal_seconds(level[2]) for side in levels.values() for level in side]
        promised = next((int(payload["c"]) for payload in payloads if "c" in payload), None)
        snapshot = "as" in levels or "bs" in levels
        asks = book.read(levels.get("as" if snapshot else "a", []))
        bids = book.read(levels.get("bs" if snapshot else "b", []))
        ts = self.run.clock(max(stamps, default=self.run.now))
        if snapshot:
            self.run.messages["book snapshot"] += 1
            self.feeds(pair)
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
        return forget(self.run, book.market, ts)

    def _trade(self, market: Market, price: str, volume: str, time: str, side: str, *_: Any) -> Row:
        if side not in _AGGRESSORS:
            raise Malformed(f"side is {side!r} where b or s is expected")
        return self.run.trade(market, self.run.clock(decimal_seconds(time)), _AGGRESSORS[side], price, volume)

    def _quote(self, at: int, market: Market, kind: str, payload: Any) -> list[Row]:
        (bid, bid_size), (ask, ask_size) = _top(kind, payload)
        ts = self.run.clock(decimal_seconds(payload[2]) if kind == "spread" else at)
        prices, sizes = market.prices, market.sizes
        row = (QUOTE, market.index, ts, prices[bid], sizes[bid_size], prices[ask], sizes[ask_size])
        self.run.check_quote(market, row)
        return [row]


def _top(channel: str, payload: Any) -> tuple[tuple[str, str], tuple[str, str]]:
    """Price and size of bid and ask: of a ticker, or of a spread (bid, ask, time, sizes)."""
    if channel == "ticker":
        return (payload["b"][0], payload["b"][2]), (payload["a"][0], payload["a"][2])
    return (payload[0], payload[3]), (payload[1], payload[4])


def _survey(run: Run) -> None:
    exhaust(read_captures(run, _Scanner(run)))


def _rows(run: Run) -> Iterator[list[Row]]:
    return read_captures(run, Kraken(run))


IMPORTERS = (
    Importer(
        name="kraken",
        about="raw capture of Kraken's version 1 API: book (with checksums), trade, ticker, spread",
        symbol=symbol,
        survey=_survey,
        rows=_rows,
    ),
)
