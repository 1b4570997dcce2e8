"""
Counts the fragments of a client's message, and the length that its frame headers announce.

trio-websocket keeps a list of the pieces and bounds their bytes alone, as they come: empty continuation
frames would fill the memory at no cost to the sender, and a frame that announces 2^62 bytes would be read
up to the bound. Source of the format: RFC 6455, section 5.2.
"""

from __future__ import annotations

from typing import Final

from feed.stream.frames import frame_size

_FIN: Final = 0x80
_CONTROL: Final = 0x08


class Fragments:
    """
    Counts the frames and bytes of the message under way, over the bytes of a client. Sans-I/O.

    Attributes:
        announced: The most bytes that any one message had so far by what its frame headers say, within
            the bytes that were fed last.
    """

    __slots__ = ("_bytes", "_count", "_header", "_skip", "announced")

    def __init__(self) -> None:
        self.announced = 0
        self._bytes = 0  # announced by the headers of the message under way
        self._count = 0
        self._header = b""  # beginning of a header that has not come whole
        self._skip = 0  # bytes of payload still to come

    def cut(self, data: bytes, frames: int) -> tuple[int, int]:
        """
        How much of the next bytes makes a piece of work of bounded size.

        Args:
            data: What :meth:`feed` has not been given yet.
            frames: The most that may begin in the piece.

        Returns:
            Bytes of the piece, and the frames that begin in it.
        """
        late = len(self._header)
        data = self._header + data
        at, begun = self._skip, 0
        while at < len(data) and begun < frames:
            begun += 1
            header, payload = frame_size(data, at)
            at = at + header + payload if header else len(data)
        return min(at, len(data)) - late, begun

    def feed(self, data: bytes) -> int:
        """
        Take the next bytes.

        Returns:
            The most frames that any one message has had so far within these bytes.
        """
        data = self._header + data
        self._header = b""
        at, most = self._skip, self._count
        self.announced = self._bytes
        while at < len(data):
            header, payload = frame_size(data, at)
            if header == 0:
                self._header = data[at:]
                break
            if not data[at] & _CONTROL:
                self._count += 1
                self._bytes += payload
                most = max(most, self._count)
                self.announced = max(self.announced, self._bytes)
                if data[at] & _FIN:
                    self._count = self._bytes = 0
            at += header + payload
        self._skip = max(0, at - len(data))
        return most
