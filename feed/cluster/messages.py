"""
What the two ends of a link tell each other, each in a frame of :mod:`feed.cluster.framing`.

A follower says :class:`Hello` first and is told :class:`Welcome`: what holds for the whole log, and from
where on it gets blocks. Where it cannot go on from its own position a snapshot comes first, in parts. Then
come blocks as they are made, each :class:`Placed`, and between them a :class:`Beat` now and then. An edge
sends a :class:`Report` as often; what its clients ask of the market goes up as :class:`Submit` and
:class:`Call`. What became of the one is said in a block, the other gets an :class:`Answer`. A follower that
makes snapshots sends them up in the same parts.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from feed.cluster.block import Place
from feed.errors import FeedError
from feed.model.requests import Request
from feed.recording.journal import MISFITS, request_fields, request_of
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall

EDGE: Final = "edge"
"""The role of a server for clients."""
SNAPSHOTS: Final = "snapshots"
"""The role of whoever makes snapshots."""

Count: TypeAlias = tuple[str, str, int, int]
"""What a server has counted: the counter, whom, in which window, and how many."""


class _Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A message of a link."""


class Hello(_Message, frozen=True, kw_only=True):
    """
    A follower is here.

    Attributes:
        name: Of the follower, for logs and figures.
        role: :data:`EDGE` or :data:`SNAPSHOTS`.
        position: Sequence number and proof of the last event that it has; None for none.
        place: Of the last block that it has.
        edge: By which its requests are known, see :class:`feed.cluster.ports.Link`; empty for who has none.
    """

    name: str
    role: str
    position: tuple[int, int] | None
    place: Place
    edge: str = ""


class Welcome(_Message, frozen=True, kw_only=True):
    """
    The answer to :class:`Hello`.

    Attributes:
        header: Of the log, see :mod:`feed.cluster.log_header`.
        token_key: That access tokens are signed with.
        after: The place after which blocks follow; None where the parts of a snapshot come first, and then
            the blocks after its place.
        taken: Number of the last request of this follower that has come.
    """

    header: bytes
    token_key: bytes
    after: Place | None
    taken: int = 0


class SnapshotPart(_Message, frozen=True, kw_only=True):
    """
    A part of a snapshot, see :mod:`feed.cluster.snapshot_parts`.

    Attributes:
        index: Which, from 0.
        parts: How many there are.
        data: Its bytes.
    """

    index: int
    parts: int
    data: bytes


class Placed(_Message, frozen=True, kw_only=True):
    """
    A block and its place.

    Attributes:
        place: The place.
        block: See :func:`feed.cluster.block.encode_block`.
    """

    place: Place
    block: bytes


class Report(_Message, frozen=True, kw_only=True):
    """
    How an edge is.

    Attributes:
        seq: Of the last event that it has told its clients.
        listening: Connections that listen to something.
        connections: That are open.
        deliveries: Messages that it has written to clients.
        cpu_seconds: That its process has used.
        phase: What the market is doing, where it is that of a sequencer; else empty.
        counts: What it has counted, for limits: all of it, or over one connection what has changed since the
            last report.
    """

    seq: int
    listening: int
    connections: int = 0
    deliveries: int = 0
    cpu_seconds: float = 0.0
    phase: str = ""
    counts: list[Count] = []


class Beat(_Message, frozen=True, kw_only=True):
    """
    The sequencer is there.

    Attributes:
        seq: Of the last event in the log.
        place: Of the last block in the log.
        taken: See :class:`Welcome`.
        mean_connections: That are open at a worker, of all workers that have said so.
        phase: What the market is doing, as health checks word it.
        elsewhere: What all other servers have counted, as far as it has changed since the last beat.
    """

    seq: int
    place: Place
    taken: int = 0
    mean_connections: float = 0.0
    phase: str = ""
    elsewhere: list[Count] = []


class Submit(_Message, frozen=True, kw_only=True):
    """
    A request of an account.

    Attributes:
        number: Of this request or call of the edge, from 1; a repeated one is passed over.
        request: See :func:`encode_request`.
    """

    number: int
    request: bytes


class Call(_Message, frozen=True, kw_only=True):
    """
    A request by HTTP that is answered where the market is.

    Attributes:
        number: See :class:`Submit`.
        call: The request.
    """

    number: int
    call: ForwardedCall


class Answer(_Message, frozen=True, kw_only=True):
    """
    The answer to a :class:`Call`.

    Attributes:
        number: Of the call.
        place: Of the block by which all has happened that the answer speaks of.
        answer: It.
    """

    number: int
    place: Place
    answer: ForwardedAnswer


Message: TypeAlias = Hello | Welcome | SnapshotPart | Placed | Report | Beat | Submit | Call | Answer

_encode: Final = msgspec.msgpack.Encoder().encode
_decoder: Final[msgspec.msgpack.Decoder[Message]] = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """The bytes of a message."""
    return _encode(message)


def decode(data: bytes) -> Message:
    """
    The message of such bytes.

    Raises:
        FeedError: They are of none.
    """
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise FeedError(f"a message of a link is malformed: {error}") from None


def encode_request(request: Request) -> bytes:
    """The bytes of a request: JSON, as a client's id of it may be a number of more than 64 bits."""
    return msgspec.json.encode(request_fields(request))


def decode_request(data: bytes) -> Request:
    """
    The request of such bytes.

    Raises:
        FeedError: They are of none.
    """
    try:
        return request_of(msgspec.json.decode(data, type=dict[str, object]))
    except (msgspec.MsgspecError, *MISFITS):
        raise FeedError("a request of a link is malformed") from None
