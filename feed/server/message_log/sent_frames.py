"""Whole messages of a server, out of the bytes that its sockets take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from feed.stream.frames import frame_size

_OPCODE: Final = 0x0F
_COMPRESSED: Final = 0x40  # RSV1: RFC 7692, section 6
_HEAD_END: Final = b"\r\n\r\n"


class SentFrames:
    """
    Reads the frames of a server from its bytes, behind the answer to the handshake. Sans-I/O.

    Args:
        most: Bytes of a payload; a longer one is passed over.
        rest: Bytes still to come of what has begun, the answer or a frame, where this begins later; None at
            the beginning.
    """

    def __init__(self, most: int, rest: int | None = None) -> None:
        self._most = most
        self._answered = rest is not None
        self._passed = rest or 0  # bytes still to come of a frame that is passed over
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bool, bytes | None, int]]:
        """
        Take the next bytes.

        Returns:
            Of each frame that they end: opcode, whether it is compressed, payload, and the length of that. A
            frame that is passed over comes as soon as its length is known, without its payload.
        """
        data = self._rest + data if self._rest else data
        at = 0
        if not self._answered:
            end = data.find(_HEAD_END)
            if end < 0:
                self._rest = data
                return
            self._answered = True
            at = end + len(_HEAD_END)
        while at < len(data):
            if self._passed:
                step = min(self._passed, len(data) - at)
                self._passed -= step
                at += step
                continue
            header, size = frame_size(data, at)
            if not header:
                break
            whole = at + header + size <= len(data)
            if not whole and size <= self._most:
                break
            first = data[at]
            payload = data[at + header : at + header + size] if size <= self._most else None
            yield first & _OPCODE, bool(first & _COMPRESSED), payload, size
            if whole:
                at += header + size
            else:
                self._passed = header + size
        self._rest = data[at:]
