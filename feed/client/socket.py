"""
One WebSocket on any loop: the sans-I/O core of the ``websockets`` library over an anyio stream.

The core parses frames, answers pings and shakes hands on a close; here bytes are carried to and fro.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio
import msgspec
from anyio.abc import ByteStream
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus, InvalidURI
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.typing import BytesLike, Subprotocol
from websockets.uri import parse_uri

from feed.errors import ConfigError

CONNECT_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0
# Longest message that is accepted; this project's servers send none of a mebibyte.
MESSAGE_BYTES: Final = 1024 * 1024
RECEIVE_BYTES: Final = 64 * 1024
TOLD_CHARACTERS: Final = 300


class SocketClosed(Exception):
    """
    The connection has ended, or could not be made.

    Attributes:
        code: WebSocket close code, or the HTTP status of a refusal; 0 without either.
        reason: For people.
    """

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(code, reason)


class HandshakeRefused(SocketClosed):
    """
    The server answered the handshake with an HTTP status, in :attr:`code`.

    Attributes:
        told: The message in its body; empty without one.
    """

    def __init__(self, code: int, reason: str, told: str = "") -> None:
        self.told = told
        super().__init__(code, f"{reason}: {told}" if told else reason)


class Socket:
    """An open WebSocket."""

    def __init__(
        self,
        stream: ByteStream,
        protocol: ClientProtocol,
        on_message: Callable[[bytes], None] | None = None,
    ) -> None:
        self._stream = stream
        self._protocol = protocol
        self._on_message = on_message
        self._text: list[bytes] = []  # frames of an unfinished message
        self._torn = False

    async def send(self, text: str) -> None:
        """
        Send one message.

        Raises:
            SocketClosed: The connection has ended.
        """
        if self._protocol.state is not State.OPEN:
            raise self._closed()
        self._protocol.send_text(text.encode())
        await self._flush()

    async def receive(self) -> list[str]:
        """
        Every message that has come, at least one.

        Raises:
            SocketClosed: The connection has ended.
        """
        while True:
            texts = self._texts()
            if texts:
                return texts
            if self._protocol.state is State.CLOSED or self._protocol.close_expected():
                raise self._closed()
            try:
                await self._more()
            except SocketClosed:
                # What came before the end may say why it ended.
                texts = self._texts()
                if texts:
                    return texts
                raise

    async def close(self) -> None:
        """Do the closing handshake, for at most :data:`CLOSE_SECONDS`, and drop the connection."""
        with anyio.move_on_after(CLOSE_SECONDS):
            try:
                if self._protocol.state is State.OPEN:
                    self._protocol.send_close(1000)
                    await self._flush()
                while self._protocol.state is not State.CLOSED and not self._protocol.close_expected():
                    await self._more()
                    self._protocol.events_received()
            except SocketClosed:
                pass  # it is closed

    def _texts(self) -> list[str]:
        texts = []
        for frame in self._protocol.events_received():
            if not isinstance(frame, Frame):
                continue
            if frame.fin and frame.opcode is Opcode.TEXT:
                texts.append(self._whole(frame.data))
            elif frame.opcode is Opcode.TEXT or (frame.opcode is Opcode.CONT and self._text):
                self._text.append(bytes(frame.data))
                if frame.fin:
                    texts.append(self._whole(b"".join(self._text)))
                    self._text = []
        return texts

    def _whole(self, data: BytesLike) -> str:
        """One message; its bytes are given to ``on_message``."""
        if self._on_message is not None:
            self._on_message(bytes(data))
        return str(data, "utf-8", "replace")

    async def _more(self) -> None:
        try:
            data = await self._stream.receive(RECEIVE_BYTES)
        except anyio.EndOfStream:
            self._protocol.receive_eof()
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as problem:
            raise SocketClosed(1006, f"the connection broke ({_cause(problem)})") from None
        else:
            self._protocol.receive_data(data)
        await self._flush()

    async def _flush(self) -> None:
        if self._torn:
            raise SocketClosed(1006, "given up in the middle of a frame")
        self._torn = True  # until all of it is out: a cancelled send may have sent half a frame
        try:
            for data in self._protocol.data_to_send():
                if data:
                    await self._stream.send(data)
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError) as problem:
            raise SocketClosed(1006, f"the connection broke ({_cause(problem)})") from None
        self._torn = False

    def _closed(self) -> SocketClosed:
        received = self._protocol.close_rcvd
        if received is None:
            return SocketClosed(1006, "the connection ended without a close frame")
        return SocketClosed(int(received.code), received.reason)

    async def handshake(self) -> None:
        """
        Ask for a WebSocket.

        Raises:
            HandshakeRefused: The server answered with another HTTP status than 101.
            SocketClosed: It answered with no HTTP at all, or the connection broke.
        """
        protocol = self._protocol
        protocol.send_request(protocol.connect())
        await self._flush()
        while protocol.state is State.CONNECTING and protocol.handshake_exc is None:
            await self._more()
        problem = protocol.handshake_exc
        if isinstance(problem, InvalidStatus):
            response = problem.response
            reason = f"HTTP {response.status_code} {response.reason_phrase}"
            raise HandshakeRefused(response.status_code, reason, _message(bytes(response.body or b"")))
        if problem is not None:
            raise SocketClosed(0, f"no WebSocket there ({problem})")


@asynccontextmanager
async def open_socket(
    url: str,
    ssl_context: ssl.SSLContext | None = None,
    subprotocols: Sequence[str] = (),
    on_message: Callable[[bytes], None] | None = None,
) -> AsyncIterator[Socket]:
    """
    Connect, and close at the end of the block.

    Args:
        url: ``ws://`` or ``wss://``.
        ssl_context: What to trust; None trusts what the system trusts.
        subprotocols: To offer in the handshake.
        on_message: Called with the bytes of every message, whole and unpacked, before it is read.

    Raises:
        ConfigError: It is no such URL.
        SocketClosed: There is no connection to be had.
    """
    try:
        uri = parse_uri(url)
    except InvalidURI as problem:
        raise ConfigError(str(problem), where=url) from None
    try:
        with anyio.fail_after(CONNECT_SECONDS):
            stream = await _connect(uri.host, uri.port, ssl_context, secure=uri.secure)
            protocol = ClientProtocol(
                uri,
                max_size=MESSAGE_BYTES,
                extensions=[ClientPerMessageDeflateFactory()],
                subprotocols=[Subprotocol(name) for name in subprotocols] or None,
            )
            socket = Socket(stream, protocol, on_message)
            try:
                await socket.handshake()
            except BaseException:
                await anyio.aclose_forcefully(stream)
                raise
    except TimeoutError:
        raise SocketClosed(0, f"no answer within {CONNECT_SECONDS:g} s") from None
    except (OSError, ssl.SSLError, anyio.BrokenResourceError) as problem:
        raise SocketClosed(0, _cause(problem)) from None
    try:
        yield socket
    finally:
        try:
            with anyio.CancelScope(shield=True):
                await socket.close()
        finally:
            await anyio.aclose_forcefully(stream)


async def _connect(host: str, port: int, ssl_context: ssl.SSLContext | None, *, secure: bool) -> ByteStream:
    if not secure:
        return await anyio.connect_tcp(host, port)
    return await anyio.connect_tcp(
        host, port, tls=True, ssl_context=ssl_context, tls_standard_compatible=False
    )


def _cause(problem: BaseException) -> str:
    """What the operating system said, which anyio and Trio keep some levels down."""
    inner = problem
    while True:
        if isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        elif inner.__cause__ is not None:
            inner = inner.__cause__
        else:
            break
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__


def _message(body: bytes) -> str:
    """The message in the body of a refusal, in one line; protocols have it under various names."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    while isinstance(found, dict):
        found = next((found[name] for name in ("error", "data", "message", "body") if name in found), "")
    return " ".join(found.split())[:TOLD_CHARACTERS] if isinstance(found, str) else ""
