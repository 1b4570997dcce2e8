"""
One connection's outgoing bytes, in order.

Three sources meet on a socket: control frames (from trio-websocket), messages for this client alone,
the answer to its handshake first, and the group's shared stream. The rules:

* a frame that has begun is finished before anything else;
* control frames go ahead of data, at a frame boundary;
* a message for this client stands between the group's bytes exactly where it was put;
* after a close frame there is no data.

Nothing here waits. Writing is a plain non-blocking call that takes what the socket takes; what is
left is *owed*, and the connection's writer task calls :meth:`SendBuffer.pump` when the socket can take
more. A member that owes nothing is *ready*: the fan-out writes to it directly and keeps no position
for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from feed.stream.frames import boundary, is_close
from feed.stream.groups import Chunk, Group, Write
from feed.stream.link_faults import LinkFault

# Small pieces are joined up to this many bytes for one write: a write costs the same for all sizes.
WRITE_BYTES: Final = 64 * 1024


def _free(_: int) -> float:
    return 0.0


class CatchUp(Protocol):
    """Brings a connection up to the present, piece by piece."""

    @property
    def waiting(self) -> int:
        """Bytes that it holds for the connection, beyond those that were put in."""

    def ready(self) -> None:
        """The socket has taken everything so far."""

    def end(self) -> None:
        """The connection takes nothing more."""


class SendBuffer:
    """
    The outgoing side of one connection.

    Attributes:
        write: The way to the client, until :meth:`reroute`.
        wake: Makes the writer task call :meth:`pump`.
        group: Whose stream is followed; None before the first subscription and after the last.
        lost_at: Sequence number at which it fell out of the backlog; None while it has not.
        deflated: It follows groups that get compressed frames. What is for this client alone is never
            compressed.
        link_faults: What happens to the frames of the groups that it follows.
        muted: Messages for this client alone are lost.
        stalled: Its link takes nothing, and that is no fault of the client.
        failed: What it listened to cannot be told any more.
        backlog_bytes: Bound on :attr:`owed`.
        replay: Brings it up to the present; None when it is there.
        charge: Told how much work was done for this connection alone.
        observer: It only watches: nobody waits for it.
    """

    def __init__(
        self,
        write: Write,
        *,
        backlog_bytes: int,
        deflated: bool = False,
        wake: Callable[[], None],
        cut: Callable[[], None],
        charge: Callable[[int], float] = _free,
        observer: bool = False,
    ) -> None:
        """
        Begin with nothing owed.

        Args:
            write: See the class.
            backlog_bytes: Bound on :attr:`owed`, in bytes.
            deflated: See the class.
            wake: Called when something is owed that the writer task must write.
            cut: Called once, when the bound is passed or the connection is broken.
            charge: Called with the units of work done for this connection alone, see
                :mod:`feed.stream.topic_replay`; returns until when there is to be no more of it, seconds on
                a clock, and 0 for at once.
            observer: See the class.
        """
        self.write = write
        self.group: Group | None = None
        self.lost_at: int | None = None
        self.deflated = deflated
        self.link_faults: tuple[LinkFault, ...] = ()
        self.muted = False
        self.stalled = False
        self.failed = False
        self.replay: CatchUp | None = None
        self.charge = charge
        self.observer = observer
        self.backlog_bytes = backlog_bytes
        self.wake = wake
        self._cut = cut
        self._lead = 0  # messages with a number that it was sent beyond those of its group
        self._was_cut = False
        self._open = True
        self._closing = False  # a close frame is out or waiting: no data after it
        self._control: list[bytes] = []  # lists: an empty deque takes ten times the memory
        self._begun: bytes | memoryview = b""  # rest of a frame that must be finished first
        self._data = b""  # whole frames being written ...
        self._at = 0  # ... up to here ...
        self._mark = 0  # ... with a frame boundary here, at or before it
        self._gathering = False  # what is put in waits for more to leave with
        self._queue: list[bytes] = []  # messages for this client alone
        self._queued = 0  # bytes in it
        self._chunk: Chunk | None = None  # last chunk of the group's stream that was taken

    # -- what others put in ---------------------------------------------------------------------

    def reroute(self, write: Write) -> None:
        """Go another way to the client from now on."""
        self.write = write
        if self.group is not None:
            self.group.rerouted()

    def open(self, answer: bytes) -> None:
        """Begin with the answer to the handshake, and gather what shall leave with it."""
        self._data, self._at, self._mark = answer, 0, len(answer)
        self._gathering = True

    def gather(self) -> None:
        """Write nothing until :meth:`release`: a write costs the same for one message and for ten."""
        self._gathering = True

    def release(self) -> None:
        """Write what was gathered."""
        if self._gathering:
            self._gathering = False
            if not self.opened:
                self._data += b"".join(self._queue)
                self._queue.clear()
                self._queued = 0
            waited = bool(self._control)
            self.resume()
            if waited:
                self.wake()  # the writer task tells who waits for the frame

    def control(self, data: bytes) -> bool:
        """
        Write a control frame.

        Returns:
            Whether no control bytes are waiting; if some are, the writer has been woken.
        """
        if not self._open:
            return True
        if is_close(data):
            self._closing = True
            self.abandon()
        self._control.append(data)
        if self.group is not None and self._mid_sweep:
            self.group.deferred.append(self)
        else:
            self.resume()
        return self.control_sent

    def send(self, frames: bytes) -> None:
        """Write data frames for this client alone, after everything that was put in before."""
        if not self.muted:
            self.put(frames)

    def put(self, frames: bytes) -> None:
        """Write data frames after everything that was put in before, on a muted link too."""
        if self._closing or not self._open or not frames:
            return
        self._hold()
        self._take_rest()
        self._queue.append(frames)
        self._queued += len(frames)
        self.resume()

    @property
    def number(self) -> int:
        """Of the next message that carries its number in the connection."""
        return self._lead + (0 if self.group is None else self.group.number)

    @property
    def ahead(self) -> bool:
        """Whether its next message has another number than that of its group."""
        return self.group is not None and self._lead > 0

    def count(self) -> int:
        """Take the number of the next message, for one that is for this client alone."""
        number = self.number
        self._lead += 1
        return number

    def follow(self, group: Group) -> None:
        """Take every chunk of ``group`` from its next one on, after everything put in before."""
        if self._closing or not self._open:
            return
        self.unfollow()
        self._lead = 0  # its next number is the group's
        self.group = group
        self._chunk = group.tail
        group.hold(self)
        self.resume()

    def unfollow(self) -> None:
        """Follow nothing any more; what the group had published until now is still owed."""
        if self.group is None:
            return
        self._hold()
        self._take_rest()
        self._leave()

    def abandon(self) -> None:
        """Forget all data owed but the frame that has begun, and follow nothing any more."""
        self._leave()
        if self.replay is not None:
            self.replay.end()
        end = boundary(self._data, self._mark, self._at)
        if end != self._at:  # and if that frame has begun, no control frame has
            self._begun = memoryview(self._data)[self._at : end]
        self._data, self._at, self._mark = b"", 0, 0
        self._queue.clear()
        self._queued = 0

    def close(self) -> None:
        """Write nothing any more: the connection is gone."""
        self._open = False
        self.abandon()
        self._control.clear()
        self._begun = b""

    # -- what goes out ---------------------------------------------------------------------------

    @property
    def owed(self) -> int:
        """Bytes not yet taken by the socket, whatever they are."""
        owed = len(self._begun) + sum(map(len, self._control)) + len(self._data) - self._at + self._queued
        if self.group is not None and self._chunk is not None:
            owed += self.group.tail.end - self._chunk.end
        return owed if self.replay is None else owed + self.replay.waiting

    @property
    def told(self) -> int | None:
        """Number of the newest event that it has begun to hear of; None for the newest of all."""
        return None if self._chunk is None else self._chunk.seq

    @property
    def rest_of_frame(self) -> int:
        """Bytes still to come of the frame, or of the answer to the handshake, that has begun to go out."""
        if self._begun:
            return len(self._begun)
        end = boundary(self._data, self._mark, self._at) if self.opened else self._mark
        return end - self._at

    @property
    def opened(self) -> bool:
        """Whether the answer to the handshake is out."""
        return self._at >= self._mark

    @property
    def control_sent(self) -> bool:
        """Whether no control frame is waiting."""
        return not self._control and not self._begun

    def pump(self) -> bool:
        """
        Write what the socket takes.

        Returns:
            Whether nothing is owed any more; if not, call again when the socket is writable.
        """
        try:
            while self._open:
                if self._begun:
                    sent = self.write(self._begun)
                    self._begun = self._begun[sent:]
                elif self._control and not self._mid_sweep:
                    self._interrupt()
                elif self._at < len(self._data):
                    view = memoryview(self._data)[self._at :] if self._at else self._data
                    self._at += self.write(view)
                elif not self._next():
                    break
        except BlockingIOError:
            return False
        except OSError:
            self.broken()
        if self._open and self.group is not None:
            self.group.caught_up(self)
            self._chunk = None
        if self._open and self.replay is not None:
            self.replay.ready()
        return True

    def resume(self) -> None:
        """Write what the socket takes, and leave the rest to the writer task."""
        if not self._gathering and not self.pump():
            self.wake()

    def fell_behind(self, chunk: Chunk, sent: int) -> None:
        """The fan-out could write only ``sent`` bytes of ``chunk`` to this ready member."""
        self._data, self._at, self._mark, self._chunk = chunk.data, sent, 0, chunk
        self.wake()

    def check(self, seq: int) -> None:
        """Cut this member if it owes more than the bound; ``seq`` is where the stream stands."""
        if self._gathering and self.owed > self.backlog_bytes:
            self.release()  # the socket may well take it
        if self._open and self.lost_at is None and self.owed > self.backlog_bytes:
            self.lost_at = seq
            self._give_up()

    def lose(self, seq: int) -> None:
        """Cut this member: what it is owed is no longer kept; ``seq`` is where the stream stands."""
        self.lost_at = seq
        self.abandon()
        self._give_up()

    def fail(self) -> None:
        """What it listens to cannot be told any more, for a reason on our side."""
        self.failed = True
        self.abandon()
        self._give_up()

    def broken(self) -> None:
        """The connection failed under a write."""
        if self._open:
            self.close()
            self._give_up()

    # -- inside ------------------------------------------------------------------------------------

    def _give_up(self) -> None:
        if not self._was_cut:
            self._was_cut = True
            self._cut()

    def _leave(self) -> None:
        if self.group is not None:
            group, self.group, self._chunk = self.group, None, None
            self._lead += group.number
            group.remove(self)

    @property
    def _mid_sweep(self) -> bool:
        """Whether a sweep is under way that may or may not have been here: nothing may be written."""
        return self.group is not None and self.group.sweeping and self._chunk is None

    def _hold(self) -> None:
        """Leave the fast path: from here on this member's own position in the group counts."""
        if self.group is not None and self._chunk is None:
            self._chunk = self.group.tail
            self.group.hold(self)

    def _take_rest(self) -> None:
        """Queue what the group has published, so that what comes next stands after it."""
        while self._chunk is not None and self._chunk.next is not None:
            self._chunk = self._chunk.next
            self._queue.append(self._chunk.data)
            self._queued += len(self._chunk.data)

    def _interrupt(self) -> None:
        """Put a control frame in front, at the next frame boundary of the data being written."""
        self._mark = end = boundary(self._data, self._mark, self._at)
        if end != self._at:
            self._begun, self._at = memoryview(self._data)[self._at : end], end
        else:
            self._hold()
            self._begun = self._control.pop(0)

    def _next(self) -> bool:
        """Take the next data to write; False when there is none."""
        pieces: list[bytes] = []
        size = 0
        for piece in self._queue:
            if size >= WRITE_BYTES:
                break
            pieces.append(piece)
            size += len(piece)
        del self._queue[: len(pieces)]
        self._queued -= size
        chunk = self._chunk
        if chunk is not None and not self._queue:
            while chunk.next is not None and size < WRITE_BYTES:
                chunk = chunk.next
                pieces.append(chunk.data)
                size += len(chunk.data)
            self._chunk = chunk
        self._data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._at = self._mark = 0
        return bool(pieces)
