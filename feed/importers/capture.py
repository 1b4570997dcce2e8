"""
Raw captures of servers that speak a protocol of this project, as ``feed record`` keeps them.

The first line says which protocol, and what was subscribed to::

    configuration: {"dialect":"guide","symbols":["BTC-USD"],"channels":["trades","book"]}

The others are those of :mod:`feed.importers.captures`; that a connection was opened stands there only where
it begins with the present, and not where it goes on after the one before. What messages say, and what is
missing between them, is found out as :mod:`feed.client` does it. Quotes come from the book; only where no
book was captured they are those of the protocol.
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
from feed.importers.captures import Capture, read_captures
from feed.importers.numbers import Market
from feed.importers.run import Importer, Malformed, Run
from feed.importers.symbols import listed
from feed.importers.tables import exhaust
from feed.model.directory import Directory
from feed.model.events import QUOTE, UNKNOWN, BookCleared, Event, LevelSet, Quote, Row, Trade

if TYPE_CHECKING:
    from feed.client import State

NAME: Final = "capture"
CHANNELS: Final = (Channel.QUOTES, Channel.TRADES, Channel.BOOK)
"""What a recording has events for."""


class Configuration(msgspec.Struct):
    """
    The first line of a capture.

    Attributes:
        dialect: Name of the protocol.
        symbols: What was subscribed to; a server may send others besides.
        channels: Of each of them.
    """

    dialect: str
    symbols: list[str]
    channels: list[Channel]


_CONFIGURATION: Final = msgspec.json.Decoder(Configuration)


class _Messages(Capture):
    """Reads the messages of every file in its protocol."""

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.directory = Directory()
        self._sessions: dict[Path, ClientSession] = {}

    def configured(self, text: str) -> None:
        """The protocol of the file at hand."""
        known = _CONFIGURATION.decode(text)
        try:
            codec = codec_for("", known.dialect)
        except ConfigError as problem:
            raise Malformed(str(problem)) from None
        spec = SubscriptionSpec(symbols=tuple(known.symbols), channels=tuple(known.channels))
        self._sessions[self.run.path] = codec.client_session(spec, self.directory)

    def items(self, text: str) -> Sequence[Item]:
        """What a message says."""
        session = self._sessions.get(self.run.path)
        if session is None:
            raise Malformed('expected a first line such as configuration: {"dialect":...}')
        try:
            return session.receive(text)[0]
        except ProtocolError as problem:
            raise Malformed(problem.message) from None


class _Surveyor(_Messages):
    """
    First pass: every price and size there is, and what the messages do not tell.

    A trade or a quote that is lost shows where the next one names the one before it, or its number.

    Attributes:
        first: The first market time that is told, nanoseconds since the Unix epoch.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run)
        self.first = 0
        self._unsized = self._unsided = False
        self._chained: dict[Channel, bool] = {}
        self._unnumbered: dict[Channel, None] = {}

    def received(self, _: int, text: str) -> tuple[()]:
        """One message."""
        for item in self.items(text):
            ts = item.event.ts if isinstance(item, ChannelEvent) else getattr(item, "ts", 0)
            self.first = self.first or ts
            if isinstance(item, BookPart):
                self._book(item)
            elif isinstance(item, ChannelEvent):
                self._event(item)
        return ()

    def notes(self) -> Iterator[str]:
        """What the reader of the recording must know."""
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
        instrument, survey = self.directory[part.instrument], self.run.survey
        survey.books[instrument.symbol] = None
        if not part.snapshot:
            survey.updates[instrument.symbol] = None
        for _, price, lots in part.levels:
            survey.see(instrument.symbol, instrument.price_text(price), instrument.size_text(lots))
        proven = part.checksum is not None
        self._chained[Channel.BOOK] = self._chained.get(Channel.BOOK, False) or proven

    def _event(self, item: ChannelEvent) -> None:
        event, channel = item.event, item.channel
        instrument, see = self.directory[event.instrument], self.run.survey.see
        match event:
            case Quote():
                for price in (event.bid, event.ask):
                    see(instrument.symbol, instrument.price_text(price), "1")
                self._unsized |= UNKNOWN in (event.bid_size, event.ask_size)
            case Trade():
                see(instrument.symbol, instrument.price_text(event.price), instrument.size_text(event.size))
                self._unsided |= event.aggressor is None
            case _:
                return
        if not event.seq:
            self._unnumbered[channel] = None
        chained = bool(item.serial) or item.previous is not None
        self._chained[channel] = self._chained.get(channel, False) or chained


class _Reader(_Messages):
    """Second pass: the events."""

    def __init__(self, run: Run) -> None:
        # Not at the top: whoever imports other formats should not wait for the client to load.
        from feed.client.books import Books  # noqa: PLC0415
        from feed.client.replica import OutOfStep  # noqa: PLC0415
        from feed.client.streams import Streams  # noqa: PLC0415

        super().__init__(run)
        self._books, self._streams = Books(self.directory), Streams(self.directory)
        self._out_of_step = OutOfStep

    def received(self, _: int, text: str) -> list[Row]:
        """Rows of one message; nothing of one that repeats another."""
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

    def reopened(self, at: int) -> list[Row]:
        """What comes begins with the present: streams may be numbered otherwise, and books are not known."""
        self._streams.forget()
        self._books.lose()
        return super().reopened(at)

    def lost(self, name: str, at: int) -> list[Row]:
        """The time of receipt may be far from market time, which goes on from the last event."""
        del at
        self._fed_by.pop(name, None)
        return super().lost(name, self.run.now)

    def _book(self, part: BookPart) -> list[Row]:
        name = self.directory[part.instrument].symbol
        try:
            events = self._books.take(part)
        except self._out_of_step as problem:
            self.run.gap(f"the book of {name} waits for its next snapshot: {problem.reason}")
            return self.lost(name, 0)
        rows = [row for event in events for row in self._rows(event)]
        if part.first:
            self.feeds(name)
        if part.checksum is not None and not part.more:
            self.run.checked["checksum of the book"] += 1
        return rows if part.more else [*rows, *self.run.quoted(self._market(part.instrument), self.run.now)]

    def _market(self, index: int) -> Market:
        return self.run.markets[self.directory[index].symbol]

    def _rows(self, event: Event | State) -> list[Row]:
        """The rows of an event; a gap is counted."""
        if not isinstance(event, Event):
            if reason := getattr(event, "reason", ""):
                self.run.gap(f"messages are missing: {reason}")
            return []
        market, grid = self._market(event.instrument), self.directory[event.instrument]
        ts = self.run.clock(event.ts or self.run.now)  # a book that nothing has happened to has no time
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

    def _quote(self, market: Market, ts: int, event: Quote) -> Row:
        grid = self.directory[event.instrument]

        def side(price: int, lots: int) -> tuple[int, int]:
            known = market.sizes[grid.size_text(lots)] if lots != UNKNOWN else 1
            return market.prices[grid.price_text(price)], known

        row = (QUOTE, market.index, ts, *side(event.bid, event.bid_size), *side(event.ask, event.ask_size))
        self.run.check_quote(market, row)
        return row


def _survey(run: Run) -> None:
    surveyor = _Surveyor(run)
    exhaust(read_captures(run, surveyor))
    run.notes, run.now = tuple(surveyor.notes()), surveyor.first


def _rows(run: Run) -> Iterator[list[Row]]:
    return read_captures(run, _Reader(run))


IMPORTERS = (
    Importer(
        name=NAME,
        about="raw capture of a server in any protocol of this project, as feed record keeps it",
        symbol=listed,
        survey=_survey,
        rows=_rows,
    ),
)
