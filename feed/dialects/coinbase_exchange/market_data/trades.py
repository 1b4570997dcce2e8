"""The last trade, and the trades before it."""

from __future__ import annotations

from itertools import islice
from typing import Final

from feed.dialects.access import Shape
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data.parameters import (
    AFTER,
    BEFORE,
    limit_parameter,
    product_parameter,
)
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.queries import Page, Query
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.times import iso_microseconds
from feed.model.events import Row, Side
from feed.model.instruments import Listing

ROWS: Final = 100
MOST_ROWS: Final = 1000


class TradeInfo(Shape):
    """
    A trade.

    Attributes:
        trade_id: Counts the trades of the product.
        side: Of the order that rested: buy means that the price went down.
        size: Quantity.
        price: At which it was.
        time: Market time.
    """

    trade_id: int
    side: str
    size: str
    price: str
    time: str


def trades(view: MarketView, fields: Fields) -> Page:
    """
    The newest first; of those that are kept, older or newer ones than a cursor.

    Cursors are ids of trades.
    """
    product = fields.product(view.products)
    before, after = fields.whole("before"), fields.whole("after")
    limit = fields.limit(ROWS, MOST_ROWS)
    rows = (
        row
        for row in reversed(list(view.projections.trades.rows(product.index)))
        if (before is None or row[3] > before) and (after is None or row[3] < after)
    )
    found = [_trade(product, row) for row in islice(rows, limit)]
    ends = (str(found[0].trade_id), str(found[-1].trade_id)) if found else ("", "")
    return Page(rows=found, before=ends[0], after=ends[1])


def maker_side(aggressor: Side | int | None) -> str:
    """That of the order that rested; a taker whose side is not known is taken for the buyer."""
    return "buy" if aggressor == Side.SELL else "sell"


def _trade(product: Product, row: Row) -> TradeInfo:
    _, _, ts, trade, aggressor, price, size, *_ = row
    return TradeInfo(
        trade_id=trade,
        side=maker_side(aggressor),
        size=product.size_text(size),
        price=product.price_text(price),
        time=iso_microseconds(ts),
    )


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/products/{product_id}/trades",
            summary="The last trades of a product",
            answer=trades,
            parameters=(product_parameter(listing), limit_parameter(ROWS, MOST_ROWS), BEFORE, AFTER),
            returns=list[TradeInfo],
        ),
    )
