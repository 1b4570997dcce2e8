"""From rows to frames: every event once to each topic that wants it, and every timed message in its place."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from feed.model.events import Event, Row, event
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.deflate import Deflater
from feed.stream.frames import text_frame
from feed.stream.groups import FaultyGroup, Group
from feed.stream.numbered import NumberedMessage
from feed.stream.topics import MakeEncoder, OpenTopic, Topics

Failed = Callable[[OpenTopic, Exception, Collection[Group]], object]
"""Told of a topic that cannot be told on, of what was raised, and of the groups that miss it."""


class Publisher:
    """
    The events of one market, told to whoever has opened a topic.

    Attributes:
        market_state: Where the market stands.
        seq: Sequence number of the last event.
        topics: What somebody listens to.
        calls: Times that an encoder was asked for a message.
    """

    def __init__(
        self,
        market_state: MarketState,
        seq: int,
        *,
        instruments: int,
        make_encoder: MakeEncoder,
        projections: Projections | None = None,
        only: Collection[int] | None = None,
        failed: Failed | None = None,
        deflater: Deflater | None = None,
    ) -> None:
        """
        Begin where everything up to ``seq`` has been told, and nobody listens.

        Args:
            market_state: Where the market stood then; it is carried on from here.
            seq: Sequence number of the last event told.
            instruments: How many the market lists.
            make_encoder: Gives the encoder of a topic that somebody wants.
            projections: Carried on with the market's state, for encoders; None for none.
            only: Instruments of which ``market_state`` is carried on; None for all.
            failed: Told of an encoder or a link fault that raised, which is silent from then on; None lets it
                raise.
            deflater: Makes the frames of those who get compressed ones; None where nobody does.
        """
        self.market_state = market_state
        self.seq = seq
        self.topics = Topics(instruments, make_encoder, projections)
        self._project = _ignore if projections is None else projections.apply
        self._only = only
        self._failed = failed
        self._deflater = deflater
        self._deflate = text_frame if deflater is None else deflater.frame
        self.calls = 0

    def publish(self, rows: Sequence[Row], proofs: Sequence[int]) -> list[Group]:
        """
        Tell the next events.

        Args:
            rows: What happened.
            proofs: Of everything up to and including each of them.

        Returns:
            The groups that have something to hear, in the order in which it came up.
        """
        topics = self.topics
        listeners = topics.listeners
        apply = self.market_state.apply if self._only is None else self._apply_some
        project = self._project
        dirty: list[Group] = []
        tell = self._tell_all if topics.special_groups else _tell
        seq = self.seq
        now = self.market_state.now
        for row, proof in zip(rows, proofs, strict=True):
            before, now = now, row[2]
            if now >= topics.next_timer:
                self._on_timer(seq, now, dirty)
            elif now < before:
                topics.plan(now)  # the market was taken back
            seq += 1
            if apply(seq, row, proof):
                project(seq, row, proof)
            hearing = listeners[row[0]][row[1]]
            if hearing:
                item: Event | None = None
                self.calls += len(hearing)
                for topic in hearing:
                    try:
                        if topic.encode_row is not None:
                            text = topic.encode_row(seq, row, proof)
                        else:
                            item = item or event(seq, row, proof)
                            text = topic.encoder.encode(item)
                    except Exception as problem:  # noqa: BLE001 - of one protocol, none of the others
                        self._silence(topic, problem)
                        continue
                    if text is not None:
                        tell(topic, seq, text, dirty, row[0])
        self.seq = seq
        return dirty

    def stand(self, before: int, after: int) -> list[Group]:
        """
        Let the heartbeats be told that are due while market time stands still.

        Args:
            before: For how long it had stood when this was asked last, nanoseconds of the clock.
            after: For how long it has stood by now.

        Returns:
            The groups that have something to hear.
        """
        dirty: list[Group] = []
        now = self.market_state.now
        for topic in self.topics.heartbeats(now + before, now + after):
            period = topic.encoder.period
            beat = (now + after) // period - now // period
            self._encode_timers(self.seq, [(now, topic)], dirty, beat)
        return dirty

    def _on_timer(self, seq: int, now: int, dirty: list[Group]) -> None:
        """Let the topics speak whose time has come before the event at ``now``."""
        self._encode_timers(seq, self.topics.timers_due(now), dirty)

    def _encode_timers(
        self, seq: int, timers_due: list[tuple[int, OpenTopic]], dirty: list[Group], beat: int = 0
    ) -> None:
        for when, topic in timers_due:
            self.calls += 1
            try:
                text = topic.encoder.on_timer(seq, when)
            except Exception as problem:  # noqa: BLE001 - of one protocol, none of the others
                self._silence(topic, problem)
                continue
            if text is not None:
                self._tell_all(topic, seq, text, dirty, 0, beat=beat)

    def _tell_all(
        self, topic: OpenTopic, seq: int, text: str, dirty: list[Group], kind: int, *, beat: int = 0
    ) -> None:
        if topic.encoder.numbered:
            self._tell_numbered(topic, seq, text, dirty, kind, beat=beat)
            return
        frame = _tell(topic, seq, text, dirty, kind)
        if topic.deflated:
            small = self._deflate(text)
            for group in topic.deflated:
                if not group.parts:
                    dirty.append(group)
                group.parts.append(small)
        dirty += [group for group in topic.faulty if self._reaches(group, topic, seq, frame, kind, beat=beat)]

    def _tell_numbered(
        self, topic: OpenTopic, seq: int, text: str, dirty: list[Group], kind: int, *, beat: int
    ) -> None:
        topic.told += 1
        message = NumberedMessage(text)
        small: NumberedMessage | None = None
        for group in topic.numbered:
            if not group.messages:
                dirty.append(group)
            if group.deflated:
                small = small or NumberedMessage(text, self._deflater)
            group.messages.append(small if small and group.deflated else message)
        for faulty in topic.faulty:
            number, faulty.number = faulty.number, faulty.number + 1
            if self._reaches(faulty, topic, seq, message.frame(number), kind, beat=beat):
                dirty.append(faulty)

    def _reaches(
        self, group: FaultyGroup, topic: OpenTopic, seq: int, frame: bytes, kind: int, *, beat: int
    ) -> bool:
        """Send a frame over a bad link; whether the step under way now has its first part."""
        try:
            return group.tell(topic.topic, seq, frame, kind, beat)
        except Exception as problem:
            if self._failed is None:
                raise
            group.broken = True
            self._failed(topic, problem, (group,))
            return False

    def _apply_some(self, seq: int, row: Row, proof: int) -> bool:
        market_state = self.market_state
        if self._only is not None and row[1] in self._only:
            return market_state.apply(seq, row, proof)
        market_state.seq, market_state.proof, market_state.now = seq, proof, row[2]
        return False

    def _silence(self, topic: OpenTopic, problem: Exception) -> None:
        if self._failed is None:
            raise problem
        topic.encoder, topic.encode_row = _Silent(topic.encoder), None
        self._failed(topic, problem, topic.audience)


def _ignore(seq: int, row: Row, proof: int) -> None:
    del seq, row, proof


class _Silent(Encoder):
    """Stands in for an encoder that failed: takes the same events, and gives no message."""

    def __init__(self, encoder: Encoder) -> None:
        self.kinds: Sequence[int] = encoder.kinds
        self.period = encoder.period
        self.numbered = encoder.numbered
        self.rank = encoder.rank

    def encode(self, item: Event) -> None:
        """Nothing."""
        del item


def _tell(topic: OpenTopic, _: int, text: str, dirty: list[Group], __: int) -> bytes:
    frame = text_frame(text)
    for group in topic.groups:  # written out, as below: this is done for every message
        if not group.parts:
            dirty.append(group)
        group.parts.append(frame)
    return frame
