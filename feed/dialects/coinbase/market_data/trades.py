"""The last trades. Source: "Get Market Trades", whose path calls them a ticker."""

from __future__ import annotations

from itertools import islice
from typing import Final

from feed.dialects.access import Shape
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.parameters import count_parameter, product_parameter, text_parameter
from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.queries import Query
from feed.dialects.coinbase.views import RESTED, MarketView
from feed.dialects.times import iso_microseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side
from feed.model.instruments import Listing

ROWS: Final = 100
"""Where nobody says how many."""
MOST_ROWS: Final = 1000


class MarketTrade(Shape):
    """
    A trade.

    Attributes:
        trade_id: Its number in its product.
        product_id: Of which product.
        price: In the quote asset.
        size: Of the base asset.
        time: Market time.
        side: Of the order that rested.
        bid: Empty.
        ask: Empty.
        exchange: Always CBE.
    """

    trade_id: str
    product_id: str
    price: str
    size: str
    time: str
    side: str
    bid: str = ""
    ask: str = ""
    exchange: str = "CBE"


class MarketTrades(Shape):
    """
    Trades, newest first, and best prices.

    Attributes:
        trades: The trades.
        best_bid: Best price that is wanted; empty where there is none.
        best_ask: Best price for which something is for sale; empty where there is none.
    """

    trades: list[MarketTrade]
    best_bid: str
    best_ask: str


def market_trades(view: MarketView, fields: Fields) -> MarketTrades:
    """The newest, or those of a stretch of time, as far back as they are kept."""
    product = view.product(fields.part("product_id"))
    limit = fields.whole("limit", ROWS, MOST_ROWS)
    start, end = fields.seconds("start"), fields.seconds("end")
    last = view.projections.trades.newest(product.index, MOST_ROWS)
    found = (
        trade
        for trade in last
        if (start is None or trade.ts >= start) and (end is None or trade.ts < end + NS_PER_SECOND)
    )
    return MarketTrades(
        trades=[
            MarketTrade(
                trade_id=str(trade.trade),
                product_id=product.id,
                price=product.price_text(trade.price),
                size=product.size_text(trade.size),
                time=iso_microseconds(trade.ts),
                side=RESTED[trade.aggressor or Side.BUY],
            )
            for trade in islice(found, limit)
        ],
        best_bid=_best(view, product, Side.BUY),
        best_ask=_best(view, product, Side.SELL),
    )


def _best(view: MarketView, product: Product, side: Side) -> str:
    price, size = view.best(product, side)
    return product.price_text(price) if size else ""


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/market/products/{product_id}/ticker",
            signed="/products/{product_id}/ticker",
            summary="The last trades of a product, and its best prices",
            answer=market_trades,
            parameters=(
                product_parameter(listing, in_path=True),
                count_parameter("Trades", ROWS, MOST_ROWS),
                text_parameter("start", "Those from this second on, since the Unix epoch."),
                text_parameter("end", "Those up to the end of this second."),
            ),
            returns=MarketTrades,
        ),
    )
