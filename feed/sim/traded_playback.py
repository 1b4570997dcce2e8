"""A recording that is played while accounts trade in it."""

from __future__ import annotations

import sys
from typing import Final

from feed.book.queue_position import CancelRule
from feed.model.events import Row
from feed.model.instruments import Listing
from feed.settings import Trading
from feed.sim.looping import LoopedPlayback
from feed.sim.playback import Playback
from feed.sim.recorded_market import RecordedMarket


class TradedPlayback:
    """
    Plays a recording, once or in a loop, with a market behind it (:mod:`feed.sim.recorded_market`).

    Its public rows are those of the recording, at the same times; what the recording has of accounts is left
    out, since accounts are those that trade now.

    Args:
        playback: Used by nothing else.
        trading: What accounts can do.

    Attributes:
        listing: The instruments, in index order.
        market: The market, as it stands.
    """

    def __init__(self, playback: Playback | LoopedPlayback, trading: Trading) -> None:
        self.listing: Final[Listing] = playback.listing
        rule = CancelRule(trading.recorded_cancels)
        self.market: Final = RecordedMarket(playback.listing, start=playback.now, rule=rule)
        self._playback = playback
        self._trading = trading

    @property
    def now(self) -> int:
        """Market time, integer nanoseconds since the Unix epoch."""
        return self._playback.now

    @property
    def end(self) -> None:
        """None: it is not known in advance."""

    @property
    def large_orders(self) -> tuple[()]:
        """What became of the large orders of a timeline: a recording has none."""
        return ()

    def from_start(self) -> TradedPlayback:
        """The same from the beginning."""
        return TradedPlayback(self._playback.from_start(), self._trading)

    def opening(self) -> list[Row]:
        """The rows at the start time. To be called once, before :meth:`advance`."""
        return self._followed(self._playback.opening())

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses, books and derivatives from nothing."""
        return self._playback.snapshot()

    def next_time(self) -> int | None:
        """Market time of the next row; None after the last."""
        return self._playback.next_time()

    def advance(self, until: int, limit: int = sys.maxsize) -> list[Row]:
        """As :meth:`feed.sim.playback.Playback.advance`; at least one row unless none is due."""
        while True:
            rows = self._followed(self._playback.advance(until, limit))
            upcoming = self._playback.next_time()
            if rows or upcoming is None or upcoming > until:
                return rows

    def _followed(self, rows: list[Row]) -> list[Row]:
        rows = self.market.follow(rows)
        self.market.now = self._playback.now
        return rows
