"""
What a connection stands on: bytes in, bytes out without waiting, and a way to wait for either.

The fan-out writes to thousands of connections in one step and must never wait for one of them;
Trio's streams only offer to wait. So the server asks for this instead: a socket fulfils it, and so
does the in-memory pair of the tests.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final, Protocol

import trio

RECEIVE_BYTES: Final = 16 * 1024


class Transport(Protocol):
    """
    One byte stream.

    Attributes:
        peer: Address of the other end, without the port; connections are counted by it.
        local: Address of this end, without the port.
    """

    peer: str
    local: str

    def send(self, data: bytes | memoryview) -> int:
        """Hand over what is taken at once; ``BlockingIOError`` when nothing is."""
        ...

    async def receive(self) -> bytes:
        """The next bytes, empty at the end. ``OSError`` or a Trio resource error when it is broken."""
        ...

    async def writable(self) -> None:
        """Wait until :meth:`send` would take something."""
        ...

    def finish(self) -> None:
        """Say that nothing more will be sent; the other end can still be heard."""
        ...

    def close(self) -> None:
        """Drop the connection; whoever waits on it is woken with an error."""
        ...


class SocketTransport:
    """A connected TCP socket."""

    def __init__(self, sock: socket.socket, peer: str) -> None:
        sock.setblocking(False)
        # A tick must not wait for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = peer
        self.local = str(sock.getsockname()[0])
        self.send = sock.send
        self._socket = sock

    async def receive(self) -> bytes:
        """The next bytes, empty at the end."""
        await trio.lowlevel.checkpoint_if_cancelled()
        try:
            data = self._socket.recv(RECEIVE_BYTES)
        except BlockingIOError:
            pass
        else:
            await trio.lowlevel.cancel_shielded_checkpoint()
            return data
        while True:
            await trio.lowlevel.wait_readable(self._socket)  # which lets others run
            with suppress(BlockingIOError):
                return self._socket.recv(RECEIVE_BYTES)

    async def writable(self) -> None:
        """Wait until the kernel has room."""
        if self._socket.fileno() < 0:
            raise trio.ClosedResourceError
        await trio.lowlevel.wait_writable(self._socket)

    def finish(self) -> None:
        """Shut the socket down for writing."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close the socket, and wake who waits for it."""
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()
