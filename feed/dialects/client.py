"""
A protocol as its clients see it: what to send, and what the answers mean.

The mirror of :mod:`feed.dialects.contract`. A dialect's folder has a ``client.py`` with a ``CODEC``.
It opens a *client session* for each connection, sans-I/O: given whole messages it returns *items*,
and what to send. What the client makes of them (gaps, books, reconnecting) is not its concern.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol, TypeVar

import attrs
import msgspec

from feed.dialects.items import Channel, Item
from feed.dialects.messages import clip
from feed.errors import ProtocolError
from feed.model.backoff import Backoff
from feed.model.directory import Directory

T = TypeVar("T")


class Requirement(enum.Enum):
    """What a document can require of clients, in the order in which it is tested."""

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
    RENEW_TOKEN = "renews an expired token"  # noqa: S105 - the name of a requirement


NUMBERED_STREAMS: Final = (
    Requirement.CONNECT,
    Requirement.SUBSCRIBE,
    Requirement.PONG,
    Requirement.GAP,
    Requirement.RECONNECT,
    Requirement.RESUBSCRIBE,
)
"""What documents ask of clients of public streams, in which a number tells that something is missing."""
ADVISED: Final = (Requirement.GARBAGE, Requirement.SLOW, Requirement.MUTE, Requirement.BACK_OFF)
"""What any client had better do, where the document asks for none of it."""


@attrs.frozen(kw_only=True)
class SubscriptionSpec:
    """
    What a client wants of one connection.

    Attributes:
        symbols: As the server names them.
        channels: Of each of them.
        raw_channels: What else of them, by the protocol's own names (:attr:`Codec.raw_channels`).
        key: API key; None for none. Never shown.
        secret: That goes with the key, where a protocol wants one; None for none. Never shown.
        since: Positions after which the subscriptions are to begin, one for each of
            :attr:`Codec.requests`; an empty text, or none at all, begins with the present.
    """

    symbols: tuple[str, ...]
    channels: tuple[Channel, ...]
    raw_channels: tuple[str, ...] = ()
    key: str | None = attrs.field(default=None, repr=False)
    secret: str | None = attrs.field(default=None, repr=False)
    since: tuple[str, ...] = ()

    def begins(self, request: int) -> dict[str, str]:
        """The member of a request that says where its subscription begins; none for the present."""
        since = self.since[request] if self.since else ""
        return {"since": since} if since else {}


Streams = tuple[tuple[Channel, str], ...]
"""What one request subscribes to: channels of symbols."""


def together(spec: SubscriptionSpec) -> tuple[Streams, ...]:
    """One request for everything."""
    return (tuple((channel, symbol) for channel in spec.channels for symbol in spec.symbols),)


def apart(spec: SubscriptionSpec) -> tuple[Streams, ...]:
    """A request for each channel of each symbol."""
    return tuple((stream,) for stream in together(spec)[0])


class Resuming(enum.Enum):
    """Where the servers of this project are told from where to go on."""

    NEVER = "never"
    BY_URL = "in the URL"
    BY_REQUEST = "in each request"


class ClientSession(Protocol):
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

    def request(self, channel: Channel, symbol: str) -> int:
        """Which request subscribed to a stream that a message is of, as an index into those of the codec."""
        del channel, symbol
        return 0

    def again(self, request: int) -> Sequence[str]:
        """What to send to subscribe once more, from the present; nothing where that is impossible."""
        del request
        return ()

    def renew(self, channel: Channel, symbol: str) -> Sequence[str]:
        """What to send to be told of ``channel`` from the beginning; nothing where that is impossible."""
        del channel, symbol
        return ()

    def probe(self) -> str | None:
        """A message that any live server answers with a message; None where the protocol has none."""
        return None


class ClientHandshake(Protocol):
    """
    What a protocol wants with the handshake: a query, and a token that is had by HTTP.

    Attributes:
        token_path: Where a token is had on the same host, by ``POST``.
    """

    token_path: str

    def query(self, spec: SubscriptionSpec) -> Mapping[str, str]:
        """Query parameters of the connection."""
        ...

    def headers(self, spec: SubscriptionSpec) -> Mapping[str, str]:
        """Headers of the request for a token."""
        ...

    def subprotocol(self, body: bytes) -> str:
        """
        What to offer as subprotocol, from the answer with the token.

        Raises:
            ProtocolError: It is no such answer.
        """
        ...


class _Numbered(msgspec.Struct):
    seq: object = None


_NUMBERED: Final = msgspec.json.Decoder(_Numbered)


def sequence_number(data: bytes) -> int | None:
    """The member ``seq`` of a message."""
    seq = _NUMBERED.decode(data).seq
    return seq if isinstance(seq, int) else None


@attrs.frozen(kw_only=True)
class Codec:
    """
    The client's side of one dialect.

    Attributes:
        client_session: Opens a session on a new connection.
        channels: Those it offers; the first is subscribed to when none is named.
        raw_channels: What else it offers, by its own names; what comes there is not read.
        backoff: As the document says.
        required: What the document asks of clients.
        advised: What it recommends, or what any client had better do.
        client_handshake: What goes with the handshake; None for nothing.
        extensions: Of the option ``ext``, that the servers of this project are asked for; empty for none.
        requests: What each request subscribes to; a subscription resumes by itself.
        resuming: How they resume.
        usual_symbols: What is subscribed to where nobody names a symbol; empty where what the server lists
            says more.
        filters: Whether a client of several symbols is sent all of the market, and takes its own out.
        importer: Format of ``feed import`` whose lines are messages of this protocol as they come; empty
            where there is none, and a raw capture says what is missing in them.
        subscribe_word: Stands in every message that subscribes.
        book_word: Stands in messages that subscribe to a book, and in paths where one is had by request.
        path_word: Stands in the path of a connection that subscribes by it; empty where none does.
        number: Reads of a message a number that never falls in the streams of one symbol; None where it
            has none. It may raise :class:`msgspec.DecodeError`.
        counter: Stands in messages before their number in the connection, in which connections differ that
            subscribed at different events; empty where there is none.
    """

    client_session: Callable[[SubscriptionSpec, Directory], ClientSession]
    channels: tuple[Channel, ...]
    raw_channels: tuple[str, ...] = ()
    backoff: Backoff = attrs.field(factory=Backoff)
    required: tuple[Requirement, ...]
    advised: tuple[Requirement, ...]
    client_handshake: ClientHandshake | None = None
    extensions: str = "seq"
    requests: Callable[[SubscriptionSpec], Sequence[Streams]] = together
    resuming: Resuming = Resuming.BY_REQUEST
    usual_symbols: tuple[str, ...] = ()
    filters: bool = False
    importer: str = ""
    subscribe_word: str = '"subscribe"'
    book_word: str = "book"
    path_word: str = ""
    number: Callable[[bytes], int | None] = sequence_number
    counter: str = ""


UNREADABLE: Final = (ValueError, RecursionError)
"""What is raised of a message that cannot be read: by the decoder, or by whoever reads its values."""


def read(decoder: msgspec.json.Decoder[T], text: str, *, name: str = "type") -> T | None:
    """
    The message in ``text``; None when its field ``name`` has no value that ``decoder`` knows.

    Raises:
        ProtocolError: No JSON object, or one of a known type with wrong fields.
    """
    try:
        return decoder.decode(text)
    except UNREADABLE as problem:
        unknown = isinstance(problem, msgspec.ValidationError) and str(problem).endswith(f"`$.{name}`")
        if unknown and str(problem).startswith("Invalid value"):
            return None
        raise unreadable(problem, text) from None


def unreadable(problem: Exception, text: str) -> ProtocolError:
    """What is wrong with a message, one of :data:`UNREADABLE`, as whoever reads on is told."""
    if isinstance(problem, msgspec.ValidationError):
        return ProtocolError(f"{problem}: {clip(text)}")
    if isinstance(problem, msgspec.DecodeError | UnicodeEncodeError | RecursionError):
        return ProtocolError(f"not JSON: {clip(text)}")
    return ProtocolError(str(problem))
