"""
A transport with an ear: it hears what one client says, and can do to the wire what goes wrong on wires.
TLS passes unheard and unspoiled.

What a client says is read off its bytes by a second, passive reader; the server notices nothing of it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import attrs
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from feed.server.connection.transport import Transport
from feed.stream.frames import close_frame

_TEXT: Final = 0x81
_LENGTH_16: Final = 126
_TLS_HANDSHAKE: Final = 0x16
_UPGRADED: Final = b"HTTP/1.1 101 "
_MESSAGE_BYTES: Final = 1024 * 1024
_UNKNOWN: Final = re.compile(rb"Unknown (symbol|market|channel)[^\"]*")


@attrs.frozen
class Said:
    """
    One message of a client.

    Attributes:
        at: Seconds since the server began.
        text: All of it.
    """

    at: float
    text: str


@attrs.define(eq=False)
class Visit:
    """
    What one client did on one connection.

    Attributes:
        at: When it came, in seconds since the server began.
        path: What it asked for, with its query; empty before it did.
        upgraded: Whether that was a WebSocket, and not plain HTTP.
        said: Its messages.
        pongs: When it answered pings.
        left: When it closed or was gone; None while it is there.
        close_code: Of its close frame; 0 without one.
    """

    at: float
    path: str = ""
    upgraded: bool = False
    said: list[Said] = attrs.field(factory=list)
    pongs: list[float] = attrs.field(factory=list)
    left: float | None = None
    close_code: int = 0

    def asked(self, word: str) -> list[Said]:
        """Its messages that have ``word`` in them, such as ``subscribe``."""
        return [said for said in self.said if word in said.text]


class Wire(enum.Enum):
    """What happens to data frames of the server; control frames always pass."""

    GOOD = "good"
    MUTE = "mute"  # they are lost
    HELD = "held"  # they wait until the wire is good again


class Frames:
    """Cuts what a server sends into its HTTP head and whole frames; plain HTTP is left alone. Sans-I/O."""

    def __init__(self) -> None:
        self._rest = b""
        self._in_head = True
        self._plain = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take ``data``; what is whole now."""
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
            end = rest.find(b"\r\n\r\n") + 4
            self._in_head = end < 4
            self._plain = not self._in_head and not rest.startswith(_UPGRADED)
            return 0 if self._in_head else end
        if self._plain:
            return len(rest) if at < len(rest) else 0
        if len(rest) < at + 2:
            return 0
        length = rest[at + 1]
        start = at + (2 if length < _LENGTH_16 else 4 if length == _LENGTH_16 else 10)
        if len(rest) < start:
            return 0
        end = start + (length if start == at + 2 else int.from_bytes(rest[at + 2 : start], "big"))
        return end if len(rest) >= end else 0


class Proxy:
    """
    One connection's transport.

    Attributes:
        peer: As of the transport below.
        local: As of the transport below.
        visit: What the client did.
        wire: What happens to data frames from now on.
        lose: How many of the next data frames are lost.
        blocked: Whether the client has not taken what was sent.
        complained: Called when the server says that it does not know a symbol, with its words.
    """

    def __init__(self, transport: Transport, visit: Visit, clock: Callable[[], float]) -> None:
        self.peer = transport.peer
        self.local = transport.local
        self.visit = visit
        self.wire = Wire.GOOD
        self.lose = 0
        self.blocked = False
        self.complained: Callable[[str], object] = _nothing
        self._transport = transport
        self._clock = clock
        self._reader = ServerProtocol(max_size=_MESSAGE_BYTES)
        self._frames = Frames()
        self._sealed = False  # TLS: there is nothing to be heard
        self._waiting = b""  # passed on to us, and not yet by us
        self._held: list[bytes] = []

    # -- Transport ---------------------------------------------------------------------------------

    def send(self, data: bytes | memoryview) -> int:
        """As below, but that frames are passed on whole, or not at all."""
        if self._sealed:
            return self._transport.send(data)
        self._push()
        if self._waiting:
            raise BlockingIOError
        self._waiting = b"".join([frame for frame in self._frames.feed(bytes(data)) if self._passes(frame)])
        self._push()
        return len(data)

    async def receive(self) -> bytes:
        """As below."""
        data = await self._transport.receive()
        self._hear(data)
        return data

    async def writable(self) -> None:
        """As below."""
        await self._transport.writable()
        self._push()

    def finish(self) -> None:
        """As below."""
        self._transport.finish()

    def close(self) -> None:
        """As below; the visit is over."""
        self.blocked = False
        if self.visit.left is None:
            self.visit.left = self._clock()
        self._transport.close()

    # -- what goes wrong ---------------------------------------------------------------------------

    def inject(self, frames: bytes) -> None:
        """Send whole frames that the server never sent; to a client that has gone, nothing."""
        self._waiting += frames
        try:
            self._push()
        except OSError:
            self.close()

    def mend(self) -> None:
        """The wire is good again; what was held comes now."""
        self.wire = Wire.GOOD
        held, self._held = b"".join(self._held), []
        self.inject(held)

    def drop(self) -> None:
        """The connection is gone, without a close frame."""
        self.close()

    def hang_up(self, code: int, reason: str) -> None:
        """Close as a server does that says why."""
        self.inject(close_frame(code, reason))
        self.wire = Wire.MUTE

    # -- inside ------------------------------------------------------------------------------------

    def _passes(self, frame: bytes) -> bool:
        if frame[0] != _TEXT:
            return True
        if b"Unknown " in frame and (found := _UNKNOWN.search(frame)):
            self.complained(found[0].decode("utf-8", "replace"))
        if self.lose:
            self.lose -= 1
            return False
        if self.wire is Wire.HELD:
            self._held.append(frame)
        return self.wire is Wire.GOOD

    def _push(self) -> None:
        try:
            while self._waiting:
                self._waiting = self._waiting[self._transport.send(self._waiting) :]
        except BlockingIOError:
            self.blocked = True
        except OSError:
            self._waiting = b""
            raise
        else:
            self.blocked = False

    def _hear(self, data: bytes) -> None:
        visit, now = self.visit, self._clock()
        if not data:
            visit.left = visit.left if visit.left is not None else now
        elif self._sealed or (not visit.path and data[0] == _TLS_HANDSHAKE):
            self._sealed = True
        elif visit.upgraded or not visit.path:
            self._reader.receive_data(data)
        for item in self._reader.events_received():
            match item:
                case Request():
                    visit.path = item.path
                    answer = self._reader.accept(item)
                    visit.upgraded = answer.status_code == HTTPStatus.SWITCHING_PROTOCOLS
                    self._reader.send_response(answer)
                case Frame(opcode=Opcode.TEXT, data=text):
                    visit.said.append(Said(now, bytes(text).decode("utf-8", "replace")))
                case Frame(opcode=Opcode.PONG):
                    visit.pongs.append(now)
                case Frame(opcode=Opcode.CLOSE, data=payload):
                    visit.left = now
                    visit.close_code = int.from_bytes(bytes(payload)[:2], "big")
        self._reader.data_to_send()


def _nothing(_: str) -> None:
    """Nobody asked to be told."""
