"""A TCP socket as a connection stands on it, see :mod:`feed.stream.transport`."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from typing import Final

import trio

RECEIVE_BYTES: Final = 16 * 1024
# On, and for no time: what is not sent yet is thrown away. Source: socket(7).
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class SocketTransport:
    """
    A connected TCP socket.

    Attributes:
        peer: Address of the other end.
        local: Address of this end.
        socket: It, for what else there is to know of it.
    """

    def __init__(self, sock: socket.socket, peer: str) -> None:
        sock.setblocking(False)
        # A tick must not wait for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.peer = peer
        self.local = str(sock.getsockname()[0])
        self.send = sock.send
        self.socket = self._socket = sock

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

    def reset(self) -> None:
        """Close the socket with a TCP reset (RFC 9293, section 3.10.5)."""
        if self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
            self.close()
