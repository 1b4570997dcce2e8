"""The messages of Tradyn's tick server, declared for documents."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import Channel, Numbered, Positioned, messages, requests
from feed.dialects.numbers import Number
from feed.dialects.tradyn.decode import REQUESTS
from feed.dialects.tradyn.shapes import DealShape, FundsEvent, OrderShape, PositionShape
from feed.model.instruments import Listing

AccountChannel = Literal["orders", "positions", "account"]


class Welcome(Shape, tag_field="type", tag="welcome"):
    """
    What the server says first.

    Attributes:
        message: For people.
        authTimeout: Seconds to authenticate in.
    """

    message: str
    authTimeout: float  # noqa: N815 - in the document's style, here and below


class Authenticated(Shape, tag_field="type", tag="auth"):
    """The key was good."""

    success: Literal[True]
    message: str


class _Confirmation(Positioned):
    """
    An answer that names subscriptions.

    Attributes:
        symbols: Those that the request named, or all that are held.
        totalSubscriptions: How many symbols are held.
        channels: Of the account, where there are any.
    """

    symbols: list[str]
    totalSubscriptions: int  # noqa: N815
    channels: list[AccountChannel] | UnsetType = UNSET


class Subscribed(_Confirmation, tag_field="type", tag="subscribed"):
    """A subscription has begun."""


class Unsubscribed(_Confirmation, tag_field="type", tag="unsubscribed"):
    """A subscription has ended."""


class Subscriptions(_Confirmation, tag_field="type", tag="subscriptions"):
    """All that is subscribed to."""


class Tick(Numbered, tag_field="type", tag="tick"):
    """
    The best bid or the best ask has another price.

    Attributes:
        symbol: Of the instrument.
        bid: Best bid.
        ask: Best ask.
        time: Market time, milliseconds since the Unix epoch.
        prev: With ``ext=seq``, where ticks are not conflated: number of the tick of this symbol before
            this one; 0 for the first. The tick that a subscription begins with has none.
    """

    symbol: str
    bid: Number
    ask: Number
    time: int
    prev: int | UnsetType = UNSET


class OrderMessage(Numbered, tag_field="type", tag="order"):
    """What has become of an order of the account."""

    data: OrderShape


class DealMessage(Numbered, tag_field="type", tag="deal"):
    """A fill of an order of the account."""

    data: DealShape


class PositionMessage(Numbered, tag_field="type", tag="position"):
    """What the account holds of a symbol, whenever that has changed."""

    data: PositionShape


class AccountMessage(Numbered, tag_field="type", tag="account"):
    """What the account owns of a currency, whenever that has changed."""

    data: FundsEvent


class ErrorMessage(Shape, tag_field="type", tag="error"):
    """A request that was refused, or why the connection ends."""

    message: str


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="ticks",
            address="/tradyn",
            summary="Ticks of symbols, and what happens to the account of the key.",
            from_client=requests("type", REQUESTS),
            to_client=messages(
                *(Welcome, Authenticated, Subscribed, Unsubscribed, Subscriptions, Tick),
                *(OrderMessage, DealMessage, PositionMessage, AccountMessage, ErrorMessage),
            ),
        ),
    )
