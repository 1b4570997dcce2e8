"""The observer inside the market: points out what the detectors find, at the moment they find it."""

from __future__ import annotations

from typing import Final

from feed.analytics.signals.detectors import Detectors
from feed.book.exchange import Exchange
from feed.model.contracts import SignalRules
from feed.model.durations import NS_PER_SECOND
from feed.model.events import FUNDING, Row, Side
from feed.model.instruments import Listing
from feed.sim.event_queue import EventQueue


class SignalMonitor:
    """
    Looks at every trade, and once a second at every book.

    Args:
        listing: The instruments.
        rules: When to speak up.
        exchange: The books.
        rows: Where signals are told.
        queue: Of the market.
        start: Market time at which it opens, nanoseconds.

    Attributes:
        sim: None: it looks everywhere.
    """

    sim: Final = None

    def __init__(
        self,
        listing: Listing,
        rules: SignalRules,
        *,
        exchange: Exchange,
        rows: list[Row],
        queue: EventQueue,
        start: int,
    ) -> None:
        self._books = exchange.books
        self._rows = rows
        self._detectors = Detectors(listing, rules, self._levels)
        queue.schedule(queue.register(self), start - start % NS_PER_SECOND + NS_PER_SECOND)

    def act(self, now: int) -> int:
        """Look at every book."""
        self._rows += self._detectors.on_second(now)
        return NS_PER_SECOND

    def on_rows(self, rows: list[Row]) -> None:
        """Look at what followed from one action."""
        self._rows += self._detectors.on_rows(rows)

    def on_row(self, row: Row) -> None:
        """Look at what the engine of a derivative has told."""
        if row[0] == FUNDING:
            self._rows += self._detectors.on_funding(row)

    def _levels(self, instrument: int, side: Side, depth: int) -> list[tuple[int, int]]:
        return self._books[instrument].sizes(int(side), depth)
