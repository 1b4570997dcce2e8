"""Arbitrageurs: buy a pair on one venue and sell it on another at the same time, where that pays."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Final

from feed.model.contracts import Arbitrage
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.instruments import proportions
from feed.sim.instrument_parameters import BUY, SELL
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, MASK, WIDTH


class Arbitrageur:
    """
    Compares the prices of a pair on its venues at random times, and trades both legs where that pays.

    Args:
        venues: The instruments of the pair, the first venue first.
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
        instruments = [venue.spec.instrument for venue in venues]
        ticks = proportions(instrument.tick_size for instrument in instruments)
        lots = proportions(instrument.lot_size for instrument in instruments)
        whole = lcm(*lots)
        # Each with the cost of buying, and the proceeds of selling, at a price of one tick there, in one unit
        # for all; and with its lots in the least size that is a whole number of lots on every venue.
        self._venues = tuple(
            (venue, (1.0 + fee) * tick, (1.0 - fee) * tick, whole // lot)
            for venue, fee, tick, lot in zip(venues, fees, ticks, lots, strict=True)
        )
        self._margin = 1.0 + spec.margin / 10_000
        # A difference lasts until one of two venues moves: where only one is busy, it lasts.
        self._gap = spec.looks_ms * NS_PER_MILLISECOND * sorted(venue.quietness for venue in venues)[1]
        self._size = spec.size
        self._bits = venues[0].random_stream("arbitrage")
        self.index = venues[0].queue.register(self)

    def act(self, now: int) -> int:
        """Compare all venues, and trade on the two that differ most."""
        best = dearest = 0.0
        buy = sell = None
        buy_lots = sell_lots = 1
        for venue, paid, got, lots in self._venues:
            book = venue.book
            if not (venue.trading and book.bid and book.ask):
                continue
            cost, proceeds = book.ask * paid, book.bid * got
            if buy is None or cost < best:
                buy, best, buy_lots = venue, cost, lots
            if sell is None or proceeds > dearest:
                sell, dearest, sell_lots = venue, proceeds, lots
        if buy is not None and sell is not None and buy is not sell and dearest > best * self._margin:
            most = 1 + int(self._size * min(buy.size / buy_lots, sell.size / sell_lots))
            # Rounded up: less than that size would rest at the best price, in everybody's way, for ever.
            size = min(-(-buy.book.ask_size // buy_lots), -(-sell.book.bid_size // sell_lots), most)
            # What it brings from one venue to the other is told by the link between them, if there is one.
            buy.take(now, BUY, size * buy_lots, buy.book.ask, informs=buy.detached)
            sell.take(now, SELL, size * sell_lots, sell.book.bid, informs=sell.detached)
        return 1 + int(self._gap * EXPONENTIAL[self._bits(WIDTH) & MASK])
