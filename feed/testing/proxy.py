"""
A transport that records what one client sends, and on which faults can be injected
(:mod:`feed.faults.transport`). TLS is neither read nor changed.

Messages are parsed from the client's bytes by a second, passive parser; the server is not affected.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import attrs
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.server import ServerProtocol

from feed.faults.gate import FrameGate, GateMode
from feed.faults.transport import FaultyTransport
from feed.stream.frames import close_frame
from feed.stream.transport import Transport

_TLS_HANDSHAKE: Final = 0x16
_MESSAGE_BYTES: Final = 1024 * 1024
_UPGRADE: Final = b"upgrade: websocket"
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
        upgraded: Whether the server has answered that a WebSocket begins; before that, no frame may be sent.
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


class Proxy(FaultyTransport):
    """
    One connection's transport.

    Attributes:
        visit: What the client did.
        complained: Called when the server says that it does not know a symbol, with its words.
    """

    def __init__(self, transport: Transport, visit: Visit, clock: Callable[[], float]) -> None:
        self._frames = FrameGate(self._read)
        super().__init__(transport, gate=self._frames)
        self.visit = visit
        self.complained: Callable[[str], object] = _nothing
        self._clock = clock
        self._reader = ServerProtocol(max_size=_MESSAGE_BYTES)
        self._asked_to_upgrade = False
        self._sealed = False

    # -- Transport ---------------------------------------------------------------------------------

    def send(self, data: bytes | memoryview) -> int:
        """As below."""
        taken = super().send(data)
        self._note_upgrade()
        return taken

    async def receive(self) -> bytes:
        """As below."""
        data = await super().receive()
        self._parse(data)
        return data

    def close(self) -> None:
        """As below; the client counts as gone."""
        if self.visit.left is None:
            self.visit.left = self._clock()
        super().close()

    # -- what goes wrong ---------------------------------------------------------------------------

    @property
    def wire(self) -> GateMode:
        """What happens to data frames from now on."""
        return self._frames.wire

    @wire.setter
    def wire(self, wire: GateMode) -> None:
        self._frames.wire = wire

    @property
    def lose(self) -> int:
        """How many of the next data frames are lost."""
        return self._frames.lose

    @lose.setter
    def lose(self, lose: int) -> None:
        self._frames.lose = lose

    def mend(self) -> None:
        """The wire is good again; what was held comes now."""
        self.inject(self._frames.mend())

    def drop(self) -> None:
        """The connection is gone, without a close frame."""
        self.close()

    def hang_up(self, code: int, reason: str) -> None:
        """Close as a server does that says why."""
        self.inject(close_frame(code, reason))
        self.wire = GateMode.MUTE

    # -- inside ------------------------------------------------------------------------------------

    def _read(self, frame: bytes) -> None:
        if b"Unknown " in frame and (found := _UNKNOWN.search(frame)):
            self.complained(found[0].decode("utf-8", "replace"))

    def _parse(self, data: bytes) -> None:
        visit, now = self.visit, self._clock()
        if not data:
            visit.left = visit.left if visit.left is not None else now
        elif self._sealed or (not visit.path and data[0] == _TLS_HANDSHAKE):
            self.gate = None  # sealed: there is nothing to be heard
            self._sealed = True
        elif self._asked_to_upgrade or not visit.path:
            self._reader.receive_data(data)
        elif data.startswith(b"GET ") and _UPGRADE in data.lower():
            # A client that keeps its connections has asked for something before, by plain HTTP.
            self._reader = ServerProtocol(max_size=_MESSAGE_BYTES)
            self._reader.receive_data(data)
        for item in self._reader.events_received():
            match item:
                case Request():
                    visit.path = item.path
                    answer = self._reader.accept(item)
                    self._asked_to_upgrade = answer.status_code == HTTPStatus.SWITCHING_PROTOCOLS
                    self._reader.send_response(answer)
                    self._note_upgrade()
                case Frame(opcode=Opcode.TEXT, data=text):
                    visit.said.append(Said(now, bytes(text).decode("utf-8", "replace")))
                case Frame(opcode=Opcode.PONG):
                    visit.pongs.append(now)
                case Frame(opcode=Opcode.CLOSE, data=payload):
                    visit.left = now
                    visit.close_code = int.from_bytes(bytes(payload)[:2], "big")
        self._reader.data_to_send()

    def _note_upgrade(self) -> None:
        self.visit.upgraded = self._asked_to_upgrade and self._frames.upgraded


def _nothing(_: str) -> None:
    """Nobody asked to be told."""
