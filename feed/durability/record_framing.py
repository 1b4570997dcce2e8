"""
The format of a segment of the log: a header, then frames, each the entries of one append. Little-endian.

======  =====  ==============================================================================================
header  bytes
======  =====  ==============================================================================================
0       8      ``feedlog`` and a line feed
8       4      version of the format: 1
12      4      number of the segment, from 1
16      16     history: which data folder it belongs to
32      8      number of its first record; records count from 1 over all segments
40      8      good: bytes of the segment before that belong to the log; what is behind them does not
48      8      birth: bytes of this segment that were written at once with the header, and durable with it
56      4      CRC-32 of the 56 bytes before
======  =====  ==============================================================================================

======  =====  ==============================================================================================
frame   bytes
======  =====  ==============================================================================================
0       4      ``FF FE FD FC``, which occur in no UTF-8
4       4      CRC-32 of the rest of the frame, begun with the CRC of the segment's header
8       4      the CRC of the frame before; for the first, that of the header
12      4      bytes of the payload
16      4      records in it
20      8      number of the first
28      8      durable: bytes of this segment that were durable when it was appended
36             the payload: entries as JSON (:mod:`feed.durability.entries`)
======  =====  ==============================================================================================

A frame is in the log as far as all of the segment up to it is good: whole, with its CRC, behind the frame
that it names. What begins with the first that is not is either *torn*, the end of what was being written
when the power went; or *damaged*, if the header or a later frame says that more of the segment was durable.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Final

import attrs

from feed.errors import ConfigError
from feed.recording.format import check_version

MAGIC: Final = b"feedlog\n"
VERSION: Final = 1
MOST_PAYLOAD: Final = 64 * 1024 * 1024  # bytes

_HEADER: Final = struct.Struct("<8sII16sQQQ")
_CRC: Final = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size + _CRC.size
_MARKER: Final = b"\xff\xfe\xfd\xfc"
_FRAME: Final = struct.Struct("<4sI")
_FIELDS: Final = struct.Struct("<IIIQQ")
FRAME_BYTES: Final = _FRAME.size + _FIELDS.size  # without its payload


@attrs.frozen(kw_only=True)
class SegmentHeader:
    """
    The header of a segment.

    Attributes:
        segment: Its number.
        history: 16 bytes of the data folder.
        first: Number of its first record.
        good: Bytes of the segment before that belong to the log.
        birth: Bytes of this one that were durable with the header.
    """

    segment: int
    history: bytes
    first: int
    good: int
    birth: int

    def encode(self) -> bytes:
        """Its bytes in a file."""
        head = self._head()
        return head + _CRC.pack(zlib.crc32(head))

    @property
    def crc(self) -> int:
        """With which the CRCs of its frames begin."""
        return zlib.crc32(self._head())

    def _head(self) -> bytes:
        return _HEADER.pack(MAGIC, VERSION, self.segment, self.history, self.first, self.good, self.birth)


def parse_header(data: bytes, *, where: str) -> SegmentHeader:
    """
    The header of a segment.

    Args:
        data: The segment, or its beginning.
        where: What messages call it.
    Raises:
        ConfigError: It is no segment, one of another version, or damaged.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise ConfigError("damaged at byte 0: it does not begin as a segment of a log does", where=where)
    if len(data) >= HEADER_BYTES:
        head = data[: _HEADER.size]
        _, version, *rest = _HEADER.unpack(head)
        if zlib.crc32(head) == _CRC.unpack_from(data, _HEADER.size)[0]:
            check_version("log", version, VERSION, where)
            return SegmentHeader(
                **dict(zip(("segment", "history", "first", "good", "birth"), rest, strict=True))
            )
    raise ConfigError("damaged at byte 0: the header of the segment is broken", where=where)


@attrs.frozen(kw_only=True)
class Frame:
    """
    A frame that is good in itself.

    Attributes:
        offset: Where it begins in its segment, bytes.
        end: Where it ends.
        crc: Its CRC.
        before: The CRC of the frame before.
        first: Number of its first record.
        count: Records in it.
        durable: Bytes of the segment that were durable when it was appended.
        payload: The entries.
    """

    offset: int
    end: int
    crc: int
    before: int
    first: int
    count: int
    durable: int
    payload: bytes


def encode_frame(
    payload: bytes, *, salt: int, before: int, first: int, count: int, durable: int
) -> tuple[bytes, int]:
    """
    A frame's bytes, and its CRC.

    Args:
        payload: The entries.
        salt: CRC of the segment's header.
        before: CRC of the frame before.
        first: Number of the first record.
        count: How many.
        durable: Bytes of the segment that are durable now.
    """
    fields = _FIELDS.pack(before, len(payload), count, first, durable)
    crc = zlib.crc32(payload, zlib.crc32(fields, salt))
    return b"".join((_FRAME.pack(_MARKER, crc), fields, payload)), crc


def frame_at(data: bytes, offset: int, salt: int) -> Frame | None:
    """The frame that begins there, if it is good in itself."""
    if len(data) - offset < FRAME_BYTES:
        return None
    marker, crc = _FRAME.unpack_from(data, offset)
    begins = offset + _FRAME.size
    before, size, count, first, durable = _FIELDS.unpack_from(data, begins)
    body = begins + _FIELDS.size
    if marker != _MARKER or size > min(MOST_PAYLOAD, len(data) - body) or not count:
        return None
    if zlib.crc32(memoryview(data)[begins : body + size], salt) != crc:
        return None
    return Frame(
        offset=offset,
        end=body + size,
        crc=crc,
        before=before,
        first=first,
        count=count,
        durable=durable,
        payload=data[body : body + size],
    )


def good_frames(data: bytes, header: SegmentHeader) -> Iterator[Frame]:
    """The frames of a segment, up to the first that is not good or does not follow the one before."""
    salt = before = header.crc
    offset, number = HEADER_BYTES, header.first
    while (frame := frame_at(data, offset, salt)) and (frame.before, frame.first) == (before, number):
        yield frame
        before, offset, number = frame.crc, frame.end, frame.first + frame.count


def known_durable(data: bytes, header: SegmentHeader, offset: int) -> int:
    """
    How many bytes of a segment were durable once, as the header and good frames from ``offset`` on say.

    More than ``offset``: what is broken there is damaged, not torn.
    """
    known = header.birth
    while (offset := data.find(_MARKER, offset)) >= 0:
        frame = frame_at(data, offset, header.crc)
        known = max(known, frame.durable if frame else 0)
        offset += 1 if frame is None else frame.end - offset
    return known
