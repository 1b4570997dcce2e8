"""
What a listener knows of a book: folds over rows, at three depths.

Start from nothing or from a snapshot (:meth:`~feed.book.book.OrderBook.rows`), apply every row of
the instrument in order, and the view equals the book after each operation. A view does not look at
the instrument of a row: feed it one instrument only.
"""

from __future__ import annotations

from feed.book.price_levels import PriceLevels
from feed.model.events import ADD, CLEAR, QUOTE, REDUCE, TRADE, UNKNOWN, Row, Side, level_change


class L1:
    """
    The best bid and ask.

    Attributes:
        bid: Best bid, ticks; 0 when there is none.
        bid_size: Lots there.
        ask: Best ask, ticks; 0 when there is none.
        ask_size: Lots there.
    """

    __slots__ = ("ask", "ask_size", "bid", "bid_size")

    def __init__(self) -> None:
        self.bid = self.bid_size = self.ask = self.ask_size = 0

    def apply(self, row: Row) -> None:
        """Take the next row of the instrument."""
        if row[0] == QUOTE:
            self.bid, self.bid_size, self.ask, self.ask_size = row[3:7]
        elif row[0] == CLEAR:
            self.bid = self.bid_size = self.ask = self.ask_size = 0


class L2:
    """Price levels without orders. Works on rows of orders and on ``LEVEL`` rows alike."""

    __slots__ = ("_sides",)

    def __init__(self) -> None:
        self._sides = PriceLevels[int](Side.BUY), PriceLevels[int](Side.SELL)

    def apply(self, row: Row) -> None:
        """Take the next row of the instrument."""
        change = level_change(row)
        if change is not None:
            side, price, size = change
            self._sides[side].set(price, size)
        elif row[0] == CLEAR:
            for levels in self._sides:
                levels.clear()

    def size(self, side: int, price: int) -> int:
        """Lots resting at a price; 0 when none."""
        return self._sides[side].size(price)

    def levels(self, side: int, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` levels of a side, best first: (price, lots)."""
        return self._sides[side].best_first(depth)


class L3:
    """Every order in its place in the queue. ``LEVEL`` rows name no order and are passed over."""

    __slots__ = ("_places", "_queues")

    def __init__(self) -> None:
        # Dicts keep the order of insertion: a queue is in priority order by itself.
        self._queues: tuple[dict[int, dict[int, int]], dict[int, dict[int, int]]] = ({}, {})
        self._places: dict[int, tuple[int, int]] = {}

    def apply(self, row: Row) -> None:
        """
        Take the next row of the instrument.

        Raises:
            KeyError: It concerns an order that never was added: a row before it is missing.
        """
        kind = row[0]
        if kind == ADD:
            order, side, price, size = row[3:7]
            self._queues[side].setdefault(price, {})[order] = size
            self._places[order] = side, price
        elif kind == REDUCE:
            self._reduce(row[3], row[6])
        elif kind == TRADE and row[9] != UNKNOWN:
            self._reduce(row[7], row[9])
        elif kind == CLEAR:
            self._places.clear()
            for queues in self._queues:
                queues.clear()

    def orders(self, side: int) -> list[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price, lots)."""
        return [
            (order, price, left) for price, queue in self._best_first(side) for order, left in queue.items()
        ]

    def levels(self, side: int, depth: int | None = None) -> list[tuple[int, int, int]]:
        """The best ``depth`` levels of a side, best first: (price, lots, number of orders)."""
        return [(price, sum(queue.values()), len(queue)) for price, queue in self._best_first(side)[:depth]]

    def _best_first(self, side: int) -> list[tuple[int, dict[int, int]]]:
        return sorted(self._queues[side].items(), reverse=side == Side.BUY)

    def _reduce(self, order: int, left: int) -> None:
        side, price = self._places[order]
        queue = self._queues[side][price]
        if left:
            queue[order] = left
            return
        del queue[order], self._places[order]
        if not queue:
            del self._queues[side][price]
