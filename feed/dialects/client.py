"""
A protocol as its clients see it: what to say, and what the answers mean.

The mirror of :mod:`feed.dialects.contract`. A dialect's folder has a ``client.py`` with a ``CODEC``.
It opens a *dialogue* for each connection, sans-I/O: given whole messages it returns *items*, and
what to send. What the client makes of them (gaps, books, reconnecting) is not its concern.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

import attrs
import msgspec

from feed.dialects.messages import clip
from feed.errors import ProtocolError
from feed.model.backoff import Backoff
from feed.model.directory import Directory
from feed.model.events import UNKNOWN, Event, Quote, Side, Trade


class Channel(enum.Enum):
    """What can be listened to, whatever a protocol calls it."""

    QUOTES = "quotes"
    TRADES = "trades"
    BOOK = "book"


class Duty(enum.Enum):
    """What a document can ask of its clients, in the order in which it can be seen."""

    CONNECT = "connects"
    AUTHENTICATE = "authenticates in time"
    SUBSCRIBE = "subscribes"
    PONG = "answers pings"
    SLOW = "survives a slow spell"
    GAP = "notices a gap"
    GARBAGE = "survives a garbage frame"
    RECONNECT = "comes back after a disconnect"
    RESUBSCRIBE = "subscribes again"
    MUTE = "notices a mute feed"
    BACK_OFF = "backs off"
    RENEW_TOKEN = "renews an expired token"  # noqa: S105 - the name of a duty


@attrs.frozen(kw_only=True)
class Wish:
    """
    What a client wants of one connection.

    Attributes:
        symbols: As the server names them.
        channels: Of each of them.
        key: API key; None for none. Never shown.
    """

    symbols: tuple[str, ...]
    channels: tuple[Channel, ...]
    key: str | None = attrs.field(default=None, repr=False)


@attrs.frozen(kw_only=True)
class Ticker(Quote):
    """
    Best bid and ask where the protocol tells of the last price with them.

    Attributes:
        price: Of the last trade, integer ticks.
    """

    price: int


@attrs.frozen
class Heard:
    """
    One event of a channel.

    Attributes:
        channel: Where it was told.
        event: Its ``seq`` is 0 where the protocol does not say, its ``instrument`` an index into the
            directory.
        serial: Number of it among its like, +1 each; 0 where the protocol does not say.
    """

    channel: Channel
    event: Event
    serial: int = 0


@attrs.frozen(kw_only=True)
class BookPart:
    """
    Part of a book, or what has changed of it.

    Attributes:
        instrument: Index into the directory.
        seq: Sequence number of the event it tells of.
        ts: Market time, nanoseconds since the Unix epoch.
        first: Whether it begins a snapshot, and the book anew.
        more: Whether it is part of a snapshot of which more parts follow.
        snapshot: Whether it is part of a snapshot.
        levels: Side, price in ticks, and lots that now rest there; 0 removes the level.
        checksum: Proves the book after this part; None where there is none.
    """

    instrument: int
    seq: int
    ts: int
    first: bool
    more: bool
    snapshot: bool
    levels: tuple[tuple[Side, int, int], ...]
    checksum: int | None = None


@attrs.frozen
class Heartbeat:
    """The server says that it is there; ``ts`` is market time, nanoseconds since the Unix epoch."""

    ts: int


@attrs.frozen
class Ready:
    """The server has confirmed a subscription."""


class Refused(enum.Enum):
    """What an error of the server is about."""

    KEY = "key"
    RESUME = "resume"
    OTHER = "other"


@attrs.frozen(kw_only=True)
class Refusal:
    """
    The server answered with an error.

    Attributes:
        about: What it is about.
        message: In the server's words.
        code: The protocol's error code; empty where it has none.
    """

    about: Refused
    message: str
    code: str = ""


T = TypeVar("T")

_SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL, None: None}

Item = Heard | BookPart | Heartbeat | Ready | Refusal

RESUME_COMPLAINT: Final = "since="
"""How every dialect's complaint about the option ``since`` begins (:mod:`feed.dialects.options`)."""


class Dialogue(Protocol):
    """One connection, seen from the client's end."""

    def start(self) -> Sequence[str]:
        """What to send right after the handshake."""
        ...

    def receive(self, text: str) -> tuple[Sequence[Item], Sequence[str]]:
        """
        Read one message.

        Returns:
            What it says, and what to send in answer. A message of a kind that is not known says
            nothing: services grow.

        Raises:
            ProtocolError: Not a message of this protocol.
        """
        ...

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """What to send to be told of ``channel`` from the beginning; nothing where that is impossible."""
        del channel, symbol
        return ()

    def probe(self) -> str | None:
        """A message that any live server answers with a message; None where the protocol has none."""
        return None


class Rest(Protocol):
    """Where a book is to be had by request, for a connection that can tell no snapshot."""

    def path(self, symbol: str) -> str:
        """Path and query on the same host."""
        ...

    def read(self, body: bytes, directory: Directory) -> BookPart:
        """
        The whole book in an answer, as a snapshot of one part.

        Raises:
            ProtocolError: It is no such answer.
        """
        ...


@attrs.frozen(kw_only=True)
class Codec:
    """
    The client's side of one dialect.

    Attributes:
        dialogue: Begins to talk on a new connection.
        channels: Those it offers; the first is the one that is heard when none is named.
        backoff: As the document says.
        required: What the document asks of clients.
        advised: What it recommends, or what any client had better do.
        rest: Where books are to be had by request; None where they are not.
    """

    dialogue: Callable[[Wish, Directory], Dialogue]
    channels: tuple[Channel, ...]
    backoff: Backoff = attrs.field(factory=Backoff)
    required: tuple[Duty, ...]
    advised: tuple[Duty, ...]
    rest: Rest | None = None


def read(decoder: msgspec.json.Decoder[T], text: str) -> T | None:
    """
    The message in ``text``; None when its ``type`` is none that ``decoder`` knows.

    Raises:
        ProtocolError: No JSON object, or one of a known type with wrong fields.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as problem:
        if str(problem).startswith("Invalid value") and str(problem).endswith("`$.type`"):
            return None
        raise ProtocolError(f"{problem}: {clip(text)}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise ProtocolError(f"not JSON: {clip(text)}") from None


def refusal(message: str, *, key: bool, code: str = "") -> Refusal:
    """
    A server's error, sorted.

    Args:
        message: In the server's words.
        key: Whether it is about the key.
        code: The protocol's error code.
    """
    about = Refused.KEY if key else Refused.OTHER
    if message.startswith(RESUME_COMPLAINT):
        about = Refused.RESUME
    return Refusal(about=about, message=message, code=code)


def ticker(directory: Directory, symbol: str, *, bid: str, ask: str, price: str, ts: int, seq: int) -> Heard:
    """
    Best bid, best ask and last price, from decimal texts.

    Raises:
        ValueError: One of them is no number.
    """
    index = directory.index(symbol)
    best_bid, best_ask, last = directory.prices(index, bid, ask, price)
    event = Ticker(
        seq=seq,
        ts=ts,
        instrument=index,
        bid=best_bid,
        bid_size=UNKNOWN,
        ask=best_ask,
        ask_size=UNKNOWN,
        price=last,
    )
    return Heard(Channel.QUOTES, event)


def trade(
    directory: Directory,
    symbol: str,
    *,
    price: str,
    size: str,
    side: str | None,
    ts: int,
    seq: int,
    number: int = 0,
) -> Heard:
    """
    A trade, from decimal texts; ``side`` is the taker's, ``buy`` or ``sell``.

    Raises:
        ValueError: One of them is no number.
    """
    index = directory.index(symbol)
    event = Trade(
        seq=seq,
        ts=ts,
        instrument=index,
        trade=number,
        aggressor=_SIDES[side],
        price=directory.price(index, price),
        size=directory.size(index, size),
        maker=0,
        taker=0,
        left=None,
        level=None,
    )
    return Heard(Channel.TRADES, event, number)
