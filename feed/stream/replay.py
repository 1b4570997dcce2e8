"""
The output that waits for one connection that resumes: its *script*.

The connection has left the live stream. Its script holds spans of history to encode again and, between
them, messages for this connection alone, in order. A request that comes meanwhile is answered after
everything that was published before it, as on a slow connection.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import attrs

from feed.model.topics import Topic, in_order
from feed.stream.link_faults import LinkFault
from feed.stream.send_buffer import SendBuffer
from feed.stream.topic_replay import TopicReplay

# What an entry of a script takes in memory, beside its bytes.
ENTRY_BYTES: Final = 256


@attrs.define(eq=False)
class ReplaySpan:
    """
    A part of history that is to be sent to a connection again.

    Attributes:
        topics: Whose messages, in order.
        link_faults: Faults that act on the frames.
        seq: Sequence number of the last event sent.
        until: Sequence number of the last event to send; None for up to the live stream.
        topic_replay: Its own encoder, where it cannot share one: what a link fault does to a frame may
            depend on the frames before it.
        goes_on: The next span goes on with the same, after a message in between.
    """

    topics: tuple[Topic, ...]
    link_faults: tuple[LinkFault, ...]
    seq: int
    until: int | None = None
    topic_replay: TopicReplay | None = None
    goes_on: bool = False


class ConnectionReplay:
    """
    The output that waits for one connection.

    Attributes:
        send_buffer: The connection.
        script: What it is owed, next first: spans, and frames for it alone.
        resting: It has done so much work that there is no more for a while.
        turn_seq: The newest event when it had its last turn, or when it began.
        waiting: What these frames, and the script itself, take in memory, bytes.
    """

    def __init__(
        self,
        send_buffer: SendBuffer,
        seq: int,
        ready: Callable[[ConnectionReplay], None],
        end: Callable[[ConnectionReplay], None],
    ) -> None:
        """
        Begin with nothing owed.

        Args:
            send_buffer: See the class.
            seq: The newest event.
            ready: Called when the socket has taken everything.
            end: Called when the connection has gone or wants nothing more.
        """
        self.send_buffer = send_buffer
        self.script: deque[ReplaySpan | bytes] = deque()
        self.resting = False
        self.turn_seq = seq
        self.waiting = 0
        self._ready = ready
        self._end = end

    @property
    def topics(self) -> tuple[Topic, ...]:
        """What the connection listens to in the end."""
        last = self.script[-1] if self.script else b""
        return last.topics if isinstance(last, ReplaySpan) and last.until is None else ()

    @property
    def oldest(self) -> int | None:
        """The event after which the oldest part of the script begins."""
        return min((item.seq for item in self.script if isinstance(item, ReplaySpan)), default=None)

    def ready(self) -> None:
        """The socket has taken everything so far."""
        self._ready(self)

    def end(self) -> None:
        """The connection takes nothing more."""
        self._end(self)

    def say(self, frames: bytes, seq: int) -> None:
        """Send ``frames`` after everything that was published until now, the event ``seq``."""
        last = self._stop(seq)
        self._add(frames)
        if last is not None:
            last.goes_on = True
            self._add(ReplaySpan(last.topics, last.link_faults, seq))

    def tell(self, topics: Sequence[Topic], since: int, seq: int) -> None:
        """Tell ``topics`` from the event ``since`` up to now, the event ``seq``, before anything later."""
        if since < seq:
            self._add(ReplaySpan(tuple(sorted(topics, key=in_order)), (), since, seq))

    def follow(self, topics: Sequence[Topic], link_faults: tuple[LinkFault, ...], seq: int) -> None:
        """Listen to exactly ``topics`` after the event ``seq``, which is the newest."""
        self._stop(seq)
        if topics:
            self._add(ReplaySpan(tuple(sorted(topics, key=in_order)), link_faults, seq))

    def stop(self, seq: int) -> None:
        """Listen to nothing after the event ``seq``, which is the newest."""
        self._stop(seq)

    def pop(self) -> bytes:
        """The first entry of the script is done; gives the frames with which it ends."""
        item = self.script.popleft()
        self.waiting -= ENTRY_BYTES
        if isinstance(item, bytes):
            self.waiting -= len(item)
            return item
        if item.topic_replay is None:
            return b""
        if item.goes_on:
            next_one = next(one for one in self.script if isinstance(one, ReplaySpan))
            next_one.topic_replay = item.topic_replay
            return b""
        group = item.topic_replay.group
        return b"" if group is None else b"".join(group.held())

    def _stop(self, seq: int) -> ReplaySpan | None:
        """End the span that leads to the present there; gives it."""
        last = self.script[-1] if self.script else b""
        if not isinstance(last, ReplaySpan) or last.until is not None:
            return None
        last.until = seq
        if last.seq >= seq and not last.link_faults:
            self.script.pop()
            self.waiting -= ENTRY_BYTES
        return last

    def _add(self, item: ReplaySpan | bytes) -> None:
        self.script.append(item)
        self.waiting += ENTRY_BYTES + (len(item) if isinstance(item, bytes) else 0)
