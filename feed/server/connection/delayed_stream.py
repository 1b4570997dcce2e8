"""A transport on which everything that is sent arrives late, in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import trio

from feed.server.connection.transport import Transport


class DelayedStream:
    """
    Stands between a connection and its transport.

    Attributes:
        peer: As the transport has it.
        local: As the transport has it.
        late: Gives the seconds by which the next write is late; 0 once the link is good again.
    """

    def __init__(self, transport: Transport, *, late: Callable[[], float], most: int) -> None:
        """
        Begin with nothing on the way.

        Args:
            transport: Where it goes in the end.
            late: See the class.
            most: Bytes on the way past which nothing is taken.
        """
        self.peer = transport.peer
        self.local = transport.local
        self.late = late
        self._transport = transport
        self._most = most
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._bytes = 0
        self._last = 0.0  # when the last write is due
        self._finished = False
        self._changed = trio.lowlevel.ParkingLot()

    def send(self, data: bytes | memoryview) -> int:
        """Take all of ``data``; ``BlockingIOError`` when too much is on the way."""
        if self._bytes >= self._most:
            raise BlockingIOError
        self._last = max(self._last, trio.current_time() + self.late())
        self._waiting.append((self._last, bytes(data)))
        self._bytes += len(data)
        self._changed.unpark_all()
        return len(data)

    async def run(self) -> None:
        """Hand over what is due, until cancelled or the transport is broken."""
        try:
            while True:
                while not self._waiting:
                    if self._finished:
                        self._transport.finish()
                        return
                    await self._changed.park()
                await trio.sleep_until(self._waiting[0][0])
                await self._hand_over(memoryview(self._waiting[0][1]))
                self._bytes -= len(self._waiting.popleft()[1])
                self._changed.unpark_all()
        except (OSError, trio.ClosedResourceError, trio.BrokenResourceError):
            self._waiting.clear()  # whoever reads from the transport learns of it there

    async def receive(self) -> bytes:
        """The next bytes: what the client sends is in time."""
        return await self._transport.receive()

    async def writable(self) -> None:
        """Wait until :meth:`send` would take something."""
        while self._bytes >= self._most:
            await self._changed.park()

    def finish(self) -> None:
        """Say that nothing more will be sent, once everything has been."""
        self._finished = True
        self._changed.unpark_all()

    def close(self) -> None:
        """Drop the connection, and what is on the way."""
        self._waiting.clear()
        self._transport.close()

    async def _hand_over(self, data: memoryview) -> None:
        while data:
            try:
                data = data[self._transport.send(data) :]
            except BlockingIOError:
                await self._transport.writable()
