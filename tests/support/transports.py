"""
A connection in memory: two bounded lanes with the manners of TCP, for tests on a virtual clock.

The server's end is a transport; the client's end is a Trio stream, so that raw bytes and
trio-websocket both work on it. A client stalls by not reading, goes half-open by doing nothing at
all, dribbles by sending little, and resets by :meth:`ClientStream.reset`.
"""

import errno

import trio

LANE_BYTES = 64 * 1024
RECEIVE_BYTES = 16 * 1024


class Lane:
    """One direction: what was sent and not yet read, at most ``capacity`` bytes."""

    def __init__(self, capacity):
        self.data = bytearray()
        self.capacity = capacity
        self.ended = False  # the sender will send nothing more
        self.deaf = False  # the receiver will read nothing more
        self.broken = False
        self.readers = trio.lowlevel.ParkingLot()
        self.writers = trio.lowlevel.ParkingLot()

    @property
    def room(self):
        return self.capacity - len(self.data)

    @property
    def readable(self):
        return bool(self.data) or self.ended or self.broken

    @property
    def writable(self):
        return self.room > 0 or self.deaf or self.broken

    def put(self, data):
        part = bytes(data[: self.room])
        self.data += part
        self.readers.unpark_all()
        return len(part)

    def take(self, limit):
        part = bytes(self.data[:limit])
        del self.data[:limit]
        self.writers.unpark_all()
        return part

    def end(self):
        self.ended = True
        self.readers.unpark_all()

    def hear_no_more(self):
        self.deaf = True
        self.writers.unpark_all()

    def reset(self):
        self.data.clear()
        self.broken = True
        self.readers.unpark_all()
        self.writers.unpark_all()


class MemoryTransport:
    """The server's end."""

    def __init__(self, inbound, outbound, peer, local):
        self.peer = peer
        self.local = local
        self.closed = False
        self._in = inbound
        self._out = outbound

    def send(self, data):
        self._check()
        if self._out.deaf or self._out.broken:
            self._reset()
            raise ConnectionResetError
        if self._out.ended:
            raise BrokenPipeError
        if not self._out.room:
            raise BlockingIOError
        return self._out.put(data)

    async def receive(self):
        self._check()
        await trio.lowlevel.checkpoint()
        while not self._in.readable:
            await self._wait(self._in.readers)
        if self._in.broken:
            raise ConnectionResetError
        return self._in.take(RECEIVE_BYTES)

    async def writable(self):
        self._check()
        await trio.lowlevel.checkpoint()
        while not self._out.writable:
            await self._wait(self._out.writers)

    def finish(self):
        self._check()
        if self._out.broken:
            raise OSError(errno.ENOTCONN, "not connected")
        self._out.end()

    def close(self):
        if self.closed:
            return
        self.closed = True
        if self._in.data:
            self._reset()  # closing a socket with unread bytes loses what the other end has not read
        self._out.end()
        self._in.hear_no_more()
        self._in.readers.unpark_all()
        self._out.writers.unpark_all()

    def reset(self):
        self._reset()
        self.close()

    def _check(self):
        if self.closed:
            raise OSError(errno.EBADF, "closed")

    async def _wait(self, lot):
        if len(lot):
            raise trio.BusyResourceError
        await lot.park()
        if self.closed:
            raise trio.ClosedResourceError

    def _reset(self):
        self._in.reset()
        self._out.reset()


class ClientStream(trio.abc.HalfCloseableStream):
    """The client's end."""

    def __init__(self, inbound, outbound):
        self._in = inbound
        self._out = outbound

    async def send_all(self, data):
        await trio.lowlevel.checkpoint()
        while data:
            while not self._out.writable:
                await self._out.writers.park()
            if self._out.deaf or self._out.broken:
                self.reset()
                raise trio.BrokenResourceError
            data = data[self._out.put(data) :]

    async def wait_send_all_might_not_block(self):
        await trio.lowlevel.checkpoint()
        while not self._out.writable:
            await self._out.writers.park()

    async def send_eof(self):
        await trio.lowlevel.checkpoint()
        self._out.end()

    async def receive_some(self, max_bytes=None):
        await trio.lowlevel.checkpoint()
        while not self._in.readable:
            await self._in.readers.park()
        if self._in.broken:
            raise trio.BrokenResourceError
        return self._in.take(max_bytes or RECEIVE_BYTES)

    async def aclose(self):
        self._out.end()
        self._in.hear_no_more()
        await trio.lowlevel.checkpoint()

    def reset(self):
        """Vanish the hard way: both ends learn of it with an error."""
        self._in.reset()
        self._out.reset()

    def lose(self):
        """Lose the other end: what it has sent still comes, then the end; nothing more goes there."""
        self._in.end()
        self._out.reset()


def pipe(*, capacity=LANE_BYTES, peer="127.0.0.1", local="127.0.0.1"):
    """
    A connection: the server's end and the client's.

    Args:
        capacity: Bytes that fit into each lane before the sender must wait.
        peer: Address that the client seems to have.
        local: Address that it seems to have connected to.
    """
    upward, downward = Lane(capacity), Lane(capacity)
    return MemoryTransport(upward, downward, peer, local), ClientStream(downward, upward)
