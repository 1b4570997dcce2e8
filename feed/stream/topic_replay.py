"""Messages of topics encoded again from history for clients that resume, in pieces of bounded work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.model.events import Row
from feed.model.topics import Topic
from feed.state.market_state import MarketState
from feed.stream.groups import FaultyGroup, Group
from feed.stream.history import History
from feed.stream.link_faults import LinkFault
from feed.stream.publisher import Publisher
from feed.stream.seek import Seek, Seeks
from feed.stream.topics import MakeEncoder
from feed.stream.work import TOPIC

# A piece ends where the sequence number is a multiple of this: pieces of several readers are then alike.
# Those of many topics are shorter, as nearly every event is worth some messages then.
PIECE_EVENTS: Final = 64
SHORT_PIECE_EVENTS: Final = 16
_FEW_TOPICS: Final = 16
# Work is counted in events read, each about a unit of :mod:`feed.stream.work`; to make a message of one
# costs as much as to read so many.
MESSAGE_WORK: Final = 8


class TopicReplay:
    """
    Encodes the messages of some topics again, from one event on, exactly as they were sent then.

    Attributes:
        start: Sequence number of the event after which it begins.
        group: Collects the frames, without members; None until :meth:`seek` has reached the start.
    """

    def __init__(
        self,
        history: History,
        seeks: Seeks,
        start: int,
        topics: tuple[Topic, ...],
        link_faults: tuple[LinkFault, ...],
        *,
        make_encoder: MakeEncoder,
        failed: Callable[[Topic, Exception], object],
    ) -> None:
        """
        Hold no position yet: :meth:`seek` comes first.

        Args:
            history: The events.
            seeks: Find where the market stood.
            start: See the class.
            topics: Those to encode.
            link_faults: Faults that act on the frames.
            make_encoder: Gives the encoder of a topic.
            failed: Called with the exception of an encoder or a link fault, skipped from then on.
        """
        self.start = start
        self._history = history
        self._seeks = seeks
        self._topics = topics
        self._piece = PIECE_EVENTS if len(topics) <= _FEW_TOPICS else SHORT_PIECE_EVENTS
        self._instruments = tuple(dict.fromkeys(topic.instrument for topic in topics))
        self._link_faults = link_faults
        self._make_encoder = make_encoder
        self._failed = failed
        self._rows: list[Row] = []  # read, not encoded yet
        self._proofs: list[int] = []
        self._at = 0
        self._seek: Seek | None = None
        self._publisher: Publisher | None = None
        self.group: Group | None = None

    @property
    def seq(self) -> int:
        """Sequence number of the last event encoded."""
        return self._publisher.seq if self._publisher is not None else 0

    def seek(self) -> int:
        """
        Read on towards the start, one block of history at most.

        Returns:
            Units of work done; 0 once it is reached.
        """
        while (publisher := self._publisher) is None:
            self._seek = self._seek or self._seeks.join(self, self._instruments)
            if work := self._seek.read():
                return work  # else it was another's start that has been reached
        if self.group is None:
            self.group = self._open(publisher)
            return round(TOPIC) * len(self._topics)
        return 0

    def begin(self, market_state: MarketState) -> None:
        """The start is reached, and this is where the market stood."""
        self._seek = None
        self._publisher = Publisher(
            market_state,
            market_state.seq,
            instruments=self._history.instruments,
            make_encoder=self._make_encoder,
            only=self._instruments,
            failed=lambda item, problem, _: self._failed(item.topic, problem),
        )

    def encode(self, stop: int) -> tuple[bytes, int]:
        """
        Encode the next events, at most up to ``stop``; :meth:`seek` must have returned 0.

        Returns:
            The frames, and units of work done.
        """
        publisher, group = self._publisher, self.group
        assert publisher is not None  # noqa: S101 - it has been sought
        assert group is not None  # noqa: S101
        seq, calls = publisher.seq, publisher.calls
        end = min(stop, seq - seq % self._piece + self._piece)
        work = 0
        while publisher.seq < end:  # a block may end on the way
            work += self._publish(publisher, end - publisher.seq)
        frames, group.parts = b"".join(group.parts), []
        return frames, work + MESSAGE_WORK * (publisher.calls - calls)

    def _open(self, publisher: Publisher) -> Group:
        opened: list[Topic] = []
        for topic in self._topics:
            try:
                opened.append(publisher.topics.get(topic, publisher.market_state).topic)
            except Exception as problem:  # noqa: BLE001 - of one protocol, none of the others
                self._failed(topic, problem)
        group = (
            FaultyGroup(tuple(opened), self._link_faults, emptied=_nothing, caught_up_all=_nothing)
            if self._link_faults
            else Group(tuple(opened), emptied=_nothing)
        )
        publisher.topics.join(group)
        return group

    def _publish(self, publisher: Publisher, most: int) -> int:
        """Read on, up to ``most`` events."""
        if self._at >= len(self._rows):
            self._rows, self._proofs = self._history.after(publisher.seq)
            self._at = 0
        end = min(len(self._rows), self._at + most)
        count = end - self._at
        publisher.publish(self._rows[self._at : end], self._proofs[self._at : end])
        self._at = end
        return count


def _nothing(*_: object) -> None:
    """The group has no members, so it has nothing to report."""
