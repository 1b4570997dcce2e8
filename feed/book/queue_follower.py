"""What the rows of a recording mean to the orders of one account that wait in its queues."""

from __future__ import annotations

from collections.abc import Callable

from feed.book.account_queues import AccountQueues, RestingOrder
from feed.book.queue_position import UNIT, UNSEEN, QueuePosition
from feed.model.events import LEVEL, REDUCE, TRADE, UNKNOWN, Row, Side


class QueueFollower:
    """
    Moves orders forward in their queues, and fills them.

    Args:
        queues: What the account has in the book.
    """

    def __init__(self, queues: AccountQueues) -> None:
        self._queues = queues
        self._recorded = queues.recorded

    def follow(
        self, row: Row, now: int, *, before: int, place: tuple[int, int] | None, uncrosses: bool = False
    ) -> list[Row]:
        """
        Take a recorded row into account that the recorded book has just applied.

        Args:
            row: A trade, or a change of an order or of a level.
            now: Market time, nanoseconds.
            before: Lots that rested at its price and side until then.
            place: Of the order that it names: lots before it in the queue, and its own, until then.
            uncrosses: Whether it is a trade of a call auction, of which :meth:`uncross` was told as a whole.
        """
        kind = row[0]
        if kind == TRADE:
            sides = (1 - row[4],) if row[4] != UNKNOWN else self._sides_of(row[5])
            rows: list[Row] = []
            if not uncrosses:
                rows = [said for side in sides for said in self._hit(side, row[5], row[6], now, place)]
            for side in sides:
                self._consume(row, side, now, before=before, place=place)
            return rows
        if kind == REDUCE:
            if place is not None:
                self._each(row[4], row[5], lambda at: at.shrink(*place, row[6]))
            self._forget_taken(row[4], row[5])
        elif kind == LEVEL:
            self._resize(row[3], row[4], before, now)
        return []

    def cross(self, side: int, price: int, now: int) -> list[Row]:
        """Let orders of the account trade with recorded ones at a price across theirs."""
        rows: list[Row] = []
        for order in self._queues.better(1 - side, price, ties=True):
            size, taken = self._recorded.levels[side].size(price), self._queues.taken[side].get(price)
            lots = min(order.left, size - (0 if taken is None else taken.lots))
            if lots < 1:
                break
            self._queues.take(side, price, lots)
            rows.append(self._queues.fill(order, lots, now))
        return rows

    def uncross(self, price: int, lots: int, now: int) -> list[Row]:
        """
        Let orders of the account take part in a recorded call auction, whose price theirs are better than.

        Args:
            price: At which all have traded.
            lots: Volume of the auction: each side trades no more.
            now: Market time, nanoseconds.
        """
        rows: list[Row] = []
        for side in Side:
            left = lots
            for order in self._queues.better(int(side), price):
                size = min(order.left, left)
                if size:
                    left -= size
                    rows.append(self._queues.fill(order, size, now, price=price))
        return rows

    def _consume(self, row: Row, side: int, now: int, *, before: int, place: tuple[int, int] | None) -> None:
        """What a trade took has left its queue."""
        price, lots = row[5], row[6]
        if self._recorded.shows_orders:
            if place is not None:
                self._each(side, price, lambda at: at.shrink(*place, max(0, place[1] - lots)))
        else:
            self._each(side, price, lambda at: at.consume(lots))
            if row[10] != UNKNOWN:
                self._resize(side, price, before, now)
        self._forget_taken(side, price)

    def _sides_of(self, price: int) -> tuple[int, ...]:
        """The sides that a trade may have been taken from whose taker is not told: the nearer one."""
        bid, ask = self._recorded.best(Side.BUY), self._recorded.best(Side.SELL)
        if not (bid and ask) or 2 * price == bid + ask:
            return int(Side.BUY), int(Side.SELL)
        return (int(Side.BUY),) if 2 * price < bid + ask else (int(Side.SELL),)

    def _hit(self, side: int, price: int, lots: int, now: int, place: tuple[int, int] | None) -> list[Row]:
        """Fills of the account's orders by a recorded trade with ``side``."""
        rows: list[Row] = []
        got = 0
        for order in self._queues.better(side, price):
            if got == lots:
                break
            size = min(order.left, lots - got)
            got += size
            rows.append(self._queues.fill(order, size, now))
        if not self._recorded.shows_orders:
            self._each(side, price, lambda at: at.match(now, lots))
        for order in self._queues.at(side, price):
            size = min(order.left, max(0, (lots - got) * UNIT - self._ahead(order, place)) // UNIT)
            if size:
                got += size
                rows.append(self._queues.fill(order, size, now))
        return rows

    def _ahead(self, order: RestingOrder, place: tuple[int, int] | None) -> int:
        """What a trade at the price of an order passes before it, parts of a lot."""
        taken, ahead = self._queues.taken[order.side].get(order.price), order.position.ahead
        if self._recorded.shows_orders and place is not None and place[0] * UNIT >= ahead:
            return 0  # it reached one behind
        left = max(0, ahead - (0 if taken is None else taken.ahead))
        # What is not shown yields to all that is: a trade with it has not touched the queue.
        return UNSEEN if left and self._recorded.shows_orders and place is None else left

    def _resize(self, side: int, price: int, before: int, now: int) -> None:
        """A level has another size now."""
        after = self._recorded.levels[side].size(price)
        gone = not after and self._recorded.edge(side, price)
        for order in self._queues.at(side, price):
            if gone:  # it may only have left what the recording shows
                order.unseen = True
            elif order.unseen and after:
                order.unseen = False
                order.position.limit(after)
            else:
                order.position.resize(now, before, after)
        taken = self._queues.taken[side].get(price)
        if taken is not None:
            taken.resize(now, before, after)
            self._forget_taken(side, price)
        if after > before:
            self._look_behind(side, price)

    def _look_behind(self, side: int, price: int) -> None:
        """Something is shown at a price: what is not shown in front of it does not exist."""
        levels = self._recorded.levels[side]
        for order in self._queues.better(side, price):
            if order.unseen and not levels.size(order.price):
                order.unseen = False
                order.position.limit(0)

    def _forget_taken(self, side: int, price: int) -> None:
        """Lots that were taken have left the recorded queue, or all of it is gone."""
        taken = self._queues.taken[side].get(price)
        if taken is not None and not (taken.ahead and self._recorded.levels[side].size(price)):
            del self._queues.taken[side][price]

    def _each(self, side: int, price: int, tell: Callable[[QueuePosition], None]) -> None:
        """Tell all positions in the queue of a price."""
        for order in self._queues.at(side, price):
            tell(order.position)
        taken = self._queues.taken[side].get(price)
        if taken is not None:
            tell(taken)
