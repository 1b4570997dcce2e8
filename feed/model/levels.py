"""The L2 projection of a row: the price level that it changes, which needs no state."""

from __future__ import annotations

from typing import NamedTuple

from feed.model.kinds import ADD, LEVEL, REDUCE, TRADE, UNKNOWN, Row


class LevelChange(NamedTuple):
    """
    The total now resting at one price (an L2 delta).

    Attributes:
        side: Side of the book.
        price: Integer ticks.
        size: Integer lots; 0 when the level is gone.
    """

    side: int
    price: int
    size: int


def level_change(row: Row) -> LevelChange | None:
    """The price level that a row changes; None when it changes none."""
    kind = row[0]
    if kind in (ADD, REDUCE):
        return LevelChange(row[4], row[5], row[7])
    if kind == TRADE:
        return None if row[10] == UNKNOWN else LevelChange(1 - row[4], row[5], row[10])
    if kind == LEVEL:
        return LevelChange(row[3], row[4], row[5])
    return None
