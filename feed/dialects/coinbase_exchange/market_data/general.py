"""What time it is, and what is traded by which rules."""

from __future__ import annotations

from collections.abc import Sequence

from feed.dialects.access import Shape
from feed.dialects.coinbase_exchange.errors import not_found
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.market_data.parameters import product_parameter
from feed.dialects.coinbase_exchange.products import Currency, Product, Products, products
from feed.dialects.coinbase_exchange.queries import Query
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.numbers import Number, exact
from feed.dialects.parameters import Parameter
from feed.dialects.times import iso, milliseconds
from feed.model.events import Status
from feed.model.instruments import Listing, decimal_text


class ServerTime(Shape):
    """
    What time it is.

    Attributes:
        iso: Market time of the newest event.
        epoch: The same, seconds since the Unix epoch.
    """

    iso: str
    epoch: Number


class ProductInfo(Shape):
    """
    The rules of a product.

    Attributes:
        id: Its name.
        base_currency: What is bought and sold.
        quote_currency: What it is priced in.
        quote_increment: Step of prices.
        base_increment: Step of quantities, and the smallest one.
        display_name: For people.
        min_market_funds: Least value of a market order.
        margin_enabled: Never: nothing can be borrowed.
        post_only: Never.
        limit_only: Whether market orders are refused: during a call auction.
        cancel_only: Whether it is halted, or closed.
        status: Whether it is listed.
        status_message: Empty.
        trading_disabled: Whether it is traded no more.
        fx_stablecoin: Never.
        max_slippage_percentage: How far a market order may go.
        auction_mode: Whether orders are collected for a call auction.
        high_bid_limit_percentage: None.
    """

    id: str
    base_currency: str
    quote_currency: str
    quote_increment: str
    base_increment: str
    display_name: str
    min_market_funds: str
    margin_enabled: bool
    post_only: bool
    limit_only: bool
    cancel_only: bool
    status: str
    status_message: str
    trading_disabled: bool
    fx_stablecoin: bool
    max_slippage_percentage: str
    auction_mode: bool
    high_bid_limit_percentage: str


class CurrencyDetails(Shape):
    """
    More of a currency.

    Attributes:
        type: Money of a state or not.
        symbol: Sign of it; None without.
        sort_order: Of lists.
        push_payment_methods: None.
        group_types: None.
        display_name: For people.
        processing_time_seconds: None: nothing is sent anywhere.
        min_withdrawal_amount: None.
        max_withdrawal_amount: None.
    """

    type: str
    symbol: str | None
    sort_order: int
    push_payment_methods: list[str]
    group_types: list[str]
    display_name: str
    processing_time_seconds: int | None
    min_withdrawal_amount: float | None
    max_withdrawal_amount: float | None


class CurrencyInfo(Shape):
    """
    A currency.

    Attributes:
        id: Its name.
        name: For people.
        min_size: Its smallest amount.
        status: Always online.
        message: Empty.
        max_precision: The same as the smallest amount.
        convertible_to: None.
        details: More of it.
        default_network: Empty: nothing is sent anywhere.
        supported_networks: None.
        display_name: For people.
    """

    id: str
    name: str
    min_size: str
    status: str
    message: str
    max_precision: str
    convertible_to: list[str]
    details: CurrencyDetails
    default_network: str
    supported_networks: list[str]
    display_name: str


def server_time(view: MarketView, fields: Fields) -> ServerTime:
    """Market time."""
    del fields
    now = view.server_time
    return ServerTime(iso=iso(now), epoch=exact(decimal_text(milliseconds(now), 3)))


def all_products(view: MarketView, fields: Fields) -> list[ProductInfo]:
    """In the order of the market's listing."""
    del fields
    return [product_info(product, view.status(product)) for product in view.products]


def one_product(view: MarketView, fields: Fields) -> ProductInfo:
    """That of the path."""
    product = fields.product(view.products)
    return product_info(product, view.status(product))


def all_currencies(view: MarketView, fields: Fields) -> Sequence[CurrencyInfo]:
    """In alphabetical order."""
    del fields
    return currency_infos(view.products)


def one_currency(view: MarketView, fields: Fields) -> CurrencyInfo:
    """That of the path."""
    currency = view.products.currencies.get((fields.text("currency_id") or "").upper())
    if currency is None:
        raise not_found()
    return _currency(currency)


def product_info(product: Product, status: Status) -> ProductInfo:
    """The rules of a product, as its status is."""
    instrument = product.instrument
    return ProductInfo(
        id=product.id,
        base_currency=product.base.id,
        quote_currency=product.quote.id,
        quote_increment=product.price_text(1),
        base_increment=product.size_text(1),
        display_name=f"{product.base.id}/{product.quote.id}",
        min_market_funds=decimal_text(1, instrument.price_decimals),
        margin_enabled=False,
        post_only=False,
        limit_only=status is Status.AUCTION,
        cancel_only=status in (Status.HALTED, Status.CLOSED),
        status="delisted" if status is Status.DELISTED else "online",
        status_message="",
        trading_disabled=status is Status.DELISTED,
        fx_stablecoin=False,
        max_slippage_percentage="1.00000000",
        auction_mode=status is Status.AUCTION,
        high_bid_limit_percentage="",
    )


def currency_infos(known: Products) -> Sequence[CurrencyInfo]:
    """Of all currencies."""
    return [_currency(currency) for currency in known.currencies.values()]


def _currency(currency: Currency) -> CurrencyInfo:
    least = decimal_text(1, currency.decimals)
    details = CurrencyDetails(
        type="fiat" if currency.is_fiat else "crypto",
        symbol=None,
        sort_order=0,
        push_payment_methods=[],
        group_types=["fiat"] if currency.is_fiat else [],
        display_name=currency.name,
        processing_time_seconds=None,
        min_withdrawal_amount=None,
        max_withdrawal_amount=None,
    )
    return CurrencyInfo(
        id=currency.id,
        name=currency.name,
        min_size=least,
        status="online",
        message="",
        max_precision=least,
        convertible_to=[],
        details=details,
        default_network="",
        supported_networks=[],
        display_name=currency.id,
    )


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    currency = Parameter(
        name="currency_id",
        meaning="Id of a currency.",
        most=None,
        in_path=True,
        example=next(iter(products(listing).currencies), None),
    )
    return (
        Query(path="/time", summary="Market time", answer=server_time, returns=ServerTime, tells_time=True),
        Query(
            path="/products",
            summary="What is traded, and by which rules",
            answer=all_products,
            returns=list[ProductInfo],
        ),
        Query(
            path="/products/{product_id}",
            summary="The rules of a product",
            answer=one_product,
            parameters=(product_parameter(listing),),
            returns=ProductInfo,
        ),
        Query(
            path="/currencies",
            summary="What can be bought, or paid with",
            answer=all_currencies,
            returns=list[CurrencyInfo],
        ),
        Query(
            path="/currencies/{currency_id}",
            summary="One currency",
            answer=one_currency,
            parameters=(currency,),
            returns=CurrencyInfo,
        ),
    )
