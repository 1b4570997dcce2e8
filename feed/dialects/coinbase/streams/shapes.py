"""The messages of the WebSocket, field by field, as encoders write them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import DecimalText, IsoTime, Message

Kind = Literal["snapshot", "update"]


class Envelope(Shape, kw_only=True):
    """
    What stands around events.

    Attributes:
        client_id: Empty.
        timestamp: Market time.
        sequence_num: Number of the message in the connection, from 0.
    """

    client_id: Literal[""]
    timestamp: IsoTime
    sequence_num: int


def enveloped(name: str, channel: str, event: type[Shape]) -> Message:
    """
    A message of a channel.

    Args:
        name: In the document.
        channel: As messages have it.
        event: Type of its events.
    """
    members: list[Any] = [("channel", Literal[channel]), ("events", list[event])]  # type: ignore[valid-type]
    about = {"__doc__": (event.__doc__ or "").strip().partition("\n")[0]}
    shape = msgspec.defstruct(name, members, bases=(Envelope,), namespace=about, kw_only=True)
    return Message(name=name, shape=shape)


class Subscriptions(Shape):
    """
    All that is listened to now.

    Attributes:
        subscriptions: Products by channel.
    """

    subscriptions: dict[str, list[str]]


class Heartbeat(Shape):
    """
    Every second.

    Attributes:
        current_time: Market time.
        heartbeat_counter: Second of it.
    """

    current_time: str
    heartbeat_counter: str


class LevelUpdate(Shape):
    """
    A price level.

    Attributes:
        event_time: When it changed; of a snapshot it is not told.
        new_quantity: What rests there; 0 removes the level.
    """

    side: Literal["bid", "offer"]
    event_time: IsoTime
    price_level: DecimalText
    new_quantity: DecimalText


class BookEvent(Shape):
    """Levels of a book: all of them, or one that has changed."""

    type: Kind
    product_id: str
    updates: list[LevelUpdate]


class TradeRow(Shape):
    """
    A trade.

    Attributes:
        side: Of the order that rested.
    """

    product_id: str
    trade_id: str
    price: DecimalText
    size: DecimalText
    time: IsoTime
    side: Literal["BUY", "SELL"]


class TradesEvent(Shape):
    """Trades, the newest first: the last ones, or those of a quarter of a second."""

    type: Kind
    trades: list[TradeRow]


class CandleRow(Shape):
    """
    The trades of five minutes.

    Attributes:
        start: Seconds since the Unix epoch.
    """

    start: str
    high: DecimalText
    low: DecimalText
    open: DecimalText
    close: DecimalText
    volume: DecimalText
    product_id: str


class CandlesEvent(Shape):
    """Candles of five minutes, the newest first: the last ones, or the open one."""

    type: Kind
    candles: list[CandleRow]


class ProductStatus(Shape):
    """A product, and whether it is traded."""

    product_type: Literal["SPOT"]
    id: str
    base_currency: str
    quote_currency: str
    base_increment: DecimalText
    quote_increment: DecimalText
    display_name: str
    status: Literal["online", "offline", "delisted"]
    status_message: str
    min_market_funds: DecimalText


class StatusEvent(Shape):
    """Products: all that were asked for, or one whose status has changed."""

    type: Kind
    products: list[ProductStatus]


class TickerRow(Shape):
    """
    The last price, best prices, and statistics.

    Attributes:
        price_percent_chg_24_h: From the first price of 24 hours, in percent.
    """

    type: Literal["ticker"]
    product_id: str
    price: DecimalText
    volume_24_h: DecimalText
    low_24_h: DecimalText
    high_24_h: DecimalText
    low_52_w: DecimalText
    high_52_w: DecimalText
    price_percent_chg_24_h: DecimalText
    best_bid: DecimalText
    best_bid_quantity: DecimalText
    best_ask: DecimalText
    best_ask_quantity: DecimalText


class TickerEvent(Shape):
    """The last price, best prices, and statistics of 24 hours and 52 weeks."""

    type: Kind
    tickers: list[TickerRow]


class UserOrder(Shape):
    """An order as it stands; what it has not is an empty text."""

    avg_price: DecimalText
    cancel_reason: str
    client_order_id: str
    completion_percentage: DecimalText
    contract_expiry_type: Literal["UNKNOWN_CONTRACT_EXPIRY_TYPE"]
    cumulative_quantity: DecimalText
    filled_value: DecimalText
    leaves_quantity: DecimalText
    limit_price: DecimalText
    number_of_fills: str
    order_id: str
    order_side: Literal["BUY", "SELL"]
    order_type: Literal["Limit", "Market", "Stop", "Stop Limit"]
    outstanding_hold_amount: DecimalText
    post_only: Literal["true", "false"]
    product_id: str
    product_type: Literal["SPOT"]
    reject_reason: str
    retail_portfolio_id: str
    risk_managed_by: Literal["UNKNOWN_RISK_MANAGEMENT_TYPE"]
    status: Literal["PENDING", "OPEN", "FILLED", "CANCELLED", "EXPIRED", "FAILED"]
    stop_price: str
    time_in_force: Literal["GTC", "GTD", "IOC", "FOK"]
    total_fees: DecimalText
    total_value_after_fees: DecimalText
    trigger_status: str
    creation_time: IsoTime
    end_time: str
    start_time: str


class Positions(Shape):
    """In futures, of which there are none."""

    perpetual_futures_positions: list[str]
    expiring_futures_positions: list[str]


class UserEvent(Shape):
    """An account's orders: those that are open, or one that has changed."""

    type: Kind
    orders: list[UserOrder]
    positions: Positions


class ErrorMessage(Shape, tag_field="type", tag="error"):
    """A request that was refused; it has no number."""

    message: str


class _Request(Shape, kw_only=True):
    """
    What is listened to, and who asks.

    Attributes:
        product_ids: Of a channel that has products.
        jwt: A token.
        api_key: A key of the older kind, with what it signs.
        timestamp: Seconds since the Unix epoch.
        signature: HMAC-SHA256 of time, channel and products, hexadecimal.
    """

    channel: str
    product_ids: list[str] | UnsetType | None = UNSET
    jwt: str | UnsetType | None = UNSET
    api_key: str | UnsetType | None = UNSET
    timestamp: str | UnsetType | None = UNSET
    signature: str | UnsetType | None = UNSET


class SubscribeRequest(_Request, kw_only=True, tag_field="type", tag="subscribe"):
    """Begin to listen to a channel."""


class UnsubscribeRequest(_Request, kw_only=True, tag_field="type", tag="unsubscribe"):
    """Cease to listen to a channel."""
