"""What is traded, by which rules, and what was traded in the last 24 hours. Source: "List Products"."""

from __future__ import annotations

from typing import Final

from feed.dialects.access import Shape
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.parameters import (
    count_parameter,
    product_parameter,
    products_parameter,
    text_parameter,
)
from feed.dialects.coinbase.products import Product, asset_name
from feed.dialects.coinbase.queries import Query
from feed.dialects.coinbase.views import MarketView
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_DAY, NS_PER_MINUTE
from feed.model.events import Side, Status
from feed.model.instruments import Listing, decimal_text
from feed.model.requests import MOST_UNITS

DAY: Final = 24 * 60
"""Minutes of the window of a product's figures."""
MOST: Final = 5000
"""Products in an answer."""
SPOT: Final = "SPOT"
TYPES: Final = ("UNKNOWN_PRODUCT_TYPE", SPOT, "FUTURE")
SORTS: Final = (
    "PRODUCTS_SORT_ORDER_UNDEFINED",
    "PRODUCTS_SORT_ORDER_VOLUME_24H_DESCENDING",
    "PRODUCTS_SORT_ORDER_LIST_TIME_DESCENDING",
)
_STATUS: Final = {
    Status.TRADING: "online",
    Status.HALTED: "offline",
    Status.DELISTED: "delisted",
    Status.AUCTION: "online",
    Status.CLOSED: "offline",
}
_PERCENT: Final = 100
_PERCENT_DECIMALS: Final = 14


class ProductInfo(Shape):
    """
    A product.

    Attributes:
        product_id: Such as BTC-USD.
        price: Of the last trade.
        price_percentage_change_24h: What that is more than 24 hours ago, percent.
        volume_24h: Quantity traded in the last 24 hours.
        volume_percentage_change_24h: What that is more than in the 24 hours before, percent.
        base_increment: Step of quantities.
        quote_increment: Step of amounts of the quote asset.
        quote_min_size: Smallest amount of a market order.
        quote_max_size: Largest.
        base_min_size: Smallest quantity of an order.
        base_max_size: Largest.
        base_name: Of the base asset, for people.
        quote_name: Of the quote asset.
        watched: Never.
        is_disabled: Whether it is delisted.
        new: Never.
        status: Whether it is there.
        cancel_only: Whether orders can be cancelled alone.
        limit_only: Whether market orders are refused: during a call auction.
        post_only: Never.
        trading_disabled: Whether it cannot be traded now.
        auction_mode: Whether orders are collected for a call auction.
        product_type: Always SPOT.
        quote_currency_id: The quote asset.
        base_currency_id: The base asset.
        fcm_trading_session_details: Of futures alone.
        mid_market_price: Between the best prices.
        alias: None.
        alias_to: None.
        base_display_symbol: The base asset.
        quote_display_symbol: The quote asset.
        view_only: Never.
        price_increment: Step of prices.
        display_name: The id.
        product_venue: Always CBE.
        approximate_quote_24h_volume: Amount of the quote asset traded in the last 24 hours.
    """

    product_id: str
    price: str
    price_percentage_change_24h: str
    volume_24h: str
    volume_percentage_change_24h: str
    base_increment: str
    quote_increment: str
    quote_min_size: str
    quote_max_size: str
    base_min_size: str
    base_max_size: str
    base_name: str
    quote_name: str
    watched: bool
    is_disabled: bool
    new: bool
    status: str
    cancel_only: bool
    limit_only: bool
    post_only: bool
    trading_disabled: bool
    auction_mode: bool
    product_type: str
    quote_currency_id: str
    base_currency_id: str
    fcm_trading_session_details: None
    mid_market_price: str
    alias: str
    alias_to: list[str]
    base_display_symbol: str
    quote_display_symbol: str
    view_only: bool
    price_increment: str
    display_name: str
    product_venue: str
    approximate_quote_24h_volume: str


class ProductList(Shape):
    """
    Products.

    Attributes:
        products: They.
        num_products: How many there are, whatever the limit.
    """

    products: list[ProductInfo]
    num_products: int


def list_products(view: MarketView, fields: Fields) -> ProductList:
    """Those that are asked for, in the order of the listing unless another is asked for."""
    ids = fields.texts("product_ids", "product_id")
    wanted = fields.choice("product_type", TYPES, SPOT)
    sort = fields.choice("products_sort_order", SORTS, SORTS[0])
    limit, offset = fields.whole("limit", MOST, MOST), fields.whole("offset", 0, MOST, least=0)
    for name in ("get_all_products", "get_tradability_status"):
        fields.flag(name)
    named = (view.products.named(one) for one in dict.fromkeys(ids))
    found = list(view.products) if not ids else [one for one in named if one is not None]
    if wanted == "FUTURE":
        found = []
    if sort == SORTS[1]:
        found.sort(key=lambda one: -_traded_value(view, one))
    told = found[offset : offset + limit]
    return ProductList([product_info(view, one) for one in told], len(found))


def one_product(view: MarketView, fields: Fields) -> ProductInfo:
    """One product."""
    fields.flag("get_tradability_status")
    return product_info(view, view.product(fields.part("product_id")))


def product_info(view: MarketView, product: Product) -> ProductInfo:
    """A product as the market stands."""
    item, status = product.instrument, view.state.status(product.index)
    bars = view.projections.bars[product.index]
    day = bars.window(DAY, view.now)
    start = view.now - view.now % NS_PER_MINUTE - NS_PER_DAY
    before = bars.total(start - NS_PER_DAY, start)
    volume = 0 if day is None else day.volume
    return ProductInfo(
        product_id=product.id,
        price=product.price_text(view.last_price(product)),
        price_percentage_change_24h="0" if day is None else _change(day.open, day.close),
        volume_24h=product.size_text(volume),
        volume_percentage_change_24h=_change(0 if before is None else before.volume, volume),
        base_increment=product.size_step,
        quote_increment=product.price_step,
        quote_min_size=product.price_step,
        quote_max_size=decimal_text(MOST_UNITS, item.price_decimals),
        base_min_size=product.size_step,
        base_max_size=product.size_text(MOST_UNITS),
        base_name=asset_name(product.base),
        quote_name=asset_name(product.quote),
        watched=False,
        is_disabled=status is Status.DELISTED,
        new=False,
        status=_STATUS[status],
        cancel_only=status in (Status.HALTED, Status.CLOSED),
        limit_only=status is Status.AUCTION,
        post_only=False,
        trading_disabled=not status.takes_orders,
        auction_mode=status is Status.AUCTION,
        product_type=SPOT,
        quote_currency_id=product.quote,
        base_currency_id=product.base,
        fcm_trading_session_details=None,
        mid_market_price=mid_price(view, product),
        alias="",
        alias_to=[],
        base_display_symbol=product.base,
        quote_display_symbol=product.quote,
        view_only=False,
        price_increment=product.price_step,
        display_name=product.id,
        product_venue="CBE",
        approximate_quote_24h_volume=product.value_text(0 if day is None else day.value),
    )


def mid_price(view: MarketView, product: Product) -> str:
    """Between the best prices; empty where a side is."""
    bid, ask = (view.best(product, side)[0] for side in (Side.BUY, Side.SELL))
    if not bid or not ask:
        return ""
    item = product.instrument
    return decimal_text((bid + ask) * item.tick * 5, item.price_decimals + 1)


def _traded_value(view: MarketView, product: Product) -> int:
    day = view.projections.bars[product.index].window(DAY, view.now)
    if day is None:
        return 0
    item = product.instrument
    return day.value * item.tick * item.lot * int(10 ** (24 - item.price_decimals - item.size_decimals))


def _change(before: int, after: int) -> str:
    """Percent, with its sign."""
    if not before:
        return "0"
    units = (after - before) * _PERCENT * 10**_PERCENT_DECIMALS // before
    text = decimal_text(units, _PERCENT_DECIMALS)
    return text.rstrip("0").rstrip(".")


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    tradability = text_parameter(
        "get_tradability_status", "Taken, and without effect.", choices=("true", "false")
    )
    return (
        Query(
            path="/market/products",
            signed="/products",
            summary="What is traded, and by which rules",
            answer=list_products,
            parameters=(
                count_parameter("Products", MOST, MOST),
                Parameter(
                    name="offset", meaning="Products that are passed over.", default=0, least=0, most=None
                ),
                text_parameter("product_type", "Spot products are all there are.", choices=TYPES),
                products_parameter(listing),
                text_parameter("contract_expiry_type", "Of futures, and without effect."),
                text_parameter("expiring_contract_status", "Of futures, and without effect."),
                text_parameter("get_all_products", "Taken, and without effect.", choices=("true", "false")),
                tradability,
                text_parameter("products_sort_order", "In which order.", choices=SORTS),
            ),
            returns=ProductList,
        ),
        Query(
            path="/market/products/{product_id}",
            signed="/products/{product_id}",
            summary="One product",
            answer=one_product,
            parameters=(product_parameter(listing, in_path=True), tradability),
            returns=ProductInfo,
        ),
    )
