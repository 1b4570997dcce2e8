"""Order books: the best prices, all price levels, or all orders."""

from __future__ import annotations

from collections import Counter
from typing import Final

from feed.dialects.access import Shape
from feed.dialects.coinbase_exchange.errors import bad
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data.parameters import product_parameter
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.queries import Query
from feed.dialects.coinbase_exchange.sequence import sequence
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.market_by_order import MarketByOrder
from feed.dialects.parameters import Parameter
from feed.dialects.times import iso_microseconds
from feed.dialects.uuids import order_uuid
from feed.model.events import Side
from feed.model.instruments import Listing

LEVELS: Final = ("1", "2", "3")

BookRow = list[str | int]
"""Price, quantity, and the number of orders or, at the third level, the id of one."""


class OrderBook(Shape):
    """
    Both sides of a book, best first.

    Attributes:
        bids: What is wanted.
        asks: What is for sale.
        sequence: Number of the last message about the product: those of the feed go on from there.
        auction_mode: Never.
        auction: None.
        time: Market time of the newest event.
    """

    bids: list[BookRow]
    asks: list[BookRow]
    sequence: int
    auction_mode: bool
    auction: None
    time: str


def book(view: MarketView, fields: Fields) -> OrderBook:
    """The best prices alone, all price levels with the number of their orders, or all orders."""
    product = fields.product(view.products)
    level = fields.text("level") or LEVELS[0]
    if level not in LEVELS:
        raise bad("Invalid level")
    rows = {"1": _best, "2": _levels, "3": _orders}[level]
    return OrderBook(
        bids=rows(view, product, Side.BUY),
        asks=rows(view, product, Side.SELL),
        sequence=sequence(view.state, product.index),
        auction_mode=False,
        auction=None,
        time=iso_microseconds(view.state.now),
    )


def _best(view: MarketView, product: Product, side: Side) -> list[BookRow]:
    found = view.state.levels(product.index, side, 1)
    if not found:
        price, size = view.state.best(product.index, side)
        found = [(price, size)] if price else []
    resting = [price for _, price, _ in view.state.orders(product.index, side)]
    return [
        [product.price_text(price), product.size_text(size), resting.count(price) or 1]
        for price, size in found
    ]


def _levels(view: MarketView, product: Product, side: Side) -> list[BookRow]:
    resting = Counter(price for _, price, _ in view.state.orders(product.index, side))
    return [
        [product.price_text(price), product.size_text(size), resting[price] or 1]
        for price, size in view.state.levels(product.index, side)
    ]


def _orders(view: MarketView, product: Product, side: Side) -> list[BookRow]:
    return [
        [product.price_text(order.price), product.size_text(order.left), order_uuid(order.number)]
        for order in MarketByOrder(product.index, view.state).orders(side)
    ]


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    level = Parameter(
        name="level",
        meaning="1: the best prices; 2: all price levels; 3: all orders.",
        default=LEVELS[0],
        most=None,
        choices=LEVELS,
    )
    return (
        Query(
            path="/products/{product_id}/book",
            summary="An order book",
            answer=book,
            parameters=(product_parameter(listing), level),
            returns=OrderBook,
        ),
    )
