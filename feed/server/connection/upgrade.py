"""
The opening handshake, which trio-websocket conducts over a request that has been read already.

trio-websocket is used beyond what it promises, in three places, each for a reason:

- *A stream of ours* under it (:mod:`feed.server.connection.stream`). It reads messages, answers pings and
  closes, but data does not go through its ``send_message``: a frame, a lock and a checkpoint for each
  connection cost six times the CPU of writing a frame that was encoded once for all (the peer
  ``trio_websocket_naive`` of the fan-out benchmark does that). So one object must own the order of all
  bytes, control frames among them, and it relies on trio-websocket to write whole control frames, one at
  a time.
- *A skipped constructor*: :class:`Upgrade` is wsproto's ``WSConnection`` without its ``__init__``. The
  router has parsed the request head and checked what makes it a handshake. The parser that ``__init__``
  makes would do so a second time, and stay as long as the connection: a fifth of what a connection cost.
- *A private task*: :func:`upgrade` starts ``WebSocketConnection._reader_task``. The public functions start
  the same task, and parse the request before it.

Releases of both libraries are bounded in ``pyproject.toml``. ``test_the_libraries_are_those_that_were_read``
in ``tests/server/connection/test_upgrade.py`` fails when a release has other attributes, arguments or
another task, and the tests beside it when it has other bytes. Source: RFC 6455, section 4.2.2.
"""

from __future__ import annotations

from collections.abc import Generator

import trio
from trio_websocket import WebSocketConnection, WebSocketRequest
from wsproto import ConnectionType, WSConnection
from wsproto.connection import Connection, ConnectionState
from wsproto.events import AcceptConnection, CloseConnection, Event, Request
from wsproto.extensions import Extension
from wsproto.utilities import LocalProtocolError, generate_accept_token

from feed.server.connection.deflate import Inflate


class Upgrade(WSConnection):
    """
    A server's side of a WebSocket, from behind the request head.

    Args:
        nonce: The client's Sec-WebSocket-Key.
        deflate: What it is told of compression, see :func:`feed.server.connection.deflate.agree`.
        message_bytes: Bound on a compressed message of the client.
    """

    def __init__(self, nonce: str, deflate: str = "", message_bytes: int = 0) -> None:
        # Not super().__init__(), which makes the parser.
        self.client = False
        self.connection: Connection | None = None
        self._nonce = nonce.encode("ascii")
        self._deflate = deflate.encode("ascii")
        self._message_bytes = message_bytes

    @property
    def state(self) -> ConnectionState:
        """How far it is."""
        return ConnectionState.CONNECTING if self.connection is None else self.connection.state

    def send(self, event: Event) -> bytes:
        """The bytes that tell the client of ``event``; at first, that it is let in."""
        if self.connection is not None:
            return self.connection.send(event)
        if not isinstance(event, AcceptConnection):
            raise LocalProtocolError(f"{event} before the handshake is answered")
        extensions: list[Extension] = [Inflate(self._message_bytes)] if self._deflate else []
        self.connection = Connection(ConnectionType.SERVER, extensions)
        lines = [
            b"HTTP/1.1 101 Switching Protocols",
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Sec-WebSocket-Accept: " + generate_accept_token(self._nonce),
        ]
        if event.subprotocol is not None:
            lines.append(b"Sec-WebSocket-Protocol: " + event.subprotocol.encode("ascii"))
        if self._deflate:
            lines.append(b"Sec-WebSocket-Extensions: " + self._deflate)
        return b"\r\n".join([*lines, b"", b""])

    def receive_data(self, data: bytes | None) -> None:
        """What the client has sent."""
        self._established.receive_data(data)

    def events(self) -> Generator[Event]:
        """
        What it means: up to the client's close frame, and after one of ours that frame alone.

        wsproto goes on to tell of pings and messages that it then lets nobody answer, and trio-websocket
        tries to. Whoever has sent a close frame may leave what comes meanwhile unheard, and nothing comes
        after one that was received (RFC 6455, sections 1.4 and 5.5.1).
        """
        connection = self._established
        return self._until_closed(connection)

    @staticmethod
    def _until_closed(connection: Connection) -> Generator[Event]:
        for event in connection.events():
            closes = isinstance(event, CloseConnection)
            if closes or connection.state is ConnectionState.OPEN:
                yield event
            if closes:
                return

    @property
    def _established(self) -> Connection:
        if self.connection is None:
            raise LocalProtocolError("the handshake has not been answered")
        return self.connection


async def upgrade(
    nursery: trio.Nursery,
    stream: trio.abc.Stream,
    nonce: str,
    *,
    subprotocol: str | None,
    deflate: str,
    message_bytes: int,
) -> WebSocketConnection:
    """
    Let trio-websocket answer a handshake, and read from then on.

    Args:
        nursery: Where it reads; :func:`trio_websocket.wrap_server_stream` would start it there too, to parse.
        stream: From behind the request head.
        nonce: The client's Sec-WebSocket-Key.
        subprotocol: One of those that the client offers, or None.
        deflate: What it is told of compression; empty for nothing.
        message_bytes: Bound on a message of the client.

    Raises:
        trio_websocket.ConnectionClosed: The stream is broken.
    """
    connection = WebSocketConnection(
        stream,
        Upgrade(nonce, deflate, message_bytes),
        message_queue_size=1,
        max_message_size=message_bytes,
    )
    await WebSocketRequest(connection, Request(host="", target="/")).accept(subprotocol=subprotocol)
    nursery.start_soon(connection._reader_task)  # noqa: SLF001 (what its own functions start, with theirs)
    return connection
