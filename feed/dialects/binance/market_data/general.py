# ruff: noqa: N815 - fields as published
"""Whether the exchange is there, what time it is, and what is traded by which rules."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.filters import ExchangeMaxNumOrders, Filter, filters
from feed.dialects.binance.limits import RateLimit, rate_limits
from feed.dialects.binance.market_data.parameters import (
    STATUSES,
    status_parameter,
    symbol_parameter,
    symbols_parameter,
)
from feed.dialects.binance.queries import Query, weighs
from feed.dialects.binance.symbols import DECIMALS, Symbol
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing

ORDER_TYPES: Final = (
    "LIMIT",
    "LIMIT_MAKER",
    "MARKET",
    "STOP_LOSS",
    "STOP_LOSS_LIMIT",
    "TAKE_PROFIT",
    "TAKE_PROFIT_LIMIT",
)
PREVENTION_MODES: Final = ("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
"""What may become of orders of one account that would trade with each other."""
PERMISSION: Final = "SPOT"
_EXPOSED: Final = (PERMISSION, "MARGIN", "LEVERAGED")


class Nothing(Shape):
    """An object without fields."""


class ServerTime(Shape):
    """
    What time it is.

    Attributes:
        serverTime: Market time of the newest event.
    """

    serverTime: int


class SymbolInfo(Shape):
    """
    The rules of a symbol.

    Attributes:
        symbol: Its name.
        status: TRADING, HALT or BREAK.
        baseAsset: What is bought and sold.
        baseAssetPrecision: Digits after the point of its quantities.
        quoteAsset: What it is priced in.
        quotePrecision: Digits after the point of prices.
        quoteAssetPrecision: Digits after the point of amounts of the quote asset.
        baseCommissionPrecision: Digits after the point of commissions in the base asset.
        quoteCommissionPrecision: Digits after the point of commissions in the quote asset.
        orderTypes: Kinds of orders that are taken.
        icebergAllowed: Whether a part of an order may be hidden.
        ocoAllowed: Whether one order may cancel another.
        otoAllowed: Whether one order may place another.
        opoAllowed: Whether one order may pay for another.
        quoteOrderQtyMarketAllowed: Whether a market order may say how much of the quote asset it is for.
        allowTrailingStop: Whether a stop price may follow the market.
        cancelReplaceAllowed: Whether an order may be replaced in one request.
        amendAllowed: Whether an order may be made smaller and keep its place.
        pegInstructionsAllowed: Whether a price may follow the book.
        isSpotTradingAllowed: Whether it can be bought and sold.
        isMarginTradingAllowed: Whether it can be bought with what is borrowed.
        filters: What an order may be, in the exchange's order.
        permissions: None; see permissionSets.
        permissionSets: Of each set an account needs one permission.
        defaultSelfTradePreventionMode: What becomes of two orders of one account that meet.
        allowedSelfTradePreventionModes: What an order may ask for in its place.
    """

    symbol: str
    status: str
    baseAsset: str
    baseAssetPrecision: int
    quoteAsset: str
    quotePrecision: int
    quoteAssetPrecision: int
    baseCommissionPrecision: int
    quoteCommissionPrecision: int
    orderTypes: list[str]
    icebergAllowed: bool
    ocoAllowed: bool
    otoAllowed: bool
    opoAllowed: bool
    quoteOrderQtyMarketAllowed: bool
    allowTrailingStop: bool
    cancelReplaceAllowed: bool
    amendAllowed: bool
    pegInstructionsAllowed: bool
    isSpotTradingAllowed: bool
    isMarginTradingAllowed: bool
    filters: list[Filter]
    permissions: list[str]
    permissionSets: list[list[str]]
    defaultSelfTradePreventionMode: str
    allowedSelfTradePreventionModes: list[str]


class ExchangeInfo(Shape):
    """
    What is traded, and by which rules.

    Attributes:
        timezone: Of all times.
        serverTime: Market time of the newest event.
        rateLimits: How much may be asked.
        exchangeFilters: What orders in all symbols together have to keep to.
        symbols: In the exchange's order.
    """

    timezone: str
    serverTime: int
    rateLimits: list[RateLimit]
    exchangeFilters: list[ExchangeMaxNumOrders]
    symbols: list[SymbolInfo]


def ping(view: MarketView, fields: Fields, unit: TimeUnit) -> Nothing:
    """Nothing: that it comes is the answer."""
    del view, fields, unit
    return Nothing()


def server_time(view: MarketView, fields: Fields, unit: TimeUnit) -> ServerTime:
    """Market time."""
    del fields
    return ServerTime(serverTime=unit.of(view.server_time))


def exchange_info(view: MarketView, fields: Fields, unit: TimeUnit) -> dict[str, object]:
    """The rules of what was asked for."""
    shown = fields.flag("showPermissionSets", default=True)
    found = _chosen(view, fields)
    return {
        "timezone": "UTC",
        "serverTime": unit.of(view.server_time),
        "rateLimits": rate_limits(view.policy),
        "exchangeFilters": [ExchangeMaxNumOrders(maxNumOrders=view.open_orders)],
        "symbols": [_encoded(symbol, view.status(symbol), shown) for symbol in found],
    }


def _chosen(view: MarketView, fields: Fields) -> list[Symbol]:
    named = fields.symbols(view.symbols)
    permissions, status = fields.text("permissions"), fields.text("symbolStatus")
    if named is not None:
        if permissions is not None or status is not None:
            raise errors.BAD_COMBINATION.error()
        return [named] if isinstance(named, Symbol) else list(named)
    if PERMISSION not in _permissions(permissions):
        return []
    if status is not None and status not in STATUSES:
        raise errors.BAD_SYMBOL_STATUS.error()
    return [symbol for symbol in view.symbols if status in (None, view.status(symbol))]


def _permissions(text: str | None) -> list[str]:
    """One permission, or a JSON list of them; those that are shown where none is named."""
    if text is None:
        return list(_EXPOSED)
    if not text.startswith("["):
        return [text]
    try:
        return msgspec.json.decode(text, type=list[str])
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        raise errors.INVALID.error("permissions") from None


@lru_cache(maxsize=8192)  # they hardly ever change, and all of them together are a long text
def _encoded(symbol: Symbol, status: str, shown: bool) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(_info(symbol, status, shown=shown)))


def _info(symbol: Symbol, status: str, *, shown: bool) -> SymbolInfo:
    return SymbolInfo(
        symbol=symbol.name,
        status=status,
        baseAsset=symbol.base,
        baseAssetPrecision=DECIMALS,
        quoteAsset=symbol.quote,
        quotePrecision=DECIMALS,
        quoteAssetPrecision=DECIMALS,
        baseCommissionPrecision=DECIMALS,
        quoteCommissionPrecision=DECIMALS,
        orderTypes=list(ORDER_TYPES),
        icebergAllowed=False,
        ocoAllowed=False,
        otoAllowed=False,
        opoAllowed=False,
        quoteOrderQtyMarketAllowed=True,
        allowTrailingStop=False,
        cancelReplaceAllowed=True,
        amendAllowed=True,
        pegInstructionsAllowed=False,
        isSpotTradingAllowed=True,
        isMarginTradingAllowed=False,
        filters=list(filters(symbol)),
        permissions=[],
        permissionSets=[[PERMISSION]] if shown else [],
        defaultSelfTradePreventionMode="EXPIRE_MAKER",
        allowedSelfTradePreventionModes=list(PREVENTION_MODES),
    )


def queries(listing: Listing) -> tuple[Query, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        Query(
            path="/api/v3/ping",
            method="ping",
            summary="Whether the exchange is there",
            answer=ping,
            returns=Nothing,
        ),
        Query(
            path="/api/v3/time",
            method="time",
            summary="Market time",
            answer=server_time,
            returns=ServerTime,
            tells_time=True,
        ),
        Query(
            path="/api/v3/exchangeInfo",
            method="exchangeInfo",
            summary="What is traded, by which rules, and how much may be asked",
            answer=exchange_info,
            parameters=(
                symbol_parameter(listing),
                symbols_parameter(listing),
                Parameter(
                    name="permissions",
                    meaning="A permission, or a JSON list of them; without symbols.",
                    optional=True,
                    most=None,
                    example=PERMISSION,
                ),
                Parameter(
                    name="showPermissionSets",
                    meaning="Whether permissionSets are told.",
                    default="true",
                    most=None,
                    choices=("true", "false"),
                ),
                status_parameter(),
            ),
            returns=ExchangeInfo,
            weight=weighs(20),
            tells_time=True,
        ),
    )
