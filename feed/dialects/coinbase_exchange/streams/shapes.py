"""The messages of the WebSocket feed, field by field, as encoders write them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import DecimalText, IsoTime
from feed.dialects.coinbase_exchange.market_data.general import CurrencyInfo, ProductInfo

Side = Literal["buy", "sell"]
Text = str | UnsetType
Amount = DecimalText | UnsetType
Level = tuple[DecimalText, DecimalText]


class ChannelName(Shape):
    """
    A channel.

    Attributes:
        product_ids: Of which products; without them those of the whole message.
    """

    name: str
    product_ids: list[str] | UnsetType = UNSET


class _Request(Shape, kw_only=True):
    """
    What is listened to, and who asks.

    Attributes:
        channels: Names, or objects.
        product_ids: Of all channels that name none themselves.
        key: A key, with what it signs.
        timestamp: Seconds since the Unix epoch.
        signature: As of a request for /users/self/verify.
        passphrase: Of the key.
    """

    channels: list[str | ChannelName]
    product_ids: list[str] | UnsetType = UNSET
    key: Text = UNSET
    timestamp: str | float | UnsetType = UNSET
    signature: Text = UNSET
    passphrase: Text = UNSET


class SubscribeRequest(_Request, kw_only=True, tag_field="type", tag="subscribe"):
    """Begin to listen to channels."""


class UnsubscribeRequest(_Request, kw_only=True, tag_field="type", tag="unsubscribe"):
    """Cease to listen to channels."""


class Subscriptions(Shape, tag_field="type", tag="subscriptions"):
    """All that is listened to now."""

    channels: list[ChannelName]


class AuctionMessage(Shape, tag_field="type", tag="auction"):
    """
    What a call auction would give, while orders are collected for it; once more at its end.

    Attributes:
        sequence: Of the last message about the product.
        auction_state: Whether orders are still collected.
        best_bid_price: The best limit of those who buy; 0 when there is none.
        best_ask_price: The best limit of those who sell; 0 when there is none.
        open_price: At which most can trade; 0 when nothing can.
        open_size: Quantity that would.
        can_open: Whether anything can trade.
    """

    product_id: str
    sequence: int
    auction_state: Literal["collection", "complete"]
    best_bid_price: DecimalText
    best_bid_size: DecimalText
    best_ask_price: DecimalText
    best_ask_size: DecimalText
    open_price: DecimalText
    open_size: DecimalText
    can_open: Literal["yes", "no"]
    timestamp: IsoTime


class Heartbeat(Shape, tag_field="type", tag="heartbeat"):
    """
    Every second, with the numbers of the last message and the last trade.

    Attributes:
        sequence: Of the last message about the product.
        last_trade_id: 0 before the first.
    """

    last_trade_id: int
    product_id: str
    sequence: int
    time: IsoTime


class Ticker(Shape, tag_field="type", tag="ticker"):
    """
    Best prices, the last trade, and what was traded.

    Attributes:
        side: Of the taker.
        time: Of the last trade.
    """

    sequence: int
    product_id: str
    price: DecimalText
    open_24h: DecimalText
    volume_24h: DecimalText
    low_24h: DecimalText
    high_24h: DecimalText
    volume_30d: DecimalText
    best_bid: DecimalText
    best_bid_size: DecimalText
    best_ask: DecimalText
    best_ask_size: DecimalText
    side: Side
    time: IsoTime
    trade_id: int
    last_size: DecimalText


class Snapshot(Shape, tag_field="type", tag="snapshot"):
    """A book, best levels first: price and size."""

    product_id: str
    asks: list[Level]
    bids: list[Level]
    time: IsoTime


class Level2Update(Shape, tag_field="type", tag="l2update"):
    """
    Levels of a book that have changed.

    Attributes:
        changes: Side, price, and what rests there now; 0 removes the level.
    """

    product_id: str
    changes: list[tuple[Side, DecimalText, DecimalText]]
    time: IsoTime


class _Matched(Shape, kw_only=True):
    """
    A trade.

    Attributes:
        side: Of the order that rested.
        sequence: Number of the message.
    """

    trade_id: int
    maker_order_id: str
    taker_order_id: str
    side: Side
    size: DecimalText
    price: DecimalText
    product_id: str
    sequence: int
    time: IsoTime


class LastMatch(_Matched, kw_only=True, tag_field="type", tag="last_match"):
    """The last trade before the subscription."""


class Match(_Matched, kw_only=True, tag_field="type", tag="match"):
    """
    A trade; to its own account with the rate of its fee.

    Attributes:
        user_id: Of the account; so is profile_id, and those of taker or maker.
    """

    user_id: Text = UNSET
    profile_id: Text = UNSET
    taker_user_id: Text = UNSET
    taker_profile_id: Text = UNSET
    taker_fee_rate: Amount = UNSET
    maker_user_id: Text = UNSET
    maker_profile_id: Text = UNSET
    maker_fee_rate: Amount = UNSET


class _Order(Shape, kw_only=True):
    """
    A step of an order.

    Attributes:
        sequence: Number of the message.
        user_id: To the account alone; so is profile_id.
    """

    time: IsoTime
    product_id: str
    sequence: int
    order_id: str
    side: Side
    user_id: Text = UNSET
    profile_id: Text = UNSET


class Received(_Order, kw_only=True, tag_field="type", tag="received"):
    """
    An order has come in.

    Attributes:
        funds: What it is to spend, in place of its size.
        client_oid: The client's own id of it.
    """

    order_type: Literal["limit", "market"]
    size: Amount = UNSET
    funds: Amount = UNSET
    price: Amount = UNSET
    client_oid: Text = UNSET


class Open(_Order, kw_only=True, tag_field="type", tag="open"):
    """An order rests in the book."""

    price: DecimalText
    remaining_size: DecimalText


class Changed(_Order, kw_only=True, tag_field="type", tag="change"):
    """
    An order has become smaller, or was amended.

    Attributes:
        reason: To its account: why.
    """

    reason: Text = UNSET
    price: Amount = UNSET
    old_size: Amount = UNSET
    new_price: Amount = UNSET
    new_size: DecimalText


class Done(_Order, kw_only=True, tag_field="type", tag="done"):
    """
    An order is over.

    Attributes:
        client_oid: The client's own id of it.
    """

    reason: str
    price: Amount = UNSET
    remaining_size: Amount = UNSET
    client_oid: Text = UNSET


class Activate(_Order, kw_only=True, tag_field="type", tag="activate"):
    """
    A stop order of the account waits.

    Attributes:
        timestamp: Market time, seconds since the Unix epoch.
    """

    timestamp: DecimalText
    stop_type: str
    stop_price: DecimalText
    size: DecimalText
    private: Literal[True]


class StatusMessage(Shape, tag_field="type", tag="status"):
    """All currencies and products, every five seconds."""

    currencies: list[CurrencyInfo]
    products: list[ProductInfo]


class ErrorMessage(Shape, tag_field="type", tag="error"):
    """
    A request that was refused.

    Attributes:
        reason: What is wrong with it in particular.
    """

    message: str
    reason: str
