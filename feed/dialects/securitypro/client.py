"""
SecurityPro's price feed from the client's end: a frame for each subscription, with the key in it.

Source: sections "Subscribe", "Message Types" and "Reconnect & Backoff", whose numbers are those of the
backoff, but for one: the sample client counts a connection as good once it is open, and so comes back
every second to a server that accepts and closes. Here a good connection is one that lasted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from feed.dialects.client import ClientSession, Codec, Requirement, SubscriptionSpec, apart, read
from feed.dialects.items import Channel, Heartbeat, Item, Ready, refusal, ticker, trade
from feed.dialects.messages import message
from feed.dialects.times import nanoseconds
from feed.errors import ProtocolError
from feed.model.backoff import Backoff
from feed.model.directory import Directory
from feed.model.symbols import plain

_NAMES: Final = {Channel.TRADES: "trades", Channel.QUOTES: "ticker"}


class TradeMessage(msgspec.Struct, tag="trade"):
    """Source: section "Trade event"."""

    symbol: str
    price: str
    size: str
    ts: str
    side: Literal["buy", "sell"] | None = None
    seq: int = 0
    pos: str = ""


class TickerMessage(msgspec.Struct, tag="ticker"):
    """Source: section "Ticker event"."""

    symbol: str
    bid: str
    ask: str
    price: str
    ts: str
    seq: int = 0
    pos: str = ""


class HeartbeatMessage(msgspec.Struct, tag="heartbeat"):
    """Source: section "Heartbeat"."""

    ts: str
    pos: str = ""


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""

    subscription: object = None
    pos: str = ""


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    message: str
    code: str = ""
    subscription: object = None


_MESSAGES: Final = msgspec.json.Decoder(TradeMessage | TickerMessage | HeartbeatMessage | Subscribed | Error)


class SecurityProClientSession(ClientSession):
    """Subscribes at once, and answers every heartbeat: a policy may require it, and none forbids it."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory
        self._requests = [stream for (stream,) in apart(spec)]
        self._unanswered = dict.fromkeys(range(len(self._requests)))
        self._by_name = {
            (_NAMES[channel], plain(symbol)): at for at, (channel, symbol) in enumerate(self._requests)
        }

    def start(self) -> Sequence[str]:
        """One frame for each channel of each symbol."""
        return [self._subscribe(at, **self._spec.begins(at)) for at in range(len(self._requests))]

    def request(self, channel: Channel, symbol: str) -> int:
        """That of the channel and the symbol."""
        return self._by_name.get((_NAMES[channel], plain(symbol)), 0)

    def again(self, request: int) -> Sequence[str]:
        """The same frame."""
        return [self._subscribe(request)]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(_MESSAGES, text)
        try:
            match said:
                case TradeMessage():
                    item = trade(
                        self._directory,
                        said.symbol,
                        price=said.price,
                        size=said.size,
                        side=said.side,
                        ts=nanoseconds(said.ts),
                        seq=said.seq,
                        pos=said.pos,
                    )
                    return (item,), ()
                case TickerMessage():
                    item = ticker(
                        self._directory,
                        said.symbol,
                        bid=said.bid,
                        ask=said.ask,
                        price=said.price,
                        ts=nanoseconds(said.ts),
                        seq=said.seq,
                        pos=said.pos,
                    )
                    return (item,), ()
                case HeartbeatMessage():
                    on_timer = Heartbeat(nanoseconds(said.ts), said.pos)
                    return [on_timer], [message(type="pong", ts=said.ts)]
        except ValueError as problem:
            raise ProtocolError(str(problem)) from None
        match said:
            case Subscribed():
                return [Ready(self._about(said.subscription), said.pos)], ()
            case Error():
                key, at = said.code == "unauthorized", self._about(said.subscription)
                return [refusal(said.message, key=key, code=said.code, request=at)], ()
        return (), ()

    def _subscribe(self, at: int, **since: str) -> str:
        channel, symbol = self._requests[at]
        key = self._spec.key
        return message(op="subscribe", channel=_NAMES[channel], symbol=symbol, apiKey=key, **since)

    def _about(self, said: object) -> int:
        """Which request an answer is about: by its name, or else, under another name, the next in turn."""
        at = next(iter(self._unanswered), 0)
        match said:
            case {"channel": str() as channel, "symbol": str() as symbol}:
                at = self._by_name.setdefault((channel, plain(symbol)), at)
        self._unanswered.pop(at, None)
        return at


CODEC: Final = Codec(
    client_session=SecurityProClientSession,
    channels=(Channel.QUOTES, Channel.TRADES),
    backoff=Backoff(most_seconds=30),
    requests=apart,
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
)
