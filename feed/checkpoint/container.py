"""
The file of a checkpoint: a header that can be read alone, and an object graph, compressed and checked.

=========  ========  =================================================================
bytes      type      what
=========  ========  =================================================================
8                    ``feedckpt``
4          integer   version of this layout
4          integer   length of the header
any        msgpack   the header, a map with the fields of :class:`CheckpointHeader`
8          integer   length of the graph, compressed
4          integer   CRC-32 of everything before
any        zstd      the graph, see :mod:`feed.checkpoint.object_graph`
4          integer   CRC-32 of it, compressed
=========  ========  =================================================================

Integers are unsigned, the lowest byte first.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, Final
from zlib import crc32

import attrs
import msgspec
import zstandard

from feed.checkpoint.object_graph import dump, load
from feed.errors import FeedError

MAGIC: Final = b"feedckpt"
VERSION: Final = 1

_START: Final = struct.Struct("<8sII")
_MIDDLE: Final = struct.Struct("<QI")
_END: Final = struct.Struct("<I")
_LEVEL: Final = 1  # of zstd: higher ones take longer and save next to nothing
_LARGEST: Final = 1 << 31  # bytes of a graph, not compressed


@attrs.frozen(kw_only=True)
class CheckpointHeader:
    """
    Where in a run a checkpoint was taken, and by whom.

    Attributes:
        engine: See :func:`feed.checkpoint.engine.engine_digest`.
        seq: Sequence number of the last event before it.
        proof: Chained checksum over everything up to there.
        market_time: Nanoseconds since the Unix epoch.
        record: Number of the last record of the input log that is in it; 0 for none.
        wall: Clock of the machine when it was taken, nanoseconds since the Unix epoch.
    """

    engine: str
    seq: int
    proof: int
    market_time: int
    record: int
    wall: int


def write_checkpoint(header: CheckpointHeader, roots: Mapping[str, object]) -> bytes:
    """
    The file of a checkpoint.

    Raises:
        MarketError: Something cannot be kept, such as the state of an agent.
    """
    graph = zstandard.ZstdCompressor(level=_LEVEL).compress(dump(roots))
    head = msgspec.msgpack.encode(header)
    start = _START.pack(MAGIC, VERSION, len(head)) + head + struct.pack("<Q", len(graph))
    return b"".join((start, _END.pack(crc32(start)), graph, _END.pack(crc32(graph))))


def read_header(data: bytes) -> CheckpointHeader:
    """
    The header of a checkpoint, without its graph.

    Raises:
        FeedError: It is none, of another version, or damaged; says at which byte.
    """
    return _opened(data)[0]


def check_checkpoint(data: bytes) -> CheckpointHeader:
    """
    The header of a checkpoint whose bytes are all as they were written; nothing is made of them.

    Raises:
        FeedError: As :func:`read_header`.
    """
    return _checked(data)[0]


def read_checkpoint(data: bytes, *, engine: str) -> tuple[CheckpointHeader, dict[str, Any]]:
    """
    A checkpoint, whole.

    Args:
        data: From :func:`write_checkpoint`.
        engine: The one that it must be of.
    Raises:
        FeedError: As :func:`read_header`; or it is of another engine, or cannot go on from its state.
    """
    header, graph = _checked(data)
    if header.engine != engine:
        raise FeedError(f"a checkpoint of engine {header.engine}; this is {engine}")
    try:
        size = zstandard.frame_content_size(graph)
        if not 0 <= size <= _LARGEST:
            raise FeedError(f"a checkpoint says that it is {size} bytes long, more than {_LARGEST}")
        whole = zstandard.ZstdDecompressor().decompress(graph)
    except zstandard.ZstdError as error:
        raise FeedError(f"a checkpoint is damaged: {error}") from error
    return header, load(whole)


def _checked(data: bytes) -> tuple[CheckpointHeader, bytes]:
    """The header, and the graph as it is compressed."""
    header, begin, length = _opened(data)
    if len(data) != begin + length + _END.size:
        raise FeedError(f"a checkpoint of {len(data)} bytes in place of {begin + length + _END.size}")
    graph = data[begin : begin + length]
    if (crc32(graph),) != _END.unpack_from(data, begin + length):
        raise FeedError(f"a checkpoint is damaged: the checksum of the bytes from {begin} on is another")
    return header, graph


def _opened(data: bytes) -> tuple[CheckpointHeader, int, int]:
    """The header, and where the graph begins, and its length."""
    if len(data) < _START.size or not data.startswith(MAGIC):
        raise FeedError("this is no checkpoint")
    _, version, length = _START.unpack_from(data)
    if version != VERSION:
        raise FeedError(f"a checkpoint of version {version}; this one reads {VERSION}")
    middle = _START.size + length
    begin = middle + _MIDDLE.size
    if len(data) < begin:
        raise FeedError(f"a checkpoint ends at byte {len(data)}, within its header")
    of_graph, checksum = _MIDDLE.unpack_from(data, middle)
    if checksum != crc32(data[: begin - _END.size]):
        raise FeedError(
            f"a checkpoint is damaged: the checksum of its first {begin - _END.size} bytes is another"
        )
    try:
        header = msgspec.msgpack.decode(data[_START.size : middle], type=CheckpointHeader)
    except msgspec.MsgspecError as error:
        raise FeedError(f"the header of a checkpoint is malformed: {error}") from error
    return header, begin, of_graph
