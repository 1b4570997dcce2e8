"""Arbitrageurs: buy a pair on one venue and sell it on another at the same time, where that pays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.model.contracts import Arbitrage
from feed.model.durations import NS_PER_MILLISECOND
from feed.sim.instrument_sim import BUY, SELL, InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH


class Arbitrageur:
    """
    Compares the prices of a pair on its venues at random times, and trades both legs where that pays.

    Args:
        venues: The instruments of the pair, of equal tick and lot size, the first venue first.
        spec: Rate, size and least margin.

    Attributes:
        sim: None: it trades on several venues.
    """

    sim: Final = None

    __slots__ = ("_bits", "_gap", "_margin", "_size", "_venues", "index")

    def __init__(self, venues: Sequence[InstrumentSim], spec: Arbitrage) -> None:
        links = [venue.spec.link for venue in venues]
        # The first venue has no fee of its own: it gets the lowest of the others.
        least = min((link.fee for link in links if link is not None), default=0.0)
        fees = [(least if link is None else link.fee) / 10_000 for link in links]
        # Each with the cost of buying, and the proceeds of selling, at a price of 1.
        self._venues = tuple((venue, 1.0 + fee, 1.0 - fee) for venue, fee in zip(venues, fees, strict=True))
        self._margin = 1.0 + spec.margin / 10_000
        self._gap = spec.looks_ms * NS_PER_MILLISECOND
        self._size = spec.size
        self._bits = venues[0].random_stream("arbitrage")
        self.index = venues[0].queue.register(self)

    def act(self, now: int) -> int:
        """Compare all venues, and trade on the two that differ most."""
        best = dearest = 0.0
        buy = sell = None
        for venue, paid, got in self._venues:
            book = venue.book
            if not (venue.trading and book.bid and book.ask):
                continue
            cost, proceeds = book.ask * paid, book.bid * got
            if buy is None or cost < best:
                buy, best = venue, cost
            if sell is None or proceeds > dearest:
                sell, dearest = venue, proceeds
        if buy is not None and sell is not None and buy is not sell and dearest > best * self._margin:
            most = 1 + int(self._size * min(buy.size, sell.size))
            lots = min(buy.book.ask_size, sell.book.bid_size, most)
            buy.take(now, BUY, lots, buy.book.ask)
            sell.take(now, SELL, lots, sell.book.bid)
        return 1 + int(self._gap * EXPONENTIAL[self._bits(WIDTH) & MASK])
