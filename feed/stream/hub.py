"""
The one publisher: numbers events, encodes each once per topic, and sorts frames to groups.

Everything here is synchronous. Between two steps the hub is at rest: a subscription that is made
then sees the market at one sequence number, so that its snapshot and its first delta meet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence

from feed.model.events import Row
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic, in_order
from feed.settings import Flow
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.chain import Links
from feed.stream.deflate import Deflater
from feed.stream.groups import Group
from feed.stream.history import History
from feed.stream.link_faults import LinkFault
from feed.stream.numbered import frames_for_one, new_group
from feed.stream.publisher import Publisher
from feed.stream.replay import ConnectionReplay
from feed.stream.replays import Replays
from feed.stream.send_buffer import SendBuffer
from feed.stream.topic_replay import TopicReplay
from feed.stream.topics import MakeEncoder, OpenTopic
from feed.stream.work import CHECK, HELD, MOVE, READ, SNAPSHOT_BYTES, TOPIC

_Key = tuple[tuple[Topic, ...], tuple[LinkFault, ...], bool, int]
"""What connections have in common that are told the same: topics, faults of the link, compression, offset."""


class Hub:
    """
    Subscriptions by topic, and the groups of connections that share frames.

    Attributes:
        history: The last events.
        replays: Who is being told of the past.
        work: What subscriptions have cost so far, units of :mod:`feed.stream.work`.
    """

    def __init__(
        self,
        history: History,
        make_encoder: MakeEncoder,
        *,
        flow: Flow,
        market_state: MarketState | None = None,
        projections: Projections | None = None,
        failed: Callable[[Topic, Exception], object] | None = None,
        deflater: Deflater | None = None,
    ) -> None:
        """
        Begin with nobody listening.

        Args:
            history: The last events, or none; it says how many instruments there are, and what position 0 is.
            make_encoder: Gives the encoder of a topic that somebody wants.
            flow: Bounds on what is done for those who resume.
            market_state: That of the market after the newest event; None for one without events.
            projections: Carried on with it, for encoders; None for none.
            failed: Told of a topic whose encoder raised, and what: those who listen to it are cut, and
                nobody else notices. So are those alone whose link fault raised. None lets it raise.
            deflater: Makes the frames of connections that agreed to compression; None where none may.
        """
        self.history = history
        self._publisher = Publisher(
            market_state or MarketState(history.instruments, history.proof),
            history.seq,
            instruments=history.instruments,
            make_encoder=make_encoder,
            projections=projections,
            failed=None if failed is None else lambda *failure: self._failures.append(failure),
            deflater=deflater,
        )
        self._failed = failed
        self._failures: list[tuple[OpenTopic, Exception, Collection[Group]]] = []  # of the step under way
        self._topics = self._publisher.topics
        self._groups: dict[_Key, Group] = {}
        self.replays = Replays(
            history,
            make_encoder,
            flow=flow,
            join=self._join,
            left=self._changed,
            failed=failed,
        )
        self.work = 0.0
        self._watchers: list[Callable[[], object]] = []
        self._elsewhere = 0  # connections of other servers that listen to something
        self._observers: dict[SendBuffer, None] = {}

    @property
    def seq(self) -> int:
        """Sequence number of the newest event; 0 before the first."""
        return self._publisher.seq

    def watch(self, changed: Callable[[], object]) -> None:
        """Call ``changed`` from now on when somebody begins or ceases to listen, or a group lags no more."""
        self._watchers.append(changed)

    @property
    def market_state(self) -> MarketState:
        """Where the market stands."""
        return self._publisher.market_state

    @property
    def position(self) -> StreamPosition:
        """Where the stream stands: after the newest event."""
        return self.history.position

    @property
    def groups(self) -> Collection[Group]:
        """Everybody who listens."""
        return self._groups.values()

    def publish(self, rows: list[Row], links: Links | None = None) -> list[Group]:
        """
        Take the next events.

        Args:
            rows: These.
            links: Of them, where they were chained before.
        Returns:
            The groups that have something to hear, in the order in which it came up. The caller
            sends it to them before anything else happens here.
        """
        oldest = self.history.oldest
        proofs = self.history.append(rows, links)
        dirty = self._publisher.publish(rows, proofs)
        self.history.mark(self.market_state)
        if self.history.oldest != oldest:
            self.replays.forgotten()
        self._cut_failed()
        return dirty

    def check(self, position: StreamPosition) -> None:
        """
        Whether a client that is at ``position`` can resume: what led up to it is this very history.

        Raises:
            TooOld: What follows it is no longer kept.
            Ahead: It has not been reached.
            OtherHistory: It is one of another market, or another run.
        """
        self.work += CHECK
        self.history.check(position)

    def stand(self, before: int, after: int) -> list[Group]:
        """Tell the heartbeats that are due while market time stands still; see :meth:`Publisher.stand`."""
        dirty = self._publisher.stand(before, after)
        self._cut_failed()
        return dirty

    def subscribe(
        self, send_buffer: SendBuffer, topics: Sequence[Topic], *, since: int | None = None
    ) -> None:
        """
        Let ``send_buffer`` hear ``topics`` from now on; those it holds already are passed over.

        Args:
            send_buffer: Who listens.
            topics: What to; first come their snapshots, in this order, then every later event.
            since: Sequence number from which on to hear them: in place of snapshots, what was said
                of them after that event, byte for byte as it was said then.

        Raises:
            TooOld: What follows ``since`` is no longer kept. Nothing has changed.
            Ahead: It has not been reached. Nothing has changed.
        """
        held = self._held(send_buffer)
        new = [topic for topic in dict.fromkeys(topics) if topic not in held]
        if not new:
            return
        if since is not None:
            self.history.reach(since)
        opened = len(self._topics)
        if since is not None and since < self.seq and not send_buffer.muted:
            replay = self.replays.of(send_buffer) or self._leave(send_buffer)
            replay.stop(self.seq)
            replay.tell(new, since, self.seq)
        elif since is None and (handshake := frames_for_one(self._snapshots(new), send_buffer.count)):
            self.work += len(handshake) / SNAPSHOT_BYTES
            self._send(send_buffer, handshake)
        self._listen(send_buffer, [*held, *new])
        self.work += TOPIC * (len(self._topics) - opened)
        if send_buffer.replay is not None:  # opened for the snapshots alone
            self._topics.close_unheard(new)

    def unsubscribe(self, send_buffer: SendBuffer, topics: Sequence[Topic]) -> None:
        """Send nothing more of ``topics`` to ``send_buffer``, beyond what has been published."""
        held = self._held(send_buffer)
        given_up = dict.fromkeys(topics)
        left = [topic for topic in held if topic not in given_up]
        if len(left) != len(held):
            self._listen(send_buffer, left)

    def observe(self, topic: Topic, encoder: Encoder) -> Callable[[], None]:
        """
        Let ``encoder`` hear what it wants of a topic from the next event on, for what it does meanwhile.

        It has its turn among the encoders of those who listen, by its rank; what it returns is sent to
        nobody. If it raises, it is silent from then on, as they are.

        Returns:
            What ends it; once.
        """
        item = self._topics.observe(topic, encoder, self.market_state)
        return lambda: self._topics.leave_off(item)

    def encoder(self, topic: Topic) -> Encoder:
        """An encoder of a topic, as if there from the first event."""
        return self._topics.encoder(topic, self.market_state)

    def past(self, seq: int, most: int) -> list[Row]:
        """
        Events of the past, for whoever pays for :attr:`work`.

        Args:
            seq: Number of the event before the first; what is no longer kept is passed over.
            most: How many at most.
        """
        seq = max(seq, self.history.oldest - 1)
        rows: list[Row] = []
        while len(rows) < most and seq + len(rows) < self.seq:
            rows += self.history.after(seq + len(rows))[0]
        self.work += READ * len(rows)
        return rows[:most]

    def send(self, send_buffer: SendBuffer, text: str) -> None:
        """Send one message to ``send_buffer`` alone, after everything published so far."""
        self._send(send_buffer, frames_for_one([text], send_buffer.count))
        if send_buffer.ahead:
            self._listen(send_buffer, self._held(send_buffer))
        send_buffer.check(self.seq)

    def distort(self, send_buffer: SendBuffer, link_faults: tuple[LinkFault, ...]) -> None:
        """
        Let ``send_buffer`` have a bad link from here on, or a good one again.

        Args:
            send_buffer: Whose.
            link_faults: All that happens to the frames of its topics; when one of them mutes,
                messages for it alone are lost as well.
        """
        held = self._held(send_buffer)
        try:
            send_buffer.link_faults = link_faults
            if held:
                self._listen(send_buffer, held)
        except Exception as problem:
            if self._failed is None:
                raise
            self._failed(held[0], problem)
            send_buffer.fail()
        send_buffer.muted = any(one.mutes for one in link_faults)

    def mute(self, send_buffer: SendBuffer) -> None:
        """Send nothing of any topic to ``send_buffer`` any more, beyond what has been published."""
        self._listen(send_buffer, ())

    def drop(self, send_buffer: SendBuffer) -> None:
        """The connection of ``send_buffer`` has ended: write nothing to it any more."""
        self._observers.pop(send_buffer, None)
        send_buffer.close()

    def note_observer(self, send_buffer: SendBuffer) -> None:
        """``send_buffer`` is not counted among those who listen; until it is dropped."""
        self._observers[send_buffer] = None

    def abandon(self, send_buffer: SendBuffer) -> None:
        """Forget what ``send_buffer`` owes and all it listened to; it can still be sent a last message."""
        send_buffer.abandon()

    def backlog(self) -> int:
        """Bytes that connections which have fallen behind have yet to take, all together."""
        return sum(member.owed for group in self._groups.values() for member in group.behind)

    @property
    def listening(self) -> int:
        """How many connections listen to something, those left out that only watch."""
        watching = sum(one.group is not None or one.replay is not None for one in self._observers)
        return sum(map(len, self._groups.values())) + len(self.replays) - watching

    @property
    def listening_anywhere(self) -> int:
        """As :attr:`listening`, and at other servers of this market."""
        return self.listening + self._elsewhere

    def hear_elsewhere(self, listening: int) -> None:
        """Note how many connections of other servers of this market listen to something."""
        self._elsewhere = listening
        self._changed()

    @property
    def lagging(self) -> bool:
        """Whether some who do more than watch have yet to take what their link would take."""
        behind = [member for group in self._groups.values() for member in group.behind]
        waited_for = (*behind, *self.replays.send_buffers)
        return not all(member.stalled or member.observer for member in waited_for)

    def _held(self, send_buffer: SendBuffer) -> Sequence[Topic]:
        if (replay := self.replays.of(send_buffer)) is not None:
            return replay.topics
        return () if send_buffer.group is None else send_buffer.group.topics

    def _snapshots(self, topics: list[Topic]) -> Iterator[str]:
        for topic in topics:
            encoder = self._topics.get(topic, self.market_state).encoder
            yield from encoder.snapshot(self.market_state, topic.instrument)

    def _send(self, send_buffer: SendBuffer, frames: bytes) -> None:
        replay = self.replays.of(send_buffer)
        if replay is None:
            send_buffer.send(frames)
        elif not send_buffer.muted:
            replay.say(frames, self.seq)

    def _listen(self, send_buffer: SendBuffer, topics: Sequence[Topic]) -> None:
        """Let ``send_buffer`` hear exactly ``topics`` from here on."""
        if (replay := self.replays.of(send_buffer)) is not None:
            replay.follow(topics, send_buffer.link_faults, self.seq)
            send_buffer.resume()  # whose turn it is once its socket has taken everything
            send_buffer.check(self.seq)
        else:
            self._join(send_buffer, topics)

    def _leave(self, send_buffer: SendBuffer) -> ConnectionReplay:
        """Take ``send_buffer`` out of the live stream, to be told of the past."""
        if send_buffer.group is not None:
            send_buffer.send(b"".join(send_buffer.group.held()))
            send_buffer.unfollow()
        replay = self.replays.begin(send_buffer)
        self._changed()
        return replay

    def _join(
        self, send_buffer: SendBuffer, topics: Sequence[Topic], topic_replay: TopicReplay | None = None
    ) -> None:
        """Put ``send_buffer`` among those who listen to exactly ``topics``, here and now."""
        before = 0 if send_buffer.group is None else len(send_buffer.group.topics)
        self.work += MOVE + HELD * (before + len(topics))
        held = b"" if send_buffer.group is None else b"".join(send_buffer.group.held())
        group = self._group(topics, send_buffer) if topics else None
        if group is not None and group is send_buffer.group:
            return
        send_buffer.send(held)
        if group is not None:
            if topic_replay is not None and topic_replay.group is not None:
                send_buffer.put(b"".join(group.adopt(topic_replay.group)))
            send_buffer.follow(group)
            if not len(group):  # the connection takes no data any more
                self._dissolve(group)
        else:
            send_buffer.unfollow()
        send_buffer.check(self.seq)
        self._changed()

    def _group(self, wanted: Sequence[Topic], send_buffer: SendBuffer) -> Group:
        opened = [self._topics.get(topic, self.market_state) for topic in wanted]
        topics = tuple(sorted(dict.fromkeys(wanted), key=in_order))
        faults = send_buffer.link_faults
        deflated = send_buffer.deflated and not faults
        numbered = opened[0].encoder.numbered
        if any(item.encoder.numbered is not numbered for item in opened):
            raise ValueError("topics with numbered messages, and others, on one connection")
        # All groups of the same topics count on together: what tells them apart stays the same.
        offset = send_buffer.number - sum([item.told for item in opened]) if numbered else 0
        group = self._groups.get((topics, faults, deflated, offset))
        if group is None:
            asks = self._dissolve, self._changed, lambda: self.seq
            group = new_group(topics, faults, *asks, deflated=deflated, numbered=numbered)
            group.number, group.offset = send_buffer.number, offset
            self._groups[topics, faults, deflated, offset] = group
            self._topics.join(group)
        return group

    def _changed(self) -> None:
        for tell in self._watchers:
            tell()

    def _cut_failed(self) -> None:
        """Cut those who miss what an encoder or a link fault kept back when it raised in this step."""
        while self._failures and self._failed is not None:
            topic, problem, groups = self._failures.pop()
            self._failed(topic.topic, problem)
            for group in groups:
                for member in (*group.ready, *group.behind):
                    member.fail()

    def _dissolve(self, group: Group) -> None:
        """Forget ``group``, in which nobody is left."""
        key = group.topics, group.link_faults, group.deflated, group.offset
        if self._groups.pop(key, None) is not None:
            self._topics.leave(group)
