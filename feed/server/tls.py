"""
TLS over a transport: the same transport to everybody above it.

Records are made in memory, so that a write never waits: what the socket does not take of them is
kept here, at most one write's worth, and nothing more is taken until it is gone. A record that has
begun is always finished.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import Final

import trio

from feed.server.connection.transport import RECEIVE_BYTES
from feed.stream.resettable_event import ResettableEvent
from feed.stream.transport import Transport

# Of plain bytes in one write; what they become is all that is ever kept.
WRITE_BYTES: Final = 64 * 1024
_HANDSHAKE: Final = 0x16


class NotTls(Exception):
    """The client's first byte is not that of a TLS handshake."""


class TlsTransport:
    """
    The server's end of a TLS connection; a :class:`~feed.server.connection.transport.Transport` itself.

    :meth:`flush` must run as long as it is used.
    """

    def __init__(self, below: Transport, context: ssl.SSLContext) -> None:
        self.peer = below.peer
        self.local = below.local
        self.socket = getattr(below, "socket", None)
        self._below = below
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._owed = b""  # ciphertext that the socket has not taken
        self._owing = ResettableEvent()
        self._paid = trio.lowlevel.ParkingLot()
        self._finished = False
        self._gone = False

    async def handshake(self) -> None:
        """
        Agree on keys. The caller bounds the wait.

        Raises:
            NotTls: The client speaks something else; the transport below has not been written to.
            OSError: It could not be done.
        """
        first = await self._below.receive()
        if first[:1] != bytes((_HANDSHAKE,)):
            raise NotTls
        self._incoming.write(first)
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                self._push()
                await self._hear()
            except ssl.SSLError:
                self._push()  # an alert says what was wrong
                raise
            else:
                self._push()
                return

    async def flush(self) -> None:
        """Hand over what is owed, as fast as the transport below takes it, until cancelled."""
        while True:
            await self._owing.wait()
            try:
                while self._owed and not self._gone:
                    await self._below.writable()
                    self._owed = self._owed[self._write(self._owed) :]
                if self._finished and not self._gone:
                    self._below.finish()
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                self._gone = True
                self._owed = b""
            self._owing.clear()
            self._paid.unpark_all()

    def send(self, data: bytes | memoryview) -> int:
        """Encrypt and hand over at most ``WRITE_BYTES``; ``BlockingIOError`` while the last are owed."""
        if self._gone or self._finished:
            raise BrokenPipeError
        if self._owed:
            raise BlockingIOError
        taken = self._tls.write(data if len(data) <= WRITE_BYTES else memoryview(data)[:WRITE_BYTES])
        self._push()
        return taken

    async def receive(self) -> bytes:
        """The next bytes, empty at the end. After :meth:`finish` whatever comes is thrown away."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._finished:
            try:
                data = self._tls.read(RECEIVE_BYTES)
            except ssl.SSLWantReadError:
                self._push()
                await self._hear()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                await trio.lowlevel.cancel_shielded_checkpoint()
                return b""
            else:
                await trio.lowlevel.cancel_shielded_checkpoint()
                return data
        while await self._below.receive():
            pass
        return b""

    async def writable(self) -> None:
        """Wait until nothing is owed."""
        await trio.lowlevel.checkpoint()
        while self._owed and not self._gone:
            await self._paid.park()

    def finish(self) -> None:
        """Say ``close_notify``, and nothing after it."""
        if self._finished:
            return
        self._finished = True
        # The client has not said it too, and need not (RFC 8446, section 6.1).
        with suppress(ssl.SSLError):
            self._tls.unwrap()
        self._push()
        self._owing.set()

    def close(self) -> None:
        """Drop the connection; whoever waits on it is woken."""
        self._gone = True
        self._owed = b""
        self._below.close()
        self._paid.unpark_all()  # here, for nobody flushes any more when everything is being cancelled

    def reset(self) -> None:
        """Drop the connection below with a reset; whoever waits on it is woken."""
        self._below.reset()
        self.close()

    async def _hear(self) -> None:
        """Take the next ciphertext."""
        data = await self._below.receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _push(self) -> None:
        """Hand over the ciphertext there is; :meth:`flush` does the rest."""
        ciphertext = self._outgoing.read()
        if self._owed:
            self._owed += ciphertext
        elif ciphertext:
            sent = self._write(ciphertext)
            if sent < len(ciphertext):
                self._owed = ciphertext[sent:]
                self._owing.set()

    def _write(self, ciphertext: bytes) -> int:
        # Written out, without ``suppress``: this is done for every delivery.
        try:
            return self._below.send(ciphertext)
        except BlockingIOError:
            return 0
