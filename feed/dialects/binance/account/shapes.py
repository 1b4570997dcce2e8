# ruff: noqa: N815 - fields as published
"""
Orders and trades in JSON, field by field in the exchange's order.

Fields that stand only in some answers are left out of the others ("Conditional fields in Order Responses").
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape

Text = str | UnsetType
Whole = int | UnsetType


class Fill(Shape):
    """
    One trade of an order that was just placed.

    Attributes:
        price: Of one unit of the base asset.
        qty: In the base asset.
        commission: What was paid for it.
        commissionAsset: In this asset.
        tradeId: Of the trade in its symbol.
    """

    price: str
    qty: str
    commission: str
    commissionAsset: str
    tradeId: int


class Placed(Shape, kw_only=True):
    """
    What became of an order that was placed.

    ``ACK`` shows the first five fields alone, ``RESULT`` all but the trades, ``FULL`` those as well.

    Attributes:
        symbol: Where.
        orderId: Its number.
        orderListId: -1: it is in no list of orders.
        clientOrderId: The client's own id of it.
        transactTime: Market time.
        price: Limit; 0 without one.
        origQty: What it is for, in the base asset.
        executedQty: What of it has traded.
        origQuoteOrderQty: What a market order was to spend or bring in, in the quote asset; else 0.
        cummulativeQuoteQty: What it has spent or brought in, in the quote asset.
        status: Where it stands.
        timeInForce: How long it waits.
        type: Its type.
        side: BUY or SELL.
        stopPrice: What it waits for.
        workingTime: Market time since which it can trade; -1 while it waits.
        strategyId: As it was sent.
        strategyType: As it was sent.
        preventedQuantity: What would have traded with the account itself.
        fills: Its trades.
        selfTradePreventionMode: What becomes of trades of the account with itself.
    """

    symbol: str
    orderId: int
    orderListId: int = -1
    clientOrderId: str
    transactTime: int
    price: Text = UNSET
    origQty: Text = UNSET
    executedQty: Text = UNSET
    origQuoteOrderQty: Text = UNSET
    cummulativeQuoteQty: Text = UNSET
    status: Text = UNSET
    timeInForce: Text = UNSET
    type: Text = UNSET
    side: Text = UNSET
    stopPrice: Text = UNSET
    workingTime: Whole = UNSET
    strategyId: Whole = UNSET
    strategyType: Whole = UNSET
    preventedQuantity: Text = UNSET
    fills: list[Fill] | UnsetType = UNSET
    selfTradePreventionMode: Text = UNSET


class Cancelled(Shape, kw_only=True):
    """
    An order was cancelled.

    Attributes:
        symbol: Where.
        origClientOrderId: The client's own id of the order.
        orderId: Its number.
        orderListId: -1: it is in no list of orders.
        clientOrderId: The client's own id of the cancellation.
        transactTime: Market time.
        price: Limit; 0 without one.
        origQty: What it is for, in the base asset.
        executedQty: What of it has traded.
        origQuoteOrderQty: What a market order was to spend or bring in, in the quote asset; else 0.
        cummulativeQuoteQty: What it has spent or brought in, in the quote asset.
        status: Where it stands.
        timeInForce: How long it waits.
        type: Its type.
        side: BUY or SELL.
        stopPrice: What it waits for.
        strategyId: As it was sent.
        strategyType: As it was sent.
        preventedQuantity: What would have traded with the account itself.
        selfTradePreventionMode: What becomes of trades of the account with itself.
    """

    symbol: str
    origClientOrderId: str
    orderId: int
    orderListId: int = -1
    clientOrderId: str
    transactTime: int
    price: str
    origQty: str
    executedQty: str
    origQuoteOrderQty: str
    cummulativeQuoteQty: str
    status: str
    timeInForce: str
    type: str
    side: str
    stopPrice: Text = UNSET
    strategyId: Whole = UNSET
    strategyType: Whole = UNSET
    preventedQuantity: Text = UNSET
    selfTradePreventionMode: str


class Order(Shape, kw_only=True):
    """
    An order as it stands.

    Attributes:
        symbol: Where.
        orderId: Its number.
        orderListId: -1: it is in no list of orders.
        clientOrderId: The client's own id of it.
        price: Limit; 0 without one.
        origQty: What it is for, in the base asset.
        executedQty: What of it has traded.
        cummulativeQuoteQty: What it has spent or brought in, in the quote asset.
        status: Where it stands.
        timeInForce: How long it waits.
        type: Its type.
        side: BUY or SELL.
        stopPrice: What it waits for, or has waited for; else 0.
        icebergQty: 0: no part of an order is hidden here.
        time: Market time at which it was placed.
        updateTime: Market time of its last change.
        isWorking: Whether it does not wait for a price any more.
        workingTime: Market time since which it can trade; -1 while it waits.
        origQuoteOrderQty: What a market order was to spend or bring in, in the quote asset; else 0.
        strategyId: As it was sent.
        strategyType: As it was sent.
        preventedQuantity: What would have traded with the account itself.
        selfTradePreventionMode: What becomes of trades of the account with itself.
    """

    symbol: str
    orderId: int
    orderListId: int = -1
    clientOrderId: str
    price: str
    origQty: str
    executedQty: str
    cummulativeQuoteQty: str
    status: str
    timeInForce: str
    type: str
    side: str
    stopPrice: str
    icebergQty: str
    time: int
    updateTime: int
    isWorking: bool
    workingTime: int
    origQuoteOrderQty: str
    strategyId: Whole = UNSET
    strategyType: Whole = UNSET
    preventedQuantity: Text = UNSET
    selfTradePreventionMode: str


class Amended(Shape, kw_only=True):
    """
    An order after it was amended.

    Attributes:
        symbol: Where.
        orderId: Its number.
        orderListId: -1: it is in no list of orders.
        origClientOrderId: The client's own id of the order.
        clientOrderId: The same: it stays.
        price: Limit; 0 without one.
        qty: What it is for now, in the base asset.
        executedQty: What of it has traded.
        preventedQty: What would have traded with the account itself.
        quoteOrderQty: 0: only orders with a price are amended.
        cumulativeQuoteQty: What it has spent or brought in, in the quote asset.
        status: Where it stands.
        timeInForce: How long it waits.
        type: Its type.
        side: BUY or SELL.
        workingTime: Market time since which it can trade; -1 while it waits.
        selfTradePreventionMode: What becomes of trades of the account with itself.
    """

    symbol: str
    orderId: int
    orderListId: int = -1
    origClientOrderId: str
    clientOrderId: str
    price: str
    qty: str
    executedQty: str
    preventedQty: str
    quoteOrderQty: str
    cumulativeQuoteQty: str
    status: str
    timeInForce: str
    type: str
    side: str
    workingTime: int
    selfTradePreventionMode: str


class Amendment(Shape):
    """
    An order has fewer to trade, and kept its place.

    Attributes:
        transactTime: Market time.
        executionId: Of this change.
        amendedOrder: The order after it.
    """

    transactTime: int
    executionId: int
    amendedOrder: Amended


class AccountTrade(Shape):
    """
    One trade of the account.

    Attributes:
        symbol: Where.
        id: Of the trade in its symbol.
        orderId: Of the account's order.
        orderListId: -1: it is in no list of orders.
        price: Of one unit of the base asset.
        qty: In the base asset.
        quoteQty: In the quote asset.
        commission: What was paid for it.
        commissionAsset: In this asset.
        time: Market time.
        isBuyer: Whether the account bought.
        isMaker: Whether its order rested.
        isBestMatch: Always true.
    """

    symbol: str
    id: int
    orderId: int
    orderListId: int
    price: str
    qty: str
    quoteQty: str
    commission: str
    commissionAsset: str
    time: int
    isBuyer: bool
    isMaker: bool
    isBestMatch: bool


class PreventedMatch(Shape, kw_only=True):
    """
    A trade of the account with itself that was prevented.

    Attributes:
        symbol: Where.
        preventedMatchId: Its number.
        takerOrderId: Of the order that came in.
        makerSymbol: Where the other one rested.
        makerOrderId: Of that one.
        tradeGroupId: Of the account.
        selfTradePreventionMode: Of the order that came in.
        price: At which they would have traded.
        takerPreventedQuantity: What of the order that came in is prevented, in the base asset.
        makerPreventedQuantity: The same of the other one.
        transactTime: Market time.
    """

    symbol: str
    preventedMatchId: int
    takerOrderId: int
    makerSymbol: str
    makerOrderId: int
    tradeGroupId: int
    selfTradePreventionMode: str
    price: str
    takerPreventedQuantity: Text = UNSET
    makerPreventedQuantity: Text = UNSET
    transactTime: int
