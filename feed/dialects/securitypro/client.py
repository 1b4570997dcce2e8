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

from feed.dialects.client import Codec, Dialogue, Duty, Wish, read
from feed.dialects.items import Channel, Heartbeat, Item, Ready, refusal, ticker, trade
from feed.dialects.messages import message
from feed.dialects.times import nanoseconds
from feed.errors import ProtocolError
from feed.model.backoff import Backoff
from feed.model.directory import Directory

_NAMES: Final = {Channel.TRADES: "trades", Channel.QUOTES: "ticker"}


class TradeMessage(msgspec.Struct, tag="trade"):
    """Source: section "Trade event"."""

    symbol: str
    price: str
    size: str
    ts: str
    side: Literal["buy", "sell"] | None = None
    seq: int = 0


class TickerMessage(msgspec.Struct, tag="ticker"):
    """Source: section "Ticker event"."""

    symbol: str
    bid: str
    ask: str
    price: str
    ts: str
    seq: int = 0


class HeartbeatMessage(msgspec.Struct, tag="heartbeat"):
    """Source: section "Heartbeat"."""

    ts: str


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    message: str
    code: str = ""


_MESSAGES: Final = msgspec.json.Decoder(TradeMessage | TickerMessage | HeartbeatMessage | Subscribed | Error)


class SecurityProDialogue(Dialogue):
    """Subscribes at once, and answers every heartbeat: a policy may require it, and none forbids it."""

    def __init__(self, wish: Wish, directory: Directory) -> None:
        self._wish = wish
        self._directory = directory

    def start(self) -> Sequence[str]:
        """One frame for each channel of each symbol."""
        return [
            message(op="subscribe", channel=_NAMES[channel], symbol=symbol, apiKey=self._wish.key)
            for channel in self._wish.channels
            for symbol in self._wish.symbols
        ]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(_MESSAGES, text)
        try:
            match said:
                case TradeMessage():
                    heard = trade(
                        self._directory,
                        said.symbol,
                        price=said.price,
                        size=said.size,
                        side=said.side,
                        ts=nanoseconds(said.ts),
                        seq=said.seq,
                    )
                    return (heard,), ()
                case TickerMessage():
                    heard = ticker(
                        self._directory,
                        said.symbol,
                        bid=said.bid,
                        ask=said.ask,
                        price=said.price,
                        ts=nanoseconds(said.ts),
                        seq=said.seq,
                    )
                    return (heard,), ()
                case HeartbeatMessage():
                    return [Heartbeat(nanoseconds(said.ts))], [message(type="pong", ts=said.ts)]
        except ValueError as problem:
            raise ProtocolError(str(problem)) from None
        match said:
            case Subscribed():
                return [Ready()], ()
            case Error():
                return [refusal(said.message, key=said.code == "unauthorized", code=said.code)], ()
        return (), ()


CODEC: Final = Codec(
    dialogue=SecurityProDialogue,
    channels=(Channel.QUOTES, Channel.TRADES),
    backoff=Backoff(most_seconds=30),
    required=(
        Duty.CONNECT,
        Duty.AUTHENTICATE,
        Duty.SUBSCRIBE,
        Duty.PONG,
        Duty.RECONNECT,
        Duty.RESUBSCRIBE,
        Duty.BACK_OFF,
    ),
    advised=(Duty.GARBAGE, Duty.SLOW, Duty.MUTE),
)
