"""Runs the signal detectors inside the market, and publishes signals as they are found."""

from __future__ import annotations

from typing import Final

from feed.analytics.signals.detectors import Detectors
from feed.book.exchange import Exchange
from feed.model.contracts import SignalRules
from feed.model.durations import NS_PER_SECOND
from feed.model.events import FUNDING, Row, Side, Status
from feed.model.instruments import Listing
from feed.sim.event_queue import EventQueue

# The detectors look at the best levels, and at those within a part of the price from the mid; this is more.
_SPAN: Final = 50
_LEAST_LEVELS: Final = 20


class SignalMonitor:
    """
    Passes every trade, and once a second every book, to the detectors.

    Args:
        listing: The instruments.
        rules: Thresholds of the detectors.
        exchange: The books.
        rows: Where signals are published.
        queue: The event queue of the market.
        start: Market time at which it opens, nanoseconds.

    Attributes:
        sim: None: it belongs to no instrument.
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
        self._statuses = exchange.statuses
        self._rows = rows
        self._looked = 0  # market time of the last look at the books
        self._seen: dict[tuple[int, Side], list[tuple[int, int]]] = {}
        self._detectors = Detectors(listing, rules, self._levels)
        queue.schedule(queue.register(self), start - start % NS_PER_SECOND + NS_PER_SECOND)

    def act(self, now: int) -> int:
        """Run the detectors on every book."""
        self._rows += self._detectors.on_second(now)
        self._looked = now
        return NS_PER_SECOND

    def on_rows(self, rows: list[Row]) -> None:
        """Run the detectors on the rows of one action."""
        self._rows += self._detectors.on_rows(rows)

    def on_row(self, row: Row) -> None:
        """Run the detectors on a row that the engine of a derivative published."""
        if row[0] == FUNDING:
            self._rows += self._detectors.on_funding(row)

    def _levels(self, instrument: int, side: Side, depth: int) -> list[tuple[int, int]]:
        """
        Levels of a book; the same object as before where nothing was done to it since the last look.

        None during a call auction, since what is collected is not on the book, and while it is closed.
        """
        if self._statuses[instrument] in (Status.AUCTION, Status.CLOSED):
            return []
        book = self._books[instrument]
        known = self._seen.get((instrument, side))
        # Its time is set before each operation: one at the very time of the look may have come after it.
        if known is None or book.now >= self._looked:
            span = (book.ask if side else book.bid) // _SPAN
            known = self._seen[instrument, side] = book.sizes_near(int(side), span, _LEAST_LEVELS, depth)
        return known
