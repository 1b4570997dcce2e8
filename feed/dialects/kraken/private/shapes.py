"""The messages of private channels, field by field."""

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
        ratecount: The rate counter of the account's orders in the pair, where that was chosen.
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
    ratecount: Amount = UNSET


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
