"""One price level of an order book: the orders at that price, first come first."""

from __future__ import annotations


class Level:
    """
    The orders at one price. There is no object for an order, which is an id and the lots that it has left.

    Attributes:
        side: Side of the book, 0 buy or 1 sell.
        price: Integer ticks.
        size: Integer lots resting here.
        queue: Integer lots of each order by its id, first come first.
        front: Ids from the front of the queue, the first of all last, for those who take one after the other:
            a dict looks through the places of all that have left it to find its first key. It is the whole
            queue of the last time that there was no front. Who is not in the queue any more is passed over;
            who comes back to the queue must not be on it.
    """

    __slots__ = ("front", "price", "queue", "side", "size")

    def __init__(self, side: int, price: int) -> None:
        self.side = side
        self.price = price
        self.size = 0
        self.queue: dict[int, int] = {}
        self.front: list[int] = []

    def line_up(self) -> list[int]:
        """Make the queue as it is now the front, and return that."""
        self.front = list(reversed(self.queue))
        return self.front

    def first(self) -> int:
        """The id of the order that came first."""
        front = self.front
        while front and front[-1] not in self.queue:
            front.pop()
        return (front or self.line_up())[-1]
