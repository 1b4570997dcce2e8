"""Messages as frames of a byte stream: four bytes of length, most significant first, and the message."""

from __future__ import annotations

from typing import Final

from feed.cluster.messages import Message, encode
from feed.errors import FeedError

MOST_BYTES: Final = 256 * 1024 * 1024
"""The longest message that is taken: more is no message of ours."""

_LENGTH: Final = 4


def frame(message: Message) -> bytes:
    """The frame of a message."""
    data = encode(message)
    return len(data).to_bytes(_LENGTH, "big") + data


class Frames:
    """Frames from the pieces in which a byte stream brings them."""

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """
        The messages that are complete with these bytes.

        Args:
            data: What has come next.
        Raises:
            FeedError: A message would be longer than :data:`MOST_BYTES`.
        """
        held = self._held
        held += data
        found: list[bytes] = []
        at = 0
        while len(held) - at >= _LENGTH:
            begin = at + _LENGTH
            size = int.from_bytes(held[at:begin], "big")
            if size > MOST_BYTES:
                raise FeedError(f"a message of {size} bytes on a link, more than {MOST_BYTES}")
            if len(held) < begin + size:
                break
            found.append(bytes(held[begin : begin + size]))
            at = begin + size
        del held[:at]
        return found
