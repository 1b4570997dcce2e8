"""
What a log in Redis is made of: its keys, and the bytes that stand there.

All keys of a log have its name in braces in front, so that one script may touch them in a cluster too. A
block is an entry of a stream, with its place as identifier. A *head* is the text of a place and of the
position that the block there ends at, such as ``2-17 123456-a1b2c3d4``. Every entry names the head before
it, so that whoever reads sees when something was left out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

import attrs
import msgspec
import zstandard

from feed.cluster.block import BEFORE_ALL, Block, Place, decode_block, encode_block
from feed.cluster.messages import SnapshotPart
from feed.errors import ClientError, FeedError
from feed.model.stream_position import StreamPosition, parse_position

NO_HEAD: Final = b"0-0 0"
"""The head of a log without a block."""

HEAD_BEFORE, POSITION, BODY = b"p", b"h", b"b"
"""The fields of a block's entry: the head before it, where it ends, and :func:`pack_block`."""

EDGE, REQUESTS = b"e", b"b"
"""The fields of an entry of requests: who asks, and frames of :mod:`feed.cluster.messages`."""

ANSWER: Final = b"a"
"""The field of an answer's entry: a message."""

_PLACE: Final = re.compile(r"(0|[1-9][0-9]{0,17})-(0|[1-9][0-9]{0,17})", re.ASCII)
_RAW: Final = b"\x00"
_ZSTD: Final = b"\x01"
_ZSTD_BYTES: Final = 500  # of a block, from which on compressing it is worth while
_ZSTD_LEVEL: Final = 1
_MOST_BYTES: Final = 256 * 1024 * 1024  # of a block, as on a local link
_FINGERPRINT: Final = b"feed token key"


@attrs.frozen
class Names:
    """
    The keys of a log.

    Attributes:
        name: Of the log.
    """

    name: str

    def _key(self, what: str) -> str:
        return f"{{{self.name}}}:{what}"

    @property
    def log(self) -> str:
        """The stream of blocks."""
        return self._key("log")

    @property
    def head(self) -> str:
        """Text: the head of the newest block."""
        return self._key("head")

    @property
    def lease(self) -> str:
        """Text: who may try to append."""
        return self._key("lease")

    @property
    def term(self) -> str:
        """A number: how often somebody else has begun to append."""
        return self._key("term")

    @property
    def header(self) -> str:
        """:func:`pack_header`."""
        return self._key("header")

    @property
    def snapshot(self) -> str:
        """:class:`SnapshotPointer`: the newest snapshot."""
        return self._key("snapshot")

    def snapshot_parts(self, place: Place, chance: str) -> str:
        """
        What the keys of the parts of a snapshot begin with; the number of the part follows, from 0.

        Args:
            place: Of the snapshot.
            chance: Text that tells it from others of that place.
        """
        return self._key(f"snapshot:{place_text(place)}:{chance}")

    @property
    def market(self) -> str:
        """:class:`SnapshotPointer`: the newest snapshot with the market itself in it, for a standby."""
        return self._key("market")

    def market_parts(self, place: Place, chance: str) -> str:
        """As :meth:`snapshot_parts`."""
        return self._key(f"market:{place_text(place)}:{chance}")

    @property
    def requests(self) -> str:
        """The stream of what edges ask for."""
        return self._key("req")

    @property
    def edges(self) -> str:
        """A hash: how each server is."""
        return self._key("edges")

    def asked(self, edge: str) -> str:
        """A number: the last request of an edge that came."""
        return self._key(f"asked:{edge}")

    def replies(self, edge: str) -> str:
        """The stream of answers to one edge."""
        return self._key(f"reply:{edge}")


def place_text(place: Place) -> str:
    """A place as the identifier of an entry."""
    return f"{place[0]}-{place[1]}"


def parse_place(text: bytes) -> Place:
    """
    The place of an entry's identifier.

    Raises:
        FeedError: It is none.
    """
    found = _PLACE.fullmatch(text.decode("ascii", "replace"))
    if found is None:
        raise FeedError(f"the log in Redis has an entry that is no block: {text!r}")
    return int(found[1]), int(found[2])


def head_text(place: Place, position: StreamPosition) -> bytes:
    """The head of a block at a place, which ends at a position."""
    return NO_HEAD if place == BEFORE_ALL else f"{place_text(place)} {position.text}".encode()


def parse_head(text: bytes | None) -> tuple[Place, StreamPosition] | None:
    """
    What a head says; None where the log has no block.

    Raises:
        FeedError: It is none.
    """
    if text is None or text == NO_HEAD:
        return None
    place, _, position = text.partition(b" ")
    try:
        return parse_place(place), parse_position(position.decode("ascii", "replace"))
    except (ClientError, FeedError):
        raise FeedError(f"the head of the log in Redis is malformed: {text!r}") from None


def pack_block(block: Block) -> bytes:
    """The body of a block's entry: one byte that says how, and the block, compressed if that helps."""
    data = encode_block(block)
    if len(data) < _ZSTD_BYTES:
        return _RAW + data
    return _ZSTD + zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compress(data)


def unpack_block(body: bytes) -> Block:
    """
    The block of an entry's body.

    Raises:
        FeedError: It is of none.
    """
    codec, data = body[:1], body[1:]
    if codec == _ZSTD:
        try:
            data = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MOST_BYTES)
        except zstandard.ZstdError as problem:
            raise FeedError(f"a block in Redis is malformed: {problem}") from None
    elif codec != _RAW:
        raise FeedError("a block in Redis is of another release of feed")
    return decode_block(data)


def key_fingerprint(token_key: bytes) -> bytes:
    """What tells the key of access tokens from others, and nothing of the key itself; 32 bytes."""
    return hmac.digest(token_key, _FINGERPRINT, hashlib.sha256)


_HEADER: Final = msgspec.msgpack.Decoder(tuple[bytes, bytes])


def pack_header(header: bytes, token_key: bytes) -> bytes:
    """
    What holds for the whole log.

    Args:
        header: See :func:`feed.cluster.log_header.write_header`.
        token_key: That access tokens are signed with. It is not in there, only its fingerprint.
    """
    return msgspec.msgpack.encode((header, key_fingerprint(token_key)))


def unpack_header(data: bytes) -> tuple[bytes, bytes]:
    """
    The header of a log, and the fingerprint of its key.

    Raises:
        FeedError: They are malformed.
    """
    try:
        return _HEADER.decode(data)
    except msgspec.MsgspecError as problem:
        raise FeedError(f"the header of the log in Redis is malformed: {problem}") from None


class SnapshotPointer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    Where a snapshot is.

    Attributes:
        prefix: What the keys of its parts begin with, see :meth:`Names.snapshot_parts`.
        parts: How many there are.
        place: Of the last block that is in it.
        position: Sequence number and proof of the last event that is in it.
        history: Of the header of its log.
    """

    prefix: str
    parts: int
    place: Place
    position: tuple[int, int]
    history: bytes

    def keys(self) -> list[str]:
        """The keys of the parts, in order."""
        return [f"{self.prefix}:{index}" for index in range(self.parts)]

    def part(self, index: int, data: bytes) -> SnapshotPart:
        """One of them."""
        return SnapshotPart(index=index, parts=self.parts, data=data)


_POINTER: Final = msgspec.msgpack.Decoder(SnapshotPointer)


def pack_pointer(pointer: SnapshotPointer) -> bytes:
    """The bytes of a pointer."""
    return msgspec.msgpack.encode(pointer)


def unpack_pointer(data: bytes) -> SnapshotPointer:
    """
    The pointer of such bytes.

    Raises:
        FeedError: They are of none.
    """
    try:
        return _POINTER.decode(data)
    except msgspec.MsgspecError as problem:
        raise FeedError(f"where the snapshot in Redis is, is malformed: {problem}") from None
