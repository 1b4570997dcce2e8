"""
Patient traders: the deep book, the latent liquidity that refills it, and who quotes inside a wide spread.

Bands of distance from the reference price, each twice as far as the one before, hold orders that live
twice as long and are larger. Near the price the volume up to a distance grows with the square of the
distance (the latent order book of Donier, Bonart, Mastromatteo and Bouchaud 2015), which matches an impact
that grows with the square root of the volume; farther away it is the same in each band, as in real books.
"""

from __future__ import annotations

from typing import Final

from feed.model.durations import NS_PER_MILLISECOND, NS_PER_SECOND
from feed.sim.instrument_parameters import BUY, SELL, USUAL_RATE
from feed.sim.instrument_sim import InstrumentSim
from feed.sim.random_streams import EXPONENTIAL, HEAVY, MASK, WIDTH

# Where the nearest band begins: in impacts of a mean taker's order, in half spreads, and in ticks.
_NEAREST_IMPACTS: Final = 1.3
_NEAREST_HALVES: Final = 8.0
_NEAREST_TICKS: Final = 4.0
_MOST_BANDS: Final = 12
# Beyond this distance, in impacts of a mean taker's order, the volume of a band is the same as before.
_FLAT: Final = 16.0
# An instrument with fewer book updates a second has fewer orders, down to a share of them.
_FULL_RATE: Final = 20.0
_LEAST_ORDERS: Final = 1 / 3
# Size of an order inside the spread, in quotes of a maker.
_INSIDE_SIZE: Final = 0.3


class DeepBook:
    """
    The orders of patient traders in one instrument.

    Each action adds an order to a band, at a distance from the price as it is now, or cancels one at random.
    The place of an order that was executed stays empty until it is drawn: what was eaten comes back in about
    the lifetime of its band.

    Args:
        sim: The instrument.

    Attributes:
        index: Index of this actor in the event queue.
        makes: False: its executions are nobody's inventory.
    """

    makes: Final = False

    __slots__ = ("_bands", "_bits", "_distances", "_gap", "_lots", "_orders", "_owns", "index", "sim")

    def __init__(self, sim: InstrumentSim) -> None:
        deep, rate = sim.market.deep, sim.spec.updates_per_second
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._bits = sim.random_stream("patient")
        self._orders = max(1, round(deep.orders * min(1.0, max(_LEAST_ORDERS, rate / _FULL_RATE))))
        impact, price = sim.impact_scale, sim.reference.price
        nearest = max(_NEAREST_TICKS, _NEAREST_IMPACTS * impact, _NEAREST_HALVES * sim.reference.calm_half)
        distances = [nearest]
        while len(distances) < _MOST_BANDS and 2 * distances[-1] < deep.reach * price:
            distances.append(2 * distances[-1])
        self._distances = tuple(distances)
        # The band from d to 2 d holds three times what there is up to d. Sizes are in quotes of a maker.
        unit = 3 * deep.thickness * sim.market.takers.size / self._orders
        self._lots = tuple(
            unit * min(distance / max(impact, 1e-9), _FLAT) ** 2 if impact else 1.0 for distance in distances
        )
        self._bands: tuple[tuple[list[int], list[int]], ...] = tuple(([], []) for _ in distances)
        self._owns = ((self, BUY), (self, SELL))
        # Actions of both sides of all bands, of which each has half as many as the one before.
        life = deep.life_seconds * NS_PER_SECOND * max(1.0, USUAL_RATE / rate)
        self._gap = life / (8 * self._orders)

    def act(self, now: int) -> int:
        """Add or cancel one order."""
        sim = self.sim
        sim.book.now = now
        draw = self._bits(4 * WIDTH)
        # By trailing zeros: each band half as often as the one before it.
        band = (draw & -draw).bit_length() - 1 if draw & MASK else _MOST_BANDS
        if band < len(self._bands):
            draw >>= WIDTH
            side = draw & 1
            orders = self._bands[band][side]
            if len(orders) >= self._orders + (draw >> 1 & 1):
                at = (draw >> WIDTH & MASK) * len(orders) >> WIDTH
                order = orders[at]
                orders[at] = orders[-1]
                orders.pop()
                if sim.owners.pop(order, None) is not None:
                    sim.book.cancel(order)
                    sim.refill(now)
            else:
                self._add(band, side)
        return 1 + int(self._gap * sim.quote_scale * EXPONENTIAL[self._bits(WIDTH)])

    def fill(self) -> None:
        """Place all orders that are missing at once."""
        for band, sides in enumerate(self._bands):
            for side in (BUY, SELL):
                for _ in range(self._orders - len(sides[side])):
                    self._add(band, side)

    def cancel_all(self) -> None:
        """Cancel all orders."""
        for sides in self._bands:
            for orders in sides:
                for order in orders:
                    if self.sim.owners.pop(order, None) is not None:
                        self.sim.book.cancel(order)
                orders.clear()

    def order_filled(self, _now: int, _order: int, _side: int) -> None:
        """Nothing at once: its place is filled when it is drawn."""

    def withdraw(self, _order: int, _side: int) -> None:
        """The same."""

    def _add(self, band: int, side: int) -> None:
        sim, book, reference = self.sim, self.sim.book, self.sim.reference
        draw = self._bits(2 * WIDTH)
        distance = self._distances[band] * (1 + (draw & MASK) / (MASK + 1)) + reference.half
        price = int(reference.price + distance) + 1 if side else int(reference.price - distance)
        if not (1 <= price <= sim.highest and book.would_rest(side, price)):
            return
        lots = 1 + int(sim.rests[side] * self._lots[band] * HEAVY[draw >> WIDTH])
        order = sim.next_order()
        self._bands[band][side].append(order)
        sim.owners[order] = self._owns[side]
        book.limit(order, side, price, lots)


class InsideQuotes:
    """
    A trader without hurry who quotes one tick inside a spread that is wider than that.

    Where ticks are far smaller than what makers ask for, it is such orders that make the spread a few ticks.

    Args:
        sim: The instrument.

    Attributes:
        index: Index of this actor in the event queue.
        makes: False: its executions are nobody's inventory.
    """

    makes: Final = False

    __slots__ = ("_bits", "_gap", "_orders", "_owns", "index", "sim")

    def __init__(self, sim: InstrumentSim) -> None:
        self.sim: InstrumentSim = sim
        self.index = sim.queue.register(self)
        self._gap = sim.spec.inside_ms * NS_PER_MILLISECOND
        self._bits = sim.random_stream("inside")
        self._orders = [0, 0]  # by side; 0 for none
        self._owns = ((self, BUY), (self, SELL))

    def act(self, now: int) -> int:
        """Quote inside the spread, on one side, if it is wide."""
        sim, book = self.sim, self.sim.book
        draw = self._bits(3 * WIDTH)
        wait = 1 + int(self._gap * sim.quote_scale * EXPONENTIAL[draw & MASK])
        side = draw >> WIDTH & 1
        book.now = now
        # Where makers ask for more than usual, nobody is in a hurry to do better, nor stays there.
        if sim.spread > sim.spec.spread:
            self._cancel(side)
            return wait
        if not book.bid or book.ask <= book.bid + 1 or not book.ask:
            return wait
        self._cancel(side)
        ask, bid = book.ask, book.bid
        if not bid or ask <= bid + 1 or not ask:
            return wait
        order = sim.next_order()
        self._orders[side] = order
        sim.owners[order] = self._owns[side]
        lots = 1 + int(_INSIDE_SIZE * sim.rests[side] * HEAVY[draw >> 2 * WIDTH])
        # A few ticks from the other side, mostly one.
        step = 1 + (draw >> WIDTH + 1 & 7) // 5
        book.limit(order, side, max(bid + 1, ask - step) if not side else min(ask - 1, bid + step), lots)
        return wait

    def order_filled(self, _now: int, _order: int, side: int) -> None:
        """Forget it."""
        self._orders[side] = 0

    def withdraw(self, _order: int, side: int) -> None:
        """The same."""
        self._orders[side] = 0

    def _cancel(self, side: int) -> None:
        order, self._orders[side] = self._orders[side], 0
        if order and self.sim.owners.pop(order, None) is not None:
            self.sim.book.cancel(order)
            self.sim.refill(self.sim.book.now)
