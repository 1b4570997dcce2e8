"""Answers about orders and trades, field by field in the exchange's order."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.numbers import Number


class Description(Shape):
    """
    What an order is, in words.

    Attributes:
        pair: Which pair.
        type: buy or sell.
        ordertype: Its type.
        price: Limit, or what a stop or take-profit order waits for; 0 without.
        price2: Limit of an order that waits; 0 without.
        leverage: None: nothing can be borrowed.
        order: All of it in one line.
        close: Nothing: no order follows another one.
    """

    pair: str
    type: str
    ordertype: str
    price: str
    price2: str
    leverage: str
    order: str
    close: str


class OrderInfo(Shape, kw_only=True):
    """
    An order.

    Attributes:
        refid: None: no order comes of another one.
        userref: The client's number of it; null for none.
        cl_ord_id: The client's own id of it.
        status: open, closed, canceled or expired.
        reason: Why it was cancelled.
        opentm: When it was placed, market time in seconds since the Unix epoch.
        closetm: When it was over, the same.
        starttm: 0: orders begin at once.
        expiretm: When it will be cancelled, the same; 0 for never.
        descr: What it is.
        vol: Its quantity, in the base asset; of one with ``viqc`` what its amount is enough for.
        vol_exec: What of it has traded, in the base asset.
        cost: What that was worth, in the quote asset.
        fee: What that has cost; in the quote asset, with ``fcib`` in the base asset.
        price: Average price of what has traded; 0 for nothing.
        stopprice: What it waits for; 0 without.
        limitprice: Limit of an order that waits; 0 without.
        trigger: Which price sets it off: that of the last trade.
        misc: Nothing.
        oflags: Its flags, joined by commas.
        trades: Ids of its trades.
    """

    refid: None = None
    userref: int | None
    cl_ord_id: str | UnsetType = UNSET
    status: str
    reason: str | UnsetType | None = UNSET
    opentm: Number
    closetm: Number | UnsetType = UNSET
    starttm: int = 0
    expiretm: Number
    descr: Description
    vol: str
    vol_exec: str
    cost: str
    fee: str
    price: str
    stopprice: str
    limitprice: str
    trigger: str | UnsetType = UNSET
    misc: str = ""
    oflags: str
    trades: list[str] | UnsetType = UNSET


class TradeInfo(Shape, kw_only=True):
    """
    A trade of the account.

    Attributes:
        ordertxid: Id of its order.
        postxid: Id of the position: that of the trade.
        pair: Which pair.
        aclass: Always forex.
        time: Market time, seconds since the Unix epoch.
        type: buy or sell.
        ordertype: Type of the order.
        price: Of one unit of the base asset.
        cost: In the quote asset.
        fee: What it has cost; in the quote asset, of an order with ``fcib`` in the base asset.
        vol: In the base asset.
        margin: 0: nothing is borrowed.
        leverage: 0.
        misc: Nothing.
        trade_id: Its number among all trades of the pair.
        maker: Whether the account's order rested.
        ledgers: Ids of what it changed.
    """

    ordertxid: str
    postxid: str
    pair: str
    aclass: str = "forex"
    time: Number
    type: str
    ordertype: str
    price: str
    cost: str
    fee: str
    vol: str
    margin: str = "0.00000"
    leverage: str = "0"
    misc: str = ""
    trade_id: int
    maker: bool
    ledgers: list[str] | UnsetType = UNSET


class LedgerEntry(Shape, kw_only=True):
    """
    One change of what the account holds.

    Attributes:
        refid: Id of the trade.
        time: Market time, seconds since the Unix epoch.
        type: Always trade.
        subtype: Always tradespot.
        aclass: Always currency.
        asset: Of which asset.
        amount: By how much, without the fee.
        fee: What it has cost in this asset.
        balance: What the account held after it.
    """

    refid: str
    time: Number
    type: str = "trade"
    subtype: str = "tradespot"
    aclass: str = "currency"
    asset: str
    amount: str
    fee: str
    balance: str


class OpenOrders(Shape):
    """
    Open orders, by id.

    Attributes:
        open: The newest first.
    """

    open: dict[str, OrderInfo]


class ClosedOrders(Shape):
    """
    Orders that are over, by id.

    Attributes:
        closed: Those of the page that is asked for, the last one first.
        count: How many there are on all pages.
    """

    closed: dict[str, OrderInfo]
    count: int | UnsetType = UNSET


class Trades(Shape):
    """
    Trades of the account, by id.

    Attributes:
        trades: Those of the page that is asked for, the newest first.
        count: How many there are on all pages.
    """

    trades: dict[str, TradeInfo]
    count: int | UnsetType = UNSET


class Ledgers(Shape):
    """
    What changed what the account holds, by id.

    Attributes:
        ledger: Of the page that is asked for, the newest first.
        count: How many there are on all pages.
    """

    ledger: dict[str, LedgerEntry]
    count: int | UnsetType = UNSET
