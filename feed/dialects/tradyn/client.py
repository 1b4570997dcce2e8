"""
The tick server from the client's end: welcome, key, subscription, ticks.

Source: sections "Connection Flow" and "Message Reference". The document has no numbers for
reconnecting; the usual ones stand in. A tick that is lost leaves no trace in those that follow, unless
they are numbered: then each names the one before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from feed.dialects.client import ClientSession, Codec, Requirement, SubscriptionSpec, read
from feed.dialects.items import Channel, ChannelEvent, Item, PositionReport, Ready, refusal
from feed.dialects.messages import message
from feed.errors import ProtocolError
from feed.model.directory import Directory
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import UNKNOWN, Quote
from feed.model.instruments import OffGrid


class Welcome(msgspec.Struct, tag="welcome"):
    """The first message; its text is not given."""


class Auth(msgspec.Struct, tag="auth"):
    """The key is good, or, on a server that says so in this way, it is not."""

    success: bool
    message: str = ""


class Subscribed(msgspec.Struct, tag="subscribed"):
    """A subscription is confirmed."""

    pos: str = ""


class Subscriptions(msgspec.Struct, tag="subscriptions"):
    """What is subscribed to; the answer to a probe."""

    pos: str = ""


class Tick(msgspec.Struct, tag="tick"):
    """Prices stay as they stand in the message: a float would not keep their digits."""

    symbol: str
    bid: msgspec.Raw
    ask: msgspec.Raw
    time: int
    seq: int = 0
    pos: str = ""
    prev: int | None = None


class Error(msgspec.Struct, tag="error"):
    """What was wrong with a request."""

    message: str


_MESSAGES: Final = msgspec.json.Decoder(Welcome | Auth | Subscribed | Subscriptions | Tick | Error)
_KEY_COMPLAINTS: Final = ("Invalid API key", "Too many invalid API keys")


class TradynClientSession(ClientSession):
    """Says the key after the welcome, and subscribes once it is accepted."""

    def __init__(self, spec: SubscriptionSpec, directory: Directory) -> None:
        self._spec = spec
        self._directory = directory

    def start(self) -> Sequence[str]:
        """The key; the server's welcome need not be waited for."""
        return [message(type="auth", apiKey=self._spec.key or "")]

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """Read one message."""
        said = read(_MESSAGES, text)
        match said:
            case Tick():
                return (self._read(said),), ()
            case Auth(success=True):
                return (), [self._subscribe(**self._spec.begins(0))]
        return self._answers(said), ()

    def _answers(self, said: object) -> Sequence[Item]:
        match said:
            case Auth():
                return [refusal(said.message, key=True)]
            case Subscribed():
                return [Ready(position=said.pos)]
            case Subscriptions():
                return [PositionReport(said.pos)]
            case Error():
                return [refusal(said.message, key=said.message in _KEY_COMPLAINTS)]
        return ()

    def again(self, request: int) -> Sequence[str]:
        """The same symbols."""
        del request
        return [self._subscribe()]

    def probe(self) -> str:
        """The list of subscriptions is always answered."""
        return message(type="list")

    def _subscribe(self, **since: str) -> str:
        return message(type="subscribe", symbols=list(self._spec.symbols), **since)

    def _read(self, tick: Tick) -> ChannelEvent:
        directory = self._directory
        index = directory.index(tick.symbol)
        try:
            bid, ask = directory.prices(index, str(tick.bid, "ascii"), str(tick.ask, "ascii"))
        except (OffGrid, UnicodeDecodeError) as problem:
            raise ProtocolError(f"tick of {tick.symbol}: {problem}") from None
        event = Quote(
            seq=tick.seq,
            ts=tick.time * NS_PER_MILLISECOND,
            instrument=index,
            bid=bid,
            bid_size=UNKNOWN,
            ask=ask,
            ask_size=UNKNOWN,
        )
        return ChannelEvent(Channel.QUOTES, event, previous=tick.prev, position=tick.pos)


CODEC: Final = Codec(
    client_session=TradynClientSession,
    channels=(Channel.QUOTES,),
    importer="tradyn",
    required=(
        Requirement.CONNECT,
        Requirement.AUTHENTICATE,
        Requirement.SUBSCRIBE,
        Requirement.PONG,
        Requirement.RECONNECT,
        Requirement.RESUBSCRIBE,
    ),
    advised=(Requirement.BACK_OFF, Requirement.GARBAGE, Requirement.SLOW, Requirement.MUTE),
)
