"""A book of single orders kept in step with the server's. Sans-I/O."""

from __future__ import annotations

from collections.abc import Iterator

from feed.client.replica import Replica
from feed.dialects.items import OrdersPart
from feed.model.directory import Directory
from feed.model.events import Side


class Orders(Replica[OrdersPart]):
    """
    Every order of one instrument (L3), by price and by its place in the queue there.

    No checksum proves it. A lost order shows when a message removes it, or has it at another price; a lost
    change of its size does not show.
    """

    def __init__(self, directory: Directory, index: int) -> None:
        super().__init__(directory, index)
        self._queues: tuple[dict[int, dict[str, int]], dict[int, dict[str, int]]] = ({}, {})
        self._places: dict[str, tuple[Side, int]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def queue(self, side: Side, price: int) -> list[tuple[str, int]]:
        """The orders at one price, first in line first: (id, lots)."""
        return list(self._queues[side].get(price, {}).items())

    def orders(self, side: Side) -> Iterator[tuple[str, int, int]]:
        """All of a side, in the order in which they would be met: (id, price in ticks, lots)."""
        queues = self._queues[side]
        for price in sorted(queues, reverse=side is Side.BUY):
            for order, lots in queues[price].items():
                yield order, price, lots

    def levels(self, side: Side, depth: int | None = None) -> list[tuple[int, int]]:
        """The best ``depth`` price levels of a side, best first: (price in ticks, lots)."""
        queues = self._queues[side]
        prices = sorted(queues, reverse=side is Side.BUY)[:depth]
        return [(price, sum(queues[price].values())) for price in prices]

    def _clear(self) -> None:
        self._queues = ({}, {})
        self._places = {}

    def _holds_any(self) -> bool:
        return bool(self._places)

    def _set(self, part: OrdersPart) -> None:
        for side, order, price, lots in part.orders:
            place = self._places.get(order)
            if place is None:
                if not lots:
                    raise self._lost(f"order {order} is gone that never came")
                place = self._places[order] = (side, price)
            elif place != (side, price):
                raise self._lost(f"order {order} is not where it was")
            if lots:
                self._queues[side].setdefault(price, {})[order] = lots
            else:
                self._remove(order, side, price)

    def _remove(self, order: str, side: Side, price: int) -> None:
        del self._places[order]
        queue = self._queues[side][price]
        del queue[order]
        if not queue:
            del self._queues[side][price]
