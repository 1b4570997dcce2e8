# ruff: noqa: N815 - fields as published
"""The messages of version 1, field by field: arrays of a channel's id, its data, its name and the pair."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import DecimalText
from feed.dialects.kraken.market_data.tickers import TickerInfo

Seconds = DecimalText
"""A time, seconds since the Unix epoch with six digits after the point."""
Level = tuple[DecimalText, DecimalText, Seconds]
ChangedLevel = Annotated[list[str], msgspec.Meta(min_length=3, max_length=4)]
"""Price, quantity and time; with ``r`` it comes up from behind."""
TradeRow = tuple[DecimalText, DecimalText, Seconds, Literal["b", "s"], Literal["l", "m"], str]


class FirstStatus(Shape, tag_field="event", tag="systemStatus"):
    """That the exchange is there: what a connection is told first."""

    connectionID: int
    status: Literal["online"]
    version: str


class FirstHeartbeat(Shape, tag_field="event", tag="heartbeat"):
    """Every second, while anything is subscribed to."""


class FirstPong(Shape, tag_field="event", tag="pong"):
    """The answer to a ping."""

    reqid: int | UnsetType = UNSET


class FirstError(Shape, tag_field="event", tag="error"):
    """A message that is no request."""

    errorMessage: str
    reqid: int | UnsetType = UNSET


class Chosen(Shape, kw_only=True):
    """
    What is listened to.

    Attributes:
        depth: Levels of a side, of a book.
        interval: Minutes of a candle.
    """

    name: str
    depth: int | UnsetType = UNSET
    interval: int | UnsetType = UNSET


class SubscriptionStatus(Shape, kw_only=True, tag_field="event", tag="subscriptionStatus"):
    """A subscription has begun, has ended, or was refused."""

    status: Literal["subscribed", "unsubscribed", "error"]
    errorMessage: str | UnsetType = UNSET
    channelID: int | UnsetType = UNSET
    channelName: str | UnsetType = UNSET
    pair: str | UnsetType = UNSET
    subscription: Chosen | UnsetType = UNSET
    reqid: int | UnsetType = UNSET


class ElsewhereStatus(Shape):
    """A request about an account, which version 2 serves."""

    event: Annotated[str, msgspec.Meta(pattern=r"^(add|cancel|edit)\w+Status$")]
    status: Literal["error"]
    errorMessage: str
    reqid: int | UnsetType = UNSET


class FirstTickerData(TickerInfo, kw_only=True):
    """
    Best prices, and statistics of today and of the last 24 hours.

    Attributes:
        o: First price.
    """

    o: list[str]  # type: ignore[assignment]


class FirstTicker(Shape, array_like=True):
    """Best prices, and statistics of today and of the last 24 hours."""

    channelID: int
    data: FirstTickerData
    channelName: Literal["ticker"]
    pair: str


class FirstTrades(Shape, array_like=True):
    """A trade, or the last ones: price, volume, time, side, type, and a text that is empty."""

    channelID: int
    data: list[TradeRow]
    channelName: Literal["trade"]
    pair: str


class FirstSpread(Shape, array_like=True):
    """Best bid, best ask, time, and what rests at both."""

    channelID: int
    data: tuple[DecimalText, DecimalText, Seconds, DecimalText, DecimalText]
    channelName: Literal["spread"]
    pair: str


_Prices = tuple[
    Seconds, Seconds, DecimalText, DecimalText, DecimalText, DecimalText, DecimalText, DecimalText, int
]


class FirstCandle(Shape, array_like=True):
    """The open candle: time, its end, open, high, low, close, average price, volume, number of trades."""

    channelID: int
    data: _Prices
    channelName: Annotated[str, msgspec.Meta(pattern=r"^ohlc-\d+$")]
    pair: str


class BestLevels(Shape):
    """
    The best levels of a book.

    Attributes:
        as: Asks: price, quantity, time.
        bs: Bids, the same.
    """

    asks: list[Level] = msgspec.field(name="as")
    bids: list[Level] = msgspec.field(name="bs")


class ChangedLevels(Shape, kw_only=True):
    """
    Levels of one side that have changed.

    Attributes:
        a: Asks: price, quantity, time; with ``r`` one that comes up from behind.
        b: Bids, the same.
        c: CRC-32 of the ten best levels after this message.
    """

    a: list[ChangedLevel] | UnsetType = UNSET
    b: list[ChangedLevel] | UnsetType = UNSET
    c: str


_BookName = Annotated[str, msgspec.Meta(pattern=r"^book-\d+$")]


class FirstBook(Shape, array_like=True):
    """The best levels of a book."""

    channelID: int
    data: BestLevels
    channelName: _BookName
    pair: str


class FirstBookUpdate(Shape, array_like=True):
    """What has changed of the best levels of a book."""

    channelID: int
    data: ChangedLevels
    channelName: _BookName
    pair: str


class FirstPing(Shape, tag_field="event", tag="ping"):
    """Ask for a sign of life."""

    reqid: int | UnsetType = UNSET


class FirstSubscribe(Shape, tag_field="event", tag="subscribe"):
    """Begin to listen."""

    pair: list[str]
    subscription: Chosen
    reqid: int | UnsetType = UNSET


class FirstUnsubscribe(Shape, tag_field="event", tag="unsubscribe"):
    """Cease to listen."""

    pair: list[str]
    subscription: Chosen
    reqid: int | UnsetType = UNSET
