"""The price levels of one side of a book in order, without their orders (L2)."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Generic, TypeVar

Size = TypeVar("Size")
"""What is known of a level: integer lots, or a text that says them."""


class PriceLevels(Generic[Size]):
    """
    One side of a book: sizes by price.

    A level is found by its key: the price of a bid, and minus the price of an ask, so that the best
    level has the greatest key on both sides. Keys are sorted when somebody first asks for an order, and
    kept sorted from then on: a book that nobody looks at costs no more than a dict, and in one that is
    looked at, levels come and go near the top, where inserting moves next to nothing.

    Attributes:
        sign: 1 for bids, -1 for asks: a key is a price times this.
    """

    __slots__ = ("_keys", "_sizes", "sign")

    def __init__(self, side: int) -> None:
        self.sign = -1 if side else 1
        self._sizes: dict[int, Size] = {}  # by key
        self._keys: list[int] | None = None  # ascending; None before anybody asks

    @property
    def keys(self) -> list[int]:
        """Those of all levels, ascending: the best is the last. Not to be changed."""
        if self._keys is None:
            self._keys = sorted(self._sizes)
        return self._keys

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[int]:
        """The prices, in the order in which their levels have come."""
        return (key * self.sign for key in self._sizes)

    def set(self, price: int, size: Size | None) -> None:
        """
        Let ``size`` rest at ``price``.

        Args:
            price: Integer ticks.
            size: 0, None or an empty text removes the level, also one that is not there.
        """
        key, sizes, keys = price * self.sign, self._sizes, self._keys
        if size:
            if keys is not None and key not in sizes:
                insort(keys, key)
            sizes[key] = size
        elif key in sizes:
            del sizes[key]
            if keys is not None:
                del keys[bisect_left(keys, key)]

    def size(self: PriceLevels[int], price: int) -> int:
        """Lots at ``price``; 0 when there is no such level."""
        return self._sizes.get(price * self.sign, 0)

    def get(self, price: int) -> Size | None:
        """What is known of the level at ``price``; None when there is no such level."""
        return self._sizes.get(price * self.sign)

    def best(self: PriceLevels[int]) -> tuple[int, int]:
        """Price and size of the best level; two zeros when there is none."""
        if not self._sizes:
            return 0, 0
        key = self.keys[-1]
        return key * self.sign, self._sizes[key]

    def top(self, depth: int) -> list[int]:
        """The best ``depth`` prices, best first."""
        return [key * self.sign for key in self._best_keys(depth)]

    def beyond(self, depth: int) -> list[int]:
        """The prices behind the best ``depth``, worst first."""
        return [key * self.sign for key in self.keys[:-depth]]

    def best_first(self, depth: int | None = None) -> list[tuple[int, Size]]:
        """The best ``depth`` levels, best first: (price in ticks, size)."""
        sizes, sign = self._sizes, self.sign
        return [(key * sign, sizes[key]) for key in self._best_keys(depth)]

    def sizes(self, depth: int | None = None) -> list[Size]:
        """The sizes of the best ``depth`` levels, best first."""
        sizes = self._sizes
        return [sizes[key] for key in self._best_keys(depth)]

    def clear(self) -> None:
        """Forget every level."""
        self._sizes.clear()
        self._keys = None

    def copy(self) -> PriceLevels[Size]:
        """The same, apart from this one."""
        new: PriceLevels[Size] = PriceLevels(self.sign < 0)
        new._sizes = self._sizes.copy()
        return new

    def _best_keys(self, depth: int | None) -> list[int]:
        return self.keys[::-1] if depth is None else self.keys[: -depth - 1 : -1]
