"""The orders of one account in a recorded book, each in its queue, and what the account has taken from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import merge
from typing import Final

import attrs

from feed.book.price_levels import PriceLevels
from feed.book.queue_position import UNIT, UNSEEN, CancelRule, QueuePosition
from feed.book.recorded_book import RecordedBook
from feed.model.events import REDUCE, TRADE, UNKNOWN, Row, Side


class AccountRow(tuple[int, ...]):
    """A row of what happened in the book of one account alone: accounts are cleared by it, nobody sees it."""

    __slots__ = ()


@attrs.define(eq=False)
class RestingOrder:
    """
    An order of the account.

    Attributes:
        id: Unique among the orders of all accounts.
        account: As its order says: of one account, orders of several kinds may have several numbers.
        side: Side it rests on.
        price: Integer ticks.
        left: Integer lots still resting.
        position: Where in the recorded queue.
        unseen: Whether the recording does not show what else rests at the price.
    """

    id: int
    account: int
    side: int
    price: int
    left: int
    position: QueuePosition
    unseen: bool


class AccountQueues:
    """
    What one account has in the book of an instrument.

    Args:
        instrument: Its index in the recording, stamped on every row.
        recorded: What the recording shows.
        rule: How cancels of unnamed orders are spread over a queue.
        next_trade: Gives ids of trades.

    Attributes:
        recorded: As given.
        own: Its orders by id, in the order in which they came to rest.
        taken: By side and price, how far it has taken from the front of what is shown there.
    """

    def __init__(
        self, instrument: int, recorded: RecordedBook, *, rule: CancelRule, next_trade: Callable[[], int]
    ) -> None:
        self.recorded: Final = recorded
        self.own: Final[dict[int, RestingOrder]] = {}
        self.taken: Final[tuple[dict[int, QueuePosition], dict[int, QueuePosition]]] = ({}, {})
        self._instrument = instrument
        self._rule = rule
        self._next_trade = next_trade
        self._queues = PriceLevels[list[RestingOrder]](Side.BUY), PriceLevels[list[RestingOrder]](Side.SELL)

    def orders(self, side: int) -> Iterator[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price, lots); 0 is the id of recorded ones."""
        shown, own = self.recorded.levels[side], self._queues[side]
        last = None
        for key in merge(reversed(shown.keys), reversed(own.keys), reverse=True):
            if key != last:
                last, price = key, key * shown.sign
                for order, lots in self._queue(side, price):
                    yield (0 if order is None else order.id), price, lots

    def _queue(self, side: int, price: int) -> Iterator[tuple[RestingOrder | None, int]]:
        """What stands at a price: an order of the account, or None for recorded lots."""
        size, taken = self.recorded.levels[side].size(price), self.taken[side].get(price)
        passed = 0 if taken is None else min(taken.lots, size)
        for order in self.at(side, price):
            ahead = min(order.position.lots, size)
            if ahead > passed:
                yield None, ahead - passed
                passed = ahead
            yield order, order.left
        if size > passed:
            yield None, size - passed

    def at(self, side: int, price: int) -> list[RestingOrder]:
        """Its orders at a price, first come first."""
        return self._queues[side].get(price) or []

    def better(self, side: int, price: int, *, ties: bool = False) -> list[RestingOrder]:
        """The account's orders of a side at better prices than one, best first; with ``ties`` at it, too."""
        queues = self._queues[side]
        found: list[RestingOrder] = []
        for key in reversed(queues.keys):
            if key < price * queues.sign or (key == price * queues.sign and not ties):
                break
            found += queues.get(key * queues.sign) or ()
        return found

    # --- changes -------------------------------------------------------------------------------------

    def rest(self, order: int, side: int, price: int, lots: int, *, account: int) -> None:
        """An order comes to rest behind all that is shown at its price."""
        unseen = self.recorded.edge(side, price)
        ahead = UNSEEN if unseen else self.recorded.levels[side].size(price) * UNIT
        new = RestingOrder(order, account, side, price, lots, QueuePosition(ahead, self._rule), unseen)
        self.own[order] = new
        queues = self._queues[side]
        queues.set(price, [*self.at(side, price), new])

    def take(self, side: int, price: int, lots: int) -> None:
        """Lots that are shown were taken, from the front of their queue."""
        taken = self.taken[side].setdefault(price, QueuePosition(0, self._rule))
        taken.ahead += lots * UNIT

    def shrink(self, order: RestingOrder, lots: int) -> None:
        """An order has fewer lots left, and is gone with the last."""
        order.left -= lots
        if not order.left:
            self.remove(order)

    def remove(self, order: RestingOrder) -> None:
        """An order leaves its queue."""
        del self.own[order.id]
        queues = self._queues[order.side]
        queues.set(order.price, [it for it in queues.get(order.price) or () if it is not order])

    def fill(self, order: RestingOrder, lots: int, now: int, *, price: int = 0) -> Row:
        """An order trades with somebody at its own price, or at a better one."""
        self.shrink(order, lots)
        return self.trade(now, 1 - order.side, price or order.price, lots, maker=order)

    def trade(
        self, now: int, side: int, price: int, lots: int, *, maker: RestingOrder | None = None, taker: int = 0
    ) -> Row:
        """The row of a trade of the account with somebody, whose taker had this side."""
        number, left = self._next_trade(), UNKNOWN if maker is None else maker.left
        resting = 0 if maker is None else maker.id
        return AccountRow(
            (TRADE, self._instrument, now, number, side, price, lots, resting, taker, left, UNKNOWN)
        )

    def reduced(self, order: RestingOrder, now: int) -> Row:
        """The row of an order that has become smaller without a trade, or has left."""
        return AccountRow(
            (REDUCE, self._instrument, now, order.id, order.side, order.price, order.left, order.left)
        )
