"""
WebSocket frames as bytes.

A server's frames are unmasked, so the same bytes serve every connection. Source: RFC 6455,
section 5.2.
"""

from __future__ import annotations

from typing import Final

_FIN_TEXT: Final = 0x81
_FIN_DEFLATED_TEXT: Final = 0xC1  # RSV1: RFC 7692, section 6
_FIN_CLOSE: Final = 0x88
_LENGTH_16: Final = 126
_LENGTH_64: Final = 127
_MASKED: Final = 0x80
_MASK_BYTES: Final = 4


def text_frame(text: str) -> bytes:
    """One whole, unmasked text frame."""
    payload = text.encode()
    size = len(payload)
    return (_SHORT_TEXT[size] if size < _LENGTH_16 else _header(_FIN_TEXT, size)) + payload


def deflated_frame(packed: bytes) -> bytes:
    """One whole, unmasked text frame whose payload is compressed as permessage-deflate wants it."""
    return _header(_FIN_DEFLATED_TEXT, len(packed)) + packed


def text_header(size: int, *, deflated: bool = False) -> bytes:
    """What a text frame with so many bytes of payload begins with."""
    return _header(_FIN_DEFLATED_TEXT if deflated else _FIN_TEXT, size)


def _header(first: int, size: int) -> bytes:
    if size < _LENGTH_16:
        return bytes((first, size))
    if size < 1 << 16:
        return bytes((first, _LENGTH_16, size >> 8, size & 0xFF))
    return bytes((first, _LENGTH_64)) + size.to_bytes(8, "big")


_SHORT_TEXT: Final = tuple([_header(_FIN_TEXT, size) for size in range(_LENGTH_16)])
"""What short text frames begin with, by the size of their payload: made anew, it was half of the cost."""


def close_frame(code: int, reason: str) -> bytes:
    """One close frame; ``reason`` is at most 123 bytes of UTF-8."""
    payload = code.to_bytes(2, "big") + reason.encode()
    return bytes((_FIN_CLOSE, len(payload))) + payload


def is_close(data: bytes) -> bool:
    """Whether ``data`` begins with a close frame."""
    return data[:1] == bytes((_FIN_CLOSE,))


def frame_size(data: bytes, at: int = 0) -> tuple[int, int]:
    """
    How long the frame at ``at`` is, of a client or of a server: the only place where a length is read.

    Args:
        data: Frames, one after the other; the last need not be whole.
        at: Where the frame begins.

    Returns:
        Bytes of its header, mask included, and of its payload; 0 and 0 when the header is not whole.
    """
    if at + 2 > len(data):
        return 0, 0
    length = data[at + 1] & ~_MASKED
    wide = 2 if length == _LENGTH_16 else 8 if length == _LENGTH_64 else 0
    header = 2 + wide
    if at + header > len(data):
        return 0, 0
    if wide:
        length = int.from_bytes(data[at + 2 : at + header], "big")
    return header + (_MASK_BYTES if data[at + 1] & _MASKED else 0), length


def boundary(data: bytes, at: int, position: int) -> int:
    """
    The first frame boundary at or after ``position``.

    Args:
        data: Whole unmasked frames, one after the other.
        at: A known boundary, not after ``position``.
        position: Bytes of ``data`` that have been written.
    """
    while at < position:
        at += sum(frame_size(data, at))
    return at
