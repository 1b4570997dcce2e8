"""Topics, to which clients subscribe, and the encoders of their messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Final, Protocol

import attrs

from feed.model.events import Event
from feed.model.market_state import MarketState

SUMMARY: Final = 1
"""Rank of a topic that sums up what others tell: it never speaks of an event before they do."""

OBSERVER: Final = -1
"""Rank of what takes an event into account before anybody is told of it."""


@attrs.frozen(order=True, cache_hash=True)
class Topic:
    """
    One channel of one instrument in one protocol.

    Everyone who listens to a topic gets the same frames, encoded once. Topics have a total order,
    so that an event that concerns two topics of one connection puts their frames in the same order
    on every run.

    Attributes:
        dialect: Name of the protocol.
        channel: The protocol's channel, such as ``tick``.
        instrument: Index into the market's listing.
        options: Connection options that change the bytes, as sorted ``(name, value)`` pairs.
    """

    dialect: str
    channel: str
    instrument: int
    options: tuple[tuple[str, str], ...] = ()


in_order: Final[Callable[[Topic], tuple[Any, ...]]] = attrgetter(
    "dialect", "channel", "instrument", "options"
)
"""The key that sorts topics as they compare, without a call for each comparison."""


class Encoder(Protocol):
    """
    Turns events into one topic's messages. Called once per event, whoever listens.

    What it returns must follow from the events alone, never from who subscribed when: an encoder
    may be made at any moment and must go on as if it had been there from the first event.

    Attributes:
        kinds: Kinds of rows it wants, of :mod:`feed.model.events`.
        period: Nanoseconds of market time between two calls of :meth:`on_timer`, which fall on its
            multiples since the Unix epoch; 0 for none.
        rank: Of the topics that tell of one event those with a lower rank speak first; among equals
            the order is that of topics.
        heartbeat: Whether a beat only says that the connection is alive. Then it is also due while
            market time stands still, at the same intervals of the clock.
    """

    kinds: Sequence[int] = ()
    period: int = 0
    rank: int = 0
    heartbeat: bool = False

    def snapshot(self, market_state: MarketState, instrument: int) -> Sequence[str]:
        """Messages that bring a new subscriber up to the present; the next event follows them."""
        del market_state, instrument
        return ()

    def encode(self, item: Event) -> str | None:
        """The message that tells of ``item``, or None when this topic is silent about it."""
        ...

    def on_timer(self, seq: int, now: int) -> str | None:
        """
        The message that is due at an interval of market time, or None.

        Args:
            seq: Sequence number of the last event before it.
            now: Market time of the beat: a multiple of :attr:`period`, but for a heartbeat that is due
                while market time stands still.
        """
        del seq, now
        return None
