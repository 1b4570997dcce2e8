"""Order books."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.kraken.fields import Fields
from feed.dialects.kraken.market_data.parameters import count_parameter, pair_parameter
from feed.dialects.kraken.queries import Query
from feed.dialects.kraken.views import MarketView
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing

LEVELS: Final = 100
"""Of a side, where nobody says how many."""
MOST_LEVELS: Final = 500

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
    )
