"""
The opening handshake, answered here, and trio-websocket set to work behind it.

trio-websocket is used beyond what it promises, in three places, each for a reason:

- *A stream of ours* under it (:mod:`feed.server.connection.stream`). It reads messages, answers pings and
  closes, but data does not go through its ``send_message``: a frame, a lock and a checkpoint for each
  connection cost six times the CPU of writing a frame that was encoded once for all (the peer
  ``trio_websocket_naive`` of the fan-out benchmark does that). So one object must own the order of all
  bytes, control frames among them, and it relies on trio-websocket to write whole control frames, one at
  a time.
- *A skipped constructor*: :class:`Upgraded` is wsproto's ``WSConnection`` without its ``__init__``, behind
  the handshake from the beginning. The router has parsed the request head and checked what makes it a
  handshake, of which the answer needs the nonce alone. The parser that ``__init__`` makes would do so a
  second time, and stay as long as the connection: a fifth of what a connection cost.
- *A private task*: :func:`read_messages` starts ``WebSocketConnection._reader_task``. The public functions
  start the same task, and parse and answer the request before it.

Releases of both libraries are bounded in ``pyproject.toml``. ``test_the_libraries_are_those_that_were_read``
in ``tests/server/connection/test_upgrade.py`` fails when a release has other attributes, arguments or
another task, and the tests beside it when it has other bytes. Source: RFC 6455, section 4.2.2.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import trio
from trio_websocket import WebSocketConnection
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection, ConnectionState
from wsproto.events import CloseConnection, Event
from wsproto.extensions import Extension
from wsproto.utilities import generate_accept_token

from feed.server.connection.deflate import Inflate

_ANSWER: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
)


def answer_to(nonce: str, *, subprotocol: str | None = None, deflate: str = "") -> bytes:
    """
    What tells a client that it is let in.

    Args:
        nonce: Its Sec-WebSocket-Key.
        subprotocol: One of those that it offers, or None.
        deflate: What it is told of compression, see :func:`feed.server.connection.deflate.agree`.
    """
    answer = _ANSWER + generate_accept_token(nonce.encode("ascii"))
    if subprotocol is not None:
        answer += b"\r\nSec-WebSocket-Protocol: " + subprotocol.encode("ascii")
    if deflate:
        answer += b"\r\nSec-WebSocket-Extensions: " + deflate.encode("ascii")
    return answer + b"\r\n\r\n"


class Upgraded(WSConnection):
    """
    A server's side of a WebSocket, from behind the handshake.

    Args:
        deflated: The client may compress what it sends.
        message_bytes: Bound on a compressed message of the client.
    """

    connection: Connection

    def __init__(self, *, deflated: bool, message_bytes: int) -> None:
        # Not super().__init__(), which makes the parser.
        self.client = False
        extensions: list[Extension] = [Inflate(message_bytes)] if deflated else []
        self.connection = Connection(ConnectionType.SERVER, extensions)

    def events(self) -> Generator[Event]:
        """
        What the client has sent: up to its close frame, and after one of ours that frame alone.

        wsproto goes on to tell of pings and messages that it then lets nobody answer, and trio-websocket
        tries to. Whoever has sent a close frame may leave what comes meanwhile unheard, and nothing comes
        after one that was received (RFC 6455, sections 1.4 and 5.5.1).
        """
        for event in self.connection.events():
            closes = isinstance(event, CloseConnection)
            if closes or self.connection.state is ConnectionState.OPEN:
                yield event
            if closes:
                return


def read_messages(
    nursery: trio.Nursery, stream: trio.abc.Stream, *, deflated: bool, message_bytes: int
) -> WebSocketConnection:
    """
    Let trio-websocket read from behind a handshake that has been answered.

    Args:
        nursery: Where it reads; :func:`trio_websocket.wrap_server_stream` would start it there too, to parse.
        stream: From behind the request head.
        deflated: The client may compress what it sends.
        message_bytes: Bound on a message of the client.
    """
    connection = WebSocketConnection(
        stream,
        Upgraded(deflated=deflated, message_bytes=message_bytes),
        message_queue_size=1,
        max_message_size=message_bytes,
    )
    nursery.start_soon(connection._reader_task)  # noqa: SLF001 (what its own functions start, with theirs)
    return connection
