"""Order books: the best prices, all price levels, or all orders."""

from __future__ import annotations

from collections import Counter
from typing import Final, Literal

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
from feed.model.auctions import AuctionPhase
from feed.model.events import AuctionIndicated, Side, Status
from feed.model.instruments import Listing

LEVELS: Final = ("1", "2", "3")

BookRow = list[str | int]
"""Price, quantity, and the number of orders or, at the third level, the id of one."""


class AuctionInfo(Shape):
    """
    What a call auction would give if it ended now.

    Attributes:
        open_price: At which most can trade; 0 when nothing can.
        open_size: Quantity that would.
        best_bid_price: The best limit of those who buy; 0 when there is none.
        best_bid_size: Quantity at that limit.
        best_ask_price: The best limit of those who sell; 0 when there is none.
        best_ask_size: Quantity at that limit.
        auction_state: Whether orders are still collected.
        can_open: Whether anything can trade.
        time: Market time at which it was computed.
    """

    open_price: str
    open_size: str
    best_bid_price: str
    best_bid_size: str
    best_ask_price: str
    best_ask_size: str
    auction_state: Literal["collection", "complete"]
    can_open: Literal["yes", "no"]
    time: str


class OrderBook(Shape):
    """
    Both sides of a book, best first.

    Attributes:
        bids: What is wanted.
        asks: What is for sale.
        sequence: Number of the last message about the product: those of the feed go on from there.
        auction_mode: Whether orders are collected for a call auction; those are not in the book.
        auction: What it would give; null outside of one.
        time: Market time of the newest event.
    """

    bids: list[BookRow]
    asks: list[BookRow]
    sequence: int
    auction_mode: bool
    auction: AuctionInfo | None
    time: str


def book(view: MarketView, fields: Fields) -> OrderBook:
    """The best prices alone, all price levels with the number of their orders, or all orders."""
    product = fields.product(view.products)
    level = fields.text("level") or LEVELS[0]
    if level not in LEVELS:
        raise bad("Invalid level")
    auction = view.state.auction(product.index)
    rows = {"1": _best, "2": _levels, "3": _orders}[level]
    return OrderBook(
        bids=rows(view, product, Side.BUY),
        asks=rows(view, product, Side.SELL),
        sequence=sequence(view.state, product.index),
        auction_mode=view.status(product) is Status.AUCTION,
        auction=None if auction is None else auction_info(product, auction),
        time=iso_microseconds(view.state.now),
    )


def auction_info(product: Product, item: AuctionIndicated) -> AuctionInfo:
    """An auction in the exchange's words."""
    price, size = product.price_text, product.size_text
    return AuctionInfo(
        open_price=price(item.price),
        open_size=size(item.volume),
        best_bid_price=price(item.bid),
        best_bid_size=size(item.bid_size),
        best_ask_price=price(item.ask),
        best_ask_size=size(item.ask_size),
        auction_state="complete" if item.phase is AuctionPhase.UNCROSSED else "collection",
        can_open="yes" if item.volume else "no",
        time=iso_microseconds(item.ts),
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
