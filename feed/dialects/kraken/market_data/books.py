"""Order books."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data.parameters import count_parameter, pair_parameter
from feed.dialects.kraken.queries import Query
from feed.dialects.kraken.views import MarketView
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing

LEVELS: Final = 100
"""Of a side, where nobody says how many."""
MOST_LEVELS: Final = 500

GROUPED_DEPTHS: Final = ("10", "25", "100", "250", "1000")
"""Levels of a side that a grouped book may have."""
GROUPINGS: Final = ("1", "5", "10", "25", "50", "100", "250", "500", "1000")
"""Ticks that one level of it may take together."""

Level = list[str | int]
"""Price, quantity, and seconds since the Unix epoch."""


class OrderBook(Shape):
    """
    The best levels of both sides, best first.

    Attributes:
        asks: What is for sale.
        bids: What is wanted.
    """

    asks: list[Level]
    bids: list[Level]


def depth(view: MarketView, fields: Fields) -> dict[str, OrderBook]:
    """The best levels of both sides, at the market time of the newest event."""
    name, pair = fields.pair(view.pairs)
    count = fields.whole("count", LEVELS, MOST_LEVELS)
    now = view.state.now // NS_PER_SECOND

    def levels(side: Side) -> list[Level]:
        best = view.state.levels(pair.index, side, count)
        return [[pair.price_text(price), pair.size_text(lots), now] for price, lots in best]

    return {name: OrderBook(asks=levels(Side.SELL), bids=levels(Side.BUY))}


class GroupedLevel(Shape):
    """
    What rests at some prices together.

    Attributes:
        price: Of those the one that is worst for whoever takes.
        qty: Sum of the quantities.
    """

    price: str
    qty: str


class GroupedBook(Shape):
    """
    The best levels of both sides, best first, several ticks together.

    Attributes:
        pair: Which.
        grouping: How many ticks a level takes together.
        bids: What is wanted.
        asks: What is for sale.
    """

    pair: str
    grouping: int
    bids: list[GroupedLevel]
    asks: list[GroupedLevel]


def grouped(view: MarketView, fields: Fields) -> GroupedBook:
    """The book in steps of so many ticks: bids rounded down to one, asks up."""
    _, pair = fields.pair(view.pairs)
    count = int(fields.choice("depth", GROUPED_DEPTHS, GROUPED_DEPTHS[0]))
    grouping = int(fields.choice("grouping", GROUPINGS, GROUPINGS[0]))

    def levels(side: Side) -> list[GroupedLevel]:
        sums: dict[int, int] = {}
        for price, lots in view.state.levels(pair.index, side):
            at = price // grouping * grouping if side is Side.BUY else -(-price // grouping) * grouping
            if at not in sums and len(sums) == count:
                break
            sums[at] = sums.get(at, 0) + lots
        return [GroupedLevel(pair.price_text(at), pair.size_text(lots)) for at, lots in sums.items()]

    return GroupedBook(pair=pair.symbol, grouping=grouping, bids=levels(Side.BUY), asks=levels(Side.SELL))


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            name="Depth",
            summary="The best levels of a book",
            answer=depth,
            parameters=(pair_parameter(listing), count_parameter("Levels of a side", LEVELS, MOST_LEVELS)),
            result=dict[str, OrderBook],
        ),
        Query(
            name="GroupedBook",
            summary="The best levels of a book, several ticks together",
            answer=grouped,
            parameters=(
                pair_parameter(listing),
                Parameter(
                    name="depth",
                    meaning="Levels of a side.",
                    default=GROUPED_DEPTHS[0],
                    choices=GROUPED_DEPTHS,
                    most=None,
                ),
                Parameter(
                    name="grouping",
                    meaning="Ticks that a level takes together.",
                    default=GROUPINGS[0],
                    choices=GROUPINGS,
                    most=None,
                ),
            ),
            result=GroupedBook,
        ),
    )
