"""
Coinbase Advanced Trade's WebSocket from the client's end: tickers, trades and books.

What is lost shows in every message: each has its number in the connection. The exchange's document asks who
has missed some to begin anew; a book is asked for again, and begins with a snapshot.

Source: "WebSocket Overview", section "Sequence Numbers", and ``NOTES.md`` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from feed.dialects.client import (
    ADVISED,
    NUMBERED_STREAMS,
    UNREADABLE,
    ClientSession,
    Codec,
    Resuming,
    SubscriptionSpec,
    unreadable,
)
from feed.dialects.coinbase.streams import topics
from feed.dialects.coinbase.streams.books import BookEncoder
from feed.dialects.coinbase.streams.encoder import SNAPSHOT
from feed.dialects.coinbase.streams.requests import SUBSCRIBE, UNKNOWN_PRODUCT, UNSUBSCRIBE
from feed.dialects.coinbase.streams.session import SUBSCRIPTIONS
from feed.dialects.items import (
    BookPart,
    Channel,
    ChannelEvent,
    Item,
    Missed,
    Ready,
    Refusal,
    RefusalKind,
    refusal,
    ticker,
    trade,
)
from feed.dialects.messages import clip, message
from feed.dialects.pair_names import assets_of
from feed.dialects.times import nanoseconds
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.events import Side

_CHANNELS: Final = {
    Channel.QUOTES: topics.TICKER,
    Channel.TRADES: topics.MARKET_TRADES,
    Channel.BOOK: topics.LEVEL2,
}
_RAW: Final = (topics.CANDLES, topics.TICKER_BATCH, topics.STATUS, topics.HEARTBEATS)
_SIDES: Final = {"bid": Side.BUY, "offer": Side.SELL}


class _Ticker(msgspec.Struct):
    """Source: "Ticker Channel"."""

    product_id: str
    price: str
    best_bid: str
    best_ask: str


class _Trade(msgspec.Struct):
    """Source: "Market Trades Channel"."""

    product_id: str
    trade_id: str
    price: str
    size: str
    side: str
    time: str


class _Update(msgspec.Struct):
    side: str
    price_level: str
    new_quantity: str


class _Event(msgspec.Struct):
    """Of any channel that is read."""

    type: str = ""
    product_id: str = ""
    tickers: list[_Ticker] = []
    trades: list[_Trade] = []
    updates: list[_Update] = []


class _Message(msgspec.Struct):
    """Any message: of a channel, or an error."""

    channel: str | None = None
    timestamp: str = ""
    sequence_num: int = 0
    events: msgspec.Raw = msgspec.Raw(b"[]")
    type: str = ""
    message: str = ""


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_EVENTS: Final = msgspec.json.Decoder(list[_Event])
_READ: Final = frozenset((topics.TICKER, topics.MARKET_TRADES, BookEncoder.channel))


def stamp(data: bytes) -> int | None:
    """The time of a message, nanoseconds since the Unix epoch; None where it has none."""
    text = _MESSAGE.decode(data).timestamp
    return nanoseconds(text) if text else None


class CoinbaseClientSession(ClientSession):
    """A request for each channel, of all products."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory
        self._products = list(dict.fromkeys(product_of(name) for name in spec.symbols))
        self._awaited = len(spec.channels) + len(spec.raw_channels)
        self._expected = 0  # number of the next message
        self._parts = 0

    def start(self) -> Sequence[str]:
        """All channels of all products."""
        channels = [*(_CHANNELS[channel] for channel in self._spec.channels), *self._spec.raw_channels]
        return [self._request(SUBSCRIBE, channel, self._products) for channel in channels]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        try:
            said = _MESSAGE.decode(text)
            if said.channel is not None:
                return self._numbered(said, said.channel), ()
        except UNREADABLE as problem:
            raise unreadable(problem, text) from None
        if not said.type:
            raise ProtocolError(f"no message of this protocol: {clip(text)}")
        return ([_refusal(said.message), *self._answered()] if said.type == "error" else []), ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Away and back again: a new subscription begins with a snapshot."""
        return [self._request(kind, _CHANNELS[channel], [symbol]) for kind in (UNSUBSCRIBE, SUBSCRIBE)]

    def probe(self) -> str:
        """A subscription to heartbeats, which is answered however often it is asked for."""
        return self._request(SUBSCRIBE, topics.HEARTBEATS, ())

    def _request(self, kind: str, channel: str, products: Sequence[str]) -> str:
        if channel == topics.HEARTBEATS:
            return message(type=kind, channel=channel)
        return message(type=kind, product_ids=products, channel=channel)

    def _answered(self) -> Sequence[Item]:
        """Ready when every request has been answered."""
        if not self._awaited:
            return ()
        self._awaited -= 1
        return () if self._awaited else [Ready()]

    def _numbered(self, said: _Message, channel: str) -> Sequence[Item]:
        """What it says, after what is missing before it; nothing for one that was said, or that is late."""
        missing = said.sequence_num - self._expected
        if missing < 0:
            return ()
        self._expected = said.sequence_num + 1
        found: list[Item] = [Missed(missing)] if missing else []
        if channel == SUBSCRIPTIONS:
            found += self._answered()
        elif channel in _READ:
            ts = nanoseconds(said.timestamp)
            for event in _EVENTS.decode(said.events):
                found += self._event(event, channel, ts)
        return found

    def _event(self, event: _Event, channel: str, ts: int) -> Sequence[Item]:
        match channel:
            case topics.TICKER:
                return [self._ticker(one, ts) for one in event.tickers]
            case topics.MARKET_TRADES:
                # Those of a snapshot are the past, and may have been told before.
                return [] if event.type == SNAPSHOT else [self._trade(one) for one in reversed(event.trades)]
        return [self._book(event, ts)]

    def _ticker(self, one: _Ticker, ts: int) -> ChannelEvent:
        return ticker(
            self._directory, one.product_id, bid=one.best_bid, ask=one.best_ask, price=one.price, ts=ts, seq=0
        )

    def _trade(self, one: _Trade) -> ChannelEvent:
        return trade(
            self._directory,
            one.product_id,
            price=one.price,
            size=one.size,
            side="buy" if one.side == "SELL" else "sell",  # of who rested
            ts=nanoseconds(one.time),
            seq=0,
            number=int(one.trade_id),
        )

    def _book(self, event: _Event, ts: int) -> BookPart:
        index, directory = self._directory.index(event.product_id), self._directory

        def read() -> tuple[tuple[Side, int, int], ...]:
            return tuple(
                (
                    _SIDES[one.side],
                    directory.price(index, one.price_level),
                    directory.size(index, one.new_quantity),
                )
                for one in event.updates
            )

        snapshot = event.type == SNAPSHOT
        self._parts += 1  # in order, as messages without one missing are
        return BookPart(
            instrument=index,
            seq=self._parts,
            ts=ts,
            first=snapshot,
            more=False,
            snapshot=snapshot,
            levels=directory.settled(index, read),
        )


def _refusal(error: str) -> Refusal:
    if error.endswith(UNKNOWN_PRODUCT):
        return Refusal(about=RefusalKind.SYMBOL, message=error)
    return refusal(error, key=False)


def product_of(name: str) -> str:
    """The exchange's product, ``BTC-USD``, for any usual spelling of one."""
    return "-".join(assets_of(name))


CODEC: Final = Codec(
    client_session=CoinbaseClientSession,
    channels=tuple(_CHANNELS),
    raw_channels=_RAW,
    required=NUMBERED_STREAMS,
    advised=ADVISED,
    extensions="",
    usual_symbols=("BTC-USD", "ETH-USD", "SOL-USD"),
    book_word=topics.LEVEL2,
    number=stamp,
    counter='"sequence_num":',
    resuming=Resuming.NEVER,
)
