"""What rests on an order book, and what can be asked of it."""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

import attrs

from feed.book.level import Level
from feed.model.events import ADD, QUOTE, Row, Side


@attrs.frozen
class Resting:
    """
    What is known of an order on the book.

    Attributes:
        account: Whose it is; 0 is nobody's.
        side: Side it rests on.
        price: Integer ticks.
        left: Integer lots still resting.
    """

    account: int
    side: int
    price: int
    left: int


class RestingOrders:
    """
    The orders that rest on the book of one instrument, in price levels of two sides.

    Price levels are in a dict, and their keys in a sorted list for each side, so the price range is unbounded
    and the best level is the last key. The key of a level is its price on the buy side and minus its price on
    the sell side: better is greater on both.

    Args:
        instrument: Index stamped on every row.

    Attributes:
        instrument: As given.
        now: Market time in nanoseconds, stamped on every row; its owner sets it before each operation.
        bid: Best bid, ticks; 0 when there is none.
        bid_size: Lots there.
        ask: Best ask, ticks; 0 when there is none.
        ask_size: Lots there.
    """

    __slots__ = (
        "_accounts",
        "_keys",
        "_levels",
        "_orders",
        "ask",
        "ask_size",
        "bid",
        "bid_size",
        "instrument",
        "now",
    )

    def __init__(self, instrument: int) -> None:
        self.instrument: Final = instrument
        self.now = 0
        self.bid = self.bid_size = self.ask = self.ask_size = 0
        # Where each order rests, by its id; and whose it is, for those that are somebody's.
        self._orders: dict[int, Level] = {}
        self._accounts: dict[int, int] = {}
        self._levels: dict[int, Level] = {}  # of both sides, by key
        # Indexed by side. Keys ascend: the best level is the last.
        self._keys: tuple[list[int], list[int]] = ([], [])

    def would_rest(self, side: int, price: int) -> bool:
        """Whether an order at ``price`` would rest without a trade."""
        return price > self.bid if side else not 0 < self.ask <= price

    def get(self, order: int) -> Resting | None:
        """A resting order as it stands now; None when it is not on the book."""
        level = self._orders.get(order)
        if level is None:
            return None
        return Resting(self._accounts.get(order, 0), level.side, level.price, level.queue[order])

    def first(self, side: int) -> int:
        """The id of the order that trades first on a side; 0 when it is empty."""
        keys = self._keys[side]
        return self._levels[keys[-1]].first() if keys else 0

    def __contains__(self, order: object) -> bool:
        return order in self._orders

    def __len__(self) -> int:
        """How many orders rest."""
        return len(self._orders)

    def levels(self, side: int, depth: int | None = None) -> list[tuple[int, int, int]]:
        """The best ``depth`` levels of a side, best first: (price, lots, number of orders)."""
        return [(level.price, level.size, len(level.queue)) for level in self._best_first(side, depth)]

    def sizes(self, side: int, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` levels of a side, best first: (price, lots)."""
        return [(level.price, level.size) for level in self._best_first(side, depth)]

    def sizes_near(self, side: int, span: int, least: int, most: int) -> list[tuple[int, int]]:
        """
        The levels of a side near its best price, best first: (price, lots).

        Args:
            side: Side of the book.
            span: Distance from the best price, ticks.
            least: So many levels at least, however far they are.
            most: Bound on their number.
        """
        keys = self._keys[side]
        if not keys:
            return []
        count = len(keys) - bisect_left(keys, keys[-1] - span)
        return self.sizes(side, min(max(count, least), most))

    def orders(self, side: int) -> list[tuple[int, int, int]]:
        """The orders of a side in priority order: (order, price, lots)."""
        return [
            (order, level.price, left)
            for level in self._best_first(side)
            for order, left in level.queue.items()
        ]

    def rows(self) -> list[Row]:
        """A snapshot: ``ADD`` rows in priority order, buys first, and a ``QUOTE``; they rebuild the book."""
        rows: list[Row] = []
        for side in Side:
            for level in self._best_first(side):
                total = 0
                for order, left in level.queue.items():
                    total += left
                    rows.append((ADD, self.instrument, self.now, order, level.side, level.price, left, total))
        rows.append((QUOTE, self.instrument, self.now, self.bid, self.bid_size, self.ask, self.ask_size))
        return rows

    def _best_first(self, side: int, depth: int | None = None) -> list[Level]:
        return list(map(self._levels.__getitem__, self._keys[side][::-1][:depth]))
