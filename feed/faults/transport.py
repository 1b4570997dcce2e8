"""A transport on which things go wrong on purpose: the part of the fault engine that bytes go through."""

from __future__ import annotations

from typing import Final

import trio

from feed.faults.gate import FrameGate
from feed.faults.pacing import LinkState, Pacing
from feed.stream.transport import Transport

# Bytes on the way past which nothing more is taken: the rest is owed by the connection, within its own bound.
LINK_BYTES: Final = 4 * 1024 * 1024
# And writes, of some 150 bytes beside their own: else pongs of two bytes would fill the memory.
LINK_WRITES: Final = 32 * 1024


class FaultyTransport:
    """
    Stands between a connection and its transport.

    What is sent passes, in this order, the gate, which lets whole frames through or not; the delay; the
    bandwidth; and the stall. What the client sends is in time, unless the link is stalled.

    Attributes:
        peer: As the transport has it.
        local: As the transport has it.
        gate: Lets frames through or not; None for a link that knows no frames.
    """

    def __init__(
        self, transport: Transport, *, gate: FrameGate | None = None, most: int = LINK_BYTES
    ) -> None:
        """
        Begin with a good link.

        Args:
            transport: Where it goes in the end.
            gate: See the class; it must see the bytes from the first.
            most: Bytes on the way past which nothing is taken.
        """
        self.peer = transport.peer
        self.local = transport.local
        self.gate = gate
        self._transport = transport
        self._most = most
        self._pacing = Pacing()
        self._rest = b""  # due, and not yet taken by the transport
        self._stalled: trio.Event | None = None  # set when bytes pass again
        self._finished = False
        self._closed = False
        self._changed = trio.lowlevel.ParkingLot()
        self._room = trio.lowlevel.ParkingLot()

    # -- Transport ---------------------------------------------------------------------------------

    def send(self, data: bytes | memoryview) -> int:
        """Take what the link has room for where it is bad; ``BlockingIOError`` when it has none."""
        if self._stalled is not None:
            raise BlockingIOError
        if self._pacing.needed:
            if self._full:
                raise BlockingIOError
            room = self._most - self._pacing.bytes
            if len(data) > room:
                data = memoryview(data)[:room]
            self._delay(self._passing(data))
            return len(data)
        if self.gate is None and not self._rest:
            return self._transport.send(data)
        self._push()
        if self._rest:
            raise BlockingIOError
        self._rest = self._passing(data)
        self._push()
        return len(data)

    async def receive(self) -> bytes:
        """The next bytes."""
        data = await self._transport.receive()
        await self.passable()
        return data

    async def writable(self) -> None:
        """Wait until :meth:`send` would take something."""
        await self.passable()
        if self._closed:
            raise trio.ClosedResourceError
        if self._pacing.needed:
            while self._full:
                await self._room.park()
        else:
            await self._transport.writable()
            self._push()

    def finish(self) -> None:
        """Say that nothing more will be sent, once everything has been."""
        self._finished = True
        if self._pacing.needed:
            self._changed.unpark_all()
        else:
            self._transport.finish()

    def close(self) -> None:
        """Drop the connection, and what is on the way."""
        self._closed = True
        self._forget()
        self._transport.close()
        if self._stalled is not None:
            self._stalled.set()

    def reset(self) -> None:
        """Drop the connection with a reset, and what is on the way."""
        self._transport.reset()
        self.close()

    @property
    def blocked(self) -> bool:
        """Whether the client has not taken what was sent."""
        return bool(self._rest)

    # -- what goes wrong ---------------------------------------------------------------------------

    def impair(self, link: LinkState) -> None:
        """Let the way be as bad as that from now on; what is on it keeps its time."""
        self._pacing.late = link.late
        self._pacing.bytes_per_second = link.bytes_per_second
        if link.stalled and self._stalled is None:
            self._stalled = trio.Event()
        elif not link.stalled and self._stalled is not None:
            self._stalled.set()
            self._stalled = None
        self._changed.unpark_all()

    def inject(self, frames: bytes) -> None:
        """Send whole frames that the server never sent; to a client that has gone, nothing."""
        if self._pacing.needed:
            self._delay(frames)
            return
        self._rest += frames
        try:
            self._push()
        except OSError:
            self.close()

    async def passable(self) -> None:
        """Wait until bytes pass, or the connection has been dropped."""
        while self._stalled is not None and not self._closed:
            await self._stalled.wait()

    async def run(self) -> None:
        """Hand over what was late when it is due, until cancelled or the transport is broken."""
        try:
            while True:
                due = self._pacing.due
                if due is None:
                    if self._finished:
                        self._transport.finish()
                        return
                    await self._changed.park()
                    continue
                with trio.move_on_at(due):
                    await self._changed.park()
                await self.passable()
                due, now = self._pacing.due, trio.current_time()
                if due is not None and due <= now:
                    await self._hand_over(self._pacing.take(now))
        except (OSError, trio.ClosedResourceError, trio.BrokenResourceError):
            self._forget()  # whoever reads from the transport learns of it there

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _full(self) -> bool:
        return self._pacing.bytes >= self._most or self._pacing.writes >= LINK_WRITES

    def _passing(self, data: bytes | memoryview) -> bytes:
        return bytes(data) if self.gate is None else self.gate.feed(bytes(data))

    def _delay(self, data: bytes) -> None:
        if not data:
            return
        if self._pacing.due is None:
            self._changed.unpark_all()
        self._pacing.put(data, trio.current_time())

    async def _hand_over(self, data: bytes | memoryview) -> None:
        self._rest += data
        while True:
            self._push()
            if not self._rest:
                break
            await self._transport.writable()
        self._pacing.arrived(len(data))
        self._room.unpark_all()

    def _push(self) -> None:
        try:
            while self._rest:
                self._rest = self._rest[self._transport.send(self._rest) :]
        except BlockingIOError:
            pass
        except OSError:
            self._rest = b""
            raise

    def _forget(self) -> None:
        self._pacing.clear()
        self._rest = b""
        self._room.unpark_all()
