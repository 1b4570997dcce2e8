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
from feed.stream.chain import chained
from feed.stream.distortion import DistortedGroup, Distortion
from feed.stream.frames import text_frame
from feed.stream.groups import Group
from feed.stream.history import History
from feed.stream.outlet import Outlet
from feed.stream.publisher import Publisher
from feed.stream.topics import MakeEncoder, OpenTopic
from feed.stream.work import HELD, MOVE, SNAPSHOT_BYTES, TOPIC


class Hub:
    """
    Who listens to what, and what they get.

    Attributes:
        history: The last events.
        work: What subscriptions have cost so far, units of :mod:`feed.stream.work`.
        changed: Called when somebody has begun or ceased to listen, or a group lags no more.
    """

    def __init__(
        self,
        *,
        instruments: int,
        history_events: int,
        history_bytes: int,
        make_encoder: MakeEncoder,
        proof: int = 0,
    ) -> None:
        """
        Begin with no events and nobody listening.

        Args:
            instruments: How many the market lists.
            history_events: How many events to keep.
            history_bytes: How much memory they may take.
            make_encoder: Gives the encoder of a topic that somebody wants.
            proof: Of position 0, see :func:`feed.model.position.first_proof`.
        """
        self.history = History(
            instruments=instruments, events=history_events, size=history_bytes, proof=proof
        )
        self._instruments = instruments
        self._make_encoder = make_encoder
        self._publisher = self._publisher_at(Latest(instruments, proof), 0)
        self._topics = self._publisher.topics
        self._groups: dict[tuple[tuple[Topic, ...], tuple[Distortion, ...]], Group] = {}
        self.work = 0.0
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
        proofs = self.history.append(rows)
        stirred = self._publisher.publish(rows, proofs)
        self.history.mark(self.latest)
        return stirred

    def check(self, position: Position) -> None:
        """
        Whether a client that is at ``position`` can resume: what led up to it is this very history.

        Raises:
            TooOld: What follows it is no longer kept.
            Ahead: It has not been reached.
            OtherHistory: It is one of another market, or another run.
        """
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
        """
        held = _held(outlet)
        new = [topic for topic in dict.fromkeys(topics) if topic not in held]
        if not new:
            return
        opened = len(self._topics)
        greeting = self._snapshots(new) if since is None else self._said(new, since)
        for topic in new:
            held[topic] = self._topics.get(topic, self.latest)
        self.work += TOPIC * (len(self._topics) - opened) + len(greeting) / SNAPSHOT_BYTES
        if greeting:
            outlet.send(greeting)
        self._move(outlet, held)

    def unsubscribe(self, outlet: Outlet, topics: Sequence[Topic]) -> None:
        """Send nothing more of ``topics`` to ``outlet``, beyond what has been published."""
        held = _held(outlet)
        before = len(held)
        for topic in topics:
            held.pop(topic, None)
        if len(held) != before:
            self._move(outlet, held)

    def send(self, outlet: Outlet, text: str) -> None:
        """Send one message to ``outlet`` alone, after everything published so far."""
        outlet.send(text_frame(text))
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
        if outlet.group is not None:
            self._move(outlet, _held(outlet))
        outlet.muted = any(isinstance(one.fault, Mute) for one in distortions)

    def mute(self, outlet: Outlet) -> None:
        """Send nothing of any topic to ``outlet`` any more, beyond what has been published."""
        self._move(outlet, {})

    def drop(self, outlet: Outlet) -> None:
        """The connection of ``outlet`` has ended: write nothing to it any more."""
        outlet.close()

    def abandon(self, outlet: Outlet) -> None:
        """Forget what ``outlet`` owes and all it listened to; it can still be sent a last message."""
        outlet.abandon()

    def backlog(self) -> int:
        """Bytes that connections which have fallen behind have yet to take, all together."""
        return sum(member.owed for group in self._groups.values() for member in group.behind)

    def _snapshots(self, topics: list[Topic]) -> bytes:
        frames: list[bytes] = []
        for topic in topics:
            encoder = self._topics.get(topic, self.latest).encoder
            frames += map(text_frame, encoder.snapshot(self.latest, topic.instrument))
        return b"".join(frames)

    def _said(self, topics: list[Topic], since: int) -> bytes:
        """What ``topics`` said after the event ``since``: the past, told once more."""
        instruments = {topic.instrument for topic in topics}
        past = self._publisher_at(self.history.at(since, instruments), since)
        past.instruments = instruments
        listener = Group(tuple(past.topics.get(topic, past.latest) for topic in topics), deserted=_nothing)
        for item in listener.topics:
            item.groups[listener] = None
        rows = self.history.after(since)
        past.publish(rows, chained(rows, past.latest.proof)[1])
        return b"".join(listener.parts)

    def _publisher_at(self, latest: Latest, seq: int) -> Publisher:
        return Publisher(latest, seq, instruments=self._instruments, make_encoder=self._make_encoder)

    def _move(self, outlet: Outlet, held: dict[Topic, OpenTopic]) -> None:
        """Put ``outlet`` among those who listen to exactly ``held``."""
        before = 0 if outlet.group is None else len(outlet.group.topics)
        self.work += MOVE + HELD * (before + len(held))
        if outlet.group is not None and (late := outlet.group.held()):
            outlet.send(late)
        if held:
            group = self._group(held, outlet.distortions)
            outlet.follow(group)
            if not len(group):  # the connection takes no data any more
                self._dissolve(group)
        else:
            outlet.unfollow()
        outlet.check(self.seq)
        self.changed()

    def _group(self, held: dict[Topic, OpenTopic], distortions: tuple[Distortion, ...]) -> Group:
        names = tuple(sorted(held, key=in_order))
        group = self._groups.get((names, distortions))
        if group is None:
            topics = tuple(held[name] for name in names)
            group = self._groups[names, distortions] = self._new_group(topics, distortions)
        return group

    def _new_group(self, topics: tuple[OpenTopic, ...], distortions: tuple[Distortion, ...]) -> Group:
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
        key = (tuple(item.topic for item in group.topics), group.distortions)
        if self._groups.pop(key, None) is not None:
            self._topics.leave(group)


def _held(outlet: Outlet) -> dict[Topic, OpenTopic]:
    group = outlet.group
    return {} if group is None else {item.topic: item for item in group.topics}


def _nothing(*_: Group) -> None:
    """Do nothing: nobody asked to be told; the listener to the past is never joined, and so never left."""
