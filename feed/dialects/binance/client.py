"""
Binance Spot's market streams from the client's end: tickers, trades, klines, and the top of the book.

Every message is asked for with the name of its stream: the best levels of a book do not say whose they are.
They do not say when, either, so the diffs of the same book are listened to as well; of a window both come
together, with one update id. The exchange's document asks for nothing in particular of who reconnects; the
usual figures stand in.

Source: "WebSocket Streams", and ``NOTES.md`` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from feed.dialects.binance.streams import names
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
    refusal,
    ticker,
    trade,
)
from feed.dialects.messages import clip, message
from feed.errors import ProtocolError
from feed.model.candles import Candle
from feed.model.directory import Directory
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import Side
from feed.model.symbols import plain

_TOP: Final = f"{names.DEPTH}{max(names.LEVELS)}{names.FAST}"
_DIFF: Final = f"{names.DEPTH}{names.FAST}"
_STREAMS: Final = {
    Channel.QUOTES: (names.TICKER,),
    Channel.TRADES: (names.TRADE,),
    Channel.BOOK: (_TOP, _DIFF),
    Channel.CANDLES: (f"{names.KLINE}1m",),
}
_RAW: Final = (
    *(names.AGGREGATE, names.BOOK_TICKER, names.MINI_TICKER, names.AVERAGE, names.DEPTH),
    *(f"{names.ROLLING}1h", f"{names.KLINE}1s"),
)
_COMBINED: Final = 0  # ids of requests
_SUBSCRIBED: Final = 1
_ASKED: Final = 2

Levels = list[tuple[str, str]]


class TopMessage(msgspec.Struct):
    """Source: section "Partial Book Depth Streams"."""

    lastUpdateId: int  # noqa: N815 - the exchange's name, as below
    bids: Levels
    asks: Levels


class DiffMessage(msgspec.Struct, tag_field="e", tag="depthUpdate"):
    """Source: section "Diff. Depth Stream"."""

    E: int
    s: str
    u: int


class TradeMessage(msgspec.Struct, tag_field="e", tag="trade"):
    """Source: section "Trade Streams"."""

    s: str
    t: int
    p: str
    q: str
    T: int
    m: bool


class TickerMessage(msgspec.Struct, tag_field="e", tag="24hrTicker"):
    """Source: section "Individual Symbol Ticker Streams"."""

    E: int
    s: str
    c: str
    b: str
    a: str


class Kline(msgspec.Struct):
    """One candle."""

    t: int
    o: str
    h: str
    l: str  # noqa: E741
    c: str
    v: str
    n: int
    x: bool


class KlineMessage(msgspec.Struct, tag_field="e", tag="kline"):
    """Source: section "Kline/Candlestick Streams"."""

    E: int
    s: str
    k: Kline


class Envelope(msgspec.Struct):
    """A message of a stream, or an answer, or what the server says by itself."""

    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")
    error: dict[str, Any] | None = None
    id: int | str | None = None
    e: str | None = None
    result: Any = msgspec.UNSET


Data = DiffMessage | TradeMessage | TickerMessage | KlineMessage
_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_TOP_MESSAGE: Final = msgspec.json.Decoder(TopMessage)
_DATA: Final[msgspec.json.Decoder[Data]] = msgspec.json.Decoder(Data)


class _Ids(msgspec.Struct):
    """The update id of a book, or of the best prices."""

    u: int | None = None
    lastUpdateId: int | None = None  # noqa: N815


class _Numbered(msgspec.Struct):
    data: _Ids | msgspec.UnsetType = msgspec.UNSET


_NUMBERED: Final = msgspec.json.Decoder(_Numbered)


def update_id(data: bytes) -> int | None:
    """That of a message about a book."""
    ids = _NUMBERED.decode(data).data
    return None if isinstance(ids, msgspec.UnsetType) else ids.u or ids.lastUpdateId


class BinanceClientSession(ClientSession):
    """One request subscribes to everything, in messages that name their stream."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory
        self._tops: dict[str, TopMessage] = {}  # by symbol: those whose diff is yet to come
        self._read_of = {
            name for channel in spec.channels for name in _STREAMS[channel]
        }  # of each symbol; all else is passed over

    def start(self) -> Sequence[str]:
        """Envelopes, and then all streams of all symbols."""
        kinds = [*(name for channel in self._spec.channels for name in _STREAMS[channel])]
        kinds += self._spec.raw_channels
        wanted = [f"{symbol}@{kind}" for symbol in self._symbols() for kind in dict.fromkeys(kinds)]
        return [
            message(method="SET_PROPERTY", params=["combined", True], id=_COMBINED),
            message(method="SUBSCRIBE", params=wanted, id=_SUBSCRIBED),
        ]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        try:
            said = _ENVELOPE.decode(text)
            if said.stream is not None:
                return self._data(said.stream, said.data), ()
        except UNREADABLE as problem:
            raise unreadable(problem, text) from None
        if said.error is not None:
            why = str(said.error.get("msg", ""))
            return [refusal(why, key=False, code=str(said.error.get("code", "")))], ()
        if said.result is not msgspec.UNSET:
            return ([Ready()] if said.id == _SUBSCRIBED else []), ()
        if said.e is None:
            raise ProtocolError(f"no message of this protocol: {clip(text)}")
        return (), ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Nothing has to be sent but a word: every message of a book is all that is told of it."""
        del channel, symbol
        return [self.probe()]

    def probe(self) -> str:
        """What is subscribed to."""
        return message(method="LIST_SUBSCRIPTIONS", id=_ASKED)

    def _symbols(self) -> Sequence[str]:
        """As streams name them. What others quote in dollars the exchange quotes in USDT: either is told."""
        found: dict[str, None] = {}
        for symbol in self._spec.symbols:
            pair = plain(symbol).partition("@")[0]
            found |= dict.fromkeys((pair, f"{pair}t") if pair.endswith("usd") else (pair,))
        return list(found)

    def _data(self, stream: str, data: msgspec.Raw) -> Sequence[Item]:
        symbol, _, kind = stream.partition("@")
        if kind not in self._read_of:
            return ()
        if kind == _TOP:
            self._tops[symbol.upper()] = _TOP_MESSAGE.decode(data)
            return ()
        said = _DATA.decode(data)
        match said:
            case DiffMessage():
                return self._book(said)
            case TradeMessage():
                found = trade(
                    self._directory,
                    said.s,
                    price=said.p,
                    size=said.q,
                    side="sell" if said.m else "buy",
                    ts=said.T * NS_PER_MILLISECOND,
                    seq=0,
                    number=said.t,
                )
            case TickerMessage():
                ts = said.E * NS_PER_MILLISECOND
                found = ticker(self._directory, said.s, bid=said.b, ask=said.a, price=said.c, ts=ts, seq=0)
            case KlineMessage():
                found = self._candle(said)
        return [found]

    def _book(self, diff: DiffMessage) -> Sequence[Item]:
        """The top that has come with a diff, as the whole book."""
        top = self._tops.pop(diff.s, None)
        if top is None or top.lastUpdateId != diff.u:
            return ()
        index, directory = self._directory.index(diff.s), self._directory

        def read() -> tuple[tuple[Side, int, int], ...]:
            return tuple(
                (side, directory.price(index, price), directory.size(index, size))
                for side, levels in ((Side.BUY, top.bids), (Side.SELL, top.asks))
                for price, size in levels
            )

        levels = directory.settled(index, read)
        ts = diff.E * NS_PER_MILLISECOND
        return [
            BookPart(
                instrument=index, seq=diff.u, ts=ts, first=True, more=False, snapshot=True, levels=levels
            )
        ]

    def _candle(self, said: KlineMessage) -> ChannelEvent:
        k, directory = said.k, self._directory
        index, ts = directory.index(said.s), said.E * NS_PER_MILLISECOND
        first, high, low, close = directory.prices(index, k.o, k.h, k.l, k.c)
        start, volume = k.t * NS_PER_MILLISECOND, directory.size(index, k.v)
        candle = Candle(start, first, high, low, close, volume, k.n, ts)
        event = CandleChanged(seq=0, ts=ts, instrument=index, candle=candle, closed=k.x)
        return ChannelEvent(Channel.CANDLES, event)


CODEC: Final = Codec(
    client_session=BinanceClientSession,
    channels=tuple(_STREAMS),
    raw_channels=_RAW,
    required=NUMBERED_STREAMS,
    advised=ADVISED,
    extensions="",
    usual_symbols=("BTCUSDT", "ETHUSDT", "SOLUSDT"),
    subscribe_word='"SUBSCRIBE"',
    book_word=names.DEPTH,
    path_word="@",
    number=update_id,
    resuming=Resuming.NEVER,
)
