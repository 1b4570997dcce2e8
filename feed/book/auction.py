"""
Call auctions: orders are collected without trading, and then all that can trade do so at one price.

The price is the one at which most is traded; of several, the one that leaves least over; of several, the one
nearest to a reference, which is the last price as a rule. Orders are executed in the order of their priority:
market orders first, then by price, then by time. It is the rule of the opening and closing crosses of Nasdaq
(Equity Rules 4752 and 4754), with one reference price in the place of the middle of the quote.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate
from typing import Final

import attrs

from feed.book.book import OrderBook
from feed.model.events import Side
from feed.model.orders import SelfTrade

MARKET: Final = 0
"""The price of an order without a limit."""

NO_BOUND: Final = 1 << 62
"""No price of any market comes near it, ticks."""


@attrs.frozen
class Equilibrium:
    """
    The price of a call auction.

    Attributes:
        price: Integer ticks; 0 when nothing can trade.
        volume: Integer lots that trade at it.
        imbalance: Integer lots that want to trade at it and cannot, at the reference price where nothing
            can trade; negative when they are to be sold.
    """

    price: int = 0
    volume: int = 0
    imbalance: int = 0


@attrs.define
class AuctionOrder:
    """
    An order that waits for a call auction.

    Attributes:
        order: Its id.
        account: Whose it is; 0 is nobody's.
        side: 0 buy, 1 sell.
        price: Its limit, integer ticks; :data:`MARKET` for none.
        left: Integer lots.
        rests: Whether what is left of it rests on the book afterwards, rather than vanish. One without a
            limit never does.
    """

    order: int
    account: int
    side: int
    price: int
    left: int
    rests: bool = True

    @property
    def rank(self) -> tuple[bool, int]:
        """The first of two orders in the priority of one side has the smaller rank, or came earlier."""
        return self.price != MARKET, self.price if self.side else -self.price

    @property
    def stays(self) -> bool:
        """Whether something of it rests on the book after the auction."""
        return self.rests and self.left > 0 and self.price != MARKET

    def accepts(self, price: int) -> bool:
        """Whether it may trade at ``price``."""
        return self.price == MARKET or (self.price <= price if self.side else self.price >= price)


@attrs.frozen
class Indication:
    """
    What a call auction would give if it ended now.

    Attributes:
        equilibrium: Price, volume and imbalance.
        bid: The best limit of those who buy, integer ticks; 0 when there is none.
        bid_size: Integer lots at that limit.
        ask: The best limit of those who sell, integer ticks; 0 when there is none.
        ask_size: Integer lots at that limit.
    """

    equilibrium: Equilibrium
    bid: int
    bid_size: int
    ask: int
    ask_size: int


def equilibrium(
    bids: Mapping[int, int], asks: Mapping[int, int], *, reference: int, highest: int = NO_BOUND
) -> Equilibrium:
    """
    The price of a call auction, see the rule at the top of this module.

    Of two prices at the same distance from the reference it is the higher one if more is left to be bought
    there, else the lower one.

    Args:
        bids: Lots to be bought by limit price in ticks; :data:`MARKET` for orders without a limit.
        asks: Lots to be sold, likewise.
        reference: Integer ticks; 0 when there is no such price.
        highest: The highest price there can be, ticks.
    """
    demand, supply = _Curve(bids), _Curve(asks)
    # Between two neighbouring limits nothing changes, so that the best price there is the one nearest to
    # the reference: the reference itself, or next to a limit.
    limits = (*demand.prices, *supply.prices)
    candidates = dict.fromkeys((reference, *(limit + step for limit in limits for step in (-1, 0, 1))))
    best = None
    chosen = Equilibrium(imbalance=demand.at_or_above(reference) - supply.at_or_below(reference))
    for price in candidates:
        if not 1 <= price <= highest:
            continue
        wanted, offered = demand.at_or_above(price), supply.at_or_below(price)
        volume, imbalance = min(wanted, offered), wanted - offered
        rank = -volume, abs(imbalance), abs(price - reference), -price if imbalance > 0 else price
        if volume and (best is None or rank < best):
            best, chosen = rank, Equilibrium(price, volume, imbalance)
    return chosen


class _Curve:
    """Lots of one side by limit, accumulated."""

    def __init__(self, lots: Mapping[int, int]) -> None:
        self.prices = sorted(price for price in lots if price != MARKET)
        self._unlimited = lots.get(MARKET, 0)
        self._below = [0, *accumulate(lots[price] for price in self.prices)]

    def at_or_above(self, price: int) -> int:
        return self._unlimited + self._below[-1] - self._below[bisect_left(self.prices, price)]

    def at_or_below(self, price: int) -> int:
        return self._unlimited + self._below[bisect_left(self.prices, price + 1)]


class CallAuction:
    """
    The orders that are collected for a call auction, besides those that rest on the book already.

    What is collected is not on the book before the auction: neither its price levels nor its orders show it,
    which therefore never cross.

    Args:
        book: The book that the auction ends in. Nothing else may trade on it meanwhile.
        reference: Reference price, integer ticks; 0 for none.
        highest: The highest price there can be, ticks.

    Attributes:
        reference: As given.
    """

    def __init__(self, book: OrderBook, *, reference: int, highest: int = NO_BOUND) -> None:
        self.reference: Final = reference
        self._book = book
        self._highest = highest
        self._orders: dict[int, AuctionOrder] = {}  # in the order of arrival

    def __len__(self) -> int:
        """How many orders are collected."""
        return len(self._orders)

    def __contains__(self, order: object) -> bool:
        return order in self._orders

    def get(self, order: int) -> AuctionOrder | None:
        """A collected order; None for another one."""
        return self._orders.get(order)

    def orders(self) -> Iterable[AuctionOrder]:
        """The collected orders, in the order of arrival. Not to be changed meanwhile."""
        return self._orders.values()

    def add(self, order: AuctionOrder) -> None:
        """Collect an order."""
        self._orders[order.order] = order

    def cancel(self, order: int) -> None:
        """Forget a collected order."""
        del self._orders[order]

    def change(self, order: int, price: int, size: int) -> None:
        """
        Change an order, collected or resting. As on the book, a smaller size keeps its place in time.

        A resting order with another price or a greater size leaves the book, and is collected.

        Raises:
            KeyError: There is no such order.
        """
        known, resting = self._orders.get(order), self._book.get(order)
        if known is not None:
            if price != known.price or size > known.left:
                self._orders[order] = self._orders.pop(order)
            known.price, known.left = price, size
        elif resting is None:
            raise KeyError(order)
        elif price == resting.price and size <= resting.left:
            self._book.modify(order, price, size)
        else:
            self._book.cancel(order)
            self.add(AuctionOrder(order, resting.account, resting.side, price, size))

    def clear(self) -> list[AuctionOrder]:
        """Forget every collected order, and return them in the order of arrival."""
        orders = list(self._orders.values())
        self._orders.clear()
        return orders

    def indication(self) -> Indication:
        """Price, volume and imbalance if the auction ended now."""
        bids, asks = (self._lots(side) for side in Side)
        bid = max(bids, default=0)
        ask = min((price for price in asks if price != MARKET), default=0)
        found = self._equilibrium(bids, asks)
        return Indication(found, bid, bids[bid] if bid else 0, ask, asks[ask] if ask else 0)

    def uncross(self) -> Equilibrium:
        """
        End the auction: everything that can trade does, at one price, and the rest is on the book.

        The side that is left with a surplus makes these trades, the other one, all of which is traded, takes.
        What takes part leaves the book, or never came to it; makers come to rest at the price of the auction,
        in the order of their priority, and takers trade with them. Then what is left comes to rest at its own
        limit, but for orders that do not rest, which vanish. Accounts may trade with themselves. It emits one
        ``QUOTE`` at the end.
        """
        book = self._book
        priority = [self._in_priority(side) for side in Side]
        found = self._equilibrium(*(_by_price(orders) for orders in priority))
        makers = int(found.imbalance < 0)
        if found.volume:
            accepting = [[it for it in orders if it.accepts(found.price)] for orders in priority]
            for order in (*accepting[1 - makers], *accepting[makers]):
                if order.order in book:
                    book.cancel(order.order, settles=False)  # one quote, at the end of all
            self._trade(found, accepting[makers], accepting[1 - makers])
        for order in (*priority[0], *priority[1]):
            if order.stays and order.order not in book:
                book.limit(order.order, order.side, order.price, order.left, order.account, settles=False)
        self._orders.clear()
        book.settle()
        return found

    def _trade(self, found: Equilibrium, makers: list[AuctionOrder], takers: list[AuctionOrder]) -> None:
        """Trade the volume of the auction, and bring the sizes of the orders up to date."""
        book, usual = self._book, self._book.self_trade
        book.self_trade = SelfTrade.ALLOW
        missing, last = found.volume, makers[0]
        for order in makers:
            if not missing:
                break
            book.limit(order.order, order.side, found.price, order.left, order.account, settles=False)
            traded = min(missing, order.left)
            order.left -= traded
            missing -= traded
            last = order
        worst = found.price if takers[0].side else -found.price
        for order in takers:
            book.match(order.order, order.side, worst, order.left, order.account)
            order.left = 0
        if last.left and not (last.stays and last.price == found.price):
            book.cancel(last.order, settles=False)
        book.self_trade = usual

    def _equilibrium(self, bids: Mapping[int, int], asks: Mapping[int, int]) -> Equilibrium:
        return equilibrium(bids, asks, reference=self.reference, highest=self._highest)

    def _in_priority(self, side: int) -> list[AuctionOrder]:
        """All orders of a side, those that rest on the book before others of their price."""
        book = self._book
        orders = []
        for number, price, left in book.orders(side):
            resting = book.get(number)
            orders.append(AuctionOrder(number, resting.account if resting else 0, side, price, left))
        orders += (order for order in self._orders.values() if order.side == side)
        return sorted(orders, key=lambda order: order.rank)

    def _lots(self, side: int) -> dict[int, int]:
        """Lots of a side by limit."""
        lots = dict(self._book.sizes(side))
        for order in self._orders.values():
            if order.side == side:
                lots[order.price] = lots.get(order.price, 0) + order.left
        return lots


def _by_price(orders: Iterable[AuctionOrder]) -> dict[int, int]:
    lots: dict[int, int] = {}
    for order in orders:
        lots[order.price] = lots.get(order.price, 0) + order.left
    return lots
