"""The book of one instrument as a recording tells it: of orders (L3), price levels (L2) or quotes (L1)."""

from __future__ import annotations

from typing import Final

from feed.book.price_levels import PriceLevels
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, TRADE, UNKNOWN, Row, Side, level_change

ANY_LOTS: Final = 1 << 50
"""Size of a quote that does not say its size: enough for any order."""


class RecordedBook:
    """
    Follows the rows of one instrument.

    A recording that has neither orders nor levels has a book of its best bid and ask alone.

    Attributes:
        levels: Lots by price, of both sides.
        last: Price of the last trade, ticks; 0 before the first.
        shows_orders: Whether orders are named (L3): their places in the queue are then known.
        shows_depth: Whether there are levels behind the best (L2 or L3).
    """

    __slots__ = ("_places", "_queues", "_quoted", "last", "levels", "shows_depth", "shows_orders")

    def __init__(self) -> None:
        self.levels: Final = PriceLevels[int](Side.BUY), PriceLevels[int](Side.SELL)
        self.last = 0
        self.shows_orders = False
        self.shows_depth = False
        # By side and price: lots by order; dicts keep the order of insertion, which is that of the queue.
        self._queues: tuple[dict[int, dict[int, int]], dict[int, dict[int, int]]] = ({}, {})
        self._places: dict[int, tuple[int, int]] = {}
        self._quoted = [0, 0]  # best prices of quotes, where there is no depth

    def as_changes(self, row: Row) -> tuple[Row, ...]:
        """A row as changes of the book: a quote as those of levels where there are no others."""
        kind = row[0]
        if kind == QUOTE:
            return () if self.shows_depth else self._quote(row)
        if kind in (ADD, LEVEL) and not self.shows_depth:
            # What quotes alone have told is told again, as a level.
            gone = [
                (LEVEL, row[1], row[2], side, price, 0) for side, price in enumerate(self._quoted) if price
            ]
            self.shows_depth, self._quoted = True, [0, 0]
            return (*gone, row)
        return (row,)

    def apply(self, row: Row) -> None:
        """Take the next row into account, as :meth:`as_changes` has it."""
        kind = row[0]
        change = level_change(row)
        if change is not None:
            self.levels[change.side].set(change.price, change.size)
        if kind == ADD:
            self.shows_orders = True
            order, side, price, size = row[3:7]
            self._reduce(order, 0)  # real data may name an order twice: the newer one counts
            self._queues[side].setdefault(price, {})[order] = size
            self._places[order] = side, price
        elif kind == REDUCE:
            self._reduce(row[3], row[6])
        elif kind == TRADE:
            self.last = row[5]
            if row[9] != UNKNOWN:
                self._reduce(row[7], row[9])
        elif kind == CLEAR:
            self._quoted = [0, 0]
            self._places.clear()
            for queues, levels in zip(self._queues, self.levels, strict=True):
                queues.clear()
                levels.clear()

    def best(self, side: int) -> int:
        """Best price of a side, ticks; 0 when there is none."""
        return self.levels[side].best()[0]

    def edge(self, side: int, price: int) -> bool:
        """
        Whether nothing is shown at a price, nor behind it: whatever rests there is not known.

        Never so where orders are named, which are shown however far they are from the best.
        """
        if self.shows_orders:
            return False
        levels = self.levels[side]
        return not len(levels) or price * levels.sign < levels.keys[0]

    def place(self, order: int) -> tuple[int, int] | None:
        """Lots of the orders before a resting order at its price, and its own; None where it is not known."""
        where = self._places.get(order)
        if where is None:
            return None
        offset = 0
        for other, left in self._queues[where[0]][where[1]].items():
            if other == order:
                return offset, left
            offset += left
        return None

    def _quote(self, row: Row) -> tuple[Row, ...]:
        rows: list[Row] = []
        for side, (price, size) in enumerate((row[3:5], row[5:7])):
            lots = ANY_LOTS if size == UNKNOWN else size
            before, now = self._quoted[side], price if lots else 0
            # What is new first: a quote that moves away has left a level that was better than all others.
            if now:
                rows.append((LEVEL, row[1], row[2], side, now, lots))
            if before and before != now:
                rows.append((LEVEL, row[1], row[2], side, before, 0))
            self._quoted[side] = now
        return tuple(rows)

    def _reduce(self, order: int, left: int) -> None:
        where = self._places.get(order)
        if where is None:
            return
        queues = self._queues[where[0]]
        queue = queues[where[1]]
        if left:
            queue[order] = left
            return
        del queue[order], self._places[order]
        if not queue:
            del queues[where[1]]
