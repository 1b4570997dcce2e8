"""Open topics: who encodes them, and which groups listen."""

from __future__ import annotations

from collections.abc import Callable

from feed.model.events import KINDS
from feed.model.latest import Latest
from feed.model.topics import Encoder, Topic
from feed.stream.groups import Group

MakeEncoder = Callable[[Topic, Latest], Encoder]


class OpenTopic:
    """
    A topic that somebody listens to.

    Attributes:
        topic: Its name.
        encoder: Turns events into its messages.
        groups: Who listens. A dict for its order, which is that of the first subscription.
    """

    __slots__ = ("encoder", "groups", "topic")

    def __init__(self, topic: Topic, encoder: Encoder) -> None:
        self.topic = topic
        self.encoder = encoder
        self.groups: dict[Group, None] = {}


class Topics:
    """
    Every open topic, found by name or by what it wants to hear.

    Attributes:
        listeners: Open topics by kind of row and index of instrument, each list in topic order, so
            that the frames of one event always stand in the same order.
    """

    def __init__(self, instruments: int, make_encoder: MakeEncoder) -> None:
        self._make_encoder = make_encoder
        self._open: dict[Topic, OpenTopic] = {}
        self.listeners: list[list[list[OpenTopic]]] = [
            [[] for _ in range(instruments)] for _ in range(KINDS.stop)
        ]

    def get(self, topic: Topic, latest: Latest) -> OpenTopic:
        """The open topic of that name, opened now if it was not."""
        found = self._open.get(topic)
        if found is None:
            found = self._open[topic] = OpenTopic(topic, self._make_encoder(topic, latest))
            for kind in found.encoder.kinds:
                hearing = self.listeners[kind][topic.instrument]
                hearing.append(found)
                hearing.sort(key=_name)
        return found

    def close_unheard(self, candidates: tuple[OpenTopic, ...]) -> None:
        """Close those of ``candidates`` to which no group listens any more."""
        for item in candidates:
            if not item.groups and self._open.pop(item.topic, None) is not None:
                for kind in item.encoder.kinds:
                    self.listeners[kind][item.topic.instrument].remove(item)

    def __len__(self) -> int:
        return len(self._open)


def _name(item: OpenTopic) -> Topic:
    return item.topic
