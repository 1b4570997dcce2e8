"""
Raw captures of Binance (.com, .us and futures): depth diffs with their REST snapshot, trades, bookTicker.

Books follow the exchange's rule (:mod:`feed.importers.binance_depth`). Events have the transaction
time ``T`` where there is one, else the event time ``E``; spot snapshots and spot bookTickers have
neither and get their receive time. Quotes are made from the book. A bookTicker becomes a quote only
where no depth was captured; where both have the same update id, it is compared with the book. If both
``trade`` and ``aggTrade`` of a symbol were captured, the single trades are used. Klines are counted
and left out, since they derive from the trades. Tick and lot sizes are those of ``exchangeInfo``, if a
REST answer has it, else the smallest that occur.

Source: Binance, "WebSocket Streams", https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams,
and "Websocket Market Streams" of USDS-margined futures,
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from feed.importers.binance_depth import DepthSequence, Diff
from feed.importers.books import BUY, SELL, ImportedMarket
from feed.importers.captures import CaptureReader, capture_importer, invalidate_book, listed
from feed.importers.run import ImportRun, Malformed
from feed.importers.symbol_scan import Definition
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Row


class _Envelope(msgspec.Struct):
    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()


class _Kind(msgspec.Struct):
    e: str = ""


class _Snapshot(msgspec.Struct):
    lastUpdateId: int  # noqa: N815 - the exchange's name
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    T: int | None = None


class _Trade(msgspec.Struct):
    s: str
    p: str
    q: str
    T: int
    m: bool
    t: int | None = None
    a: Any = None  # id of an aggTrade; of a trade, the seller's order in older streams


class _Ticker(msgspec.Struct):
    s: str
    u: int
    b: str
    B: str
    a: str
    A: str
    T: int | None = None
    E: int | None = None


class _Filter(msgspec.Struct):
    tickSize: str = ""  # noqa: N815 - the exchange's name
    stepSize: str = ""  # noqa: N815
    filterType: str = ""  # noqa: N815


class _Symbol(msgspec.Struct):
    symbol: str
    filters: list[_Filter] = []

    def step(self, kind: str) -> str:
        """The step of a filter; empty when there is none."""
        return next((it.tickSize or it.stepSize for it in self.filters if it.filterType == kind), "")


class _ExchangeInfo(msgspec.Struct):
    symbols: list[_Symbol]


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_KIND = msgspec.json.Decoder(_Kind)
_SNAPSHOT = msgspec.json.Decoder(_Snapshot)
_DIFF = msgspec.json.Decoder(Diff)
_TRADE = msgspec.json.Decoder(_Trade)
_TICKER = msgspec.json.Decoder(_Ticker)
_EXCHANGE_INFO = msgspec.json.Decoder(_ExchangeInfo)


def _event(text: str) -> tuple[str, Any]:
    """Kind and decoded event, of a combined stream or a single one; None for kinds that are not imported."""
    if text.startswith(("[", '{"stream":"!')):
        # Streams of all symbols at once are summaries, many of them arrays.
        return "all symbols", None
    envelope = _ENVELOPE.decode(text)
    data: Any = envelope.data if envelope.stream else text
    # Only the spot bookTicker does not say what it is.
    kind = _KIND.decode(data).e or (
        "bookTicker" if "@bookTicker" in envelope.stream or '"B":' in text else "other"
    )
    match kind:
        case "depthUpdate":
            return kind, _DIFF.decode(data)
        case "trade" | "aggTrade":
            return kind, _TRADE.decode(data)
        case "bookTicker":
            return kind, _TICKER.decode(data)
    return kind, None


def _snapshot(url: str, text: str) -> tuple[str, _Snapshot] | None:
    """Symbol and content of the response to a depth request; None for other requests."""
    parts = urlsplit(url)
    if not parts.path.endswith("/depth"):
        return None
    symbols = parse_qs(parts.query).get("symbol")
    if not symbols:
        raise Malformed("expected a depth request with a symbol")
    return symbols[0].upper(), _SNAPSHOT.decode(text)


class _Scanner(CaptureReader):
    """First pass: all prices and sizes, and which symbols have single trades."""

    def on_message(self, _: int, text: str) -> tuple[()]:
        scan = self.run.scan
        kind, event = _event(text)
        match kind, event:
            case _, Diff():
                scan.books[event.s] = scan.updates[event.s] = None
                scan.add_levels(event.s, event.b, event.a)
            case _, _Trade():
                scan.add(event.s, event.p, event.q)
                if kind == "trade":
                    scan.trades[event.s] = None
            case _, _Ticker():
                scan.add(event.s, event.b, event.B)
                scan.add(event.s, event.a, event.A)
        return ()

    def on_response(self, _: int, url: str, text: str) -> tuple[()]:
        if found := _snapshot(url, text):
            name, snapshot = found
            self.run.scan.add_levels(name, snapshot.bids, snapshot.asks)
        elif urlsplit(url).path.endswith("/exchangeInfo"):
            for one in listed(_EXCHANGE_INFO, text, _ExchangeInfo([])).symbols:
                steps = Definition(tick=one.step("PRICE_FILTER"), lot=one.step("LOT_SIZE"))
                self.run.scan.define(one.symbol, steps)
        return ()


class _Book:
    def __init__(self, run: ImportRun, market: ImportedMarket) -> None:
        def held() -> None:
            run.checked["diff follows the one before"] += 1

        self.market = market
        self.sequence = DepthSequence(run.bounds.waiting, held, run.gap)


class Binance(CaptureReader):
    """Second pass: events of books, trades and tickers."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self._books = {name: _Book(run, market) for name, market in run.markets.items()}

    def on_message(self, at: int, text: str) -> list[Row]:
        """Rows of a message from the exchange."""
        kind, event = _event(text)
        rows: list[Row] = []
        match event:
            case Diff():
                rows = self._diff(self._books[event.s], event)
            case _Trade() if kind == "trade" or event.s not in self.run.scan.trades:
                ts = self.run.monotonic(event.T * NS_PER_MILLISECOND)
                # If the buyer is the maker, the seller was the aggressor.
                aggressor = SELL if event.m else BUY
                rows = [self.run.trade(self.run.markets[event.s], ts, aggressor, event.p, event.q)]
            case _Ticker():
                rows = self._ticker(at, self._books[event.s], event)
        self.run.messages[kind] += 1
        return rows

    def on_response(self, at: int, url: str, text: str) -> list[Row]:
        """Rows of a REST snapshot, and of the diffs that were buffered for it."""
        found = _snapshot(url, text)
        if found is None:
            self.run.messages["other reply"] += 1
            return []
        name, snapshot = found
        self.run.messages["snapshot"] += 1
        book = self._books[name]
        levels = book.market.levels(snapshot.bids, snapshot.asks)
        if not book.sequence.snapshot(snapshot.lastUpdateId):
            self.run.messages["snapshot older than the book"] += 1
            return []
        ts = self.run.monotonic(at if snapshot.T is None else snapshot.T * NS_PER_MILLISECOND)
        rows = [book.market.book.clear(ts), *[book.market.book.level(ts, *level) for level in levels]]
        ready = book.sequence.caught_up()
        if ready is None:
            return [*rows, *invalidate_book(self.run, book.market, ts)]
        rows += self.run.quoted(book.market, ts)
        for diff in ready:
            rows += self._applied(book, diff)
        return rows

    def book_lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._books[name].sequence.reset()
        return super().book_lost(name, at)

    def _diff(self, book: _Book, diff: Diff) -> list[Row]:
        # Parsed before its ids are taken: a malformed diff is a gap before the next one.
        book.market.levels(diff.b, diff.a)
        self.track_connection(diff.s)
        if book.sequence.is_repeat(diff):
            self.run.messages["depthUpdate repeated"] += 1
            return []
        ready = book.sequence.diff(diff)
        if ready is None:
            return invalidate_book(self.run, book.market, self.run.now)
        return [row for one in ready for row in self._applied(book, one)]

    def _applied(self, book: _Book, diff: Diff) -> list[Row]:
        self.run.messages["depthUpdate applied"] += 1
        ts = self.run.monotonic((diff.E if diff.T is None else diff.T) * NS_PER_MILLISECOND)
        rows = [book.market.book.level(ts, *level) for level in book.market.levels(diff.b, diff.a)]
        return rows + self.run.quoted(book.market, ts)

    def _ticker(self, at: int, book: _Book, ticker: _Ticker) -> list[Row]:
        market = book.market
        prices, sizes = market.prices, market.sizes
        quote = (prices[ticker.b], sizes[ticker.B], prices[ticker.a], sizes[ticker.A])
        if market.has_book:
            if book.sequence.last == ticker.u:
                same = quote == (*market.book.bids.best(), *market.book.asks.best())
                self.run.checked["bookTicker equals book" if same else "bookTicker differs from book"] += 1
            return []
        stamp = ticker.T if ticker.T is not None else ticker.E
        ts = self.run.monotonic(at if stamp is None else stamp * NS_PER_MILLISECOND)
        return [self.run.quote(market, ts, quote)]


IMPORTERS = (
    capture_importer(
        "binance",
        "Binance (.com, .us, futures): depth with its REST snapshot, trades, bookTicker",
        scanner=_Scanner,
        reader=Binance,
        notes=(
            "Spot snapshots and spot bookTickers carry the time they were received; all else the exchange's.",
        ),
        snapshots="give the file of REST answers too, such as BINANCE.http.0.0",
    ),
)
