"""The messages of Rails, declared for documents."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import (
    Channel,
    ConnectionOptions,
    DecimalText,
    Numbered,
    Positioned,
    messages,
    requests,
)
from feed.dialects.rails.decode import MESSAGES
from feed.dialects.rails.statements import BalanceDelta, PositionShape
from feed.model.instruments import Listing

Side = Literal["buy", "sell"]
Stream = Literal["orders", "trades", "publicTrades", "publicOrderBook", "positions", "balances"]
TradeType = Literal["limit", "market"]


class Options(ConnectionOptions, kw_only=True):
    """
    Options in the query of the URL; a token is in ``Sec-WebSocket-Protocol``, after ``authorization#``.

    Attributes:
        market: Its symbol, or ``ALL``.
        subscriptions: Names of streams, with commas between them.
        ext: ``seq``: messages carry sequence number and position; ``crc``: those of books a checksum.
    """

    market: str
    subscriptions: str | UnsetType = UNSET


class _Answered(Shape, kw_only=True):
    """
    What the data of an answer may have.

    Attributes:
        clientRequestId: The client's own id of the request.
    """

    clientRequestId: str | UnsetType = UNSET  # noqa: N815 - as published, here and below


class _Part(_Answered, kw_only=True):
    """
    What an answer of many rows may have.

    Attributes:
        statusCode: As in HTTP.
        part: Which part of an answer that is told in parts, from 1.
        parts: How many there are.
    """

    statusCode: Literal[200]  # noqa: N815
    part: int | UnsetType = UNSET
    parts: int | UnsetType = UNSET


class Level(Shape):
    """
    What rests at a price.

    Attributes:
        quantity: 0 removes the level.
    """

    orderType: Side  # noqa: N815
    price: DecimalText
    quantity: DecimalText


class Levels(_Part, kw_only=True):
    """
    Price levels.

    Attributes:
        ts: Market time, milliseconds since the Unix epoch.
    """

    orders: list[Level]
    ts: int


class _BookMessage(Numbered, kw_only=True):
    """
    News of a book.

    Attributes:
        checksum: With ``ext=crc``: CRC-32 of the book after this message.
    """

    market: str
    data: Levels
    checksum: int | UnsetType = UNSET


class PublicOrderBook(_BookMessage, tag_field="resultType", tag="publicOrderBook"):
    """The whole book: as an answer, or empty when it begins anew."""


class PublicOrderBookDelta(_BookMessage, tag_field="resultType", tag="publicOrderBookDelta"):
    """The new total at one price."""


class TradeSide(Shape):
    """
    One side of a trade.

    Attributes:
        matchId: Of the trade.
        orderType: Null where the source does not say.
        updatedAt: Market time, milliseconds since the Unix epoch.
    """

    executionType: Literal["taker", "maker"]  # noqa: N815
    matchId: str  # noqa: N815
    orderType: Side | None  # noqa: N815
    price: DecimalText
    quantity: DecimalText
    updatedAt: int  # noqa: N815


class TradeSides(_Part, kw_only=True):
    """Both sides of trades, the taker's first."""

    orders: list[TradeSide]


class PublicCompletedOrders(Numbered, tag_field="resultType", tag="publicCompletedOrders"):
    """The last trades, as an answer."""

    market: str
    data: TradeSides


class PublicCompletedOrdersDelta(Numbered, tag_field="resultType", tag="publicCompletedOrdersDelta"):
    """A trade."""

    market: str
    data: TradeSides


class Order(Shape, kw_only=True):
    """
    An order.

    Attributes:
        quantity: What is left of it.
        avgFillPrice: 0 when nothing has traded.
        createdAt: Market time, milliseconds since the Unix epoch; so is updatedAt.
        clientRequestId: The client's own id of the request that it came by.
    """

    market: str
    orderId: str  # noqa: N815
    userId: str  # noqa: N815
    orderType: Side  # noqa: N815
    tradeType: TradeType  # noqa: N815
    orderStatus: str  # noqa: N815
    price: DecimalText
    quantity: DecimalText
    filledQuantity: DecimalText  # noqa: N815
    avgFillPrice: DecimalText  # noqa: N815
    leverage: DecimalText
    createdAt: int  # noqa: N815
    updatedAt: int  # noqa: N815
    postOnly: bool  # noqa: N815
    reduceOnly: bool  # noqa: N815
    timeInForce: str | UnsetType = UNSET  # noqa: N815
    triggerType: str | UnsetType = UNSET  # noqa: N815
    triggerPrice: DecimalText | UnsetType = UNSET  # noqa: N815
    clientRequestId: str | UnsetType = UNSET  # noqa: N815


class Outcome(_Answered, kw_only=True):
    """
    What became of a request, or of an order.

    Attributes:
        statusCode: As in HTTP: 202 before the market has decided.
        body: The same in words.
        apiQuotaUsed: Units of the account's quota.
    """

    statusCode: int  # noqa: N815
    body: str
    order: Order
    apiQuotaUsed: int | UnsetType = UNSET  # noqa: N815


class OrderOutcome(Numbered, kw_only=True):
    """What became of a request of the account, or of an order of its own."""

    resultType: Literal["createOrder", "cancelOrder", "modifyOrder", "rejectOrder"]  # noqa: N815
    market: str
    data: Outcome


class OrdersShown(_Part, kw_only=True):
    """
    Orders of the account.

    Attributes:
        ts: Market time, milliseconds since the Unix epoch.
    """

    orders: list[Order]
    ts: int


class Orders(Numbered, tag_field="resultType", tag="orders"):
    """The account's open orders and those that were over last, as an answer."""

    market: str
    data: OrdersShown


class Fill(Shape):
    """
    A fill of an order.

    Attributes:
        fillType: Whether anything is left of the order.
        fees: In the quote asset.
    """

    market: str
    orderId: str  # noqa: N815
    matchId: str  # noqa: N815
    orderType: Side  # noqa: N815
    tradeType: TradeType  # noqa: N815
    executionType: Literal["taker", "maker"]  # noqa: N815
    fillType: Literal["partial", "complete"]  # noqa: N815
    price: DecimalText
    quantity: DecimalText
    leverage: DecimalText
    fees: DecimalText
    orderCreatedAt: int  # noqa: N815
    orderFilledAt: int  # noqa: N815
    triggerType: Literal["none", "stop", "takeProfit"]  # noqa: N815
    triggerPrice: DecimalText  # noqa: N815
    triggerCreatedAt: int  # noqa: N815


class CompletedOrdersDelta(Numbered, tag_field="resultType", tag="completedOrdersDelta"):
    """A fill of an order of the account."""

    market: str
    data: list[Fill]


class PositionsDelta(Numbered, tag_field="resultType", tag="positionsDelta"):
    """What the account holds in a market, whenever that has changed."""

    market: str
    data: PositionShape


class BalancesDelta(Numbered, tag_field="resultType", tag="balancesDelta"):
    """What the account owns of a quote asset, whenever that has changed."""

    market: str
    data: BalanceDelta


class Streams(_Answered, kw_only=True):
    """
    Which streams a connection has.

    Attributes:
        activeSubscriptions: All of them.
        requestedSubscriptions: Those of the request.
    """

    activeSubscriptions: list[Stream]  # noqa: N815
    requestedSubscriptions: list[Stream]  # noqa: N815


class Subscribed(Positioned, tag_field="resultType", tag="subscribed"):
    """Streams were added."""

    market: str
    data: Streams


class Unsubscribed(Positioned, tag_field="resultType", tag="unsubscribed"):
    """Streams were removed."""

    market: str
    data: Streams


class Alive(_Answered, kw_only=True):
    """
    The data of a pong.

    Attributes:
        statusCode: As in HTTP.
    """

    statusCode: Literal[200]  # noqa: N815


class Pong(Positioned, tag_field="resultType", tag="pong"):
    """The answer to a ping."""

    data: Alive


class Problem(Shape, kw_only=True):
    """
    What is wrong with a request.

    Attributes:
        statusCode: As in HTTP.
        body: One sentence.
        clientRequestId: What the client gave as its id.
    """

    statusCode: int  # noqa: N815
    body: str
    clientRequestId: str | int | UnsetType = UNSET  # noqa: N815


class Refusal(Numbered, kw_only=True):
    """
    A request that was refused, or why the connection ends.

    Attributes:
        resultType: The request's, or ``error``.
    """

    resultType: str  # noqa: N815
    market: str
    data: Problem


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="markets",
            address="/rails",
            summary="Books and trades of a market or of all, and orders of the account of the token.",
            query=Options,
            from_client=requests(
                "message", MESSAGES, content="content", more={"market": str, "clientRequestId": str}
            ),
            to_client=messages(
                *(PublicOrderBook, PublicOrderBookDelta, PublicCompletedOrders, PublicCompletedOrdersDelta),
                *(OrderOutcome, Orders, CompletedOrdersDelta, PositionsDelta, BalancesDelta),
                *(Subscribed, Unsubscribed, Pong, Refusal),
            ),
        ),
    )
