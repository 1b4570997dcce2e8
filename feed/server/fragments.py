"""
How many pieces a client cuts one message into.

trio-websocket keeps a list of them and bounds their bytes alone, so that empty continuation frames
would fill the memory at no cost to the sender. Source of the format: RFC 6455, section 5.2.
"""

from __future__ import annotations

from typing import Final

_FIN: Final = 0x80
_CONTROL: Final = 0x08
_MASK_BYTES: Final = 4


class Fragments:
    """Counts the frames of the message under way, over the bytes of a client. Sans-I/O."""

    __slots__ = ("_count", "_header", "_skip")

    def __init__(self) -> None:
        self._count = 0
        self._header = b""  # beginning of a header that has not come whole
        self._skip = 0  # bytes of payload still to come

    def feed(self, data: bytes) -> int:
        """
        Take the next bytes.

        Returns:
            The most frames that any one message has had so far within these bytes.
        """
        data = self._header + data
        self._header = b""
        at, most = self._skip, self._count
        while at < len(data):
            size = _frame_size(data, at)
            if size == 0:
                self._header = data[at:]
                break
            if not data[at] & _CONTROL:
                self._count += 1
                most = max(most, self._count)
                if data[at] & _FIN:
                    self._count = 0
            at += size
        self._skip = max(0, at - len(data))
        return most


def _frame_size(data: bytes, at: int) -> int:
    """Bytes of the frame that begins at ``at``; 0 when its header is not whole."""
    if at + 2 > len(data):
        return 0
    length = data[at + 1] & 0x7F
    mask = _MASK_BYTES if data[at + 1] & 0x80 else 0
    wide = {126: 2, 127: 8}.get(length, 0)
    if at + 2 + wide > len(data):
        return 0
    if wide:
        length = int.from_bytes(data[at + 2 : at + 2 + wide], "big")
    return 2 + wide + mask + length
