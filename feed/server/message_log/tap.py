"""
What one connection sends and is sent, on its way into the log of messages.

What the client says is taken where its session hears it, so that it goes to the key that it shows; what it is
told, where its socket takes it: whole messages, those of a group among them, in the order of the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from feed.dialects.contract import Action, DisconnectCause, Session
from feed.server.close_reason import CloseReason
from feed.server.connection.facts import ConnectionFacts
from feed.server.connection.peer import Peer
from feed.server.message_log.log import MessageLog
from feed.server.message_log.sent_frames import SentFrames
from feed.stream.transport import Transport

T = TypeVar("T")

_TEXT: Final = 1


class ConnectionLog:
    """
    What is kept of one connection.

    Args:
        log: Where it goes.
        peer: Who it is with.
        facts: Its number, and what it asked for.
    """

    def __init__(self, log: MessageLog, peer: Peer, facts: ConnectionFacts) -> None:
        self._log = log
        self._peer = peer
        self._target = facts.target
        self._number = facts.number
        self._redactor = log.redactor()

    def opened(self, transport: Transport, session: Session) -> tuple[Transport, Session]:
        """The handshake is answered: what to go on with, so that messages are kept."""
        self._take({"event": "open", **self._who}, target=self._target)
        return LoggedTransport(transport, self, most=self._log.longest), LoggedSession(session, self)

    def refused(self, status: int) -> None:
        """The handshake was answered with ``status``."""
        self._take({"event": "refused", "status": status, **self._who}, target=self._target)

    def closed(self, why: CloseReason) -> None:
        """The connection is over."""
        self._take({"event": "close", "why": why.why, "code": why.code})

    def hear(self, text: str, answer: Callable[[], T]) -> T:
        """Take a message of the client, for the key that is known once it is answered."""
        try:
            return answer()
        finally:
            self._log.take(
                self._peer.key or "",
                {"connection": self._number, "direction": "in"},
                self._redactor,
                texts={"message": text},
            )

    def told(self, payload: bytes | None, size: int, *, packed: bool) -> None:
        """
        Take a message that the client's socket has taken.

        Args:
            payload: None for one that is too long to be kept.
            size: Its length on the wire, bytes.
            packed: Whether it is compressed.
        """
        facts: dict[str, object] = {"connection": self._number, "direction": "out"}
        if payload is None:
            facts["message_bytes"] = size
        self._log.take(self._peer.key or "", facts, self._redactor, payload=payload, packed=packed)

    @property
    def _who(self) -> dict[str, object]:
        return {"protocol": self._peer.dialect, "peer": self._peer.arrival.peer}

    def _take(self, facts: dict[str, object], target: str = "") -> None:
        targets = {"target": target} if target else {}
        facts = {"connection": self._number, **facts}
        self._log.take(self._peer.key or "", facts, self._redactor, targets=targets)


class LoggedSession(Session):
    """A session whose client's messages are kept."""

    def __init__(self, session: Session, log: ConnectionLog) -> None:
        self._session = session
        self._log = log
        for name in Session.__annotations__:
            setattr(self, name, getattr(session, name))

    @property
    def authenticated(self) -> bool:
        """Whether the auth window is over."""
        return self._session.authenticated

    def open(self) -> Sequence[Action]:
        """What the session says first."""
        return self._session.open()

    def receive(self, text: str) -> Sequence[Action]:
        """What the session answers."""
        return self._log.hear(text, lambda: self._session.receive(text))

    def on_timer(self) -> Sequence[Action]:
        """What the session says by itself, and when it wants to be asked next."""
        actions = self._session.on_timer()
        self.beat_seconds = self._session.beat_seconds
        return actions

    def wording(self, cause: DisconnectCause) -> str | None:
        """What the session says last."""
        return self._session.wording(cause)


class LoggedTransport:
    """
    A transport whose outgoing messages are kept, as far as the socket takes them.

    Attributes:
        peer: As the transport has it.
        local: As the transport has it.
    """

    def __init__(self, transport: Transport, log: ConnectionLog, *, most: int) -> None:
        """
        Begin before the answer to the handshake.

        Args:
            transport: Where everything goes.
            log: Takes the messages.
            most: A longer one is noted by its length, bytes.
        """
        self.peer = transport.peer
        self.local = transport.local
        self.socket = getattr(transport, "socket", None)
        self.receive = transport.receive
        self.writable = transport.writable
        self.finish = transport.finish
        self.close = transport.close
        self.reset = transport.reset
        self._transport = transport
        self._log = log
        self._frames = SentFrames(most)

    def send(self, data: bytes | memoryview) -> int:
        """Hand over what is taken at once, and keep the messages that it ends."""
        taken = self._transport.send(data)
        for opcode, packed, payload, size in self._frames.feed(bytes(data[:taken])):
            if opcode == _TEXT:
                self._log.told(payload, size, packed=packed)
        return taken
