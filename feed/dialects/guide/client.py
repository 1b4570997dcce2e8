"""
The guide's feed from the client's end: tickers, trades, and books that can be proven.

Source: sections "How WebSocket Market Data Subscriptions Work" and "Tips for Implementing a Secure and
Reliable WebSocket Feed", and the shapes in ``NOTES.md`` beside this file. The guide asks for exponential
backoff and has no numbers for it; the usual ones stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol
from urllib.parse import urlencode

import msgspec

from feed.dialects.client import (
    BookPart,
    Channel,
    Codec,
    Dialogue,
    Duty,
    Item,
    Ready,
    Rest,
    Wish,
    read,
    refusal,
    ticker,
    trade,
)
from feed.dialects.guide import channels
from feed.dialects.messages import message
from feed.dialects.symbols import plain
from feed.dialects.times import NS_PER_MILLISECOND, nanoseconds
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.events import Side

_KINDS: Final = {
    Channel.QUOTES: channels.TICKER,
    Channel.TRADES: channels.TRADES,
    Channel.BOOK: channels.BOOK,
}


class TickerMessage(msgspec.Struct, tag="ticker"):
    """Best bid, best ask, last price."""

    symbol: str
    price: str
    bid: str
    ask: str
    ts: int
    seq: int


class TradeMessage(msgspec.Struct, tag="trade"):
    """One trade; ``id`` counts those of an instrument."""

    symbol: str
    id: str
    price: str
    size: str
    side: Literal["buy", "sell"] | None
    ts: int
    seq: int


class BookMessage(msgspec.Struct, tag="book"):
    """Part of a snapshot, or a delta."""

    symbol: str
    action: Literal["snapshot", "delta"]
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]
    ts: int
    seq: int
    checksum: int | None = None
    part: int = 1
    parts: int = 1


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    message: str


_MOST_LEVELS: Final = 1000
_MESSAGES: Final = msgspec.json.Decoder(TickerMessage | TradeMessage | BookMessage | Subscribed | Error)


class GuideDialogue(Dialogue):
    """One frame subscribes to everything."""

    def __init__(self, wish: Wish, directory: Directory) -> None:
        self._wish = wish
        self._directory = directory

    def start(self) -> Sequence[str]:
        """All channels of all symbols."""
        names = [_name(channel, symbol) for channel in self._wish.channels for symbol in self._wish.symbols]
        return [message(type="subscribe", channels=names)]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(_MESSAGES, text)
        try:
            match said:
                case BookMessage():
                    return (self._book(said),), ()
                case TickerMessage():
                    heard = ticker(
                        self._directory,
                        said.symbol,
                        bid=said.bid,
                        ask=said.ask,
                        price=said.price,
                        ts=said.ts * NS_PER_MILLISECOND,
                        seq=said.seq,
                    )
                    return (heard,), ()
                case TradeMessage():
                    heard = trade(
                        self._directory,
                        said.symbol,
                        price=said.price,
                        size=said.size,
                        side=said.side,
                        ts=said.ts * NS_PER_MILLISECOND,
                        seq=said.seq,
                        number=int(said.id),
                    )
                    return (heard,), ()
        except ValueError as problem:
            raise ProtocolError(str(problem)) from None
        match said:
            case Subscribed():
                return [Ready()], ()
            case Error():
                return [refusal(said.message, key=False)], ()
        return (), ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Away and back again: a new subscription begins with a snapshot."""
        names = [_name(channel, symbol)]
        return [message(type=kind, channels=names) for kind in ("unsubscribe", "subscribe")]

    def probe(self) -> str:
        """A ping that is a message."""
        return message(type="ping")

    def _book(self, said: BookMessage) -> BookPart:
        index, levels = _levels(self._directory, said)
        snapshot = said.action == "snapshot"
        return BookPart(
            instrument=index,
            seq=said.seq,
            ts=said.ts * NS_PER_MILLISECOND,
            first=snapshot and said.part == 1,
            more=snapshot and said.part < said.parts,
            snapshot=snapshot,
            levels=levels,
            checksum=said.checksum,
        )


class Levels(Protocol):
    """What tells of price levels: a message, or an answer."""

    symbol: str
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


def _levels(directory: Directory, said: Levels) -> tuple[int, tuple[tuple[Side, int, int], ...]]:
    """Index of the instrument, and side, ticks and lots of each level."""
    index = directory.index(said.symbol)

    def read_all() -> tuple[tuple[Side, int, int], ...]:
        return tuple(
            (side, directory.price(index, at), directory.size(index, lots))
            for side, rows in ((Side.BUY, said.bids), (Side.SELL, said.asks))
            for at, lots in rows
        )

    before = directory[index]
    levels = read_all()
    # The grid may have become finer half-way.
    return index, levels if directory[index] is before else read_all()


class BookAnswer(msgspec.Struct):
    """A book by request."""

    symbol: str
    seq: int
    ts: str
    bids: list[tuple[str, str]]
    asks: list[tuple[str, str]]


_ANSWERS: Final = msgspec.json.Decoder(BookAnswer)


class BookByRest(Rest):
    """``GET /v1/market/book``: the whole book, and the sequence number at which it stands."""

    def path(self, symbol: str) -> str:
        """All the levels that the server gives."""
        return f"/v1/market/book?{urlencode({'symbol': symbol, 'depth': _MOST_LEVELS})}"

    def read(self, body: bytes, directory: Directory) -> BookPart:
        """Every level in one part."""
        try:
            said = _ANSWERS.decode(body)
            index, levels = _levels(directory, said)
            ts = nanoseconds(said.ts)
        except (msgspec.DecodeError, ValueError) as problem:
            raise ProtocolError(str(problem)) from None
        return BookPart(
            instrument=index, seq=said.seq, ts=ts, first=True, more=False, snapshot=True, levels=levels
        )


def _name(channel: Channel, symbol: str) -> str:
    return f"{_KINDS[channel]}_{plain(symbol)}"


CODEC: Final = Codec(
    dialogue=GuideDialogue,
    channels=(Channel.QUOTES, Channel.TRADES, Channel.BOOK),
    required=(
        Duty.CONNECT,
        Duty.SUBSCRIBE,
        Duty.PONG,
        Duty.RECONNECT,
        Duty.RESUBSCRIBE,
        Duty.BACK_OFF,
        Duty.GARBAGE,
    ),
    advised=(Duty.GAP, Duty.SLOW, Duty.MUTE),
    rest=BookByRest(),
)
