"""
The one publisher: numbers events, encodes each once per topic, and sorts frames to groups.

Everything here is synchronous. Between two steps the hub is at rest: a subscription that is made
then sees the market at one sequence number, so that its snapshot and its first delta meet.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from feed.model.events import Row
from feed.model.faults import Mute
from feed.model.latest import Latest
from feed.model.position import Position
from feed.model.topics import Topic, in_order
from feed.stream.distortion import Distortion
from feed.stream.frames import text_frame
from feed.stream.groups import DistortedGroup, Group
from feed.stream.history import History
from feed.stream.outlet import Outlet
from feed.stream.past import Past
from feed.stream.publisher import Publisher
from feed.stream.replay import Replay
from feed.stream.replays import Replays
from feed.stream.topics import MakeEncoder, OpenTopic
from feed.stream.work import CHECK, HELD, MOVE, SNAPSHOT_BYTES, TOPIC


class Hub:
    """
    Who listens to what, and what they get.

    Attributes:
        history: The last events.
        replays: Who is being told of the past.
        work: What subscriptions have cost so far, units of :mod:`feed.stream.work`.
        changed: Called when somebody has begun or ceased to listen, or a group lags no more.
    """

    def __init__(
        self,
        history: History,
        make_encoder: MakeEncoder,
        *,
        replay_work: int,
        latest: Latest | None = None,
    ) -> None:
        """
        Begin with nobody listening.

        Args:
            history: Empty; it says how many instruments there are, and what position 0 is.
            make_encoder: Gives the encoder of a topic that somebody wants.
            replay_work: See :class:`feed.settings.Flow`.
            latest: Where the market stands, which is where ``history`` begins; None keeps what every
                encoder needs, and nothing else.
        """
        self.history = history
        self._publisher = Publisher(
            latest or Latest(history.instruments, history.proof),
            history.seq,
            instruments=history.instruments,
            make_encoder=make_encoder,
        )
        self._topics = self._publisher.topics
        self._groups: dict[tuple[tuple[Topic, ...], tuple[Distortion, ...]], Group] = {}
        self.replays = Replays(history, make_encoder, work=replay_work, join=self._join)
        self.work = 0.0
        self.replays.left = self._eased
        self.changed: Callable[[], object] = _nothing

    @property
    def seq(self) -> int:
        """Sequence number of the newest event; 0 before the first."""
        return self._publisher.seq

    def contain(self, failed: Callable[[OpenTopic, Exception], object]) -> None:
        """
        Let an encoder that raises be silent instead of ending the market for everybody.

        Args:
            failed: Told which, in the middle of :meth:`publish`; it is to cut who listens, afterwards.
        """
        self._publisher.failed = failed

    @property
    def latest(self) -> Latest:
        """Where the market stands."""
        return self._publisher.latest

    @property
    def position(self) -> Position:
        """Where the stream stands: after the newest event."""
        return self.history.position

    @property
    def groups(self) -> Collection[Group]:
        """Everybody who listens."""
        return self._groups.values()

    def publish(self, rows: list[Row]) -> list[Group]:
        """
        Take the next events.

        Returns:
            The groups that have something to hear, in the order in which it came up. The caller
            sends it to them before anything else happens here.
        """
        oldest = self.history.oldest
        proofs = self.history.append(rows)
        stirred = self._publisher.publish(rows, proofs)
        self.history.mark(self.latest)
        if len(self.replays):
            self.replays.published(len(rows), forgotten=self.history.oldest != oldest)
        return stirred

    def check(self, position: Position) -> None:
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
        return self._publisher.stand(before, after)

    def subscribe(self, outlet: Outlet, topics: Sequence[Topic], *, since: int | None = None) -> None:
        """
        Let ``outlet`` hear ``topics`` from now on; those it holds already are passed over.

        Args:
            outlet: Who listens.
            topics: What to; first come their snapshots, in this order, then every later event.
            since: Sequence number from which on to hear them: in place of snapshots, what was said
                of them after that event, byte for byte as it was said then.

        Raises:
            TooOld: What follows ``since`` is no longer kept. Nothing has changed.
            Ahead: It has not been reached. Nothing has changed.
        """
        held = self._held(outlet)
        new = [topic for topic in dict.fromkeys(topics) if topic not in held]
        if not new:
            return
        if since is not None:
            self.history.reach(since)
        opened = len(self._topics)
        if since is not None and since < self.seq and not outlet.muted:
            replay = self.replays.of(outlet) or self._leave(outlet)
            replay.stop(self.seq)
            replay.tell(new, since, self.seq)
        elif since is None and (greeting := self._snapshots(new)):
            self.work += len(greeting) / SNAPSHOT_BYTES
            self._send(outlet, greeting)
        self._listen(outlet, [*held, *new])
        self.work += TOPIC * (len(self._topics) - opened)
        if outlet.replay is not None:  # opened for the snapshots alone
            self._topics.close_unheard(new)

    def unsubscribe(self, outlet: Outlet, topics: Sequence[Topic]) -> None:
        """Send nothing more of ``topics`` to ``outlet``, beyond what has been published."""
        held = self._held(outlet)
        given_up = dict.fromkeys(topics)
        left = [topic for topic in held if topic not in given_up]
        if len(left) != len(held):
            self._listen(outlet, left)

    def send(self, outlet: Outlet, text: str) -> None:
        """Send one message to ``outlet`` alone, after everything published so far."""
        self._send(outlet, text_frame(text))
        outlet.check(self.seq)

    def distort(self, outlet: Outlet, distortions: tuple[Distortion, ...]) -> None:
        """
        Let ``outlet`` have a bad link from here on, or a good one again.

        Args:
            outlet: Whose.
            distortions: All that happens to the frames of its topics; when there is a ``Mute``
                among them, messages for it alone are lost as well.
        """
        outlet.distortions = distortions
        if held := self._held(outlet):
            self._listen(outlet, held)
        outlet.muted = any(isinstance(one.fault, Mute) for one in distortions)

    def mute(self, outlet: Outlet) -> None:
        """Send nothing of any topic to ``outlet`` any more, beyond what has been published."""
        self._listen(outlet, ())

    def drop(self, outlet: Outlet) -> None:
        """The connection of ``outlet`` has ended: write nothing to it any more."""
        outlet.close()

    def abandon(self, outlet: Outlet) -> None:
        """Forget what ``outlet`` owes and all it listened to; it can still be sent a last message."""
        outlet.abandon()

    def backlog(self) -> int:
        """Bytes that connections which have fallen behind have yet to take, all together."""
        return sum(member.owed for group in self._groups.values() for member in group.behind)

    @property
    def listening(self) -> int:
        """How many connections listen to something."""
        return sum(map(len, self._groups.values())) + len(self.replays)

    @property
    def lagging(self) -> bool:
        """Whether some have yet to take what was published, other than those whose link takes nothing."""
        behind = [member for group in self._groups.values() for member in group.behind]
        return not all(member.stalled for member in (*behind, *self.replays.outlets))

    def _held(self, outlet: Outlet) -> Sequence[Topic]:
        if (replay := self.replays.of(outlet)) is not None:
            return replay.topics
        return () if outlet.group is None else outlet.group.topics

    def _snapshots(self, topics: list[Topic]) -> bytes:
        frames: list[bytes] = []
        for topic in topics:
            encoder = self._topics.get(topic, self.latest).encoder
            frames += map(text_frame, encoder.snapshot(self.latest, topic.instrument))
        return b"".join(frames)

    def _send(self, outlet: Outlet, frames: bytes) -> None:
        replay = self.replays.of(outlet)
        if replay is None:
            outlet.send(frames)
        elif not outlet.muted:
            replay.say(frames, self.seq)

    def _listen(self, outlet: Outlet, topics: Sequence[Topic]) -> None:
        """Let ``outlet`` hear exactly ``topics`` from here on."""
        if (replay := self.replays.of(outlet)) is not None:
            replay.follow(topics, outlet.distortions, self.seq)
            outlet.resume()  # whose turn it is once its socket has taken everything
            outlet.check(self.seq)
        else:
            self._join(outlet, topics)

    def _leave(self, outlet: Outlet) -> Replay:
        """Take ``outlet`` out of the live stream, to be told of the past."""
        if outlet.group is not None:
            outlet.send(b"".join(outlet.group.held()))
            outlet.unfollow()
        replay = self.replays.begin(outlet)
        self.changed()
        return replay

    def _join(self, outlet: Outlet, topics: Sequence[Topic], past: Past | None = None) -> None:
        """Put ``outlet`` among those who listen to exactly ``topics``, here and now."""
        before = 0 if outlet.group is None else len(outlet.group.topics)
        self.work += MOVE + HELD * (before + len(topics))
        if outlet.group is not None:
            outlet.send(b"".join(outlet.group.held()))
        if topics:
            group = self._group(topics, outlet.distortions)
            if past is not None and past.group is not None:
                outlet.put(b"".join(group.adopt(past.group)))
            outlet.follow(group)
            if not len(group):  # the connection takes no data any more
                self._dissolve(group)
        else:
            outlet.unfollow()
        outlet.check(self.seq)
        self.changed()

    def _group(self, wanted: Sequence[Topic], distortions: tuple[Distortion, ...]) -> Group:
        for topic in wanted:
            self._topics.get(topic, self.latest)
        topics = tuple(sorted(dict.fromkeys(wanted), key=in_order))
        group = self._groups.get((topics, distortions))
        if group is None:
            group = self._groups[topics, distortions] = self._new_group(topics, distortions)
        return group

    def _new_group(self, topics: tuple[Topic, ...], distortions: tuple[Distortion, ...]) -> Group:
        group = (
            DistortedGroup(topics, distortions, deserted=self._dissolve, eased=self._eased)
            if distortions
            else Group(topics, deserted=self._dissolve, eased=self._eased)
        )
        self._topics.join(group)
        return group

    def _eased(self) -> None:
        self.changed()

    def _dissolve(self, group: Group) -> None:
        """Forget ``group``, in which nobody is left."""
        if self._groups.pop((group.topics, group.distortions), None) is not None:
            self._topics.leave(group)


def _nothing(*_: Group) -> None:
    """Do nothing: nobody asked to be told; the listener to the past is never joined, and so never left."""
