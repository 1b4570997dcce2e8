"""The messages of the guide's feed, declared for documents."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.analytics.alerts import Condition
from feed.dialects.access import Shape
from feed.dialects.asyncapi import Channel, DecimalText, Positioned, messages, requests
from feed.dialects.guide.decode import REQUESTS
from feed.model.instruments import Listing

Side = Literal["buy", "sell"]


class _Data(Positioned):
    """
    What every message of data has.

    Attributes:
        channel: Its name, such as ``ticker_btcusd``.
        symbol: Of the instrument.
        ts: Market time, milliseconds since the Unix epoch.
        seq: Number of the event that is told of.
    """

    channel: str
    symbol: str
    ts: int
    seq: int


class Ticker(_Data, tag_field="type", tag="ticker"):
    """Last price, best bid and best ask."""

    price: DecimalText
    bid: DecimalText
    ask: DecimalText


class Trade(_Data, tag_field="type", tag="trade"):
    """
    A trade.

    Attributes:
        id: Its number in the instrument.
        side: The taker's; null where the source does not say.
    """

    id: str
    price: DecimalText
    size: DecimalText
    side: Side | None


Level = tuple[DecimalText, DecimalText]
Row = tuple[str, DecimalText, DecimalText]


class Book(_Data, tag_field="type", tag="book"):
    """
    Price levels: all of them in the parts of a snapshot, or one that has changed.

    Attributes:
        action: A snapshot begins the book anew with its first part.
        part: Of a snapshot: which part this is, from 1.
        parts: Of a snapshot: how many there are.
        bids: Price and size; size 0 removes the level.
        asks: The same.
        checksum: CRC-32 of the book after this message.
    """

    action: Literal["snapshot", "delta"]
    bids: list[Level]
    asks: list[Level]
    checksum: int
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class Orders(_Data, tag_field="type", tag="book3"):
    """
    Single orders: all of them in the parts of a snapshot, or one that has changed.

    Attributes:
        action: A snapshot begins the book anew with its first part.
        part: Of a snapshot: which part this is, from 1.
        parts: Of a snapshot: how many there are.
        bids: Id, price and what is left; 0 removes the order.
        asks: The same.
    """

    action: Literal["snapshot", "delta"]
    bids: list[Row]
    asks: list[Row]
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class Candle(_Data, tag_field="type", tag="candle"):
    """
    The trades of an interval.

    Attributes:
        trades: How many.
        open_time: Its beginning, milliseconds since the Unix epoch.
        close_time: Its end, the same.
        closed: Whether the interval is over.
    """

    open: DecimalText
    high: DecimalText
    low: DecimalText
    close: DecimalText
    volume: DecimalText
    trades: int
    open_time: int
    close_time: int
    closed: bool


class Signal(_Data, tag_field="type", tag="signal"):
    """
    What an observer of the market points out; a key is needed.

    Attributes:
        id: Its number.
        signal: Its kind.
        severity: How much it matters.
        figures: With their units in their names.
    """

    id: str
    signal: str
    severity: str
    figures: dict[str, int]


class FiredAlert(Shape):
    """
    An alert of the key that has fired.

    Attributes:
        id: Of the alert.
        condition: What it waits for.
        threshold: Of what it waits for.
        value: What was reached.
        window: Seconds over which it looks, where it does.
    """

    id: str
    condition: Condition
    threshold: DecimalText
    value: DecimalText
    window: int | UnsetType = UNSET


class Alert(_Data, tag_field="type", tag="alert"):
    """Alerts of the key that a trade has fired."""

    price: DecimalText
    alerts: list[FiredAlert]


class Order(_Data, tag_field="type", tag="order"):
    """
    What has become of an order of the account.

    Attributes:
        size: What was asked for.
        filled: What of it has traded.
        reason: Why, where that is not plain.
    """

    id: str
    side: Side
    order_type: Literal["limit", "market"]
    price: DecimalText | None
    size: DecimalText
    filled: DecimalText
    status: str
    reason: str | None
    trigger: Literal["stop", "take_profit"] | None
    trigger_price: DecimalText | None
    stop_loss: DecimalText | None
    take_profit: DecimalText | None


class Fill(_Data, tag_field="type", tag="fill"):
    """
    A fill of an order of the account.

    Attributes:
        id: Number of the trade.
        order: Id of the order.
        left: What is left of the order.
        fee: In the quote asset.
    """

    id: str
    order: str
    side: Side
    price: DecimalText
    size: DecimalText
    left: DecimalText
    fee: DecimalText
    role: Literal["taker", "maker"]


class PositionMessage(_Data, tag_field="type", tag="position"):
    """
    What the account holds of a symbol, whenever that has changed.

    Attributes:
        size: Negative when it is sold short.
        entry: Average price; null when nothing is held.
        liquidation: Mark price of liquidation if nothing else changes.
    """

    size: DecimalText
    entry: DecimalText | None
    mark: DecimalText | None
    unrealised: DecimalText
    realised: DecimalText
    funding: DecimalText
    stop_loss: DecimalText | None
    take_profit: DecimalText | None
    liquidation: DecimalText | None


class Balance(_Data, tag_field="type", tag="balance"):
    """
    What the account owns of an asset, whenever that has changed.

    Attributes:
        cause: Why it is told.
        amount: What the cause alone has added: funding, or a debt that the market bears; else 0.
        available: What can back further orders.
    """

    asset: str
    cause: Literal["trade", "funding", "margin_call", "liquidation", "insurance"]
    amount: DecimalText
    cash: DecimalText
    equity: DecimalText
    margin: DecimalText
    maintenance: DecimalText
    available: DecimalText
    leverage: int


class _Confirmation(Positioned):
    """
    An answer that names channels.

    Attributes:
        channels: By their names in full.
    """

    channels: list[str]


class Subscribed(_Confirmation, tag_field="type", tag="subscribed"):
    """A subscription has begun."""


class Unsubscribed(_Confirmation, tag_field="type", tag="unsubscribed"):
    """A subscription has ended."""


class Subscriptions(_Confirmation, tag_field="type", tag="subscriptions"):
    """All that is subscribed to."""


class Authenticated(Positioned, tag_field="type", tag="authenticated"):
    """The key was good."""


class Pong(Positioned, tag_field="type", tag="pong"):
    """The answer to a ping."""


class ErrorMessage(Shape, tag_field="type", tag="error"):
    """A request that was refused, or why the connection ends."""

    message: str


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="feed",
            address="/guide",
            summary="Market data by channels that are named for kind and symbol, and an account's own.",
            from_client=requests("type", REQUESTS),
            to_client=messages(
                *(Ticker, Trade, Book, Orders, Candle, Signal, Alert, Order, Fill, PositionMessage, Balance),
                *(Subscribed, Unsubscribed, Subscriptions, Authenticated, Pong, ErrorMessage),
            ),
        ),
    )
