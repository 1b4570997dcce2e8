"""The messages of public channels of the second WebSocket API, field by field, as encoders write them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import IsoTime
from feed.dialects.numbers import Number

Update = Literal["snapshot", "update"]


class SystemStatus(Shape):
    """
    Of the exchange.

    Attributes:
        system: ``online``.
        api_version: Of this API.
        connection_id: Always the same: who asks alike is told alike.
        version: Of the server.
    """

    version: str
    system: Literal["online"]
    api_version: Literal["v2"]
    connection_id: int


class Status(Shape, tag_field="channel", tag="status"):
    """That the exchange is there: what a connection is told first."""

    type: Literal["update"]
    data: list[SystemStatus]


class Heartbeat(Shape, tag_field="channel", tag="heartbeat"):
    """Every second, while anything is subscribed to."""


class TickerData(Shape):
    """
    Best prices, the last price, and statistics of the last 24 hours.

    Attributes:
        vwap: Average price, weighted by quantity.
        change: From the first price to the last.
        change_pct: The same in percent.
    """

    symbol: str
    bid: Number
    bid_qty: Number
    ask: Number
    ask_qty: Number
    last: Number
    volume: Number
    vwap: Number
    low: Number
    high: Number
    change: Number
    change_pct: Number
    timestamp: IsoTime


class Ticker(Shape, tag_field="channel", tag="ticker"):
    """Best prices, the last price, and statistics of the last 24 hours."""

    type: Update
    data: list[TickerData]


class TradeData(Shape):
    """
    A trade.

    Attributes:
        side: The taker's.
        trade_id: Its number in the pair.
    """

    symbol: str
    side: Literal["buy", "sell"]
    price: Number
    qty: Number
    ord_type: Literal["limit"]
    trade_id: int
    timestamp: IsoTime


class Trade(Shape, tag_field="channel", tag="trade"):
    """A trade, or the last ones."""

    type: Update
    data: list[TradeData]


class Level(Shape):
    """
    A price level.

    Attributes:
        qty: 0 removes the level.
    """

    price: Number
    qty: Number


class BookData(Shape):
    """
    Levels of a book.

    Attributes:
        checksum: CRC-32 of the ten best levels after this message.
        timestamp: Market time; a snapshot has none.
    """

    symbol: str
    bids: list[Level]
    asks: list[Level]
    checksum: int
    timestamp: IsoTime | UnsetType = UNSET


class Book(Shape, tag_field="channel", tag="book"):
    """The best levels of a book, or what has changed of them."""

    type: Update
    data: list[BookData]


class RestingOrder(Shape):
    """
    An order of a book.

    Attributes:
        event: Of an update: what has happened to it.
    """

    order_id: str
    limit_price: Number
    order_qty: Number
    timestamp: IsoTime
    event: Literal["add", "modify", "delete"] | UnsetType = UNSET


class OrdersData(Shape):
    """
    Orders of a book.

    Attributes:
        checksum: CRC-32 of the orders of the ten best levels after this message.
    """

    symbol: str
    checksum: int
    bids: list[RestingOrder]
    asks: list[RestingOrder]


class Level3(Shape, tag_field="channel", tag="level3"):
    """The orders of the best levels of a book, or what has changed of them; a token is needed."""

    type: Update
    data: list[OrdersData]


class CandleData(Shape):
    """
    The trades of an interval.

    Attributes:
        interval_begin: Its beginning.
        interval: Minutes.
        timestamp: Its end.
    """

    symbol: str
    open: Number
    high: Number
    low: Number
    close: Number
    trades: int
    volume: Number
    vwap: Number
    interval_begin: IsoTime
    interval: int
    timestamp: IsoTime


class Candles(Shape, tag_field="channel", tag="ohlc"):
    """
    The open candle, or the last ones.

    Attributes:
        timestamp: Market time.
    """

    type: Update
    data: list[CandleData]
    timestamp: IsoTime


class AssetData(Shape):
    """What can be held."""

    id: str
    status: Literal["enabled"]
    precision: int
    precision_display: int
    borrowable: bool
    collateral_value: Number


class PairData(Shape):
    """What is traded, and by which rules."""

    symbol: str
    base: str
    quote: str
    status: str
    qty_precision: int
    qty_increment: Number
    price_precision: int
    cost_precision: int
    marginable: bool
    has_index: bool
    cost_min: Number
    tick_size: Number
    price_increment: Number
    qty_min: Number


class InstrumentData(Shape):
    """Assets and pairs."""

    assets: list[AssetData]
    pairs: list[PairData]


class Instruments(Shape, tag_field="channel", tag="instrument"):
    """All that is traded, or a pair whose status has changed."""

    type: Update
    data: InstrumentData
