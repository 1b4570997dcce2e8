"""
The one publisher: numbers events, encodes each once per topic, and sorts frames to groups.

Everything here is synchronous. Between two steps the hub is at rest: a subscription that is made
then sees the market at one sequence number, so that its snapshot and its first delta meet.
"""

from __future__ import annotations

from collections.abc import Sequence

from feed.model.events import QUOTE, TRADE, Row, event
from feed.model.latest import Latest
from feed.model.topics import Topic
from feed.stream.frames import text_frame
from feed.stream.groups import Group
from feed.stream.history import History
from feed.stream.outlet import Outlet
from feed.stream.topics import MakeEncoder, OpenTopic, Topics


class Hub:
    """
    Who listens to what, and what they get.

    Attributes:
        latest: Where the market stands.
        history: The last events, and the sequence number of the newest.
    """

    def __init__(self, *, instruments: int, history_events: int, make_encoder: MakeEncoder) -> None:
        """
        Begin with no events and nobody listening.

        Args:
            instruments: How many the market lists.
            history_events: How many events to keep.
            make_encoder: Gives the encoder of a topic that somebody wants.
        """
        self.latest = Latest(instruments)
        self.history = History(history_events)
        self._topics = Topics(instruments, make_encoder)
        self._groups: dict[tuple[Topic, ...], Group] = {}

    @property
    def seq(self) -> int:
        """Sequence number of the newest event; 0 before the first."""
        return self.history.seq

    def publish(self, rows: list[Row]) -> list[Group]:
        """
        Take the next events.

        Returns:
            The groups that have something to hear, in the order in which it came up. The caller
            sends it to them before anything else happens here.
        """
        seq = self.history.seq
        self.history.append(rows)
        listeners = self._topics.listeners
        apply = self.latest.apply
        stirred: list[Group] = []
        for row in rows:
            seq += 1
            kind = row[0]
            if kind in (QUOTE, TRADE):
                apply(seq, row)
            hearing = listeners[kind][row[1]]
            if hearing:
                self._encode(hearing, seq, row, stirred)
        return stirred

    def subscribe(self, outlet: Outlet, topics: Sequence[Topic]) -> None:
        """Send the snapshots of ``topics`` to ``outlet``, then every later event of them."""
        held = _held(outlet)
        new = [topic for topic in dict.fromkeys(topics) if topic not in held]
        if not new:
            return
        frames: list[bytes] = []
        for topic in new:
            item = held[topic] = self._topics.get(topic, self.latest)
            frames += map(text_frame, item.encoder.snapshot(self.latest, topic.instrument))
        if frames:
            outlet.send(b"".join(frames))
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

    def mute(self, outlet: Outlet) -> None:
        """Send nothing of any topic to ``outlet`` any more, beyond what has been published."""
        self._move(outlet, {})

    def drop(self, outlet: Outlet) -> None:
        """The connection of ``outlet`` has ended: write nothing to it any more."""
        outlet.close()

    def abandon(self, outlet: Outlet) -> None:
        """Forget what ``outlet`` owes and all it listened to; it can still be sent a last message."""
        outlet.abandon()

    def _encode(self, hearing: list[OpenTopic], seq: int, row: Row, stirred: list[Group]) -> None:
        item = event(seq, row)
        for topic in hearing:
            text = topic.encoder.encode(item)
            if text is None:
                continue
            frame = text_frame(text)
            for group in topic.groups:
                if not group.parts:
                    stirred.append(group)
                group.parts.append(frame)

    def _move(self, outlet: Outlet, held: dict[Topic, OpenTopic]) -> None:
        """Put ``outlet`` among those who listen to exactly ``held``."""
        if held:
            group = self._group(held)
            outlet.follow(group)
            if not len(group):  # the connection takes no data any more
                self._dissolve(group)
        else:
            outlet.unfollow()
        outlet.check(self.seq)

    def _group(self, held: dict[Topic, OpenTopic]) -> Group:
        key = tuple(sorted(held))
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(tuple(held[topic] for topic in key), deserted=self._dissolve)
            for item in group.topics:
                item.groups[group] = None
        return group

    def _dissolve(self, group: Group) -> None:
        """Forget ``group``, in which nobody is left."""
        if self._groups.pop(tuple(item.topic for item in group.topics), None) is not None:
            for item in group.topics:
                del item.groups[group]
            self._topics.close_unheard(group.topics)


def _held(outlet: Outlet) -> dict[Topic, OpenTopic]:
    group = outlet.group
    return {} if group is None else {item.topic: item for item in group.topics}
