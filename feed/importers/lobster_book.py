"""An order book rebuilt from a feed: single orders where they are known, else one order per level."""

from __future__ import annotations

from feed.book.price_levels import PriceLevels
from feed.importers.books import SELL, ImportedMarket
from feed.model.events import ADD, REDUCE, TRADE, Row

# Above every id of the source, so that synthetic orders cannot be taken for real ones.
_FIRST_SYNTHETIC_ID = 10**12


class LobsterBook:
    """
    The visible orders of one share, by price level in their order of arrival.

    Sizes are lots, prices ticks. The totals by level are in ``market.book``, from which quotes are made
    as in any other import.
    """

    def __init__(self, market: ImportedMarket) -> None:
        self._index = market.index
        self._book = market.book
        self._next_synthetic_id = _FIRST_SYNTHETIC_ID
        # Orders of each level: id to lots left. A dict keeps the queue's order.
        self._queues: tuple[dict[int, dict[int, int]], dict[int, dict[int, int]]] = ({}, {})

    def clear(self, ts: int) -> Row:
        """Remove all orders. Returns the ``CLEAR`` row."""
        for queue in self._queues:
            queue.clear()
        return self._book.clear(ts)

    def add(self, ts: int, order: int, side: int, price: int, size: int) -> Row:
        """Add a resting order. Returns its ``ADD`` row."""
        self._queues[side].setdefault(price, {})[order] = size
        return (ADD, self._index, ts, order, side, price, size, self._total(side, price, size))

    def reduce(self, ts: int, order: int, side: int, price: int, size: int) -> list[Row]:
        """Reduce an order by ``size`` lots, or remove it; no row if its level is out of view."""
        known = self._holder(order, side, price)
        if known is None:
            return []
        left = self._take(known, side, price, size)
        return [(REDUCE, self._index, ts, known, side, price, left, self._level(side, price))]

    def execute(self, ts: int, order: int, side: int, price: int, size: int, *, trade: int) -> Row:
        """Execute ``size`` lots of a resting order. Returns the ``TRADE`` row."""
        known = self._holder(order, side, price)
        left = 0 if known is None else self._take(known, side, price, size)
        maker = order if known is None else known
        level = self._level(side, price)
        return (TRADE, self._index, ts, trade, 1 - side, price, size, maker, 0, left, level)

    def shows(self, side: int, shown: dict[int, int]) -> bool:
        """Whether the levels of one side equal ``shown``, price to size."""
        return dict(self._ladder(side).best_first()) == shown

    def correct(self, ts: int, side: int, shown: dict[int, int], depth: int) -> tuple[list[Row], str]:
        """
        Change one side to the levels of the order book file.

        Args:
            ts: Market time.
            side: Which side.
            shown: All its levels in the file, price to size.
            depth: Number of levels that the file can have.
        Returns:
            The rows of the changes; and the differences other than levels that came into view or went
            out of it at the far end, empty if there are none.
        """
        ladder = self._ladder(side)
        wrong = []
        rows: list[Row] = []
        # Only a full view has levels behind it.
        full = len(shown) == depth
        best_first = sorted(shown, key=lambda price: price * ladder.sign, reverse=True)
        edge = best_first[-1] * ladder.sign if best_first else 0
        worst = ladder.keys[0] if ladder.keys else None
        for price in [known for known in ladder if known not in shown]:
            if not full or price * ladder.sign > edge:
                wrong.append(f"no level {price} ticks")
            rows += self._remove(ts, side, price)
        for price in best_first:
            size, had = shown[price], ladder.size(price)
            if size != had:
                if had or (worst is not None and price * ladder.sign > worst):
                    wrong.append(f"{size} lots at {price} ticks, not {had}")
                rows += self._resize(ts, side, price, size - had)
        return rows, "; ".join(wrong)

    def _resize(self, ts: int, side: int, price: int, change: int) -> list[Row]:
        if change > 0:
            self._next_synthetic_id += 1
            return [self.add(ts, self._next_synthetic_id - 1, side, price, change)]
        rows: list[Row] = []
        # Which order it was is unknown; the last in the queue does not change the priority of the others.
        for order in reversed(list(self._queues[side][price])):
            size = min(self._queues[side][price][order], -change)
            if size:
                rows += self.reduce(ts, order, side, price, size)
                change += size
            if not change:
                break
        return rows

    def _remove(self, ts: int, side: int, price: int) -> list[Row]:
        return [
            row
            for order, size in list(self._queues[side][price].items())
            for row in self.reduce(ts, order, side, price, size)
        ]

    def _holder(self, order: int, side: int, price: int) -> int | None:
        """The order's id, or that of its level's synthetic order; None when its level is out of view."""
        queue = self._queues[side].get(price)
        if not queue:
            return None
        if order in queue:
            return order
        return next((known for known in queue if known >= _FIRST_SYNTHETIC_ID), None)

    def _take(self, order: int, side: int, price: int, size: int) -> int:
        queue = self._queues[side][price]
        taken = min(size, queue[order])
        queue[order] -= taken
        left = queue[order]
        if not left:
            del queue[order]
            if not queue:
                del self._queues[side][price]
        self._total(side, price, -taken)
        return left

    def _total(self, side: int, price: int, change: int) -> int:
        ladder = self._ladder(side)
        total = ladder.size(price) + change
        ladder.set(price, total)
        return total

    def _level(self, side: int, price: int) -> int:
        return self._ladder(side).size(price)

    def _ladder(self, side: int) -> PriceLevels[int]:
        return self._book.asks if side == SELL else self._book.bids
