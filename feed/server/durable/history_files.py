"""
History files: the events between two checkpoints, for clients that resume after a restart.

A file begins with the magic, the length and the CRC-32 of its header; then come the header and the body.
The header is MessagePack, the body MessagePack in a Zstandard frame: spans of :mod:`feed.stream.spans`. The
states of the market in it stay packed until a client asks for what followed them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from typing import Final
from zlib import crc32

import msgspec
import zstandard

from feed.checkpoint.object_graph import dump, load
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition
from feed.state.market_state import MarketState
from feed.stream.spans import Block, Mark, Span

_MAGIC: Final = b"feedhis1"
_PREFIX: Final = struct.Struct("<8sII")
_LEVEL: Final = 1  # of Zstandard: more takes longer than it saves
_ROOT: Final = "market_state"


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    engine: str
    before: tuple[int, int]  # position of the event before the first: number and proof
    last: tuple[int, int]
    body: int  # bytes, unpacked
    crc: int  # CRC-32 of the body as it stands in the file


_PackedMark = tuple[int, int, int, int, bytes]
_PackedBlock = tuple[int, int, int, bytes]
_BODY: Final = msgspec.msgpack.Decoder(list[tuple[_PackedMark, list[_PackedBlock]]])
_HEADER: Final = msgspec.msgpack.Decoder(_Header)


def write_history(spans: Sequence[Span], last: StreamPosition, *, engine: str) -> bytes:
    """
    A history file.

    Args:
        spans: Consecutive events, oldest first; at least one span.
        last: Where they end.
        engine: What can read the states of the market in it.
    """
    body = msgspec.msgpack.encode([_packed(span) for span in spans])
    frame = zstandard.ZstdCompressor(level=_LEVEL).compress(body)
    first = spans[0].mark
    header = msgspec.msgpack.encode(
        _Header(
            engine=engine,
            before=(first.seq, first.proof),
            last=(last.seq, last.proof),
            body=len(body),
            crc=crc32(frame),
        )
    )
    return _PREFIX.pack(_MAGIC, len(header), crc32(header)) + header + frame


def read_history(data: bytes, *, engine: str, last: StreamPosition) -> tuple[Span, ...]:
    """
    The events of a history file.

    Args:
        data: Of the file.
        engine: What reads it.
        last: Where they must end.
    Raises:
        FeedError: They end elsewhere, another engine wrote it, or it is damaged.
    """
    header, frame = _opened(data)
    if header.engine != engine:
        raise FeedError("another release of feed wrote it")
    if header.last != (last.seq, last.proof):
        raise FeedError("is of another history")
    body = zstandard.ZstdDecompressor().decompress(frame, max_output_size=header.body)
    return tuple(_span(mark, blocks) for mark, blocks in _BODY.decode(body))


def check_history(data: bytes) -> None:
    """
    Look at every byte of a history file, whoever wrote it.

    Raises:
        FeedError: It is damaged.
    """
    _opened(data)


def _opened(data: bytes) -> tuple[_Header, memoryview]:
    """The header, and the body in its frame."""
    if len(data) < _PREFIX.size:
        raise FeedError("is too short")
    magic, size, crc = _PREFIX.unpack_from(data)
    header_bytes = data[_PREFIX.size : _PREFIX.size + size]
    if magic != _MAGIC or crc32(header_bytes) != crc:
        raise FeedError("its header is damaged")
    header = _HEADER.decode(header_bytes)
    frame = memoryview(data)[_PREFIX.size + size :]
    if crc32(frame) != header.crc:
        raise FeedError("its events are damaged")
    return header, frame


def _packed(span: Span) -> tuple[_PackedMark, list[_PackedBlock]]:
    mark = span.mark
    packed = dump({_ROOT: mark.market_state()})
    return (
        (mark.seq, mark.proof, mark.now, mark.bytes, packed),
        [(block.before, block.proof, block.ts, block.data) for block in span.blocks],
    )


def _span(mark: _PackedMark, blocks: Iterable[_PackedBlock]) -> Span:
    seq, proof, now, size, packed = mark
    unpacked: Callable[[], MarketState] = cache(partial(_market_state, packed))
    return Span(
        Mark(seq=seq, proof=proof, now=now, bytes=size, market_state=unpacked),
        tuple(Block(*block) for block in blocks),
    )


def _market_state(packed: bytes) -> MarketState:
    found = load(packed)[_ROOT]
    if not isinstance(found, MarketState):
        raise FeedError("a history file holds something else than the state of a market")
    return found
