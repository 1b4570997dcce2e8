"""Price levels in order, without orders (L2)."""

from __future__ import annotations

from bisect import bisect_left, insort

from feed.model.events import Side


class PriceLevels:
    """
    One side of a book: lots by price.

    Prices are kept in a sorted list, best last: real books change near the top, so that inserting
    there moves next to nothing, and the first ten levels are a slice.

    Attributes:
        levels: Lots by price in ticks.
        keys: The prices times ``sign``, ascending.
        sign: 1 for bids, -1 for asks, so that the best key is always the last.
    """

    __slots__ = ("keys", "levels", "sign")

    def __init__(self, side: int) -> None:
        self.sign = 1 if side == Side.BUY else -1
        self.levels: dict[int, int] = {}
        self.keys: list[int] = []

    def set(self, price: int, size: int) -> None:
        """Let ``size`` lots rest at ``price`` ticks; 0 removes the level, also one that is not there."""
        levels = self.levels
        if size:
            if price not in levels:
                insort(self.keys, price * self.sign)
            levels[price] = size
        elif price in levels:
            del levels[price]
            keys = self.keys
            del keys[bisect_left(keys, price * self.sign)]

    def best(self) -> tuple[int, int]:
        """Price and size of the best level; two zeros when there is none."""
        if not self.keys:
            return 0, 0
        price = self.keys[-1] * self.sign
        return price, self.levels[price]

    def top(self, count: int) -> list[int]:
        """The best ``count`` prices, best first."""
        return [key * self.sign for key in self.keys[: -count - 1 : -1]]

    def beyond(self, count: int) -> list[int]:
        """The prices behind the best ``count``, worst first."""
        return [key * self.sign for key in self.keys[:-count]]

    def best_first(self, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` levels, best first: (price in ticks, lots)."""
        levels = self.levels
        return [(price, levels[price]) for price in self.top(len(self.keys) if depth is None else depth)]

    def clear(self) -> None:
        """Forget every level."""
        self.levels.clear()
        self.keys.clear()
