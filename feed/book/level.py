"""One price level: its orders linked in a ring, so that any of them leaves in constant time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast


class Order:
    """
    A resting order, at the back of its level; the level's own books are the caller's to keep.

    Attributes:
        id: Unique in its market.
        account: Whose it is; 0 is nobody's.
        left: Integer lots still resting.
        level: Where it rests: its side and its price.
        prev: The order before it in the queue; the level itself for the first.
        next: The order behind it in the queue; the level itself for the last.
    """

    __slots__ = ("account", "id", "left", "level", "next", "prev")

    def __init__(self, order: int, account: int, left: int, level: Level, prev: Order) -> None:
        self.id = order
        self.account = account
        self.left = left
        self.level = level
        self.prev = prev
        self.next: Order = prev.next


class Level:
    """
    The orders at one price, first come first.

    The level is itself the node between its last order and its first: ``next`` is the front of the
    queue and ``prev`` its back, and linking and unlinking need no case for the ends.

    Attributes:
        side: Side of the book, 0 buy or 1 sell.
        price: Integer ticks.
        key: Rank among the levels of its side; the greatest is the best.
        size: Integer lots resting here.
    """

    __slots__ = ("key", "next", "prev", "price", "side", "size")

    def __init__(self, side: int, price: int, key: int) -> None:
        self.side = side
        self.price = price
        self.key = key
        self.size = 0
        self.next = self.prev = self.ring

    @property
    def ring(self) -> Order:
        """The level in its role as a node, which is all that a neighbour uses of it."""
        return cast("Order", self)

    def __iter__(self) -> Iterator[Order]:
        node, end = self.next, self.ring
        while node is not end:
            yield node
            node = node.next
