"""Requests about orders, and what succeeds is answered with, field by field."""

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
