"""
From the parameters of an order to what is asked of the market.

Which of them an order of each type must have, may have and must not have; then the filters of the symbol.

Source: "New order (TRADE)" of the REST document, and what the exchange answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from feed.dialects.binance import errors
from feed.dialects.binance.account.client_ids import client_id
from feed.dialects.binance.account.orders import MODES, tag_of
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.symbols import Symbol
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.trading import Pricing, Trigger

LEAST_STRATEGY_TYPE: Final = 1_000_000
RESPONSES: Final = ("ACK", "RESULT", "FULL")
SIDES: Final = {"BUY": Side.BUY, "SELL": Side.SELL}
TIMES: Final = {time.name: time for time in TimeInForce}
SELF_TRADES: Final = {name: mode for mode, name in MODES.items()}
# In the order in which the exchange looks at them.
_CONDITIONAL: Final = ("timeInForce", "quantity", "price", "stopPrice", "quoteOrderQty")


@attrs.frozen(kw_only=True)
class OrderType:
    """
    A type of order.

    Attributes:
        pricing: Whether it has a limit.
        trigger: What it waits for.
        post_only: Whether it must rest.
        needed: Parameters that it must have.
        allowed: Parameters that it may have.
    """

    pricing: Pricing
    trigger: Trigger = Trigger.NONE
    post_only: bool = False
    needed: tuple[str, ...]
    allowed: tuple[str, ...] = ()


_LIMITED: Final = ("timeInForce", "quantity", "price")
TYPES: Final[Mapping[str, OrderType]] = {
    "LIMIT": OrderType(pricing=Pricing.LIMIT, needed=_LIMITED),
    "LIMIT_MAKER": OrderType(pricing=Pricing.LIMIT, post_only=True, needed=("quantity", "price")),
    "MARKET": OrderType(pricing=Pricing.MARKET, needed=(), allowed=("quantity", "quoteOrderQty")),
    "STOP_LOSS": OrderType(pricing=Pricing.MARKET, trigger=Trigger.STOP, needed=("quantity", "stopPrice")),
    "STOP_LOSS_LIMIT": OrderType(
        pricing=Pricing.LIMIT, trigger=Trigger.STOP, needed=(*_LIMITED, "stopPrice")
    ),
    "TAKE_PROFIT": OrderType(
        pricing=Pricing.MARKET, trigger=Trigger.TAKE_PROFIT, needed=("quantity", "stopPrice")
    ),
    "TAKE_PROFIT_LIMIT": OrderType(
        pricing=Pricing.LIMIT, trigger=Trigger.TAKE_PROFIT, needed=(*_LIMITED, "stopPrice")
    ),
}
# What the exchange has, and this market does not.
_UNSUPPORTED: Final = {
    "icebergQty": "Iceberg orders are not supported for this symbol.",
    "trailingDelta": "Trailing stop orders are not supported for this symbol.",
    "pegPriceType": "Pegged orders are not supported for this symbol.",
}


@attrs.frozen(kw_only=True)
class Draft:
    """
    An order that is asked for; prices, quantities and amounts in units of 1e-8.

    Attributes:
        symbol: Where.
        side: Which side.
        type: Its type.
        time_in_force: How long it waits.
        quantity: In the base asset; 0 where ``quote_quantity`` stands instead.
        quote_quantity: In the quote asset; else 0.
        price: Limit; 0 without one.
        stop_price: What it waits for; 0 without.
        client: The client's own id, packed; 0 for none.
        self_trade: What becomes of trades of the account with itself.
        tag: Numbers of a strategy.
        response: What the answer shows.
    """

    symbol: Symbol
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    quantity: int
    quote_quantity: int
    price: int
    stop_price: int
    client: int
    self_trade: SelfTrade
    tag: int
    response: str


def draft(fields: Fields, symbol: Symbol) -> Draft:
    """
    The order that is asked for.

    Raises:
        BinanceError: A parameter is missing, or cannot be, or has no place in an order of this type.
    """
    side = SIDES.get(fields.needed("side"))
    if side is None:
        raise errors.BAD_SIDE.error()
    name = fields.needed("type")
    kind = TYPES.get(name)
    if kind is None:
        raise errors.BAD_ORDER_TYPE.error()
    time = fields.text("timeInForce")
    if time is not None and time not in TIMES:
        raise errors.BAD_TIME_IN_FORCE.error()
    _check_unsupported(fields)
    _check_presence(fields, kind, name)
    return Draft(
        symbol=symbol,
        side=side,
        type=kind,
        time_in_force=TimeInForce.GTC if time is None else TIMES[time],
        quantity=_positive(fields, "quantity"),
        quote_quantity=_positive(fields, "quoteOrderQty"),
        price=_positive(fields, "price"),
        stop_price=_positive(fields, "stopPrice"),
        client=client_id(fields, "newClientOrderId"),
        self_trade=_self_trade(fields),
        tag=_tag(fields),
        response=_response(fields, name),
    )


def _check_unsupported(fields: Fields) -> None:
    for name, text in _UNSUPPORTED.items():
        if fields.text(name) is not None:
            raise errors.INVALID_MESSAGE.error(text)


def _check_presence(fields: Fields, kind: OrderType, name: str) -> None:
    for parameter in _CONDITIONAL:
        if parameter in kind.needed:
            fields.needed(parameter)
        elif parameter in fields and parameter not in kind.allowed:
            raise errors.NOT_REQUIRED.error(parameter)
    if name == "MARKET":
        if "quantity" not in fields and "quoteOrderQty" not in fields:
            raise errors.MISSING_BOTH.error("quantity", "quoteOrderQty")
        if "quantity" in fields and "quoteOrderQty" in fields:
            raise errors.NOT_REQUIRED.error("quoteOrderQty")


def _positive(fields: Fields, name: str) -> int:
    amount = fields.amount(name)
    if amount == 0:
        raise errors.INVALID_MESSAGE.error(f"Invalid {name}.")
    return amount or 0


def _self_trade(fields: Fields) -> SelfTrade:
    mode = fields.text("selfTradePreventionMode")
    if mode is None:
        return SelfTrade.CANCEL_RESTING
    if mode not in SELF_TRADES:
        raise errors.INVALID_MESSAGE.error(
            "This symbol does not allow the specified self-trade prevention mode."
        )
    return SELF_TRADES[mode]


def _tag(fields: Fields) -> int:
    strategy, kind = fields.whole("strategyId"), fields.whole("strategyType")
    if kind is not None and kind < LEAST_STRATEGY_TYPE:
        raise errors.BAD_STRATEGY.error()
    if kind is not None and kind >= 2**31:
        raise errors.OVERFLOW.error("strategyType")
    return tag_of(strategy, kind)


def _response(fields: Fields, name: str) -> str:
    response = fields.choice("newOrderRespType", RESPONSES, errors.INVALID)
    return response or ("FULL" if name in {"LIMIT", "MARKET"} else "ACK")
