"""Order books, and best prices. Source: "Get Product Book", "Get Best Bid/Ask"."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.coinbase.errors import invalid
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.listing import mid_price
from feed.dialects.coinbase.market_data.parameters import (
    count_parameter,
    product_parameter,
    products_parameter,
    text_parameter,
)
from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.queries import Query
from feed.dialects.coinbase.views import MarketView
from feed.dialects.times import iso_microseconds
from feed.model.events import Side
from feed.model.instruments import Listing, OffGrid, decimal_text

LEVELS: Final = 500
"""Of a side, where nobody says how many."""
MOST_LEVELS: Final = 5000
_BASIS_POINTS: Final = 10_000
_BASIS_DECIMALS: Final = 3


class Level(Shape):
    """
    A price, and what stands there.

    Attributes:
        price: In the quote asset.
        size: Of the base asset.
    """

    price: str
    size: str


class PriceBook(Shape):
    """
    The best levels of both sides, best first.

    Attributes:
        product_id: Of which product.
        bids: What is wanted.
        asks: What is for sale.
        time: Market time.
    """

    product_id: str
    bids: list[Level]
    asks: list[Level]
    time: str


class ProductBook(Shape):
    """
    A book.

    Attributes:
        pricebook: Its levels.
        last: Price of the last trade.
        mid_market: Between the best prices.
        spread_bps: What the best ask is more than the best bid, in ten thousandths of their middle.
        spread_absolute: The same in the quote asset.
    """

    pricebook: PriceBook
    last: str
    mid_market: str
    spread_bps: str
    spread_absolute: str


class PriceBooks(Shape):
    """
    Best prices.

    Attributes:
        pricebooks: Of each product a book of one level.
    """

    pricebooks: list[PriceBook]


def product_book(view: MarketView, fields: Fields) -> ProductBook:
    """The best levels of both sides."""
    named = fields.text("product_id")
    if named is None:
        raise invalid("product_id is missing")
    product = view.product(named)
    limit = fields.whole("limit", LEVELS, MOST_LEVELS)
    step = _step(product, fields.text("aggregation_price_increment"))
    bid, ask = (view.best(product, side)[0] for side in (Side.BUY, Side.SELL))
    both = bool(bid and ask)
    spread = (ask - bid) * 2 * _BASIS_POINTS * 10**_BASIS_DECIMALS // (ask + bid) if both else 0
    return ProductBook(
        pricebook=price_book(view, product, limit, step),
        last=product.price_text(view.last_price(product)),
        mid_market=mid_price(view, product),
        spread_bps=decimal_text(spread, _BASIS_DECIMALS),
        spread_absolute=product.price_text(ask - bid if both else 0),
    )


def best_bid_ask(view: MarketView, fields: Fields) -> PriceBooks:
    """Of those that are named, or of all."""
    ids = dict.fromkeys(fields.texts("product_ids", "product_id"))
    named = [view.product(one) for one in ids] if ids else list(view.products)
    return PriceBooks([price_book(view, product, 1) for product in named])


def price_book(view: MarketView, product: Product, limit: int, step: int = 1) -> PriceBook:
    """
    A book.

    Args:
        view: The market.
        product: Whose.
        limit: Levels of a side, at most.
        step: Ticks of which the price of a level is to be a multiple; what lies between is added up, on the
            side of the worse price.
    """
    return PriceBook(
        product_id=product.id,
        bids=_levels(view, product, Side.BUY, limit, step),
        asks=_levels(view, product, Side.SELL, limit, step),
        time=iso_microseconds(view.now),
    )


def _levels(view: MarketView, product: Product, side: Side, limit: int, step: int) -> list[Level]:
    if step == 1:
        best = view.state.levels(product.index, side, limit)
    else:
        sums: dict[int, int] = {}
        for price, lots in view.state.levels(product.index, side):
            rounded = price // step * step if side is Side.BUY else -(-price // step) * step
            if rounded not in sums and len(sums) >= limit:
                break
            sums[rounded] = sums.get(rounded, 0) + lots
        best = list(sums.items())
    return [Level(product.price_text(price), product.size_text(lots)) for price, lots in best]


def _step(product: Product, text: str | None) -> int:
    if text is None:
        return 1
    try:
        step = product.instrument.price_ticks(text)
    except OffGrid:
        step = 0
    if step < 1:
        raise invalid("aggregation_price_increment must be a multiple of the price increment")
    return step


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/market/product_book",
            signed="/product_book",
            summary="The best levels of a book",
            answer=product_book,
            parameters=(
                product_parameter(listing),
                count_parameter("Levels of a side", LEVELS, MOST_LEVELS),
                text_parameter("aggregation_price_increment", "Step of prices to which levels are added up."),
            ),
            returns=ProductBook,
        ),
        Query(
            signed="/best_bid_ask",
            summary="Best prices",
            answer=best_bid_ask,
            parameters=(products_parameter(listing),),
            returns=PriceBooks,
        ),
    )
