"""Where events come from: a simulated market, a recording, a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import attrs
import trio

from feed.model.events import Row
from feed.model.instruments import Listing
from feed.model.requests import Request

Executed = Callable[[list[Row], int], object]
"""Told of a request that has acted: all rows of that step, and the sequence number of the last of them."""


@attrs.frozen
class Batch:
    """
    Rows on their way to the fan-out.

    Attributes:
        rows: Whole market steps, in order.
        made: When they were made, in seconds on Trio's clock; for latency figures alone.
        stood: For how long market time has stood still since the last batch, because the market is
            paused, nanoseconds of the clock.
    """

    rows: list[Row]
    made: float
    stood: int = 0


@attrs.frozen(kw_only=True)
class RequestCounts:
    """
    What became of the requests of accounts so far.

    Attributes:
        acted: How many the market has executed, whatever it made of them.
        turned_away: How many were not let in: too many waited, the market takes none, or its journal.
        waiting: How many wait for their turn.
    """

    acted: int
    turned_away: int
    waiting: int


async def send(channel: trio.MemorySendChannel[Batch], batch: Batch) -> None:
    """Send ``batch``, and wait only while the channel is full: waiting each time would cost a step."""
    try:
        channel.send_nowait(batch)
    except trio.WouldBlock:
        await channel.send(batch)


def by_the_channel(batch: Batch) -> bool:
    """The :meth:`~feed.stream.fanout.Fanout.publish_at_once` of a source whose batches are all sent."""
    del batch
    return False


def unheard(rows: list[Row], seq: int) -> None:
    """The :data:`Executed` of whoever learns what became of a request from the stream."""
    del rows, seq


class Source(Protocol):
    """
    A stream of events and the instruments they speak of.

    Attributes:
        listing: What an event's ``instrument`` is an index into.
    """

    listing: Listing

    def opening(self) -> list[Row]:
        """Where the stream begins: published before the first client is let in."""
        ...

    async def run(self, channel: trio.MemorySendChannel[Batch]) -> None:
        """
        Send every event, then close ``channel``.

        The channel is bounded: while it is full, the source waits.
        """
        ...


@runtime_checkable
class TakesOrders(Protocol):
    """
    A source in which accounts can trade.

    Attributes:
        takes_orders: Whether they can now: a recording is such a source by its shape alone.
    """

    @property
    def takes_orders(self) -> bool:
        """See the class."""
        ...

    def submit(
        self,
        request: Request,
        refused: Callable[[], object],
        executed: Executed = unheard,
    ) -> bool:
        """
        Let a request act as soon as its turn comes; False when it will not.

        Args:
            request: What is asked.
            refused: Called when its turn comes and it must not act after all.
            executed: Called when it has acted, before its rows are published.
        """
        ...
