"""
Connections that resume: brought up to the present a little at a time.

One turn does a bounded amount of work for one connection whose socket has taken everything so far;
so neither the memory nor the time of others pays for it. What identical readers ask for at the same
time is encoded once. A connection that has come up to the present joins its group.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from feed.model.topics import Topic
from feed.settings import Flow
from feed.stream.history import History
from feed.stream.replay import ENTRY_BYTES, ConnectionReplay, ReplaySpan
from feed.stream.seek import Seeks
from feed.stream.send_buffer import WRITE_BYTES, SendBuffer
from feed.stream.topic_replay import TopicReplay
from feed.stream.topics import MakeEncoder

# A piece that was encoded for another costs its bytes alone: a unit of work for so many.
_BYTES_PER_WORK: Final = 256
_HURRY: Final = 8  # times the usual work
# A turn fills no more than this part of what a connection may owe, so that there is room for messages.
_BACKLOG_PART: Final = 4


class JoinLive(Protocol):
    """Lets a connection that has caught up join the live stream."""

    def __call__(
        self, send_buffer: SendBuffer, topics: tuple[Topic, ...], topic_replay: TopicReplay | None
    ) -> None:
        """``send_buffer`` has been told everything; ``topic_replay`` told the last of it over a bad link."""


_Key = tuple[tuple[Topic, ...], int]
"""What is told, and from which event on."""


class Replays:
    """All connections that resume, and whose turn it is."""

    def __init__(
        self,
        history: History,
        make_encoder: MakeEncoder,
        *,
        flow: Flow,
        join: JoinLive,
        left: Callable[[], object],
        failed: Callable[[Topic, Exception], object] | None = None,
    ) -> None:
        """
        Begin with none.

        Args:
            history: What happened.
            make_encoder: Gives the encoder of a topic.
            flow: Bounds the work that is done in one turn, in events read, see
                :mod:`feed.stream.topic_replay`, and the bytes of messages that are kept for others.
            join: Called when a connection has caught up.
            left: Called when somebody catches up no more, whatever the reason.
            failed: Told of what an encoder or a link fault raised; None lets it raise.
        """
        self._left = left
        self._failed = failed
        self._watchers: list[Callable[[], object]] = []
        self._history = history
        self._seeks = Seeks(history)
        self._make_encoder = make_encoder
        self._flow = flow
        self._join = join
        self._replays: dict[SendBuffer, ConnectionReplay] = {}
        self._ready: dict[ConnectionReplay, None] = {}  # in the order of their turns
        self._topic_replays: dict[
            _Key, TopicReplay
        ] = {}  # by where they stand or are to begin, used last last
        self._pieces: dict[_Key, tuple[bytes, int]] = {}  # and where each ends
        self._shared = 0  # bytes of these
        self._broken = False  # an encoder failed in this turn
        self._resting: list[
            tuple[float, int, ConnectionReplay]
        ] = []  # a heap: until when, whose work is paid for
        self._rests = 0  # taken so far

    def __len__(self) -> int:
        return len(self._replays)

    def watch(self, waiting: Callable[[], object]) -> None:
        """Call ``waiting`` from now on when somebody waits for a turn."""
        self._watchers.append(waiting)

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a turn."""
        return bool(self._ready)

    @property
    def rests_until(self) -> float:
        """When somebody may go on whose work had to be paid for first; infinity for nobody."""
        return self._resting[0][0] if self._resting else math.inf

    def rested(self, now: float) -> None:
        """Let those go on whose work is paid for at ``now``."""
        while self._resting and self._resting[0][0] <= now:
            replay = heapq.heappop(self._resting)[2]
            replay.resting = False
            if replay.send_buffer.replay is replay:
                replay.send_buffer.resume()

    @property
    def send_buffers(self) -> Sequence[SendBuffer]:
        """Who is catching up."""
        return list(self._replays)

    def of(self, send_buffer: SendBuffer) -> ConnectionReplay | None:
        """What ``send_buffer`` is being told of the past; None when it is at the present."""
        return self._replays.get(send_buffer)

    def begin(self, send_buffer: SendBuffer) -> ConnectionReplay:
        """Let ``send_buffer`` catch up from now on; its script is still to be written."""
        replay = send_buffer.replay = self._replays[send_buffer] = ConnectionReplay(
            send_buffer, self._history.seq, self._is_ready, self._ended
        )
        return replay

    def turn(self) -> None:
        """Do a bounded amount of work for the next connection that waits for it."""
        replay = next(iter(self._ready), None)
        if replay is None:
            return
        del self._ready[replay]
        usual = self._flow.replay_work
        # Where much happens between two turns, more than that, or it would never catch up.
        meanwhile = self._history.seq - replay.turn_seq
        most = max(usual, min(2 * meanwhile, _HURRY * usual))
        replay.turn_seq = self._history.seq
        send_buffer = replay.send_buffer
        room = min(WRITE_BYTES, send_buffer.backlog_bytes // _BACKLOG_PART)
        pieces: list[bytes] = []
        work = 0
        done = False
        while work < most and room > 0 and not done and not self._broken:
            data, cost, done = self._advance(replay)
            work += cost
            room -= len(data)
            pieces.append(data)
        frames = b"".join(pieces)
        if self._broken:
            self._broken = False
            send_buffer.fail()
            return
        if work and (until := send_buffer.charge(work)):
            self._rests += 1
            heapq.heappush(self._resting, (until, self._rests, replay))
            replay.resting = True
        if frames:
            send_buffer.put(frames)  # which makes it ready again as soon as the socket has taken it
        if send_buffer.replay is not replay:
            return  # the connection broke
        if done and send_buffer.owed <= replay.waiting:  # it has taken everything: it can keep up
            self._finish(replay)
        elif not frames:
            self._is_ready(replay)

    def forgotten(self) -> None:
        """Events are no longer kept; who is owed them is cut."""
        for replay in list(self._replays.values()):
            oldest = replay.oldest
            if oldest is not None and oldest + 1 < self._history.oldest:
                replay.send_buffer.lose(self._history.seq)

    def close(self) -> None:
        """There will be no more turns: nothing of the past is told, only what is for one client alone."""
        for replay in list(self._replays.values()):
            frames = b"".join(item for item in replay.script if isinstance(item, bytes))
            replay.script.clear()
            self._ended(replay)
            replay.send_buffer.put(frames)
            replay.send_buffer.wake()

    # -- inside ------------------------------------------------------------------------------------

    def _is_ready(self, replay: ConnectionReplay) -> None:
        if self._replays.get(replay.send_buffer) is replay and not replay.resting:
            self._ready[replay] = None
            for tell in self._watchers:
                tell()

    def _ended(self, replay: ConnectionReplay) -> None:
        replay.send_buffer.replay = None
        self._replays.pop(replay.send_buffer, None)
        self._ready.pop(replay, None)
        if not self._replays:
            self._topic_replays.clear()
            self._pieces.clear()
            self._shared = 0
        self._left()

    def _advance(self, replay: ConnectionReplay) -> tuple[bytes, int, bool]:
        """One step of a script: frames, the work that they took, and whether the end is reached."""
        if not replay.script:
            return b"", 0, True
        item = replay.script[0]
        if isinstance(item, bytes):
            return replay.pop(), 0, False
        stop = self._history.seq if item.until is None else item.until
        if item.seq < stop:
            return *self._tell(item, stop), False
        if item.until is None:
            return b"", 0, True
        return replay.pop(), 0, False

    def _tell(self, span: ReplaySpan, stop: int) -> tuple[bytes, int]:
        """The next piece of a span, or some of the way to where it begins, and its cost."""
        if span.link_faults:
            span.topic_replay = topic_replay = span.topic_replay or self._new_topic_replay(span)
            return self._go_on(topic_replay, span, stop)
        key = span.topics, span.seq
        piece = self._pieces.get(key)
        if piece is not None and piece[1] <= stop:
            data, span.seq = piece
            return data, 1 + len(data) // _BYTES_PER_WORK
        topic_replay = (
            self._topic_replays.pop(key) if key in self._topic_replays else self._new_topic_replay(span)
        )
        data, work = self._go_on(topic_replay, span, stop)
        if span.seq != key[1] and not self._broken:
            self._share(key, data, span.seq)
        self._topic_replays[span.topics, span.seq] = topic_replay
        while len(self._topic_replays) > len(self._replays):
            del self._topic_replays[next(iter(self._topic_replays))]
        return data, work

    def _new_topic_replay(self, span: ReplaySpan) -> TopicReplay:
        return TopicReplay(
            self._history,
            self._seeks,
            span.seq,
            span.topics,
            span.link_faults,
            make_encoder=self._make_encoder,
            failed=self._contain,
        )

    def _go_on(self, topic_replay: TopicReplay, span: ReplaySpan, stop: int) -> tuple[bytes, int]:
        work = topic_replay.seek()
        if work:
            return b"", work
        data, work = topic_replay.encode(stop)
        span.seq = topic_replay.seq
        return data, work

    def _share(self, key: _Key, data: bytes, end: int) -> None:
        self._unshare(key)
        self._pieces[key] = data, end
        self._shared += len(data) + ENTRY_BYTES
        while self._shared > self._flow.replay_shared_bytes:
            self._unshare(next(iter(self._pieces)))

    def _unshare(self, key: _Key) -> None:
        if key in self._pieces:
            self._shared -= len(self._pieces.pop(key)[0]) + ENTRY_BYTES

    def _contain(self, topic: Topic, problem: Exception) -> None:
        if self._failed is None:
            raise problem
        self._broken = True
        self._failed(topic, problem)

    def _finish(self, replay: ConnectionReplay) -> None:
        last = replay.script[0] if replay.script else None
        self._ended(replay)
        if isinstance(last, ReplaySpan):
            self._join(replay.send_buffer, last.topics, last.topic_replay)
        else:
            self._join(replay.send_buffer, (), None)
            replay.send_buffer.wake()  # somebody may wait for the end
