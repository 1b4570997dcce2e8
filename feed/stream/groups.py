"""
Connections with identical parameters, and the one stream they all read.

A group's stream is a linked list of chunks, one per step of the fan-out. It is kept only as far as
somebody has yet to read it: a member that lags holds its own place in the list, and what nobody
holds is freed. So the backlog is shared, and costs nothing while everybody keeps up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from feed.model.topics import Topic
from feed.stream.link_faults import FaultyLink, LinkFault

Write = Callable[[bytes | memoryview], int]
"""Says how many bytes the socket took; raises ``BlockingIOError`` for none, ``OSError`` when it is broken."""


class Chunk:
    """
    What one step put into a group's stream.

    Attributes:
        data: Whole frames, joined.
        end: Bytes of the group's stream up to the end of this chunk.
        seq: Number of the newest event then.
        next: The chunk of the next step, None while there is none.
    """

    __slots__ = ("data", "end", "next", "seq")

    def __init__(self, data: bytes, end: int, seq: int = 0) -> None:
        self.data = data
        self.end = end
        self.seq = seq
        self.next: Chunk | None = None


class Member(Protocol):
    """
    A connection, as its group sees it.

    Attributes:
        write: The way to the client.
        wake: Makes the connection's writer task write what is owed.
        stalled: Its link takes nothing, and that is no fault of the client.
        observer: It only watches: nobody waits for it.
    """

    write: Write
    wake: Callable[[], None]
    stalled: bool
    observer: bool

    @property
    def owed(self) -> int:
        """Bytes not yet taken by the socket."""

    def resume(self) -> None:
        """Write what the socket takes, and leave the rest to the writer task."""

    def fell_behind(self, chunk: Chunk, sent: int) -> None:
        """Only ``sent`` bytes of ``chunk`` could be written to it."""

    def check(self, seq: int) -> None:
        """Cut it if it owes more than its bound; ``seq`` is where the stream stands."""

    def fail(self) -> None:
        """What it listens to cannot be told any more, for a reason on our side."""

    def broken(self) -> None:
        """The connection failed under a write."""


Audience = tuple[list[Member], list[Write]]
"""Members that are ready, and how to write to each."""


class Group:
    """
    The connections that listen to exactly the same topics.

    Attributes:
        topics: What they listen to, in order.
        ready: Members that owe nothing; the fan-out writes to them directly.
        behind: Members with a position of their own; their writer tasks write to them.
        parts: Frames of the step under way.
        tail: The last chunk of the stream; an empty one when nobody needs it.
        sweeping: A sweep over the ready members is under way and has let other tasks run.
        deferred: Members with a control frame that waits for the end of the sweep.
        deflated: They get compressed frames.
        link_faults: What happens to its frames on a bad link; none on a good one.
        number: Of the next message, where messages carry their number in the connection.
        offset: The same less the messages that its topics have told so far, which stays as it is; 0 where
            messages carry none.
    """

    link_faults: tuple[LinkFault, ...] = ()
    number: int = 0
    offset: int = 0

    def __init__(
        self,
        topics: tuple[Topic, ...],
        *,
        deflated: bool = False,
        emptied: Callable[[Group], None],
        caught_up_all: Callable[[], None] = lambda: None,
        newest: Callable[[], int] = lambda: 0,
    ) -> None:
        """
        Begin with no members.

        Args:
            topics: See the class.
            deflated: See the class.
            emptied: Called when the last member has left, for whatever reason.
            caught_up_all: Called when no member lags any more.
            newest: Number of the newest event; asked for when somebody lags.
        """
        self.topics = topics
        self._newest = newest
        self.deflated = deflated
        self._emptied = emptied
        self._caught_up_all = caught_up_all
        self.ready: dict[Member, None] = {}
        self.behind: dict[Member, None] = {}
        self.parts: list[bytes] = []
        self.tail = Chunk(b"", 0)
        self.sweeping = False
        self.deferred: list[Member] = []
        self._audience: Audience | None = None  # None after every change

    def __len__(self) -> int:
        return len(self.ready) + len(self.behind)

    @property
    def special(self) -> bool:
        """Whether its frames are not the plain ones."""
        return self.deflated or bool(self.link_faults)

    def publish(self) -> bytes:
        """Close the step: its frames, joined, for the caller to write to the audience."""
        data = self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)
        self.parts = []
        if self.behind:
            self._append(data)
        return data

    def audience(self) -> Audience:
        """
        The members that are ready, and how to write to each.

        Kept from step to step: what a write costs beyond the kernel's part is mostly objects that are no
        longer in the processor's cache, so a sweep touches nothing of a member but its socket.
        """
        if self._audience is None:
            self._audience = list(self.ready), [member.write for member in self.ready]
        return self._audience

    def rerouted(self) -> None:
        """A member is written to in another way from now on."""
        self._audience = None

    def fell_behind(self, member: Member, data: bytes, sent: int) -> None:
        """The fan-out could write only ``sent`` bytes of the step's ``data`` to ``member``."""
        if self.tail.data is not data:
            self._append(data)
        self.hold(member)
        member.fell_behind(self.tail, sent)

    def finish_sweep(self) -> None:
        """Let the control frames out that came in during the sweep."""
        self.sweeping = False
        waiting, self.deferred = self.deferred, []
        for member in waiting:
            member.resume()
            member.wake()  # its writer task tells who waits for the frame

    def hold(self, member: Member) -> None:
        """``member`` keeps a position of its own from now on."""
        if not self.behind:
            self.tail.seq = self._newest()
        self._audience = None
        self.ready.pop(member, None)
        self.behind[member] = None

    def caught_up(self, member: Member) -> None:
        """``member`` owes nothing any more."""
        self._audience = None
        self.behind.pop(member, None)
        self.ready[member] = None
        self._forget()

    def held(self) -> list[bytes]:
        """Frames that a member is owed when it leaves, beyond the chunks."""
        return []

    def adopt(self, past: Group) -> list[bytes]:
        """
        Go on for a member that listened to ``past`` until now, in which the same happens to frames.

        Returns:
            Frames that it is owed, because they were withheld from it alone.
        """
        del past
        return []

    def remove(self, member: Member) -> None:
        """``member`` follows something else, or nothing."""
        self._audience = None
        self.ready.pop(member, None)
        self.behind.pop(member, None)
        self._forget()
        if not len(self):
            self._emptied(self)

    def _append(self, data: bytes) -> None:
        chunk = Chunk(data, self.tail.end + len(data), self._newest())
        self.tail.next = chunk
        self.tail = chunk

    def _forget(self) -> None:
        if not self.behind:
            if self.tail.data:
                self.tail = Chunk(b"", self.tail.end)
            self._caught_up_all()


class FaultyGroup(Group):
    """
    Connections that listen to exactly the same topics over links that are bad in the same way.

    Their frames are never compressed: what a fault does to a message is then there to be read, and a
    connection that agreed to compression takes plain ones too.

    Attributes:
        distorter: What happens to their frames.
        broken: Whether a fault has raised: nothing more is told, and nothing that it withholds is owed.
    """

    def __init__(
        self,
        topics: tuple[Topic, ...],
        link_faults: tuple[LinkFault, ...],
        *,
        emptied: Callable[[Group], None],
        caught_up_all: Callable[[], None],
        newest: Callable[[], int] = lambda: 0,
    ) -> None:
        """
        Begin with no members.

        Args:
            topics: What they listen to, in order.
            link_faults: What happens to every frame.
            emptied: As in :class:`Group`.
            caught_up_all: As there.
            newest: As there.
        """
        super().__init__(topics, emptied=emptied, caught_up_all=caught_up_all, newest=newest)
        self.link_faults = link_faults
        self.distorter = FaultyLink(link_faults)
        self.broken = False

    def tell(self, topic: Topic, seq: int, frame: bytes, kind: int, beat: int = 0) -> bool:
        """
        Take the next frame, see :meth:`FaultyLink.take`; whether the step under way now has its first part.

        Raises:
            Exception: What a fault raised; the caller says that the group is :attr:`broken`.
        """
        if self.broken:
            return False
        silent = not self.parts
        self.parts += self.distorter.take(topic, seq, frame, kind, beat)
        return silent and bool(self.parts)

    def held(self) -> list[bytes]:
        """Frames that a member is owed when it leaves."""
        return [] if self.broken else self.distorter.held()

    def adopt(self, past: Group) -> list[bytes]:
        """Withhold what ``past`` withholds; what cannot be withheld any more is owed now."""
        if not len(self) and isinstance(past, FaultyGroup):
            self.distorter = past.distorter
            return []
        mine = self.held()
        return [frame for frame in past.held() if not _removed(mine, frame)]


def _removed(frames: list[bytes], frame: bytes) -> bool:
    if frame not in frames:
        return False
    frames.remove(frame)
    return True
