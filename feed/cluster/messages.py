"""
What the two ends of a link tell each other, each in a frame of :mod:`feed.cluster.framing`.

A follower says :class:`Hello` first and is told :class:`Welcome`: what holds for the whole log, and from
where on it gets blocks. Where it cannot go on from its own position a snapshot comes first, in parts. Then
come blocks as they are made, each :class:`Placed`, and between them a :class:`Beat` now and then. An edge
sends a :class:`Report` as often. A follower that makes snapshots sends them up in the same parts.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from feed.cluster.block import Place
from feed.errors import FeedError

EDGE: Final = "edge"
"""The role of a server for clients."""
SNAPSHOTS: Final = "snapshots"
"""The role of whoever makes snapshots."""


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
    """

    name: str
    role: str
    position: tuple[int, int] | None
    place: Place


class Welcome(_Message, frozen=True, kw_only=True):
    """
    The answer to :class:`Hello`.

    Attributes:
        header: Of the log, see :mod:`feed.cluster.log_header`.
        token_key: That access tokens are signed with.
        after: The place after which blocks follow; None where the parts of a snapshot come first, and then
            the blocks after its place.
    """

    header: bytes
    token_key: bytes
    after: Place | None


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
    """

    seq: int
    listening: int


class Beat(_Message, frozen=True, kw_only=True):
    """
    The sequencer is there.

    Attributes:
        seq: Of the last event in the log.
        place: Of the last block in the log.
    """

    seq: int
    place: Place


Message: TypeAlias = Hello | Welcome | SnapshotPart | Placed | Report | Beat

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
