"""The messages that only the holder of a token is sent or may send, field by field."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import IsoTime
from feed.dialects.numbers import Number

Text = str | UnsetType
Amount = Number | UnsetType
Whole = int | UnsetType
Flag = bool | UnsetType


class Trigger(Shape):
    """
    What an order waits for.

    Attributes:
        reference: Which price.
        price: That it must reach.
        status: Whether it has.
    """

    reference: Literal["last"]
    price: Number
    price_type: Literal["static"]
    status: Literal["untriggered", "triggered"]


class Fee(Shape):
    """What a trade has cost."""

    asset: str
    qty: Number


class Execution(Shape, kw_only=True):
    """
    One step of an order, with the order as it stands after it.

    Attributes:
        exec_id: Of a trade.
        trade_id: Number of the trade in its pair.
        order_userref: As it was sent; else 0.
        cl_ord_id: The client's own id of the order.
        exec_type: The step.
        order_qty: What the order is for.
        cash_order_qty: What it is to spend.
        cum_qty: What has traded.
        cum_cost: What that has cost.
        avg_price: At what price.
        last_qty: Of this trade.
        last_price: Of this trade.
        liquidity_ind: ``t`` of a taker, ``m`` of a maker.
        fee_usd_equiv: Fees in dollars.
        fee_ccy_pref: In which asset fees are paid.
        reason: Why an order was changed, or is over.
    """

    order_id: str
    exec_id: Text = UNSET
    trade_id: Whole = UNSET
    order_userref: int
    cl_ord_id: Text = UNSET
    symbol: str
    order_qty: Amount = UNSET
    cash_order_qty: Amount = UNSET
    cum_cost: Number
    cum_qty: Number
    avg_price: Amount = UNSET
    time_in_force: str
    expire_time: IsoTime | UnsetType = UNSET
    exec_type: str
    side: Literal["buy", "sell"]
    order_type: str
    last_qty: Amount = UNSET
    last_price: Amount = UNSET
    liquidity_ind: Literal["t", "m"] | UnsetType = UNSET
    cost: Amount = UNSET
    fees: list[Fee] | UnsetType = UNSET
    limit_price_type: Literal["static"] | UnsetType = UNSET
    limit_price: Amount = UNSET
    stop_price: Number
    triggers: Trigger | UnsetType = UNSET
    post_only: Flag = UNSET
    order_status: str
    amended: Flag = UNSET
    cancel_reason: Text = UNSET
    reason: Text = UNSET
    fee_usd_equiv: Amount = UNSET
    fee_ccy_pref: Literal["fcib", "fciq"]
    timestamp: IsoTime


class Executions(Shape, tag_field="channel", tag="executions"):
    """
    A step of an order of the account, or its last trades, or its open orders.

    Attributes:
        sequence: Of the messages of this channel.
    """

    type: Literal["snapshot", "update"]
    data: list[Execution]
    sequence: int


class WalletBalance(Shape):
    """What a wallet holds of an asset."""

    type: Literal["spot"]
    id: Literal["main"]
    balance: Number


class Holding(Shape):
    """What the account holds of an asset."""

    asset: str
    asset_class: Literal["currency"]
    balance: Number
    wallets: list[WalletBalance]


class BalancesSnapshot(Shape, tag_field="channel", tag="balances"):
    """
    What the account holds.

    Attributes:
        sequence: Of the messages of this channel.
    """

    type: Literal["snapshot"]
    data: list[Holding]
    sequence: int


class Movement(Shape):
    """
    What a trade has moved of an asset.

    Attributes:
        ref_id: Of the trade.
        amount: Negative when it was paid.
        balance: What the account holds then.
    """

    ledger_id: str
    ref_id: str
    timestamp: IsoTime
    type: Literal["trade"]
    asset: str
    asset_class: Literal["currency"]
    category: Literal["trade"]
    wallet_type: Literal["spot"]
    wallet_id: Literal["main"]
    amount: Number
    fee: Number
    balance: Number


class BalancesUpdate(Shape, tag_field="channel", tag="balances"):
    """
    What a trade has moved.

    Attributes:
        sequence: Of the messages of this channel.
    """

    type: Literal["update"]
    data: list[Movement]
    sequence: int


# --- requests ------------------------------------------------------------------------------------------


class Triggers(Shape, kw_only=True):
    """What an order is to wait for."""

    price: Number
    price_type: Text = UNSET
    reference: Text = UNSET


class OrderTerms(Shape, kw_only=True):
    """
    The terms of an order; some of them are refused.

    Attributes:
        cash_order_qty: What a market order is to spend, in place of ``order_qty``.
        cl_ord_id: The client's own id of it.
        order_userref: The client's own number of it.
        expire_time: Where ``time_in_force`` is ``gtd``.
        no_mpp: Without protection of the price of a market order.
        fee_preference: In which asset fees are paid.
        stp_type: What prevents trades with the same account.
    """

    order_type: str
    side: Literal["buy", "sell"]
    order_qty: Amount = UNSET
    cash_order_qty: Amount = UNSET
    limit_price: Amount = UNSET
    limit_price_type: Text = UNSET
    triggers: Triggers | UnsetType = UNSET
    time_in_force: Text = UNSET
    expire_time: IsoTime | UnsetType = UNSET
    effective_time: IsoTime | UnsetType = UNSET
    post_only: Flag = UNSET
    reduce_only: Flag = UNSET
    margin: Flag = UNSET
    no_mpp: Flag = UNSET
    fee_preference: Literal["base", "quote"] | UnsetType = UNSET
    stp_type: Text = UNSET
    cl_ord_id: Text = UNSET
    order_userref: Whole = UNSET
    display_qty: Amount = UNSET
    conditional: dict[str, str] | UnsetType = UNSET
    sender_sub_id: Text = UNSET


class Tokened(Shape, kw_only=True):
    """
    Parameters of a request for an account.

    Attributes:
        token: Of GetWebSocketsToken.
    """

    token: str


class AddOrder(OrderTerms, kw_only=True):
    """
    Place an order.

    Attributes:
        token: Of GetWebSocketsToken.
        validate: Only say what is wrong with it.
        deadline: After which it must not act.
    """

    token: str
    symbol: str
    validate: Flag = UNSET
    deadline: IsoTime | UnsetType = UNSET


class BatchAdd(Tokened, kw_only=True):
    """
    Place orders together.

    Attributes:
        validate: Only say what is wrong with them.
        deadline: After which they must not act.
    """

    symbol: str
    orders: list[OrderTerms]
    validate: Flag = UNSET
    deadline: IsoTime | UnsetType = UNSET


class AmendOrder(Tokened, kw_only=True):
    """Change an order, which keeps its id."""

    order_id: Text = UNSET
    cl_ord_id: Text = UNSET
    symbol: Text = UNSET
    order_qty: Amount = UNSET
    display_qty: Amount = UNSET
    limit_price: Amount = UNSET
    limit_price_type: Text = UNSET
    post_only: Flag = UNSET
    trigger_price: Amount = UNSET
    trigger_price_type: Text = UNSET
    deadline: IsoTime | UnsetType = UNSET


class EditOrder(Tokened, kw_only=True):
    """Cancel an order, and place it anew with other terms."""

    order_id: str
    symbol: Text = UNSET
    order_qty: Amount = UNSET
    display_qty: Amount = UNSET
    limit_price: Amount = UNSET
    triggers: Triggers | UnsetType = UNSET
    post_only: Flag = UNSET
    no_mpp: Flag = UNSET
    fee_preference: Literal["base", "quote"] | UnsetType = UNSET
    reduce_only: Flag = UNSET
    order_userref: Whole = UNSET
    validate: Flag = UNSET
    deadline: IsoTime | UnsetType = UNSET


class CancelOrder(Tokened, kw_only=True):
    """Cancel orders, each with an answer of its own."""

    order_id: list[str] | str | UnsetType = UNSET
    cl_ord_id: list[str] | str | UnsetType = UNSET
    order_userref: list[int] | int | UnsetType = UNSET


class BatchCancel(Tokened, kw_only=True):
    """
    Cancel orders, with one answer.

    Attributes:
        orders: Ids, or the client's own numbers.
    """

    orders: list[str | int] | UnsetType = UNSET
    cl_ord_id: list[str] | str | UnsetType = UNSET


class CancelAll(Tokened, kw_only=True):
    """Cancel all open orders."""


class CancelAllOrdersAfter(Tokened, kw_only=True):
    """
    Cancel all open orders, unless this is asked for again in time.

    Attributes:
        timeout: Seconds; 0 for never.
    """

    timeout: int


# --- answers -------------------------------------------------------------------------------------------


class Placed(Shape, kw_only=True):
    """An order that was placed, or would have been."""

    order_id: Text = UNSET
    cl_ord_id: Text = UNSET
    order_userref: Whole = UNSET


class PlacedOrNot(Placed, kw_only=True):
    """
    An order of a batch.

    Attributes:
        error: Why it was refused.
    """

    error: Text = UNSET


class Amended(Shape, kw_only=True):
    """An order that was changed."""

    amend_id: str
    order_id: str
    cl_ord_id: Text = UNSET


class Edited(Shape, kw_only=True):
    """An order that has taken the place of another, or would have."""

    order_id: Text = UNSET
    order_userref: Whole = UNSET
    original_order_id: str


class Cancelled(Shape, kw_only=True):
    """An order that was cancelled, with what named it."""

    order_id: str
    cl_ord_id: Text = UNSET
    order_userref: Whole = UNSET


class Count(Shape):
    """How many orders were cancelled."""

    count: int


class Countdown(Shape):
    """
    When all orders will be cancelled.

    Attributes:
        triggerTime: Market time; 0 for never.
    """

    currentTime: IsoTime  # noqa: N815 - as published
    triggerTime: str  # noqa: N815
