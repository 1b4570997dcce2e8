"""
The stream under trio-websocket: it reads for it, and lets its frames out between ours.

trio-websocket reads messages, answers pings and closes. It writes whole control frames, one at a time; the
send buffer puts them ahead of data. Data never passes through trio-websocket.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio

from feed.faults.pacing import GOOD, LinkState
from feed.faults.transport import LINK_BYTES, FaultyTransport
from feed.server.budget import FRAME, FRAME_BYTES
from feed.server.connection.fragments import Fragments
from feed.server.connection.tap import Tap
from feed.server.turns import ScheduledConnection
from feed.stream.frames import is_close
from feed.stream.resettable_event import ResettableEvent
from feed.stream.send_buffer import SendBuffer
from feed.stream.transport import Transport

# Of a client, taken apart before other tasks may run.
FRAMES_AT_ONCE: Final = 8
# Of a few frames, which wait for no turn of their own: that of the message in them will come.
UNPAID_UNITS: Final = 200


class ConnectionStream(trio.abc.Stream):
    """
    A transport and its send buffer, as a Trio stream.

    Attributes:
        send_buffer: Everything that goes out, in order.
        close_sent: Whether a close frame is among it.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        backlog_bytes: int,
        deflated: bool = False,
        cut: Callable[[], None],
        start: Callable[[Callable[[], Awaitable[None]]], object],
        message_frames: int,
        too_many_frames: Callable[[], None],
        message_bytes: int,
        too_big: Callable[[], None],
        member: ScheduledConnection,
        too_much: Callable[[], None],
        over: Callable[[], None] = lambda: None,
        observer: bool = False,
    ) -> None:
        """
        Put a stream on ``transport``.

        Args:
            transport: Where bytes come from and go to.
            backlog_bytes: Bound on what the send buffer may owe.
            deflated: See :class:`~feed.stream.send_buffer.SendBuffer`.
            cut: See there.
            start: Runs a task with the connection, unless that is over.
            message_frames: Bound on the frames of one message of the client.
            too_many_frames: Called when it is passed.
            message_bytes: Bound on what the headers of these frames may announce.
            too_big: Called when it is passed, before any of the payload need have come.
            member: Takes turns for what the client sends.
            too_much: Called when it sends more than it can ever be given turns for.
            over: Called before the client can know that the connection is over: ahead of a close
                frame, and when it has gone. It may be called more than once.
            observer: See :class:`~feed.stream.send_buffer.SendBuffer`.
        """
        self.send_buffer = SendBuffer(
            transport.send,
            backlog_bytes=backlog_bytes,
            deflated=deflated,
            wake=self.wake,
            cut=cut,
            charge=member.replayed,
            observer=observer,
        )
        self._transport = transport
        self._start = start
        self._writing = False  # the writer task runs
        self._owing = ResettableEvent()  # something waits for the writer
        # Until something has been written, or the end has come nearer.
        self._progress = trio.lowlevel.ParkingLot()
        self._fragments = Fragments()
        self._message_frames = message_frames
        self._too_many_frames = too_many_frames
        self._message_bytes = message_bytes
        self._too_big = too_big
        self._over = over
        self._member = member
        self._too_much = too_much
        self._unread = b""  # has come, and waits for its turn
        self._unpaid = 0.0  # units of frames that no turn has been taken for
        self._faulty: FaultyTransport | None = None  # the transport, once something has gone wrong on it
        self._tap: Tap | None = None  # while somebody looks at what goes out
        self._listening = False  # trio-websocket is reading
        self._leaving = False
        self.close_sent = False
        self._closed = False

    def wake(self) -> None:
        """The send buffer owes something: let the writer task run, which begins with the first time."""
        self._owing.set()
        if not self._writing:
            self._writing = True
            self._start(self._write)

    async def _write(self) -> None:
        """The writer task: hand over what is owed as fast as the transport takes it."""
        while True:
            await self._owing.wait()
            done = self.send_buffer.pump()
            if done:
                self._owing.clear()
            self._progress.unpark_all()
            if not done:
                try:
                    await self._transport.writable()
                except trio.ClosedResourceError:
                    return  # we have dropped it ourselves

    def impair(self, link: LinkState) -> FaultyTransport | None:
        """
        Let the way to the client be as bad as that from now on.

        Returns:
            What the way goes by from now on, for the caller to run; None when it went by it before, or the
            link is a good one.
        """
        begun = None
        if self._faulty is None:
            if link == GOOD:
                return None
            most = min(self.send_buffer.backlog_bytes, LINK_BYTES)
            self._transport = self._faulty = begun = FaultyTransport(self._transport, most=most)
            self._reroute()
        self.send_buffer.stalled = link.stalled
        self._faulty.impair(link)
        return begun

    def put_on(self, tap: Tap) -> None:
        """Let ``tap`` see what goes out, as the way to the client takes it, until it is watched no more."""
        self._tap = tap
        self._reroute()

    def _reroute(self) -> None:
        self.send_buffer.reroute(self._transport.send if self._tap is None else self._send_seen)

    def _send_seen(self, data: bytes | memoryview) -> int:
        taken = self._transport.send(data)
        if self._tap is not None and self._tap.watched:
            self._tap.told(bytes(data[:taken]))
        elif self._tap is not None:
            self._tap = None
            self._reroute()
        return taken

    async def passable(self) -> None:
        """Wait until bytes pass."""
        if self._faulty is not None:
            await self._faulty.passable()

    async def opened(self) -> None:
        """Wait until the answer to the handshake is out."""
        while not self.send_buffer.opened and not self._closed:
            await self._progress.park()

    async def flushed(self) -> None:
        """Wait until nothing is owed."""
        while (self.send_buffer.owed or self.send_buffer.replay is not None) and not self._closed:
            await self._progress.park()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send one control frame at once."""
        if self._closed:
            raise trio.ClosedResourceError
        await trio.lowlevel.checkpoint_if_cancelled()
        frame = bytes(data)
        if is_close(frame):
            self.close_sent = True
            self._over()
        if not self.send_buffer.control(frame) and not self.close_sent:
            # A close frame is waited for by whoever closes: a client that closes may read no more.
            await self.wait_send_all_might_not_block()
        if self._closed:
            raise trio.BrokenResourceError

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until every control frame is out."""
        while not self.send_buffer.control_sent and not self._closed:
            await self._progress.park()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Whatever the client sends after the handshake; once we leave, its end and nothing else."""
        del max_bytes  # a hint; the transport's own bound holds
        if self._leaving:
            await trio.lowlevel.checkpoint()
            return b""
        return await self._listen()

    async def _listen(self) -> bytes:
        self._listening = True
        try:
            data = self._unread or await self._transport.receive()
            self._unread = b""
            while data and self._leaving:
                data = await self._transport.receive()  # read, and thrown away
            await self.passable()  # the link may have stalled since the transport was asked
            data = await self._piece(data)
        except OSError as problem:
            self._over()
            raise trio.BrokenResourceError from problem
        finally:
            self._listening = False
            if self._leaving:
                self._progress.unpark_all()
        if not data:
            self._over()
        if self._fragments.feed(data) > self._message_frames:
            self._too_many_frames()
        if self._fragments.announced > self._message_bytes:
            self._too_big()
        return data

    async def _piece(self, data: bytes) -> bytes:
        """
        As much of ``data`` as is worked on in one turn, when that has come.

        The rest waits, and so does what the client sends meanwhile: on its own side, in the end.
        """
        size, frames = self._fragments.cut(data, FRAMES_AT_ONCE)
        data, self._unread = data[:size], data[size:]
        self._unpaid += frames * FRAME + size / FRAME_BYTES
        if self._unpaid > UNPAID_UNITS:
            units, self._unpaid = self._unpaid, 0.0
            if not await self._member.turn(units):
                self._too_much()
        return data

    async def aclose(self) -> None:
        """trio-websocket has no more use for this; the connection has, for its last message."""
        await trio.lowlevel.checkpoint()

    async def finish(self) -> None:
        """
        Send the end of the stream, read what the client still sends, and drop the connection.

        Dropping a socket with unread bytes would reset it, and the client would lose our last
        message. The caller bounds the wait.
        """
        self._leaving = True
        try:
            await self.wait_send_all_might_not_block()  # a close frame may be on its way
            self._transport.finish()
            while self._listening:  # trio-websocket still reads, and takes what the client still sends
                await self._progress.park()
            while await self._transport.receive():
                pass
        except (OSError, trio.ClosedResourceError):
            pass  # it is gone already
        finally:
            self.close()

    def close(self, *, reset: bool = False) -> None:
        """Drop the connection, without waiting; with ``reset`` so that the client sees an error."""
        self._over()
        self._closed = True
        if reset:
            self._transport.reset()
        self._transport.close()
        self._owing.set()
        self._progress.unpark_all()
