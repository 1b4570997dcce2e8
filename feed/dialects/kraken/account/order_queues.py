"""
The single orders of a book, for whoever has a key.

Source: "Query L3 Order Book" of the REST documents.
"""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.kraken.account.ids import order_id
from feed.dialects.kraken.account.operations import Operation, Sent
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.market_data.parameters import pair_parameter
from feed.dialects.market_by_order import MarketByOrder
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing
from feed.model.kinds import Side

DEPTHS: Final = ("0", "10", "25", "100", "250", "1000")
"""Levels of a side whose orders can be asked for; 0 stands for all."""
DEFAULT_DEPTH: Final = "100"


class QueuedOrder(Shape):
    """
    An order on the book.

    Attributes:
        price: Its limit.
        qty: What is left of it.
        order_id: Its id, the same that its account knows.
        timestamp: When it came to its place in the queue, nanoseconds since the Unix epoch.
    """

    price: str
    qty: str
    order_id: str
    timestamp: int


class OrderQueues(Shape):
    """
    The orders of the best levels of both sides, best first, those of a price in the order of their priority.

    Attributes:
        pair: Which.
        bids: Who wants to buy.
        asks: Who wants to sell.
    """

    pair: str
    bids: list[QueuedOrder]
    asks: list[QueuedOrder]


def order_queues(view: AccountView, sent: Sent) -> OrderQueues:
    """The orders of the best levels."""
    _, pair = sent.only("pair", "depth").pair(view.market.pairs)
    depth = int(sent.choice("depth", DEPTHS, DEFAULT_DEPTH)) or None
    orders = MarketByOrder(pair.index, view.market.state)

    def queue(side: Side) -> list[QueuedOrder]:
        return [
            QueuedOrder(
                price=pair.price_text(order.price),
                qty=pair.size_text(order.left),
                order_id=order_id(order.number),
                timestamp=order.since,
            )
            for order in orders.orders(side, depth)
        ]

    return OrderQueues(pair=pair.symbol, bids=queue(Side.BUY), asks=queue(Side.SELL))


def operations(listing: Listing) -> tuple[Operation, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Operation(
            name="Level3",
            summary="The single orders of the best levels of a book",
            parameters=(
                pair_parameter(listing),
                Parameter(
                    name="depth",
                    meaning="Levels of a side; 0 for all.",
                    default=DEFAULT_DEPTH,
                    choices=DEPTHS,
                    most=None,
                ),
            ),
            answer=order_queues,
            result=OrderQueues,
        ),
    )
