"""The frames in the bytes of one connection: passed, lost, or held back. Sans-I/O."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Final

from feed.stream.frames import frame_size

_TEXT: Final = 0x81
_UPGRADED: Final = b"HTTP/1.1 101 "
_END_OF_HEAD: Final = b"\r\n\r\n"


class GateMode(enum.Enum):
    """What happens to data frames of the server; control frames always pass."""

    GOOD = "good"
    MUTE = "mute"  # they are lost
    HELD = "held"  # they wait until the wire is good again


class Frames:
    """
    Cuts what a server sends into its HTTP head and whole frames. Sans-I/O.

    Plain HTTP is left alone; a WebSocket may begin on a connection that has served requests before.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._in_head = True
        self._plain = False

    @property
    def upgraded(self) -> bool:
        """Whether the head that begins a WebSocket has been sent."""
        return not self._in_head and not self._plain

    def feed(self, data: bytes) -> list[bytes]:
        """Take ``data``; what is whole now."""
        if self._plain and data.startswith(_UPGRADED):  # an answer is a write of its own
            self._plain, self._in_head = False, True
        self._rest += data
        whole, at = [], 0
        while end := self._end(at):
            whole.append(self._rest[at:end])
            at = end
        self._rest = self._rest[at:]
        return whole

    def _end(self, at: int) -> int:
        """Where what begins at ``at`` ends; 0 when it is not whole."""
        rest = self._rest
        if self._in_head:
            end = rest.find(_END_OF_HEAD) + len(_END_OF_HEAD)
            self._in_head = end < len(_END_OF_HEAD)
            self._plain = not self._in_head and not rest.startswith(_UPGRADED)
            return 0 if self._in_head else end
        if self._plain:
            return len(rest) if at < len(rest) else 0
        header, payload = frame_size(rest, at)
        end = at + header + payload
        return end if header and end <= len(rest) else 0


class FrameGate:
    """
    Lets the frames of one connection through, or not.

    Attributes:
        wire: What happens to data frames from now on.
        lose: How many of the next data frames are lost.
    """

    def __init__(self, noticed: Callable[[bytes], object]) -> None:
        """
        Let everything through.

        Args:
            noticed: Told of every data frame before its fate is decided.
        """
        self.wire = GateMode.GOOD
        self.lose = 0
        self._noticed = noticed
        self._frames = Frames()
        self._held: list[bytes] = []

    @property
    def upgraded(self) -> bool:
        """Whether frames are what passes: the server has answered that a WebSocket begins."""
        return self._frames.upgraded

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the server; the whole frames that pass now."""
        return b"".join([frame for frame in self._frames.feed(data) if self._passes(frame)])

    def mend(self) -> bytes:
        """The wire is good again; the frames that were held."""
        self.wire = GateMode.GOOD
        held, self._held = b"".join(self._held), []
        return held

    def _passes(self, frame: bytes) -> bool:
        if frame[0] != _TEXT:
            return True
        self._noticed(frame)
        if self.lose:
            self.lose -= 1
            return False
        if self.wire is GateMode.HELD:
            self._held.append(frame)
        return self.wire is GateMode.GOOD
