"""The messages of Market.ai, declared for documents; their data are the types of its REST."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Detail, Shape
from feed.dialects.asyncapi import Channel, DecimalText, Numbered, messages, requests
from feed.dialects.marketai.decode import REQUESTS
from feed.dialects.marketai.rest.events import ForcedTrade, Rate, SignalShown, UpOrDown
from feed.dialects.marketai.rest.prices import Candle, PairQuote, VenueBook
from feed.model.instruments import Listing


class Options(Shape, kw_only=True):
    """
    Options in the query of the URL.

    Attributes:
        key: An API key; without one, it is the first message.
        errors: ``frame``: why there is no connection is told in a message, which browsers can read.
        ext: ``seq``: messages carry sequence number and position.
    """

    key: str | UnsetType = UNSET
    errors: Literal["frame"] | UnsetType = UNSET
    ext: str | UnsetType = UNSET


class Update(Numbered, tag_field="type", tag="update"):
    """
    News of a channel.

    Attributes:
        ts: Market time, milliseconds since the Unix epoch.
    """

    ts: int


class Quotes(Update, tag="update"):
    """A pair over all its exchanges."""

    channel: Literal["quotes"]
    data: PairQuote


class Book(Update, tag="update"):
    """An order book in figures."""

    channel: Literal["book"]
    data: VenueBook


class Trade(Shape):
    """
    A trade.

    Attributes:
        side: The taker's; null where the source does not say.
        timestamp: Market time, milliseconds since the Unix epoch.
        is_liquidation: Whether it closed a position whose margin had run out.
    """

    exchange: str
    symbol: str
    price: DecimalText
    quantity: DecimalText
    side: Literal["buy", "sell"] | None
    timestamp: int
    trade_id: str
    is_liquidation: bool


class Trades(Update, tag="update"):
    """A trade."""

    channel: Literal["trades"]
    data: Trade


class Signals(Update, tag="update"):
    """Something that an observer points out."""

    channel: Literal["signals"]
    data: SignalShown


class Liquidations(Update, tag="update"):
    """A trade by which a position was closed whose margin had run out."""

    channel: Literal["liquidations"]
    data: ForcedTrade


class Funding(Update, tag="update"):
    """What longs of a perpetual future pay to shorts."""

    channel: Literal["funding"]
    data: Rate


class Klines(Update, tag="update"):
    """The trades of an interval: while it goes on, and closed."""

    channel: Literal["klines"]
    data: Candle


class Narrative(Shape):
    """
    Where a pair stands, in words.

    Attributes:
        symbol: The pair.
        narrative: A few sentences.
        source: Who wrote them.
    """

    symbol: str
    narrative: str
    source: Literal["template"]


class Narratives(Update, tag="update"):
    """Where a pair stands, in words."""

    channel: Literal["narratives"]
    data: Narrative


class Polymarket(Update, tag="update"):
    """A round of a prediction market."""

    channel: Literal["polymarket"]
    data: UpOrDown


class Authenticated(Shape, tag_field="type", tag="authenticated"):
    """
    The key was good.

    Attributes:
        tier: Of the key.
    """

    tier: str


class Subscribed(Shape, tag_field="type", tag="subscribed"):
    """
    A subscription has begun.

    Attributes:
        symbols: Names of pairs; ``*`` for all.
    """

    channel: str
    symbols: list[str]


class Unsubscribed(Shape, tag_field="type", tag="unsubscribed"):
    """
    A subscription has ended.

    Attributes:
        symbols: Names of pairs; ``*`` for all.
    """

    channel: str
    symbols: list[str]


class Pong(Shape, tag_field="type", tag="pong"):
    """The answer to a ping."""


class ErrorMessage(Shape, tag_field="type", tag="error"):
    """
    A request that was refused, or why the connection ends.

    Attributes:
        code: A fixed word, for programs.
        message: One sentence, for people.
    """

    code: str
    message: str


class Refusal(Shape):
    """Why there is no connection, where that is told in a message."""

    ok: Literal[False]
    error: Detail


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="push",
            address="/marketai",
            summary="Markets over all their venues: quotes, books, trades, klines, signals, stories.",
            query=Options,
            from_client=requests("action", REQUESTS),
            to_client=messages(
                *(Quotes, Book, Trades, Signals, Liquidations, Funding, Klines, Narratives, Polymarket),
                *(Authenticated, Subscribed, Unsubscribed, Pong, ErrorMessage, Refusal),
            ),
        ),
    )
