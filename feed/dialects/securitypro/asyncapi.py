"""The messages of SecurityPro's price feed, declared for documents."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import (
    Channel,
    ConnectionOptions,
    DecimalText,
    IsoTime,
    Numbered,
    Positioned,
    messages,
    request,
    requests,
)
from feed.dialects.securitypro.decode import BATCHES, OPERATIONS, Pong
from feed.model.instruments import Listing


class Options(ConnectionOptions, kw_only=True):
    """
    Options in the query of the URL.

    Attributes:
        apiKey: In place of that of the first message, where the server's policy takes it.
    """

    apiKey: str | UnsetType = UNSET  # noqa: N815 - the document's spelling


class Trade(Numbered, tag_field="type", tag="trade"):
    """
    A trade.

    Attributes:
        side: The taker's; null where the source does not say.
        ts: Market time.
    """

    channel: Literal["trades"]
    symbol: str
    price: DecimalText
    size: DecimalText
    side: Literal["buy", "sell"] | None
    ts: IsoTime


class Ticker(Numbered, tag_field="type", tag="ticker"):
    """
    Best bid, best ask and last price.

    Attributes:
        ts: Market time.
    """

    channel: Literal["ticker"]
    symbol: str
    bid: DecimalText
    ask: DecimalText
    price: DecimalText
    ts: IsoTime


class Heartbeat(Numbered, tag_field="type", tag="heartbeat"):
    """
    The stream goes on.

    Attributes:
        ts: Market time.
    """

    ts: IsoTime


class Stream(Shape):
    """
    What a subscription is to.

    Attributes:
        channel: Its name.
        symbol: Of the instrument.
    """

    channel: str
    symbol: str


class Subscribed(Positioned, tag_field="type", tag="subscribed"):
    """A subscription has begun."""

    subscription: Stream
    ts: IsoTime


class Unsubscribed(Positioned, tag_field="type", tag="unsubscribed"):
    """A subscription has ended."""

    subscription: Stream
    ts: IsoTime


class ErrorMessage(Shape, tag_field="type", tag="error"):
    """
    A request that was refused, or why the connection ends.

    Attributes:
        code: A fixed word, for programs.
        message: One sentence, for people.
        subscription: What it is about, where it is about one.
    """

    code: str
    message: str
    ts: IsoTime
    subscription: Stream | UnsetType = UNSET


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="prices",
            address="/securitypro",
            summary="Trades and tickers, with a key in the first subscription.",
            query=Options,
            from_client=(
                *requests("op", OPERATIONS),
                *requests("op", BATCHES, suffix="Batch"),
                request("Pong", {"type": "pong"}, Pong),
            ),
            to_client=messages(Trade, Ticker, Heartbeat, Subscribed, Unsubscribed, ErrorMessage),
        ),
    )
