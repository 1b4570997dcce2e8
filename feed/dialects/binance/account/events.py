# ruff: noqa: N815 - fields as published
"""
The events of a user data stream, field by field.

Source: "User Data Streams for Binance".
"""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import DecimalText

Text = str | UnsetType
Number = DecimalText | UnsetType
Whole = int | UnsetType


class ChangedBalance(Shape):
    """
    What an account has of an asset.

    Attributes:
        a: Which.
        f: Free.
        l: Locked by orders.
    """

    a: str
    f: DecimalText
    l: DecimalText  # noqa: E741


class OutboundAccountPosition(Shape, tag_field="e", tag="outboundAccountPosition"):
    """
    What the account has of the assets of a symbol, whenever that has changed.

    Attributes:
        E: Market time.
        u: Market time of the change.
        B: Of each asset.
    """

    E: int
    u: int
    B: list[ChangedBalance]


class ExecutionReport(Shape, kw_only=True, tag_field="e", tag="executionReport"):
    """
    What has become of an order of the account.

    Attributes:
        E: Market time.
        s: Symbol.
        c: The client's id of the order, or of its cancellation.
        S: BUY or SELL.
        o: Type.
        f: How long it waits.
        q: Quantity.
        p: Price.
        P: What it waits for.
        F: Of no use.
        g: -1: it is in no list of orders.
        C: Of a cancellation: the client's id of the order.
        x: What has happened.
        X: How the order stands.
        r: Why it was refused.
        i: Number of the order.
        l: Quantity of this trade.
        z: Quantity of all its trades.
        L: Price of this trade.
        n: Commission.
        N: In which asset; null without a trade.
        T: Market time.
        t: Number of the trade; -1 without one.
        I: Number of the event.
        w: Whether it is in the book.
        m: Whether it was the maker.
        M: Whether there was a trade.
        O: When it was placed.
        Z: Amount of all its trades.
        Y: Amount of this trade.
        Q: What a market order is to spend or bring in.
        W: Since when it is in the book.
        V: What prevents trades with the same account.
        j: As it was sent: strategyId.
        J: As it was sent: strategyType.
        v: Number of a prevented trade.
        A: What was prevented of all.
        B: What was prevented now.
        u: Account of the other order.
        U: Number of the other order.
        Cs: Symbol of the other order.
        pl: Quantity that was prevented.
        pL: Price at which.
        pY: Amount of that.
    """

    E: int
    s: str
    c: str
    S: str
    o: str
    f: str
    q: DecimalText
    p: DecimalText
    P: DecimalText
    F: DecimalText
    g: int
    C: str
    x: str
    X: str
    r: str
    i: int
    l: DecimalText  # noqa: E741
    z: DecimalText
    L: DecimalText
    n: DecimalText
    N: str | None
    T: int
    t: int
    I: int  # noqa: E741
    w: bool
    m: bool
    M: bool
    O: int  # noqa: E741
    Z: DecimalText
    Y: DecimalText
    Q: DecimalText
    W: Whole = UNSET
    V: str
    j: Whole = UNSET
    J: Whole = UNSET
    v: Whole = UNSET
    A: Number = UNSET
    B: Number = UNSET
    u: Whole = UNSET
    U: Whole = UNSET
    Cs: Text = UNSET
    pl: Number = UNSET
    pL: Number = UNSET
    pY: Number = UNSET


class ListenKeyExpired(Shape, tag_field="e", tag="listenKeyExpired"):
    """
    Nothing more comes of this account: its listen key is not good any more.

    Attributes:
        E: Market time.
        listenKey: Which.
    """

    E: int
    listenKey: str


class EventStreamTerminated(Shape, tag_field="e", tag="eventStreamTerminated"):
    """
    Nothing more comes of this account: the subscription has ended.

    Attributes:
        E: Market time.
    """

    E: int


class ServerShutdown(Shape, tag_field="e", tag="serverShutdown"):
    """
    The connection will be closed soon.

    Attributes:
        E: Market time.
    """

    E: int
