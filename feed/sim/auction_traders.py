"""Simulated participants of call auctions: each has a value of its own, near that of the instrument."""

from __future__ import annotations

from typing import Final

from feed.book.auction import MARKET, AuctionOrder, CallAuction
from feed.book.exchange import Exchange
from feed.model.events import Status
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, HEAVY, LAPLACE, MASK, WIDTH, threshold

_ACTIONS: Final = 80
"""Orders and cancels in one auction, however long it is; approximate mean."""

_UNLIMITED: Final = threshold(0.12)
_CANCELS: Final = threshold(0.2)

# After news, those whose orders it has made mistakes cancel them 2 ** _HURRY times as fast as others act.
_HURRY: Final = 3

# Standard deviation of the values of participants, in spreads: who values it more than others buys.
_DISAGREEMENT: Final = 3.0


class AuctionTraders:
    """
    Those who trade in the call auctions of one instrument.

    Their orders are for the auction alone: what is not traded vanishes with it.

    Args:
        item: The instrument.
        exchange: Its books.

    Attributes:
        sim: None: they go on while the instrument does not trade.
    """

    sim: Final = None

    def __init__(self, item: InstrumentSim, exchange: Exchange) -> None:
        self._item = item
        self._exchange = exchange
        self._bits = item.random_stream("auction")
        self._orders: list[tuple[int, float]] = []  # with the value when it was placed, the oldest first
        self._ends = self._gap = 0
        self._planned = 0  # market time of the next action: what was scheduled before a halt is none
        self._index = item.queue.register(self)

    def begin(self, now: int, ends: int) -> None:
        """Take part in an auction from now on until it ends."""
        self._orders.clear()
        self._ends, self._gap = ends, (ends - now) // _ACTIONS
        self._planned = now + 1
        self._item.queue.schedule(self._index, self._planned)

    def act(self, now: int) -> int:
        """Place an order, or cancel one."""
        instrument = self._item.book.instrument
        auction = self._exchange.auctions.get(instrument)
        if now != self._planned or auction is None or now >= self._ends:
            return 0
        if self._exchange.statuses[instrument] is not Status.AUCTION:
            return 0
        wait = self._place_or_cancel(auction)
        self._planned = now + wait
        return wait

    def _place_or_cancel(self, auction: CallAuction) -> int:
        """Returns nanoseconds until the next time."""
        item = self._item
        bits = self._bits(6 * WIDTH)
        wait = 1 + int(self._gap * EXPONENTIAL[bits & MASK])
        mistaken = bool(self._orders) and abs(item.value - self._orders[0][1]) > _DISAGREEMENT * item.spread
        if mistaken or (self._orders and bits >> 4 * WIDTH & MASK < _CANCELS):
            at = 0 if mistaken else (bits >> 5 * WIDTH) * len(self._orders) >> WIDTH
            auction.cancel(self._orders.pop(at)[0])
            return max(1, wait >> _HURRY) if mistaken else wait
        own = item.value + _DISAGREEMENT * item.spread * LAPLACE[bits >> WIDTH & MASK]
        price = max(1, min(int(own), item.highest - 1))
        if bits >> 3 * WIDTH & MASK < _UNLIMITED:
            price = MARKET
        order = item.next_order()
        lots = 1 + int(item.size * HEAVY[bits >> 2 * WIDTH & MASK])
        auction.add(AuctionOrder(order, 0, bits >> 4 * WIDTH & 1, price, lots, rests=False))
        self._orders.append((order, item.value))
        return wait
