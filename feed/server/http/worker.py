"""
Hypercorn under a connection: HTTP/1.1 with keep-alive and bodies, for one ASGI application.

Hypercorn is used beyond what it promises. Its public ``serve`` owns the listener, while here one listener
serves WebSockets and HTTP, has read the first request head before it knows which, and counts both against
the same limits. So ``hypercorn.trio.tcp_server.TCPServer``, its class for one accepted connection, is run
over a stream of ours (:class:`HttpStream`), with the ``WorkerContext`` that ``serve`` would make; and its
h11 connection is replaced by the one that has read the first head, and kept from changing protocols, by
three private attributes.

It is named here and nowhere else, its release is pinned in ``pyproject.toml``, and
``test_hypercorn_is_the_release_that_was_read`` in ``tests/server/http/test_worker.py`` fails when a release
has other arguments, the tests beside it when it behaves otherwise.
"""

from __future__ import annotations

import math
import socket
from collections.abc import Container
from typing import Any, Final, cast

import h11
import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState
from hypercorn.utils import wrap_app
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from feed.model.arrival import Arrival
from feed.server.budget import ANSWER_BYTES, REQUEST
from feed.server.head import Head, asks_for_websocket, head_of
from feed.server.http_parser import HttpParser
from feed.server.turns import ScheduledConnection
from feed.settings import Limits, Web
from feed.stream.transport import Transport

# Pieces of a body that wait for the application.
_QUEUED: Final = 10


class HttpWorker:
    """Serves the connections that speak HTTP."""

    def __init__(self, app: ASGIApp, paths: Container[str], limits: Limits, web: Web) -> None:
        """
        Serve ``app``.

        Args:
            app: An ASGI application; exceptions do not leave it.
            paths: What it serves.
            limits: Bounds on a connection.
            web: Bounds on a request.
        """
        self._paths = paths
        self._limits = limits
        self._web = web
        self._app = wrap_app(cast("Any", _Bounded(app, web, limits)), 0, "asgi")
        self._context = WorkerContext(None)
        self._config = Config()
        self._config.include_server_header = False
        self._config.errorlog = None
        self._config.keep_alive_timeout = cast("Any", web.keep_alive_seconds)  # seconds, whole or not
        self._config.max_app_queue_size = _QUEUED

    def knows(self, path: str) -> bool:
        """Whether something is served at ``path``."""
        return path in self._paths

    async def serve(
        self, transport: Transport, parser: HttpParser, arrival: Arrival, member: ScheduledConnection
    ) -> Head | None:
        """
        Serve a connection whose first request head has been read, to its end.

        Returns:
            The head of a request for a WebSocket, where one has come after others; the connection is left
            as it is then. Else None.

        Raises:
            BadRequest: One has come that cannot be granted.
        """
        stream = HttpStream(transport, close_seconds=self._limits.close_seconds)
        state: dict[str, Any] = {"stream": stream, "arrival": arrival, "member": member}
        # Typed for a stream of TLS; any stream does that has no handshake of its own.
        tls = cast("Any", stream)
        served = _Http1(parser, self._app, self._config, self._context, ConnectionState(state), tls)
        with stream.scope:
            async with trio.open_nursery() as nursery:
                # Hypercorn shields what it sends; a closed transport ends that too.
                nursery.start_soon(_drop_when_cancelled, stream)
                await served
                nursery.cancel_scope.cancel()
        return None if served.upgrade is None else head_of(served.upgrade, parser.trailing_data[0])

    async def stop(self) -> None:
        """Close connections that wait for a request, and the others after their answer."""
        await self._context.terminated.set()


class _Http1(TCPServer):
    """
    A connection that stays with HTTP/1.1: one request at a time is what the bounds are made for.

    Programs keep their connections, and may ask for a WebSocket on one that has served requests before:
    nothing more is done for it here then.

    Attributes:
        upgrade: The request that asks for a WebSocket; None while there is none.
    """

    def __init__(self, parser: HttpParser, *args: Any) -> None:
        super().__init__(*args)
        self._parser = parser
        self.upgrade: h11.Request | None = None

    async def _read_data(self) -> None:
        protocol = cast("Any", self.protocol.protocol)
        protocol._check_protocol = self._check  # noqa: SLF001
        protocol.connection = self._parser
        try:
            await protocol._handle_events()  # noqa: SLF001 - the request that has been read already
            await super()._read_data()
        except _UpgradeAsked:
            cast("HttpStream", self.stream).release()

    async def _check(self, request: h11.Request) -> None:
        """Change to no other protocol; the server's own router does, where there is one to change to."""
        # Offers of HTTP/2 may be passed over (RFC 9110, section 7.8); Hypercorn would take them up.
        if asks_for_websocket(request):
            self.upgrade = request
            raise _UpgradeAsked


class _UpgradeAsked(Exception):
    """A request for a WebSocket has come."""


async def _drop_when_cancelled(stream: HttpStream) -> None:
    try:
        await trio.sleep_forever()
    finally:
        stream.drop()


class HttpStream(trio.abc.HalfCloseableStream):
    """
    A transport as the stream that Hypercorn needs.

    Attributes:
        scope: Around everything that is done with it.
        socket: Tells both addresses.
    """

    def __init__(self, transport: Transport, *, close_seconds: float) -> None:
        self.scope = trio.CancelScope()
        self.socket = Addresses(transport.peer)
        self._transport = transport
        self._close_seconds = close_seconds
        self._listening = trio.CancelScope()  # around what Hypercorn is reading
        self._leaving = False
        self._released = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, however slowly the client takes it; whoever times the request drops the stream."""
        await trio.lowlevel.checkpoint()
        rest = memoryview(data)
        try:
            while rest:
                try:
                    rest = rest[self._transport.send(rest) :]
                except BlockingIOError:
                    await self._transport.writable()
        except OSError as problem:
            raise trio.BrokenResourceError from problem

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until something can be sent."""
        await self._transport.writable()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Whatever the client sends."""
        del max_bytes  # a hint; the transport's own bound holds
        if self._leaving:
            await trio.lowlevel.checkpoint()
            return b""
        data = b""
        with trio.CancelScope() as self._listening:
            try:
                data = await self._transport.receive()
            except OSError as problem:
                raise trio.BrokenResourceError from problem
        if not data and not self._leaving:
            # Hypercorn reads when nothing is under way; it would wait for another request all the same.
            self._leaving = True
            self.scope.cancel()
        return data

    async def send_eof(self) -> None:
        """Leave it to :meth:`aclose`, which always follows."""
        await trio.lowlevel.checkpoint()

    def release(self) -> None:
        """Leave the transport to somebody else, as it is."""
        self._released = True

    async def aclose(self) -> None:
        """Say that nothing more will come, hear the client out for a while, and drop the connection."""
        if self._leaving or self._released:
            await trio.lowlevel.checkpoint()
            return
        self._leaving = True
        self._listening.cancel()
        with trio.move_on_after(self._close_seconds):
            try:
                self._transport.finish()
                while await self._transport.receive():
                    pass
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                pass  # it is gone already
        self.drop()

    def end_within(self, seconds: float) -> None:
        """Drop the connection after ``seconds``, unless this is called again; infinity is never."""
        if not self._leaving:
            self.scope.deadline = trio.current_time() + seconds

    def drop(self) -> None:
        """Drop the connection, and all that is still done with it."""
        if self._released:
            return
        self._leaving = True
        self._transport.close()
        # Not at once: what Hypercorn does when its stream ends is no mistake of anybody's.
        self.scope.deadline = min(self.scope.deadline, trio.current_time() + self._close_seconds)


class Addresses:
    """What Hypercorn asks a socket for."""

    family: Final = socket.AF_INET

    def __init__(self, peer: str) -> None:
        self._peer = peer

    def getpeername(self) -> tuple[str, int]:
        """The client, of which only the host is known."""
        return self._peer, 0

    def getsockname(self) -> tuple[str, int]:
        """This server, by no name."""
        return "", 0


class _Bounded:
    """An application whose every request is bounded, in bytes and in time, whatever the client does."""

    def __init__(self, app: ASGIApp, web: Web, limits: Limits) -> None:
        self._app = app
        self._head_bytes = limits.head_bytes
        self._seconds = web.request_seconds
        self._close_seconds = limits.close_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        stream: HttpStream = scope["state"]["stream"]
        member: ScheduledConnection = scope["state"]["member"]
        begun = False
        size = 0

        async def note(message: Message) -> None:
            nonlocal begun, size
            begun = True
            size += len(message.get("body", b""))
            with trio.CancelScope(shield=True):  # once Hypercorn has begun to write it, it must not stop
                await send(message)

        # What is sent is shielded, so a client that takes nothing needs the other limit.
        stream.end_within(self._seconds + self._close_seconds)
        with trio.move_on_after(self._seconds) as time:
            await member.turn(REQUEST, more=True)
            if _size(scope) > self._head_bytes:
                # h11 bounds a head that is not whole yet, and not one that comes in one piece.
                await _refuse(send, 431, "too_large", "The request head is too long")
            else:
                await self._app(scope, receive, note)
        member.charge(size / ANSWER_BYTES)
        if not time.cancelled_caught:
            stream.end_within(math.inf)
        elif not begun and scope["type"] == "http":
            await _refuse(send, 408, "timeout", "The request was not complete in time")


def _size(scope: Scope) -> int:
    """Bytes of a request head, near enough."""
    headers = sum(len(name) + len(value) + 4 for name, value in scope["headers"])
    return headers + len(scope["raw_path"]) + len(scope["query_string"])


async def _refuse(send: Send, status: int, code: str, message: str) -> None:
    """Answer for good: another request on this connection could not be told from the rest of this one."""
    body = f'{{"error":{{"code":"{code}","message":"{message}"}}}}'.encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
