# ruff: noqa: N815, E741 - fields as published
"""
The messages of market streams, field by field, as the text of the encoders has them.

Times are of the market, in milliseconds since the Unix epoch, or in microseconds where the URL asks for that.
Source: "WebSocket Streams".
"""

from __future__ import annotations

from typing import Literal

from feed.dialects.access import Shape
from feed.dialects.asyncapi import DecimalText

Level = tuple[DecimalText, DecimalText]


class Trade(Shape, tag_field="e", tag="trade"):
    """
    One trade.

    Attributes:
        E: When it is told.
        s: Symbol.
        t: Its number in the symbol.
        p: Price.
        q: Quantity.
        T: When it was made.
        m: Whether the order that rested was the buyer's.
        M: Always true.
    """

    E: int
    s: str
    t: int
    p: DecimalText
    q: DecimalText
    T: int
    m: bool
    M: Literal[True]


class AggregateTrade(Shape, tag_field="e", tag="aggTrade"):
    """
    What one order took at one price.

    Attributes:
        E: When it is told.
        s: Symbol.
        a: Its number in the symbol.
        p: Price.
        q: Quantity.
        f: Number of the first trade.
        l: Number of the last trade.
        T: When it was made.
        m: Whether the order that rested was the buyer's.
        M: Always true.
    """

    E: int
    s: str
    a: int
    p: DecimalText
    q: DecimalText
    f: int
    l: int
    T: int
    m: bool
    M: Literal[True]


class Kline(Shape):
    """
    The trades of an interval.

    Attributes:
        t: Its beginning.
        T: Its end.
        s: Symbol.
        i: Its length.
        f: Number of the first trade.
        L: Number of the last trade.
        o: Price of the first trade.
        c: Price of the last trade.
        h: The highest price.
        l: The lowest price.
        v: Quantity of the base asset.
        n: How many trades.
        x: Whether the interval is over.
        q: Amount of the quote asset.
        V: Quantity that takers bought.
        Q: Amount that takers bought for.
        B: Of no use.
    """

    t: int
    T: int
    s: str
    i: str
    f: int
    L: int
    o: DecimalText
    c: DecimalText
    h: DecimalText
    l: DecimalText
    v: DecimalText
    n: int
    x: bool
    q: DecimalText
    V: DecimalText
    Q: DecimalText
    B: Literal["0"]


class KlineUpdate(Shape, tag_field="e", tag="kline"):
    """
    The trades of an interval, while it goes on and when it is over.

    Attributes:
        E: When it is told.
        s: Symbol.
        k: The trades.
    """

    E: int
    s: str
    k: Kline


class MiniTicker(Shape, tag_field="e", tag="24hrMiniTicker"):
    """
    Prices of 24 hours.

    Attributes:
        E: When it is told.
        s: Symbol.
        c: Last price.
        o: First price.
        h: The highest price.
        l: The lowest price.
        v: Quantity of the base asset.
        q: Amount of the quote asset.
    """

    E: int
    s: str
    c: DecimalText
    o: DecimalText
    h: DecimalText
    l: DecimalText
    v: DecimalText
    q: DecimalText


class _Window(Shape, kw_only=True):
    """
    Statistics of a window of time.

    Attributes:
        E: When they are told.
        s: Symbol.
        p: From the first price to the last.
        P: The same in percent.
        w: Average price, weighted by quantity.
        o: First price.
        h: The highest price.
        l: The lowest price.
        c: Last price.
        v: Quantity of the base asset.
        q: Amount of the quote asset.
        O: Beginning of the window.
        C: End of the window.
        F: Number of the first trade.
        L: Number of the last trade.
        n: How many trades.
    """

    E: int
    s: str
    p: DecimalText
    P: DecimalText
    w: DecimalText
    o: DecimalText
    h: DecimalText
    l: DecimalText
    c: DecimalText
    v: DecimalText
    q: DecimalText
    O: int
    C: int
    F: int
    L: int
    n: int


class Ticker(_Window, kw_only=True, tag_field="e", tag="24hrTicker"):
    """
    Statistics of 24 hours, and the best prices.

    Attributes:
        x: Price of the last trade before.
        Q: Quantity of the last trade.
        b: Best bid.
        B: What rests there.
        a: Best ask.
        A: What rests there.
    """

    x: DecimalText
    Q: DecimalText
    b: DecimalText
    B: DecimalText
    a: DecimalText
    A: DecimalText


class RollingTicker(_Window, kw_only=True):
    """Statistics of a rolling window."""

    e: Literal["1hTicker", "4hTicker", "1dTicker"]


class AveragePriceUpdate(Shape, tag_field="e", tag="avgPrice"):
    """
    The average price of the last minutes.

    Attributes:
        E: When it is told.
        s: Symbol.
        i: Of how many minutes.
        w: The average.
        T: When the last trade was made.
    """

    E: int
    s: str
    i: str
    w: DecimalText
    T: int


class BookTickerUpdate(Shape):
    """
    The best prices, with every change.

    Attributes:
        u: Update id of the book.
        s: Symbol.
        b: Best bid; 0 for none.
        B: What rests there.
        a: Best ask; 0 for none.
        A: What rests there.
    """

    u: int
    s: str
    b: DecimalText
    B: DecimalText
    a: DecimalText
    A: DecimalText


class DepthUpdate(Shape, tag_field="e", tag="depthUpdate"):
    """
    The levels of a book that have changed.

    Attributes:
        E: When it is told.
        s: Symbol.
        U: First update id.
        u: Last update id.
        b: Bids: price, and what rests there now; 0 removes the level.
        a: Asks, the same.
    """

    E: int
    s: str
    U: int
    u: int
    b: list[Level]
    a: list[Level]


class PartialDepth(Shape):
    """
    The best levels of a book.

    Attributes:
        lastUpdateId: Update id of the book.
        bids: Price and quantity, best first.
        asks: The same.
    """

    lastUpdateId: int
    bids: list[Level]
    asks: list[Level]
