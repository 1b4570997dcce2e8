"""
Coinbase Exchange's WebSocket feed from the client's end: tickers, matches, and books in batches.

Books are those of the channel that anybody may have, whose messages have no numbers: delivery is guaranteed.
Matches are counted by product. The exchange's document asks for nothing in particular of who reconnects; the
usual figures stand in.

Source: "WebSocket Overview" and "WebSocket Channels", and ``NOTES.md`` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from feed.dialects.client import (
    ADVISED,
    UNREADABLE,
    ClientSession,
    Codec,
    Requirement,
    Resuming,
    SubscriptionSpec,
    unreadable,
)
from feed.dialects.coinbase_exchange.streams import topics
from feed.dialects.coinbase_exchange.streams.requests import SUBSCRIBE, UNKNOWN_PRODUCT, UNSUBSCRIBE
from feed.dialects.items import (
    BookPart,
    Channel,
    ChannelEvent,
    Item,
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
    Channel.TRADES: topics.MATCHES,
    Channel.BOOK: topics.LEVEL2_BATCH,
}
_RAW: Final = (topics.AUCTION, topics.HEARTBEAT, topics.LEVEL2_50, topics.STATUS, topics.TICKER_BATCH)
_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}


class _Message(msgspec.Struct):
    """Any message: its type, and what those that are read have."""

    type: str
    product_id: str = ""
    time: str = ""
    price: str = ""
    size: str = ""
    side: str = ""
    trade_id: int = 0
    best_bid: str = ""
    best_ask: str = ""
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []
    changes: list[tuple[str, str, str]] = []
    message: str = ""
    reason: str = ""


_MESSAGE: Final = msgspec.json.Decoder(_Message)


def stamp(data: bytes) -> int | None:
    """The time of a message, nanoseconds since the Unix epoch; None where it has none."""
    text = _MESSAGE.decode(data).time
    return nanoseconds(text) if text else None


class ExchangeClientSession(ClientSession):
    """One request for all channels of all products."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory
        self._products = list(dict.fromkeys(product_of(name) for name in spec.symbols))
        self._ready = False
        self._parts = 0

    def start(self) -> Sequence[str]:
        """All channels of all products."""
        channels = [*(_CHANNELS[channel] for channel in self._spec.channels), *self._spec.raw_channels]
        return [_request(SUBSCRIBE, channels, self._products)]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        try:
            return self._items(_MESSAGE.decode(text)), ()
        except UNREADABLE as problem:
            raise unreadable(problem, text) from None

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Away and back again: a new subscription begins with a snapshot."""
        channels, products = [_CHANNELS[channel]], [product_of(symbol)]
        return [_request(kind, channels, products) for kind in (UNSUBSCRIBE, SUBSCRIBE)]

    def probe(self) -> str:
        """A subscription to the status, which is answered however often it is asked for."""
        return _request(SUBSCRIBE, [topics.STATUS], [])

    def _items(self, said: _Message) -> Sequence[Item]:
        match said.type:
            case "subscriptions":
                return self._answered()
            case "error":
                return [_refusal(said), *self._answered()]
            case "ticker":
                return [self._ticker(said)]
            case "match":
                return [self._trade(said)]
            case "snapshot" | "l2update":
                return [self._book(said)]
            case "":
                raise ProtocolError(f"no message of this protocol: {clip(str(said))}")
        return ()

    def _answered(self) -> Sequence[Item]:
        """Ready with the first answer."""
        ready, self._ready = self._ready, True
        return () if ready else [Ready()]

    def _ticker(self, said: _Message) -> ChannelEvent:
        ts = nanoseconds(said.time)
        return ticker(
            self._directory,
            said.product_id,
            bid=said.best_bid,
            ask=said.best_ask,
            price=said.price,
            ts=ts,
            seq=0,
        )

    def _trade(self, said: _Message) -> ChannelEvent:
        return trade(
            self._directory,
            said.product_id,
            price=said.price,
            size=said.size,
            side="buy" if said.side == "sell" else "sell",  # of who rested
            ts=nanoseconds(said.time),
            seq=0,
            number=said.trade_id,
        )

    def _book(self, said: _Message) -> BookPart:
        index, directory = self._directory.index(said.product_id), self._directory

        def read() -> tuple[tuple[Side, int, int], ...]:
            told = [
                *said.changes,
                *(("buy", *row) for row in said.bids),
                *(("sell", *row) for row in said.asks),
            ]
            return tuple(
                (_SIDES[side], directory.price(index, price), directory.size(index, size))
                for side, price, size in told
            )

        snapshot = said.type == "snapshot"
        self._parts += 1  # books have no numbers: they come in order
        return BookPart(
            instrument=index,
            seq=self._parts,
            ts=nanoseconds(said.time) if said.time else 0,
            first=snapshot,
            more=False,
            snapshot=snapshot,
            levels=directory.settled(index, read),
        )


def _request(kind: str, channels: Sequence[str], products: Sequence[str]) -> str:
    return message(type=kind, product_ids=products, channels=channels)


def _refusal(said: _Message) -> Refusal:
    if said.reason.endswith(UNKNOWN_PRODUCT):
        return Refusal(about=RefusalKind.SYMBOL, message=said.reason)
    return refusal(f"{said.message}: {said.reason}", key=False)


def product_of(name: str) -> str:
    """The exchange's product, ``BTC-USD``, for any usual spelling of one."""
    return "-".join(assets_of(name))


CODEC: Final = Codec(
    client_session=ExchangeClientSession,
    channels=tuple(_CHANNELS),
    raw_channels=_RAW,
    required=(
        Requirement.CONNECT,
        Requirement.SUBSCRIBE,
        Requirement.PONG,
        Requirement.RECONNECT,
        Requirement.RESUBSCRIBE,
    ),
    advised=ADVISED,
    extensions="",
    usual_symbols=("BTC-USD", "ETH-USD", "SOL-USD"),
    book_word=topics.LEVEL2_BATCH,
    number=stamp,
    resuming=Resuming.NEVER,
)
