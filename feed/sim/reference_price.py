"""
The reference price of an instrument: what its makers believe, from trades and news.

Prices come from order flow. Makers learn from every taker's order: the metaorder that it is part of moves
the reference price in proportion to the square root of its volume, one part of the move is permanent, the
rest fades on several time scales (Bouchaud, Gefen, Potters and Wyart 2004; Farmer, Gerig, Lillo and
Waelbroeck 2013). Their inventory shifts it (Avellaneda and Stoikov 2008), and what they have just learnt
makes them quote wider (Glosten and Milgrom 1985).

All prices here are in ticks and need not be whole. The arithmetic is additions, products and square roots,
which are the same on every machine.
"""

from __future__ import annotations

from math import fsum, sqrt

from feed.model.durations import NS_PER_SECOND
from feed.model.market import Impact

# In mean taker's orders: below it impact is linear in volume, or crumbs would move the price most.
_CRUMB = 1 / 16
# Orders go so many half spreads past the reference price without moving it by that.
_USUALLY_PAST = 10.0
# The shift by inventory is at most this many half spreads.
_MOST_SKEW = 16.0
# The half spread is at most this many times the usual one.
_WIDEST = 40.0


class Metaorder:
    """
    One account's run of taker's orders on one side.

    Attributes:
        side: 0 buys, 1 sells.
        size: Mean size of its orders, in mean sizes of the instrument's takers.
        left: Orders still to come.
        gap: Mean time between two of them, nanoseconds.
        volume: Traded so far, in mean sizes of the instrument's takers.
    """

    __slots__ = ("gap", "left", "side", "size", "volume")

    def __init__(self, side: int, size: float = 1.0, *, left: int = 1, gap: int = 0) -> None:
        self.side = side
        self.size = size
        self.left = left
        self.gap = gap
        self.volume = 0.0


class ReferencePrice:
    """
    The price around which makers quote.

    Args:
        opening: At the opening, ticks.
        half: The tightest maker's usual half spread, ticks.
        impact: How trades move it.
        interval: Time between two calls of :meth:`relax`, nanoseconds.

    Attributes:
        price: The reference price, ticks.
        half: The tightest maker's half spread now, ticks.
        calm_half: The same when nothing was just learnt.
        permanent: The permanent part of the price, ticks.
        fundamental: What public news alone say, ticks.
        inventory: Of all makers, in quotes' sizes.
        toxicity: What makers have just learnt from trades, ticks; decays.
        skew: Shift of the price by one quote's size of inventory, ticks.
        lowest: Bound of the permanent part, ticks.
        highest: Bound of the permanent part, ticks.
    """

    __slots__ = (
        "_calms",
        "_hedges",
        "_keeps",
        "_parts",
        "_permanent_share",
        "_swept",
        "_transient",
        "_wariness",
        "_weights",
        "calm_half",
        "fundamental",
        "half",
        "highest",
        "inventory",
        "lowest",
        "permanent",
        "price",
        "skew",
        "toxicity",
    )

    def __init__(self, opening: float, half: float, impact: Impact, *, interval: int) -> None:
        seconds = interval / NS_PER_SECOND
        weights = fsum(fade.weight for fade in impact.fades)
        self._permanent_share = impact.permanent
        self._parts = tuple(fade.weight / weights for fade in impact.fades)
        self._weights = tuple((1.0 - impact.permanent) * part for part in self._parts)
        self._swept = impact.swept
        self._keeps = tuple(1.0 / (1.0 + seconds / fade.seconds) for fade in impact.fades)
        self._calms = 1.0 / (1.0 + seconds / impact.calm_seconds)
        self._hedges = 1.0 / (1.0 + seconds / impact.hedging_seconds)
        self._wariness = impact.wariness
        self._transient = [0.0] * len(self._weights)
        self.permanent = self.fundamental = self.price = opening
        self.half = self.calm_half = half
        self.inventory = self.toxicity = self.skew = 0.0
        self.lowest, self.highest = 1.0, float("inf")

    def learn(self, metaorder: Metaorder, volume: float, scale: float) -> float:
        """
        Learn from a taker's order.

        Args:
            metaorder: What it is part of; its volume grows.
            volume: Traded, in mean taker's orders.
            scale: Impact of one mean taker's order, ticks.
        Returns:
            The permanent move, ticks.
        """
        before = metaorder.volume
        metaorder.volume = after = before + volume
        learnt = scale * (sqrt(after + _CRUMB) - sqrt(before + _CRUMB))
        self.toxicity += learnt
        if metaorder.side:
            learnt = -learnt
        transient = self._transient
        for at, weight in enumerate(self._weights):
            transient[at] += learnt * weight
        moved = learnt * self._permanent_share
        self.move(moved)
        return moved

    def concede(self, side: int, first: int, last: int) -> None:
        """
        Follow an order that has gone far past the makers' own prices.

        The square root of its volume says nothing of it: who sells through an empty book moves the price.

        Args:
            side: Of the aggressor.
            first: Price of its first trade, ticks. Who finds nothing but an old quote has moved nothing.
            last: Of its last one.
        """
        past = min(self.price, first) - last if side else last - max(self.price, first)
        past -= _USUALLY_PAST * self.calm_half
        if past > 0:
            conceded = past * self._swept
            self.toxicity += conceded
            if side:
                conceded = -conceded
            transient = self._transient
            for at, part in enumerate(self._parts):
                transient[at] += conceded * part
            self.centre()

    def move(self, ticks: float) -> None:
        """Move the permanent part, within its bounds."""
        self.permanent = min(max(self.permanent + ticks, self.lowest), self.highest)
        self.centre()

    def hear(self, ticks: float) -> None:
        """Public news: the fundamental value moves, and the price with it."""
        self.fundamental = min(max(self.fundamental + ticks, self.lowest), self.highest)
        self.move(ticks)

    def centre(self) -> None:
        """Compute price and half spread from their parts."""
        # Comparisons first: calls of min() and max(), which seldom change anything, took a third of it.
        most = _MOST_SKEW * self.calm_half
        shift = self.inventory * self.skew
        if not -most <= shift <= most:
            shift = max(-most, min(most, shift))
        moved = 0.0
        for part in self._transient:  # sum() rounds differently since Python 3.12, and fsum() takes longer
            moved += part
        price = self.permanent + moved - shift
        if not self.lowest <= price <= self.highest:
            price = min(max(price, self.lowest), self.highest)
        self.price = price
        self.half = min(self.calm_half + self.toxicity * self._wariness, _WIDEST * self.calm_half)

    def relax(self) -> None:
        """Let one interval pass: what is transient decays."""
        transient = self._transient
        for at, keep in enumerate(self._keeps):
            transient[at] *= keep
        self.toxicity *= self._calms
        self.inventory *= self._hedges
        self.centre()
