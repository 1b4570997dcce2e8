"""
Raw captures of Binance (.com, .us and futures): depth diffs with their REST snapshot, trades, bookTicker.

Books follow the exchange's rule (:mod:`feed.importers.binance_depth`). Events carry the
transaction time ``T`` where there is one, else the event time ``E``. Spot snapshots and spot
bookTickers have neither and get the time they were received. Quotes come from the book; bookTicker
becomes the quote only where no depth was captured, and is compared with the book where both stand
at the same update. If both ``trade`` and ``aggTrade`` of a symbol were captured, the single trades
are used. Klines are counted and left out: they are made of the trades.

Source: Binance, "WebSocket Streams", https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams,
and "Websocket Market Streams" of USDS-margined futures,
https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from feed.importers.binance_depth import Diff, Sequence
from feed.importers.books import BUY, SELL
from feed.importers.captures import Capture, forget, read_captures
from feed.importers.numbers import Market
from feed.importers.run import Importer, Malformed, Run
from feed.importers.symbols import crypto
from feed.importers.tables import exhaust
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import QUOTE, Row


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


_ENVELOPE = msgspec.json.Decoder(_Envelope)
_KIND = msgspec.json.Decoder(_Kind)
_SNAPSHOT = msgspec.json.Decoder(_Snapshot)
_DIFF = msgspec.json.Decoder(Diff)
_TRADE = msgspec.json.Decoder(_Trade)
_TICKER = msgspec.json.Decoder(_Ticker)


def _event(text: str) -> tuple[str, Any]:
    """Kind and decoded event, from a combined stream or a single one; None for kinds left out."""
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
    """Symbol and content of the answer to a depth request; None for other requests."""
    parts = urlsplit(url)
    if not parts.path.endswith("/depth"):
        return None
    symbols = parse_qs(parts.query).get("symbol")
    if not symbols:
        raise Malformed("expected a depth request with a symbol")
    return symbols[0].upper(), _SNAPSHOT.decode(text)


class _Scanner(Capture):
    """First pass: every price and size there is, and which symbols have single trades."""

    def received(self, _: int, text: str) -> tuple[()]:
        survey = self.run.survey
        kind, event = _event(text)
        match kind, event:
            case _, Diff():
                survey.books[event.s] = survey.updates[event.s] = None
                for price, size in (*event.b, *event.a):
                    survey.see(event.s, price, size)
            case _, _Trade():
                survey.see(event.s, event.p, event.q)
                if kind == "trade":
                    survey.trades[event.s] = None
            case _, _Ticker():
                survey.see(event.s, event.b, event.B)
                survey.see(event.s, event.a, event.A)
        return ()

    def reply(self, _: int, url: str, text: str) -> tuple[()]:
        if found := _snapshot(url, text):
            name, snapshot = found
            for price, size in (*snapshot.bids, *snapshot.asks):
                self.run.survey.see(name, price, size)
        return ()


class _Book:
    def __init__(self, run: Run, market: Market) -> None:
        def held() -> None:
            run.checked["diff follows the one before"] += 1

        self.market = market
        self.sequence = Sequence(run.bounds.waiting, held, run.gap)

    def levels(self, bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> list[tuple[int, int, int]]:
        """Side, ticks and lots of each level."""
        prices, sizes = self.market.prices, self.market.sizes
        found = [(BUY, prices[price], sizes[size]) for price, size in bids]
        return found + [(SELL, prices[price], sizes[size]) for price, size in asks]


class Binance(Capture):
    """Second pass: the book of every symbol."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self._books = {name: _Book(run, market) for name, market in run.markets.items()}

    def received(self, at: int, text: str) -> list[Row]:
        """Rows of a message from the exchange."""
        kind, event = _event(text)
        rows: list[Row] = []
        match event:
            case Diff():
                rows = self._diff(self._books[event.s], event)
            case _Trade() if kind == "trade" or event.s not in self.run.survey.trades:
                ts = self.run.clock(event.T * NS_PER_MILLISECOND)
                # The buyer being the maker means that a seller came to the book.
                aggressor = SELL if event.m else BUY
                rows = [self.run.trade(self.run.markets[event.s], ts, aggressor, event.p, event.q)]
            case _Ticker():
                rows = self._ticker(at, self._books[event.s], event)
        self.run.messages[kind] += 1
        return rows

    def reply(self, at: int, url: str, text: str) -> list[Row]:
        """Rows of a REST snapshot, and of the diffs that waited for it."""
        found = _snapshot(url, text)
        if found is None:
            self.run.messages["other reply"] += 1
            return []
        name, snapshot = found
        self.run.messages["snapshot"] += 1
        book = self._books[name]
        levels = book.levels(snapshot.bids, snapshot.asks)
        if not book.sequence.snapshot(snapshot.lastUpdateId):
            self.run.messages["snapshot older than the book"] += 1
            return []
        ts = self.run.clock(at if snapshot.T is None else snapshot.T * NS_PER_MILLISECOND)
        rows = [book.market.book.clear(ts), *[book.market.book.level(ts, *level) for level in levels]]
        ready = book.sequence.caught_up()
        if ready is None:
            return [*rows, *forget(self.run, book.market, ts)]
        rows += self.run.quoted(book.market, ts)
        for diff in ready:
            rows += self._applied(book, diff)
        return rows

    def lost(self, name: str, at: int) -> list[Row]:
        """The book waits for its next snapshot."""
        self._books[name].sequence.forget()
        return super().lost(name, at)

    def _diff(self, book: _Book, diff: Diff) -> list[Row]:
        # Read once before the sequence hears of it: a malformed diff is a gap to the next one.
        book.levels(diff.b, diff.a)
        self.feeds(diff.s)
        if book.sequence.repeats(diff):
            self.run.messages["depthUpdate repeated"] += 1
            return []
        ready = book.sequence.diff(diff)
        if ready is None:
            return forget(self.run, book.market, self.run.now)
        return [row for one in ready for row in self._applied(book, one)]

    def _applied(self, book: _Book, diff: Diff) -> list[Row]:
        self.run.messages["depthUpdate applied"] += 1
        ts = self.run.clock((diff.E if diff.T is None else diff.T) * NS_PER_MILLISECOND)
        rows = [book.market.book.level(ts, *level) for level in book.levels(diff.b, diff.a)]
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
        row = (
            QUOTE,
            market.index,
            self.run.clock(at if stamp is None else stamp * NS_PER_MILLISECOND),
            *quote,
        )
        self.run.check_quote(market, row)
        return [row]


def _survey(run: Run) -> None:
    exhaust(read_captures(run, _Scanner(run)))


def _rows(run: Run) -> Iterator[list[Row]]:
    return read_captures(run, Binance(run))


IMPORTERS = (
    Importer(
        name="binance",
        about="raw capture of Binance (.com, .us, futures): depth with its REST snapshot, trades, bookTicker",
        symbol=crypto,
        survey=_survey,
        rows=_rows,
        notes=(
            "Spot snapshots and spot bookTickers carry the time they were received; all else the exchange's.",
        ),
        snapshots="give the file of REST answers too, such as BINANCE.http.0.0",
    ),
)
