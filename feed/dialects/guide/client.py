"""
The guide's feed from the client's end: tickers, trades, candles, and books.

Source: sections "How WebSocket Market Data Subscriptions Work" and "Tips for Implementing a Secure and
Reliable WebSocket Feed", and the shapes in ``NOTES.md`` beside this file. The guide asks for exponential
backoff and has no numbers for it; the usual ones stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from feed.dialects.client import ClientSession, Codec, Requirement, SubscriptionSpec, read
from feed.dialects.guide import channels
from feed.dialects.guide.shapes import (
    MESSAGES,
    BookMessage,
    CandleMessage,
    Data,
    Error,
    OrdersMessage,
    Pong,
    Subscribed,
    TickerMessage,
    TradeMessage,
)
from feed.dialects.items import (
    BookPart,
    CandleChanged,
    Channel,
    ChannelEvent,
    Item,
    OrdersPart,
    PositionReport,
    Ready,
    refusal,
    ticker,
    trade,
)
from feed.dialects.messages import message
from feed.errors import ProtocolError
from feed.model.candles import Candle
from feed.model.directory import Directory
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Side
from feed.model.symbols import plain

_KINDS: Final = {
    Channel.QUOTES: channels.TICKER,
    Channel.TRADES: channels.TRADES,
    Channel.BOOK: channels.BOOK,
    Channel.ORDERS: channels.ORDERS,
    Channel.CANDLES: channels.CANDLES,
}


class GuideClientSession(ClientSession):
    """One frame subscribes to everything."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory

    def start(self) -> Sequence[str]:
        """All channels of all symbols."""
        return [self._subscribe(**self._spec.begins(0))]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(MESSAGES, text)
        match said:
            case Subscribed():
                return [Ready(position=said.pos)], ()
            case Pong():
                return [PositionReport(said.pos)], ()
            case Error():
                return [refusal(said.message, key=False)], ()
            case None:
                return (), ()
        try:
            return [_item(self._directory, said)], ()
        except ValueError as problem:
            raise ProtocolError(str(problem)) from None

    def again(self, request: int) -> Sequence[str]:
        """The same channels."""
        del request
        return [self._subscribe()]

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Away and back again: a new subscription begins with a snapshot."""
        names = [_name(channel, symbol)]
        return [message(type=kind, channels=names) for kind in ("unsubscribe", "subscribe")]

    def probe(self) -> str:
        """A ping that is a message."""
        return message(type="ping")

    def _subscribe(self, **since: str) -> str:
        names = [_name(channel, symbol) for channel in self._spec.channels for symbol in self._spec.symbols]
        return message(type="subscribe", channels=names, **since)


def _item(directory: Directory, said: Data) -> Item:
    ts = said.ts * NS_PER_MILLISECOND
    match said:
        case TickerMessage():
            return ticker(
                directory,
                said.symbol,
                bid=said.bid,
                ask=said.ask,
                price=said.price,
                ts=ts,
                seq=said.seq,
                pos=said.pos,
            )
        case TradeMessage():
            return trade(
                directory,
                said.symbol,
                price=said.price,
                size=said.size,
                side=said.side,
                ts=ts,
                seq=said.seq,
                pos=said.pos,
                number=int(said.id),
            )
        case BookMessage():
            index, levels = _levels(directory, said)
            return BookPart(**_part(said, index), levels=levels, checksum=said.checksum)
        case OrdersMessage():
            index, orders = _orders(directory, said)
            return OrdersPart(**_part(said, index), orders=orders)
        case CandleMessage():
            return _candle(directory, said)


def _part(said: BookMessage | OrdersMessage, index: int) -> dict[str, Any]:
    snapshot = said.action == "snapshot"
    return {
        "instrument": index,
        "seq": said.seq,
        "ts": said.ts * NS_PER_MILLISECOND,
        "first": snapshot and said.part == 1,
        "more": snapshot and said.part < said.parts,
        "snapshot": snapshot,
        "position": said.pos,
    }


def _candle(directory: Directory, said: CandleMessage) -> ChannelEvent:
    index = directory.index(said.symbol)
    first, high, low, close = directory.prices(index, said.open, said.high, said.low, said.close)
    start = said.open_time * NS_PER_MILLISECOND
    volume, ts = directory.size(index, said.volume), said.ts * NS_PER_MILLISECOND
    candle = Candle(start, first, high, low, close, volume, said.trades, ts)
    event = CandleChanged(seq=said.seq, ts=ts, instrument=index, candle=candle, closed=said.closed)
    return ChannelEvent(Channel.CANDLES, event, position=said.pos)


def _levels(directory: Directory, said: BookMessage) -> tuple[int, tuple[tuple[Side, int, int], ...]]:
    """Index of the instrument, and side, ticks and lots of each level."""
    index = directory.index(said.symbol)

    def read_all() -> tuple[tuple[Side, int, int], ...]:
        return tuple(
            (side, directory.price(index, at), directory.size(index, lots))
            for side, rows in ((Side.BUY, said.bids), (Side.SELL, said.asks))
            for at, lots in rows
        )

    return index, directory.settled(index, read_all)


def _orders(directory: Directory, said: OrdersMessage) -> tuple[int, tuple[tuple[Side, str, int, int], ...]]:
    """Index of the instrument, and side, id, ticks and lots of each order."""
    index = directory.index(said.symbol)

    def read_all() -> tuple[tuple[Side, str, int, int], ...]:
        return tuple(
            (side, order, directory.price(index, at), directory.size(index, lots))
            for side, rows in ((Side.BUY, said.bids), (Side.SELL, said.asks))
            for order, at, lots in rows
        )

    return index, directory.settled(index, read_all)


def _name(channel: Channel, symbol: str) -> str:
    return f"{_KINDS[channel]}_{plain(symbol)}"


CODEC: Final = Codec(
    client_session=GuideClientSession,
    channels=tuple(_KINDS),
    required=(
        Requirement.CONNECT,
        Requirement.SUBSCRIBE,
        Requirement.PONG,
        Requirement.RECONNECT,
        Requirement.RESUBSCRIBE,
        Requirement.BACK_OFF,
        Requirement.GARBAGE,
    ),
    advised=(Requirement.GAP, Requirement.SLOW, Requirement.MUTE),
)
