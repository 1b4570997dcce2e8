"""
A bad link, as the stream sees it: what becomes of the frames of a group, whose members all share it.

What goes wrong is decided elsewhere (:mod:`feed.faults.frame_faults`). It must follow from the topic and the
sequence number of the event that a frame tells of, and not from who listens, since when, or how many
events a step of the fan-out takes. So whoever is struck by the same faults loses the same frames.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple, Protocol

from feed.model.topics import Topic


class Frame(NamedTuple):
    """
    A frame on a bad link.

    Attributes:
        key: What its fate is drawn from.
        data: All of it.
        topic: What it tells of.
        kind: Of the event that it tells of; 0 for none, but for the time.
    """

    key: bytes
    data: bytes
    topic: Topic
    kind: int


class FrameFault(Protocol):
    """What one fault does to one stream."""

    def take(self, frame: Frame) -> Iterable[Frame]:
        """The frames that go out now that the next one has come."""
        ...

    def held(self) -> list[bytes]:
        """The frames that have not gone out yet, oldest first."""
        ...


class LinkFault(Hashable, Protocol):
    """
    A fault that is done to frames; connections with equal ones share their bytes.

    Attributes:
        mutes: Whether messages for one client alone are lost as well.
    """

    @property
    def mutes(self) -> bool: ...  # noqa: D102

    def begin(self) -> FrameFault:
        """What it does to a stream from here on."""
        ...


class FaultyLink:
    """
    The faults of one stream, one after the other.

    Args:
        link_faults: In the order in which a frame meets them.
    """

    def __init__(self, link_faults: Sequence[LinkFault]) -> None:
        self._stages = [one.begin() for one in link_faults]

    def take(self, topic: Topic, seq: int, data: bytes, kind: int = 0, beat: int = 0) -> list[bytes]:
        """
        What goes out now that a frame of ``topic`` has come, in order; perhaps nothing.

        Args:
            topic: What it tells of.
            seq: Sequence number of the event that it tells of.
            data: The whole frame.
            kind: Of that event; 0 for none, but for the time.
            beat: Of a heartbeat that comes while market time stands still, the how manieth since it does:
                each has a fate of its own, although all follow the same event. 0 for any other frame.
        """
        options = ",".join(f"{name}={value}" for name, value in topic.options)
        name = f"{topic.dialect}/{topic.channel}/{topic.instrument}/{options}@{seq}"
        key = (f"{name}+{beat}" if beat else name).encode()
        frames = [Frame(key, data, topic, kind)]
        for stage in self._stages:
            frames = [out for frame in frames for out in stage.take(frame)]
        return [frame.data for frame in frames]

    def held(self) -> list[bytes]:
        """The frames that wait for others to overtake them, those nearest to their way out first."""
        return [data for stage in reversed(self._stages) for data in stage.held()]
