"""
The stream under trio-websocket: it reads for it, and lets its frames out between ours.

trio-websocket does the handshake, reads messages, answers pings and closes. It writes whole control
frames, one at a time; the outlet puts them ahead of data. Data never passes through trio-websocket.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from feed.server.transport import Transport
from feed.stream.frames import is_close
from feed.stream.outlet import Outlet


class Wire(trio.abc.Stream):
    """
    A transport and its outlet, as a Trio stream.

    Attributes:
        outlet: Everything that goes out, in order.
        said_close: Whether a close frame is among it.
    """

    def __init__(
        self, transport: Transport, head: bytes, *, backlog_bytes: int, cut: Callable[[], None]
    ) -> None:
        """
        Put a stream on ``transport``.

        Args:
            transport: Where bytes come from and go to.
            head: The handshake, to be read before all else.
            backlog_bytes: Bound on what the outlet may owe.
            cut: See :class:`~feed.stream.outlet.Outlet`.
        """
        self.outlet = Outlet(transport.send, backlog_bytes=backlog_bytes, wake=self.wake, cut=cut)
        self._transport = transport
        self._head = head
        self._listening = trio.CancelScope()  # around what trio-websocket is reading
        self._owing = trio.Event()  # something waits for the writer
        self._progress = trio.Event()  # the writer has written something
        self._leaving = False
        self.said_close = False
        self._closed = False

    def wake(self) -> None:
        """The outlet owes something: let :meth:`write` run."""
        self._owing.set()

    async def write(self) -> None:
        """The writer task: hand over what is owed as fast as the transport takes it."""
        while True:
            await self._owing.wait()
            done = self.outlet.pump()
            if done:
                self._owing = trio.Event()
            progress, self._progress = self._progress, trio.Event()
            progress.set()
            if not done:
                await self._transport.writable()

    async def flushed(self) -> None:
        """Wait until nothing is owed."""
        while self.outlet.owed and not self._closed:
            await self._progress.wait()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send the answer to the handshake, or one control frame."""
        if self._closed:
            raise trio.ClosedResourceError
        await trio.lowlevel.checkpoint_if_cancelled()
        frame = bytes(data)
        self.said_close = self.said_close or is_close(frame)
        if self.outlet.control(frame):
            await trio.lowlevel.cancel_shielded_checkpoint()
        else:
            await self.wait_send_all_might_not_block()
        if self._closed:
            raise trio.BrokenResourceError

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until every control frame is out."""
        while not self.outlet.control_sent and not self._closed:
            await self._progress.wait()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """The handshake, then whatever the client sends."""
        del max_bytes  # a hint; the transport's own bound holds
        if self._head or self._leaving:
            head, self._head = self._head, b""
            await trio.lowlevel.checkpoint()
            return head
        with trio.CancelScope() as self._listening:
            try:
                return await self._transport.receive()
            except OSError as problem:
                raise trio.BrokenResourceError from problem
        return b""

    async def aclose(self) -> None:
        """trio-websocket has no more use for this; the connection has, for its last words."""
        await trio.lowlevel.checkpoint()

    async def part(self) -> None:
        """
        Say that nothing more will come, hear the client out, and drop the connection.

        Dropping a socket with unread bytes would reset it, and the client would lose our last
        words. The caller bounds the wait.
        """
        self._leaving = True
        self._listening.cancel()  # from here on the client is heard, but not listened to
        try:
            self._transport.finish()
            while await self._transport.receive():
                pass
        except (OSError, trio.ClosedResourceError):
            pass  # it is gone already
        finally:
            self.close()

    def close(self) -> None:
        """Drop the connection, without waiting."""
        self._closed = True
        self._transport.close()
        self._owing.set()
        self._progress.set()
