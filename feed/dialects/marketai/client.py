"""
Market.ai from the client's end: consolidated quotes, and trades of all venues.

A quote is the best bid and the best ask of a pair over its venues, which can be crossed while nobody has
traded them apart; its last price is the global mid. Trade ids are counted by each venue, so that a pair
has no serial numbers.

Source: sections "Option 2: Auth message", "Subscribe", "Channels" and "Reconnection" of the document.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec

from feed.dialects.client import ClientSession, Codec, Requirement, Resuming, SubscriptionSpec, read
from feed.dialects.items import Channel, Item, Ready, refusal, ticker, trade
from feed.dialects.marketai import channels
from feed.dialects.messages import message
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.durations import NS_PER_MILLISECOND

_CHANNELS: Final = {Channel.QUOTES: channels.QUOTES, Channel.TRADES: channels.TRADES}
_UNAUTHORIZED: Final = "UNAUTHORIZED"


class Update(msgspec.Struct, tag="update"):
    """What every data message begins with; the rest depends on the channel."""

    channel: str
    ts: int
    data: msgspec.Raw
    seq: int = 0
    pos: str = ""


class Authenticated(msgspec.Struct, tag="authenticated"):
    """The key was accepted."""


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    code: str
    message: str


class Venue(msgspec.Struct):
    """One exchange's part of a quote."""

    bid: str
    ask: str


class QuoteData(msgspec.Struct):
    """Data of a quote."""

    symbol: str
    global_mid: str
    exchanges: list[Venue]


class TradeData(msgspec.Struct):
    """Data of a trade."""

    symbol: str
    price: str
    quantity: str
    side: Literal["buy", "sell"] | None
    timestamp: int


_MESSAGES: Final = msgspec.json.Decoder(Update | Authenticated | Subscribed | Error)
_QUOTES: Final = msgspec.json.Decoder(QuoteData)
_TRADES: Final = msgspec.json.Decoder(TradeData)


class MarketAiClientSession(ClientSession):
    """Says the key first, and subscribes once it is accepted."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory

    def start(self) -> Sequence[str]:
        """The key."""
        return [message(action="auth", key=self._spec.key or "")]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(_MESSAGES, text)
        match said:
            case Update():
                return self._read(said), ()
            case Authenticated():
                names = [_CHANNELS[channel] for channel in self._spec.channels]
                return (), [self._subscription("subscribe", [*names, *self._spec.raw_channels])]
            case Subscribed():
                return [Ready()], ()
            case Error():
                about_key = said.code == _UNAUTHORIZED
                return [refusal(said.message, key=about_key, code=said.code)], ()
        return (), ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """Away and back again: quotes begin with how they stand."""
        del symbol
        return [self._subscription(action, [_CHANNELS[channel]]) for action in ("unsubscribe", "subscribe")]

    def probe(self) -> str:
        """A ping that is a message."""
        return message(action="ping")

    def _subscription(self, action: str, names: Sequence[str]) -> str:
        symbols = list(self._spec.symbols)
        entries = [{"type": name, "symbols": symbols} for name in names]
        return message(action=action, channels=entries)

    def _read(self, said: Update) -> Sequence[Item]:
        try:
            if said.channel == channels.QUOTES:
                return [self._quote(_QUOTES.decode(said.data), said)]
            if said.channel == channels.TRADES:
                return [self._trade(_TRADES.decode(said.data), said.seq)]
        except (msgspec.DecodeError, ValueError, ArithmeticError) as problem:
            raise ProtocolError(f"{said.channel}: {problem}") from None
        return ()

    def _quote(self, data: QuoteData, said: Update) -> Item:
        return ticker(
            self._directory,
            data.symbol,
            bid=max((venue.bid for venue in data.exchanges), key=Decimal),
            ask=min((venue.ask for venue in data.exchanges), key=Decimal),
            price=data.global_mid,
            ts=said.ts * NS_PER_MILLISECOND,
            seq=said.seq,
        )

    def _trade(self, data: TradeData, seq: int) -> Item:
        return trade(
            self._directory,
            data.symbol,
            price=data.price,
            size=data.quantity,
            side=data.side,
            ts=data.timestamp * NS_PER_MILLISECOND,
            seq=seq,
        )


CODEC: Final = Codec(
    client_session=MarketAiClientSession,
    channels=(Channel.QUOTES, Channel.TRADES),
    raw_channels=(channels.BOOK, channels.KLINES),
    required=(
        Requirement.CONNECT,
        Requirement.AUTHENTICATE,
        Requirement.SUBSCRIBE,
        Requirement.PONG,
        Requirement.RECONNECT,
        Requirement.RESUBSCRIBE,
        Requirement.BACK_OFF,
    ),
    advised=(Requirement.GARBAGE, Requirement.SLOW, Requirement.MUTE),
    resuming=Resuming.NEVER,
)
