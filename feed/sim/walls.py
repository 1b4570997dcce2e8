"""Walls: orders far larger than any other, put up and taken away by a timeline."""

from __future__ import annotations

from math import ceil, floor

from feed.model.events import Row
from feed.model.orders import CancelOrder, NewOrder
from feed.model.timeline import Wall
from feed.sim.effects import BPS
from feed.sim.market import Market


class WallOrders:
    """
    The walls of one market.

    Args:
        market: Where they stand.
    """

    def __init__(self, market: Market) -> None:
        self._market = market
        self._standing: list[tuple[Wall, int, int]] = []  # wall, instrument, order

    def build(self, wall: Wall, instrument: int) -> list[Row]:
        """Put a wall up; nothing happens where nothing is traded, or no price is so high."""
        book = self._market.exchange.books[instrument]
        middle = (book.bid + book.ask) / 2
        away = middle * wall.bps / BPS
        price = ceil(middle + away) if wall.side else max(1, floor(middle - away))
        order = NewOrder(account=0, instrument=instrument, side=wall.side, size=wall.lots, price=price)
        ack, rows = self._market.submit(order)
        if ack.resting:
            self._standing.append((wall, instrument, ack.order))
        return rows

    def remove(self, wall: Wall, instrument: int) -> list[Row]:
        """Take away what is left of a wall."""
        rows: list[Row] = []
        for standing in [it for it in self._standing if it[0] is wall and it[1] == instrument]:
            self._standing.remove(standing)
            rows += self._market.submit(CancelOrder(account=0, instrument=instrument, order=standing[2]))[1]
        return rows
