"""What answers about an account are made of. Source: "Orders" of the REST documents."""

from __future__ import annotations

from typing import Any

from feed.dialects.access import Shape


class Order(Shape):
    """
    An order as it stands.

    Attributes:
        order_id: UUID of it.
        product_id: Of which product.
        user_id: Whose.
        order_configuration: Its terms, below their name.
        side: BUY or SELL.
        client_order_id: The client's own id of it.
        status: Where it stands.
        time_in_force: How long it waits.
        created_time: Market time at which it was asked for.
        completion_percentage: What has traded, percent.
        filled_size: Quantity that has traded.
        average_filled_price: Average of its trades, weighted by quantity.
        fee: Empty.
        number_of_fills: How many trades.
        filled_value: Amount of the quote asset that has traded.
        pending_cancel: Never.
        size_in_quote: Whether it is for an amount of the quote asset.
        total_fees: Of its trades, in the quote asset.
        size_inclusive_of_fees: Whether what it is to spend includes fees.
        total_value_after_fees: What it has spent, or brought in, with fees.
        trigger_status: Whether its trigger was reached.
        order_type: Such as LIMIT.
        reject_reason: None.
        settled: Whether all that has traded is settled: as soon as it is over.
        product_type: Always SPOT.
        reject_message: Empty.
        cancel_message: Why it was cancelled, where its account did not ask for it.
        order_placement_source: Always RETAIL_ADVANCED.
        outstanding_hold_amount: What it holds back.
        is_liquidation: Never.
        last_fill_time: Market time of its last trade; null for none.
        edit_history: Not kept.
        leverage: Empty.
        margin_type: Of futures alone.
        retail_portfolio_id: The one portfolio.
        originating_order_id: Empty.
        attached_order_id: Empty.
    """

    order_id: str
    product_id: str
    user_id: str
    order_configuration: dict[str, dict[str, Any]]
    side: str
    client_order_id: str
    status: str
    time_in_force: str
    created_time: str
    completion_percentage: str
    filled_size: str
    average_filled_price: str
    fee: str
    number_of_fills: str
    filled_value: str
    pending_cancel: bool
    size_in_quote: bool
    total_fees: str
    size_inclusive_of_fees: bool
    total_value_after_fees: str
    trigger_status: str
    order_type: str
    reject_reason: str
    settled: bool
    product_type: str
    reject_message: str
    cancel_message: str
    order_placement_source: str
    outstanding_hold_amount: str
    is_liquidation: bool
    last_fill_time: str | None
    edit_history: list[Any]
    leverage: str
    margin_type: str
    retail_portfolio_id: str
    originating_order_id: str
    attached_order_id: str


class Fill(Shape):
    """
    A trade of the account.

    Attributes:
        entry_id: Id of the account's side of it.
        trade_id: Id of the trade.
        order_id: Of which order.
        trade_time: Market time.
        trade_type: Always FILL.
        price: In the quote asset.
        size: Of the base asset.
        commission: In the quote asset.
        product_id: Of which product.
        sequence_timestamp: Market time.
        liquidity_indicator: MAKER or TAKER.
        size_in_quote: Never.
        user_id: Whose.
        side: BUY or SELL.
        retail_portfolio_id: The one portfolio.
    """

    entry_id: str
    trade_id: str
    order_id: str
    trade_time: str
    trade_type: str
    price: str
    size: str
    commission: str
    product_id: str
    sequence_timestamp: str
    liquidity_indicator: str
    size_in_quote: bool
    user_id: str
    side: str
    retail_portfolio_id: str


class OneOrder(Shape):
    """
    An order.

    Attributes:
        order: It.
    """

    order: Order


class OrderList(Shape):
    """
    Orders, newest first unless another order is asked for.

    Attributes:
        orders: They.
        sequence: Always 0.
        has_next: Whether there are more.
        cursor: For the next; empty where there are none.
    """

    orders: list[Order]
    sequence: str
    has_next: bool
    cursor: str


class FillList(Shape):
    """
    Trades of the account, newest first unless another order is asked for.

    Attributes:
        fills: They.
        cursor: For the next; empty where there are none.
    """

    fills: list[Fill]
    cursor: str
