"""Open topics: who encodes them, and which groups listen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final

from feed.model.events import KINDS
from feed.model.topics import Topic, in_order
from feed.state.encoder import Encoder, RowEncoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.groups import FaultyGroup, Group
from feed.stream.numbered import NumberedGroup

NEVER: Final = sys.maxsize
MOST_ORDERS_KEPT: Final = 64
"""Sets of periods that end together, of which the order is kept; there are that few where all divide one."""

MakeEncoder = Callable[[Topic, MarketState, Projections | None], Encoder]
"""Gives the encoder of a topic; there are no projections where history is told again."""


class OpenTopic:
    """
    A topic that somebody listens to.

    Attributes:
        topic: Its name.
        encoder: Turns events into its messages.
        encode_row: Its way to do so from rows; None where it wants their named form.
        order: Sorts topics as they compare.
        groups: Who listens. A dict for its order, which is that of the first subscription.
        deflated: Who listens to compressed frames.
        faulty: Who listens over a bad link.
        numbered: Who listens over a good one to messages that carry their number in the connection.
        told: Messages of that kind so far.
    """

    __slots__ = (
        "deflated",
        "encode_row",
        "encoder",
        "faulty",
        "groups",
        "numbered",
        "order",
        "told",
        "topic",
    )

    def __init__(self, topic: Topic, encoder: Encoder) -> None:
        self.topic = topic
        self.encoder = encoder
        self.encode_row = encoder.encode_row if isinstance(encoder, RowEncoder) else None
        self.order = in_order(topic)
        self.groups: dict[Group, None] = {}
        self.deflated: dict[Group, None] = {}
        self.faulty: dict[FaultyGroup, None] = {}
        self.numbered: dict[NumberedGroup, None] = {}
        self.told = 0

    @property
    def audience(self) -> Sequence[Group]:
        """Everybody who listens."""
        return *self.groups, *self.deflated, *self.faulty, *self.numbered

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self.groups or self.deflated or self.faulty or self.numbered)


class Topics:
    """
    Every open topic, found by name or by what it wants to hear.

    Attributes:
        listeners: Open topics by kind of row and index of instrument, each list by rank and in
            topic order, so that the frames of one event always stand in the same order.
        special_groups: How many groups listen to other frames than the plain ones: compressed, spoilt, or
            numbered.
        next_timer: Market time at which some topic has something to say by itself, nanoseconds.
    """

    def __init__(
        self, instruments: int, make_encoder: MakeEncoder, projections: Projections | None = None
    ) -> None:
        self._make_encoder = make_encoder
        self._projections = projections
        self._open: dict[Topic, OpenTopic] = {}
        self.listeners: list[list[list[OpenTopic]]] = [
            [[] for _ in range(instruments)] for _ in range(KINDS.stop)
        ]
        self._timed: dict[int, list[OpenTopic]] = {}  # by period
        self._together: dict[tuple[int, ...], list[OpenTopic]] = {}  # of several periods, in their order
        self.special_groups = 0
        self.next_timer = NEVER

    def join(self, group: Group) -> None:
        """``group`` listens to its topics from now on."""
        self.special_groups += group.special
        for topic in group.topics:
            self._audience(topic, group)[group] = None

    def leave(self, group: Group) -> None:
        """``group`` listens no more; topics that nobody is left to hear are closed."""
        self.special_groups -= group.special
        for topic in group.topics:
            del self._audience(topic, group)[group]
        self.close_unheard(group.topics)

    def _audience(self, topic: Topic, group: Group) -> dict[Any, None]:
        """Who listens to that topic in the way ``group`` does."""
        item = self._open[topic]
        if isinstance(group, FaultyGroup):
            return item.faulty
        if isinstance(group, NumberedGroup):
            return item.numbered
        return item.deflated if group.deflated else item.groups

    def get(self, topic: Topic, market_state: MarketState) -> OpenTopic:
        """The open topic of that name, opened now if it was not."""
        found = self._open.get(topic)
        if found is None:
            encoder = self.encoder(topic, market_state)
            found = self._open[topic] = self.observe(topic, encoder, market_state)
        return found

    def encoder(self, topic: Topic, market_state: MarketState) -> Encoder:
        """A new encoder of a topic, as if there from the first event."""
        return self._make_encoder(topic, market_state, self._projections)

    def observe(self, topic: Topic, encoder: Encoder, market_state: MarketState) -> OpenTopic:
        """
        Let ``encoder`` hear what it wants of a topic from now on, although no group listens.

        Args:
            topic: Of which it is one.
            encoder: What it returns goes to those who join what this gives back.
            market_state: Where the market stands.
        """
        found = OpenTopic(topic, encoder)
        for kind in encoder.kinds:
            hearing = self.listeners[kind][topic.instrument]
            hearing.append(found)
            hearing.sort(key=_turn)
        if encoder.period:
            self._timed.setdefault(encoder.period, []).append(found)
            self._together.clear()
            self.plan(market_state.now)
        return found

    def leave_off(self, item: OpenTopic) -> None:
        """Undo :meth:`observe`, even in the middle of an event: who comes after it still has its turn."""
        for kind in item.encoder.kinds:
            hearing = self.listeners[kind]
            hearing[item.topic.instrument] = [
                one for one in hearing[item.topic.instrument] if one is not item
            ]
        if item.encoder.period:
            self._timed[item.encoder.period].remove(item)
            self._together.clear()
            if not self._timed[item.encoder.period]:
                del self._timed[item.encoder.period]

    def timers_due(self, now: int) -> list[tuple[int, OpenTopic]]:
        """
        The topics with a timed message due, and the market time of it, in the order of their messages.

        Where the market was silent for several periods of one topic, only the last counts.
        """
        periods: dict[int, list[int]] = {}
        for period in self._timed:
            when = now - now % period
            if when >= self.next_timer:
                periods.setdefault(when, []).append(period)
        due = [(when, item) for when in sorted(periods) for item in self._in_order(tuple(periods[when]))]
        self.plan(now)
        return due

    def _in_order(self, periods: tuple[int, ...]) -> list[OpenTopic]:
        """The topics of these periods: kept, for on whole seconds they may be thousands."""
        found = self._together.get(periods)
        if found is None:
            found = [item for period in periods for item in self._timed[period]]
            found.sort(key=_order)
            if len(self._together) >= MOST_ORDERS_KEPT:
                self._together.clear()
            self._together[periods] = found
        return found

    def heartbeats(self, before: int, after: int) -> list[OpenTopic]:
        """The topics whose heartbeat falls into a stretch of time, its end included, in their order."""
        due = [
            item
            for period, timed in self._timed.items()
            if after // period > before // period
            for item in timed
            if item.encoder.heartbeat
        ]
        due.sort(key=lambda item: item.topic)
        return due

    def plan(self, now: int) -> None:
        """Find out when the next timed message is due, now that the market time is ``now``."""
        self.next_timer = min((now - now % period + period for period in self._timed), default=NEVER)

    def close_unheard(self, candidates: Iterable[Topic]) -> None:
        """Close those of ``candidates`` to which no group listens any more."""
        for topic in candidates:
            item = self._open.get(topic)
            if item is not None and not item.heard:
                del self._open[topic]
                self.leave_off(item)

    def __len__(self) -> int:
        return len(self._open)


_order: Final[Callable[[OpenTopic], tuple[Any, ...]]] = attrgetter("order")


def _turn(item: OpenTopic) -> tuple[int, tuple[Any, ...]]:
    """Sort key of a topic: the order of messages about one event, by rank and then by topic."""
    return item.encoder.rank, item.order
