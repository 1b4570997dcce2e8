"""What turns the events of a market into the messages of one topic."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Final, Protocol

from feed.model.events import Event, Row, RowEvent
from feed.state.market_state import MarketState

SUMMARY: Final = 1
"""Rank of a topic that sums up what others tell: it never speaks of an event before they do."""

OBSERVER: Final = -1
"""Rank of what takes an event into account before anybody is told of it."""

NUMBER: Final = "\0"
"""Stands in a message for its sequence number in the connection, from 0; JSON has no such character."""


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
        numbered: Whether each message has one :data:`NUMBER` in it. Who listens to such a topic listens to no
            other kind, and cannot resume: what was said before had the numbers of another connection.
    """

    kinds: Sequence[int] = ()
    period: int = 0
    rank: int = 0
    heartbeat: bool = False
    numbered: bool = False

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


class RowEncoder(Encoder):
    """
    An encoder that reads rows as they are.

    Where all who hear an event read its row, no named form is made of it: for a quote that takes longer than
    the text of a short message does.
    """

    @abstractmethod
    def encode_row(self, seq: int, row: Row, proof: int) -> str | None:
        """
        The message that tells of a row, or None when this topic is silent about it.

        Args:
            seq: Its sequence number.
            row: One of a kind in :attr:`kinds`.
            proof: Of everything up to and including it.
        """

    def encode(self, item: Event) -> str | None:
        """The same from the named form of a row."""
        return self.encode_row(item.seq, item.row(), item.proof) if isinstance(item, RowEvent) else None
