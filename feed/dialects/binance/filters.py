# ruff: noqa: N815 - fields as published
"""
The filters of a symbol: what an order may be. They stand in exchangeInfo in the exchange's order.

Tick, lot and smallest sizes are the instrument's. The other bounds are the exchange's usual ones, and highest
price and largest quantity as many ticks and steps as most of its pairs have.

Source: "Filters", https://github.com/binance/binance-spot-api-docs/blob/master/filters.md.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from feed.dialects.access import Shape
from feed.dialects.binance.symbols import DECIMALS, Symbol, amount_text

MOST_TICKS: Final = 100_000_000
"""The highest price, in ticks."""
MOST_LOTS: Final = 900_000_000
"""The largest quantity, in lots."""
MOST_MARKET_LOTS: Final = MOST_LOTS // 100
"""The largest quantity of a market order, in lots."""
LEAST_NOTIONAL: Final = 5 * 10**DECIMALS
"""The smallest price times quantity, in units of 1e-8 of the quote asset."""
MOST_NOTIONAL: Final = 9_000_000 * 10**DECIMALS
"""The largest."""
AVERAGE_MINUTES: Final = 5
"""Over which an average price is taken where an order has none, or is compared with it."""
MULTIPLIER_UP: Final = 5
"""A price may be so many times the average price ..."""
MULTIPLIER_DOWN: Final = 5
"""... and a fifth of it."""
MOST_ORDERS: Final = 200
"""Open orders of an account and a symbol."""
MOST_ALGO_ORDERS: Final = 5
"""Of these, those that wait for a stop price."""


class PriceFilter(Shape, tag_field="filterType", tag="PRICE_FILTER"):
    """
    Bounds and steps of a price.

    Attributes:
        minPrice: The lowest price, a tick.
        maxPrice: The highest price.
        tickSize: The smallest step of a price.
    """

    minPrice: str
    maxPrice: str
    tickSize: str


class LotSize(Shape, tag_field="filterType", tag="LOT_SIZE"):
    """
    Bounds and steps of a quantity.

    Attributes:
        minQty: The smallest quantity.
        maxQty: The largest quantity.
        stepSize: The smallest step of a quantity; 0 for that of LOT_SIZE.
    """

    minQty: str
    maxQty: str
    stepSize: str


class IcebergParts(Shape, tag_field="filterType", tag="ICEBERG_PARTS"):
    """
    Parts of an iceberg order.

    Attributes:
        limit: The most.
    """

    limit: int


class MarketLotSize(Shape, tag_field="filterType", tag="MARKET_LOT_SIZE"):
    """
    Bounds and steps of the quantity of a market order.

    Attributes:
        minQty: The smallest quantity.
        maxQty: The largest quantity.
        stepSize: The smallest step of a quantity; 0 for that of LOT_SIZE.
    """

    minQty: str
    maxQty: str
    stepSize: str


class TrailingDelta(Shape, tag_field="filterType", tag="TRAILING_DELTA"):
    """
    Bounds of ``trailingDelta``, basis points.

    Attributes:
        minTrailingAboveDelta: The least above the price.
        maxTrailingAboveDelta: The most above the price.
        minTrailingBelowDelta: The least below the price.
        maxTrailingBelowDelta: The most below the price.
    """

    minTrailingAboveDelta: int
    maxTrailingAboveDelta: int
    minTrailingBelowDelta: int
    maxTrailingBelowDelta: int


class PercentPriceBySide(Shape, tag_field="filterType", tag="PERCENT_PRICE_BY_SIDE"):
    """
    How far a price may be from the average.

    Attributes:
        bidMultiplierUp: A bid is at most so many times the average price.
        bidMultiplierDown: A bid is at least so many times the average price.
        askMultiplierUp: An ask is at most so many times the average price.
        askMultiplierDown: An ask is at least so many times the average price.
        avgPriceMins: Minutes over which the average is taken.
    """

    bidMultiplierUp: str
    bidMultiplierDown: str
    askMultiplierUp: str
    askMultiplierDown: str
    avgPriceMins: int


class Notional(Shape, tag_field="filterType", tag="NOTIONAL"):
    """
    Bounds of price times quantity.

    Attributes:
        minNotional: The least.
        applyMinToMarket: Whether market orders must be as large.
        maxNotional: The most.
        applyMaxToMarket: Whether market orders must be as small.
        avgPriceMins: Minutes over which the average is taken.
    """

    minNotional: str
    applyMinToMarket: bool
    maxNotional: str
    applyMaxToMarket: bool
    avgPriceMins: int


class MaxNumOrders(Shape, tag_field="filterType", tag="MAX_NUM_ORDERS"):
    """
    Open orders.

    Attributes:
        maxNumOrders: The most of an account and symbol.
    """

    maxNumOrders: int


class ExchangeMaxNumOrders(Shape, tag_field="filterType", tag="EXCHANGE_MAX_NUM_ORDERS"):
    """
    Open orders, of the exchange and not of a symbol.

    Attributes:
        maxNumOrders: The most of an account, in all symbols together.
    """

    maxNumOrders: int


class MaxNumOrderLists(Shape, tag_field="filterType", tag="MAX_NUM_ORDER_LISTS"):
    """
    Open lists of orders.

    Attributes:
        maxNumOrderLists: The most of an account and symbol.
    """

    maxNumOrderLists: int


class MaxNumAlgoOrders(Shape, tag_field="filterType", tag="MAX_NUM_ALGO_ORDERS"):
    """
    Open orders that wait for a stop price.

    Attributes:
        maxNumAlgoOrders: The most of an account and symbol.
    """

    maxNumAlgoOrders: int


class MaxNumOrderAmends(Shape, tag_field="filterType", tag="MAX_NUM_ORDER_AMENDS"):
    """
    Amendments of one order.

    Attributes:
        maxNumOrderAmends: The most.
    """

    maxNumOrderAmends: int


Filter = (
    PriceFilter
    | LotSize
    | IcebergParts
    | MarketLotSize
    | TrailingDelta
    | PercentPriceBySide
    | Notional
    | MaxNumOrders
    | MaxNumOrderLists
    | MaxNumAlgoOrders
    | MaxNumOrderAmends
)


@lru_cache(maxsize=4096)
def filters(symbol: Symbol) -> tuple[Filter, ...]:
    """All of a symbol's, in the exchange's order: some clients take the first one for the prices' own."""
    return (
        PriceFilter(
            minPrice=symbol.price_text(1),
            maxPrice=symbol.price_text(MOST_TICKS),
            tickSize=symbol.price_text(1),
        ),
        LotSize(minQty=symbol.size_text(1), maxQty=symbol.size_text(MOST_LOTS), stepSize=symbol.size_text(1)),
        IcebergParts(limit=10),
        MarketLotSize(
            minQty=amount_text(0), maxQty=symbol.size_text(MOST_MARKET_LOTS), stepSize=amount_text(0)
        ),
        TrailingDelta(
            minTrailingAboveDelta=10,
            maxTrailingAboveDelta=2000,
            minTrailingBelowDelta=10,
            maxTrailingBelowDelta=2000,
        ),
        PercentPriceBySide(
            bidMultiplierUp=str(MULTIPLIER_UP),
            bidMultiplierDown=f"0.{10 // MULTIPLIER_DOWN}",
            askMultiplierUp=str(MULTIPLIER_UP),
            askMultiplierDown=f"0.{10 // MULTIPLIER_DOWN}",
            avgPriceMins=AVERAGE_MINUTES,
        ),
        Notional(
            minNotional=amount_text(LEAST_NOTIONAL),
            applyMinToMarket=True,
            maxNotional=amount_text(MOST_NOTIONAL),
            applyMaxToMarket=False,
            avgPriceMins=AVERAGE_MINUTES,
        ),
        MaxNumOrders(maxNumOrders=MOST_ORDERS),
        MaxNumOrderLists(maxNumOrderLists=20),
        MaxNumAlgoOrders(maxNumAlgoOrders=MOST_ALGO_ORDERS),
        MaxNumOrderAmends(maxNumOrderAmends=10),
    )
