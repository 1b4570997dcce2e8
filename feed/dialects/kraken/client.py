"""
Kraken Spot's second WebSocket API from the client's end: tickers, trades, books with their checksum, candles.

What is lost shows in books, by their checksum, and in trades, by their numbers. Numbers are read with all the
digits that were sent. The exchange's document asks for nothing in particular of who reconnects; the usual
figures stand in.

Source: "Spot Websockets (v2)", and ``NOTES.md`` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from feed.dialects.checksums import of_digits
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
from feed.dialects.items import (
    BookPart,
    CandleChanged,
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
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.refusals import UNKNOWN_PAIR
from feed.dialects.kraken.streams.requests import PING, SUBSCRIBE, UNSUBSCRIBE
from feed.dialects.messages import clip, message
from feed.dialects.pair_names import QUOTES, assets_of
from feed.dialects.times import nanoseconds
from feed.errors import ProtocolError
from feed.model.candles import Candle
from feed.model.directory import Directory
from feed.model.events import Side

_DEPTH: Final = 100
_CHANNELS: Final[dict[Channel, dict[str, object]]] = {
    Channel.QUOTES: {"channel": topics.TICKER, "event_trigger": "bbo"},
    Channel.TRADES: {"channel": topics.TRADE},
    Channel.BOOK: {"channel": topics.BOOK, "depth": _DEPTH},
    Channel.CANDLES: {"channel": topics.OHLC, "interval": 1},
}
_QUOTES: Final = (*QUOTES, "XBT")
"""With the name by which the exchange once knew Bitcoin."""


class _TickerData(msgspec.Struct):
    """Source: section "Ticker"."""

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal
    timestamp: str


class _TradeData(msgspec.Struct):
    """Source: section "Trades"."""

    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    trade_id: int
    timestamp: str


class _Level(msgspec.Struct):
    price: Decimal
    qty: Decimal


class _BookData(msgspec.Struct):
    """Source: section "Book"."""

    symbol: str
    bids: list[_Level]
    asks: list[_Level]
    checksum: int
    timestamp: str = ""


class _CandleData(msgspec.Struct):
    """Source: section "Candles"."""

    symbol: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    trades: int
    volume: Decimal
    interval_begin: str


class _Message(msgspec.Struct):
    """Any message: of a channel, or an answer."""

    channel: str | None = None
    type: str = ""
    data: msgspec.Raw = msgspec.Raw(b"")
    timestamp: str = ""
    method: str | None = None
    error: str | None = None


class _Stamp(msgspec.Struct):
    timestamp: str = ""


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_STAMPS: Final = msgspec.json.Decoder(list[_Stamp])
_TICKERS: Final = msgspec.json.Decoder(list[_TickerData])
_TRADES: Final = msgspec.json.Decoder(list[_TradeData])
_BOOKS: Final = msgspec.json.Decoder(list[_BookData])
_CANDLES: Final = msgspec.json.Decoder(list[_CandleData])


def stamp(data: bytes) -> int | None:
    """The time of a message about one pair, nanoseconds since the Unix epoch; None where it has none."""
    said = _MESSAGE.decode(data)
    text = said.timestamp
    if not text and said.channel in (topics.TICKER, topics.TRADE, topics.BOOK):
        stamps = _STAMPS.decode(said.data)
        text = stamps[-1].timestamp if stamps else ""
    return nanoseconds(text) if text else None


class KrakenClientSession(ClientSession):
    """A request for each channel, of all pairs."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory
        self._symbols = list(dict.fromkeys(symbol_of(name) for name in spec.symbols))
        self._awaited = len(spec.channels) * len(self._symbols)
        self._parts = 0

    def start(self) -> Sequence[str]:
        """All channels of all pairs."""
        wanted = [{**_CHANNELS[channel], "symbol": self._symbols} for channel in self._spec.channels]
        wanted += [{"channel": name} for name in self._spec.raw_channels]
        return [
            message(method=SUBSCRIBE, params=params, req_id=number) for number, params in enumerate(wanted, 1)
        ]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        try:
            said = _MESSAGE.decode(text)
            if said.channel is not None:
                return self._data(said), ()
        except UNREADABLE as problem:
            raise unreadable(problem, text) from None
        if said.error is not None:
            return [_refusal(said.error), *self._answered(said)], ()
        if said.method is None:
            raise ProtocolError(f"no message of this protocol: {clip(text)}")
        return self._answered(said), ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Away and back again: a new subscription begins with a snapshot."""
        params = {**_CHANNELS[channel], "symbol": [symbol_of(symbol)]}
        return [message(method=method, params=params) for method in (UNSUBSCRIBE, SUBSCRIBE)]

    def probe(self) -> str:
        """A ping that is a message."""
        return message(method=PING)

    def _answered(self, said: _Message) -> Sequence[Item]:
        """Ready when every pair of every channel has been answered."""
        if said.method != SUBSCRIBE or not self._awaited:
            return ()
        self._awaited -= 1
        return () if self._awaited else [Ready()]

    def _data(self, said: _Message) -> Sequence[Item]:
        match said.channel:
            case topics.BOOK:
                return [self._book(one, snapshot=said.type == "snapshot") for one in _BOOKS.decode(said.data)]
            case topics.TICKER:
                return [self._ticker(one) for one in _TICKERS.decode(said.data)]
            case topics.TRADE:
                return [self._trade(one) for one in _TRADES.decode(said.data)]
            case topics.OHLC:
                ts = nanoseconds(said.timestamp)
                return [self._candle(one, ts) for one in _CANDLES.decode(said.data)]
        return ()

    def _ticker(self, one: _TickerData) -> ChannelEvent:
        bid, ask, price = (format(value, "f") for value in (one.bid, one.ask, one.last))
        ts = nanoseconds(one.timestamp)
        return ticker(self._directory, one.symbol, bid=bid, ask=ask, price=price, ts=ts, seq=0)

    def _trade(self, one: _TradeData) -> ChannelEvent:
        return trade(
            self._directory,
            one.symbol,
            price=format(one.price, "f"),
            size=format(one.qty, "f"),
            side="sell" if one.side == "sell" else "buy",
            ts=nanoseconds(one.timestamp),
            seq=0,
            number=one.trade_id,
        )

    def _book(self, one: _BookData, *, snapshot: bool) -> BookPart:
        index, directory = self._directory.index(one.symbol), self._directory

        def read() -> tuple[tuple[Side, int, int], ...]:
            return tuple(
                (
                    side,
                    directory.price(index, format(level.price, "f")),
                    directory.size(index, format(level.qty, "f")),
                )
                for side, levels in ((Side.BUY, one.bids), (Side.SELL, one.asks))
                for level in levels
            )

        levels = directory.settled(index, read)
        self._parts += 1  # books have no numbers: they come in order
        return BookPart(
            instrument=index,
            seq=self._parts,
            ts=nanoseconds(one.timestamp) if one.timestamp else 0,
            first=snapshot,
            more=False,
            snapshot=snapshot,
            levels=levels,
            checksum=one.checksum,
            rule=of_digits,
            depth=_DEPTH,
        )

    def _candle(self, one: _CandleData, ts: int) -> ChannelEvent:
        """Of no candle it is told that its interval is over: the next one begins."""
        index, directory = self._directory.index(one.symbol), self._directory
        texts = [format(value, "f") for value in (one.open, one.high, one.low, one.close)]
        first, high, low, close = directory.prices(index, *texts)
        volume = directory.size(index, format(one.volume, "f"))
        candle = Candle(nanoseconds(one.interval_begin), first, high, low, close, volume, one.trades, ts)
        event = CandleChanged(seq=0, ts=ts, instrument=index, candle=candle, closed=False)
        return ChannelEvent(Channel.CANDLES, event)


def _refusal(error: str) -> Refusal:
    if error.startswith(UNKNOWN_PAIR):
        return Refusal(about=RefusalKind.SYMBOL, message=error)
    return refusal(error, key=False)


def symbol_of(name: str) -> str:
    """The exchange's symbol, ``BTC/USD``, for any usual spelling of one."""
    names = {"XBT": "BTC", "XDG": "DOGE"}
    return "/".join(names.get(part, part) for part in assets_of(name, _QUOTES))


CODEC: Final = Codec(
    client_session=KrakenClientSession,
    channels=tuple(_CHANNELS),
    raw_channels=(topics.INSTRUMENT,),
    required=NUMBERED_STREAMS,
    advised=ADVISED,
    extensions="",
    usual_symbols=("BTC/USD", "ETH/USD", "SOL/USD"),
    number=stamp,
    resuming=Resuming.NEVER,
)
