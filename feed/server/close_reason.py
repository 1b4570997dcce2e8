"""Why a connection ended, what the client is told, and how often each of it happened."""

from __future__ import annotations

from collections import Counter
from typing import Final

import attrs

from feed.dialects.contract import MARKET_ENDED, DisconnectCause


@attrs.frozen
class CloseReason:
    """
    The end of one connection.

    Attributes:
        why: Short, fixed text; closed connections are counted by it.
        code: Close code to send (RFC 6455, section 7.4); 0 when the client has closed or is gone.
        reason: Text of the close frame.
        cause: What the dialect words in a last message; None when there is nothing to add.
        at_once: Drop what is owed instead of sending it first.
    """

    why: str
    code: int = 0
    reason: str = ""
    cause: DisconnectCause | None = None
    at_once: bool = False


GONE: Final = CloseReason("closed by client")
AUTH_TIMEOUT: Final = CloseReason(
    "auth timeout", 1008, "Authentication timeout", DisconnectCause.AUTH_TIMEOUT
)
TOO_MANY: Final = CloseReason(
    "too many messages", 1008, "Too many messages", DisconnectCause.TOO_MANY_MESSAGES
)
BINARY: Final = CloseReason(
    "binary message", 1003, "Binary messages are not supported", DisconnectCause.BINARY_MESSAGE
)
TOO_BIG: Final = CloseReason("message too big", 1009, "Message too big", at_once=True)
PROTOCOL_ERROR: Final = CloseReason("protocol error", 1002, "Not a valid WebSocket frame", at_once=True)
INVALID_TEXT: Final = CloseReason("invalid text", 1007, "Not valid UTF-8", at_once=True)
TOO_MANY_FRAMES: Final = CloseReason("too many frames", 1008, "Message in too many frames", at_once=True)
SLOW: Final = CloseReason("slow consumer", 1013, "Slow consumer", DisconnectCause.SLOW_CONSUMER, at_once=True)
SILENT: Final = CloseReason("ping timeout", 1011, "No answer to ping", at_once=True)
REVOKED: Final = CloseReason("key revoked", 1008, "The key is not valid any more", at_once=True)
GUESSING: Final = CloseReason("too many wrong keys", 1008, "Too many wrong keys from your address")
SHUTDOWN: Final = CloseReason("server shutdown", 1001, "Server is shutting down")
RESTART: Final = CloseReason("server restart", 1012, "Service restart")
MARKET_OVER: Final = CloseReason("market ended", 1001, MARKET_ENDED)
GOING_AWAY: Final = CloseReason("fault: go-away", 1001, "Going away")
BUG: Final = CloseReason("internal error", 1011, "Internal error", at_once=True)


@attrs.frozen
class CloseStatistics:
    """
    What became of connections so far.

    Attributes:
        open: Connections that are open now.
        opened: Connections that finished the handshake.
        ended: How many ended, by :attr:`CloseReason.why`.
    """

    open: int
    opened: int
    ended: dict[str, int]


class CloseCounts:
    """Counts connections as they come and go."""

    def __init__(self) -> None:
        self._opened = 0
        self._ended: Counter[str] = Counter()

    def opened(self) -> None:
        """A connection finished its handshake."""
        self._opened += 1

    def ended(self, close_reason: CloseReason) -> None:
        """That connection is over."""
        self._ended[close_reason.why] += 1

    def statistics(self) -> CloseStatistics:
        """The figures so far."""
        return CloseStatistics(self._opened - self._ended.total(), self._opened, dict(self._ended))
