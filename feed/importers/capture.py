"""
Raw captures of servers that speak a protocol of this project, as ``feed record`` keeps them.

The first line says which protocol, and what was subscribed to::

    configuration: {"dialect":"guide","symbols":["BTC-USD"],"channels":["trades","book"]}

The other lines are those of :mod:`feed.importers.captures`. A line for an opened connection is there only
where the connection did not resume the one before it. Messages are decoded, and gaps between them found,
as :mod:`feed.client` does. Quotes are made from the book, or are those of the protocol where no book was
captured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from feed.dialects.client import ClientSession, SubscriptionSpec
from feed.dialects.discovery import codec_for
from feed.dialects.items import BookPart, Channel, ChannelEvent, Item
from feed.errors import ConfigError, ProtocolError
from feed.importers.books import ImportedMarket
from feed.importers.captures import CaptureReader, read_captures
from feed.importers.run import Importer, ImportRun, Malformed
from feed.importers.symbols import fx_or_crypto_symbol
from feed.importers.tables import drain
from feed.model.directory import Directory
from feed.model.events import UNKNOWN, BookCleared, Event, LevelSet, Quote, Row, Trade

if TYPE_CHECKING:
    from feed.client import State

NAME: Final = "capture"
CHANNELS: Final = (Channel.QUOTES, Channel.TRADES, Channel.BOOK)
"""The channels that are recorded."""


class CaptureHeader(msgspec.Struct):
    """
    The first line of a capture.

    Attributes:
        dialect: Name of the protocol.
        symbols: The symbols that were subscribed to; a server may send others besides.
        channels: The channels of each of them.
    """

    dialect: str
    symbols: list[str]
    channels: list[Channel]


_CONFIGURATION: Final = msgspec.json.Decoder(CaptureHeader)


class _Messages(CaptureReader):
    """Reads the messages of every file in its protocol."""

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self.directory = Directory()
        self._sessions: dict[Path, ClientSession] = {}

    def on_configuration(self, text: str) -> None:
        """Set the protocol of the current file."""
        known = _CONFIGURATION.decode(text)
        try:
            codec = codec_for("", known.dialect)
        except ConfigError as problem:
            raise Malformed(str(problem)) from None
        spec = SubscriptionSpec(symbols=tuple(known.symbols), channels=tuple(known.channels))
        self._sessions[self.run.path] = codec.client_session(spec, self.directory)

    def items(self, text: str) -> Sequence[Item]:
        """The decoded content of a message."""
        session = self._sessions.get(self.run.path)
        if session is None:
            raise Malformed('expected a first line such as configuration: {"dialect":...}')
        try:
            return session.receive(text)[0]
        except ProtocolError as problem:
            raise Malformed(problem.message) from None


class _Scanner(_Messages):
    """
    First pass: all prices and sizes, and what the messages lack.

    The loss of a trade or a quote can be detected only where the next one has a number, or that of the
    previous one.

    Attributes:
        first: The first market time in the input, nanoseconds since the Unix epoch.
    """

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        self.first = 0
        self._unsized = self._unsided = False
        self._chained: dict[Channel, bool] = {}
        self._unnumbered: dict[Channel, None] = {}

    def on_message(self, _: int, text: str) -> tuple[()]:
        """Take the content of one message into account."""
        for item in self.items(text):
            ts = item.event.ts if isinstance(item, ChannelEvent) else getattr(item, "ts", 0)
            self.first = self.first or ts
            if isinstance(item, BookPart):
                self._book(item)
            elif isinstance(item, ChannelEvent):
                self._event(item)
        return ()

    def notes(self) -> Iterator[str]:
        """What a user of the recording must know."""
        if self._unsized:
            yield "sizes of quotes are not told: one lot stands for each"
        if self._unsided:
            yield "the taker's side is not told of every trade"
        if self._unnumbered:
            yield f"sequence numbers are not told: {', '.join(self._unnumbered)}"
        blind = [channel for channel, chained in self._chained.items() if not chained]
        if blind:
            yield f"nothing shows when messages are lost: {', '.join(blind)}"

    def _book(self, part: BookPart) -> None:
        instrument, scan = self.directory[part.instrument], self.run.scan
        scan.books[instrument.symbol] = None
        if not part.snapshot:
            scan.updates[instrument.symbol] = None
        for _, price, lots in part.levels:
            scan.add(instrument.symbol, instrument.price_text(price), instrument.size_text(lots))
        proven = part.checksum is not None
        self._chained[Channel.BOOK] = self._chained.get(Channel.BOOK, False) or proven

    def _event(self, item: ChannelEvent) -> None:
        event, channel = item.event, item.channel
        instrument, add = self.directory[event.instrument], self.run.scan.add
        match event:
            case Quote():
                for price in (event.bid, event.ask):
                    add(instrument.symbol, instrument.price_text(price), "1")
                self._unsized |= UNKNOWN in (event.bid_size, event.ask_size)
            case Trade():
                add(instrument.symbol, instrument.price_text(event.price), instrument.size_text(event.size))
                self._unsided |= event.aggressor is None
            case _:
                return
        if not event.seq:
            self._unnumbered[channel] = None
        chained = bool(item.serial) or item.previous is not None
        self._chained[channel] = self._chained.get(channel, False) or chained


class _Reader(_Messages):
    """Second pass: the events."""

    def __init__(self, run: ImportRun) -> None:
        # Not at the top, so that imports of other formats do not load the client.
        from feed.client.book import Books  # noqa: PLC0415
        from feed.client.replica import OutOfStep  # noqa: PLC0415
        from feed.client.streams import Streams  # noqa: PLC0415

        super().__init__(run)
        self._books, self._streams = Books(self.directory), Streams(self.directory)
        self._out_of_step = OutOfStep

    def on_message(self, _: int, text: str) -> list[Row]:
        """Rows of one message; none for a repetition."""
        items = self.items(text)
        kinds: Counter[str] = Counter()
        rows: list[Row] = []
        for item in items:
            match item:
                case ChannelEvent():
                    kinds[item.channel] += 1
                    for event in self._streams.take(item):
                        rows += self._rows(event)
                case BookPart():
                    kinds[Channel.BOOK] += 1
                    rows += self._book(item)
        self.run.messages.update(kinds or {"other": 1})
        return rows

    def on_reconnect(self, at: int) -> list[Row]:
        """A connection that did not resume: sequence numbers may start again, and books are not known."""
        self._streams.forget()
        self._books.lose()
        return super().on_reconnect(at)

    def book_lost(self, name: str, at: int) -> list[Row]:
        """Clear the book at the time of the last event: the receive time may be far from market time."""
        del at
        self._connections.pop(name, None)
        return super().book_lost(name, self.run.now)

    def _book(self, part: BookPart) -> list[Row]:
        name = self.directory[part.instrument].symbol
        try:
            events = self._books.take(part)
        except self._out_of_step as problem:
            self.run.gap(f"the book of {name} waits for its next snapshot: {problem.reason}")
            return self.book_lost(name, 0)
        rows = [row for event in events for row in self._rows(event)]
        if part.first:
            self.track_connection(name)
        if part.checksum is not None and not part.more:
            self.run.checked["checksum of the book"] += 1
        return rows if part.more else [*rows, *self.run.quoted(self._market(part.instrument), self.run.now)]

    def _market(self, index: int) -> ImportedMarket:
        return self.run.markets[self.directory[index].symbol]

    def _rows(self, event: Event | State) -> list[Row]:
        """The rows of an event; a gap is reported."""
        if not isinstance(event, Event):
            if reason := getattr(event, "reason", ""):
                self.run.gap(f"messages are missing: {reason}")
            return []
        market, grid = self._market(event.instrument), self.directory[event.instrument]
        ts = self.run.monotonic(event.ts or self.run.now)  # a book that nothing has happened to has no time
        match event:
            case BookCleared():
                return [market.book.clear(ts)]
            case LevelSet():
                price, lots = grid.price_text(event.price), grid.size_text(event.level)
                return [market.book.level(ts, event.side, market.prices[price], market.sizes[lots])]
            case Trade():
                side = UNKNOWN if event.aggressor is None else int(event.aggressor)
                price, lots = grid.price_text(event.price), grid.size_text(event.size)
                return [self.run.trade(market, ts, side, price, lots)]
            case Quote() if not market.has_book:
                return [self._quote(market, ts, event)]
        return []

    def _quote(self, market: ImportedMarket, ts: int, event: Quote) -> Row:
        grid = self.directory[event.instrument]

        def side(price: int, lots: int) -> tuple[int, int]:
            known = market.sizes[grid.size_text(lots)] if lots != UNKNOWN else 1
            return market.prices[grid.price_text(price)], known

        quote = (*side(event.bid, event.bid_size), *side(event.ask, event.ask_size))
        return self.run.quote(market, ts, quote)


def _scan(run: ImportRun) -> None:
    scanner = _Scanner(run)
    drain(read_captures(run, scanner))
    run.notes, run.now = tuple(scanner.notes()), scanner.first


def _rows(run: ImportRun) -> Iterator[list[Row]]:
    return read_captures(run, _Reader(run))


IMPORTERS = (
    Importer(
        name=NAME,
        about="raw capture of a server in any protocol of this project, as feed record keeps it",
        symbol=fx_or_crypto_symbol,
        scan=_scan,
        rows=_rows,
    ),
)
