"""The messages of both versions of the WebSocket API, declared for documents."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import Channel, IsoTime, Message, messages
from feed.dialects.kraken.private import order_shapes
from feed.dialects.kraken.private import shapes as private
from feed.dialects.kraken.streams import shapes
from feed.dialects.kraken.streams.session import PATH
from feed.dialects.kraken.version1 import shapes as first
from feed.dialects.kraken.version1.session import PATH as FIRST_PATH
from feed.model.instruments import Listing

_REFUSED: Final = "ErrorResponse"


class SubscriptionParams(Shape, kw_only=True):
    """
    What is to be listened to.

    Attributes:
        symbol: Pairs, of a channel that has them.
        snapshot: Whether it begins with the present.
        depth: Levels of a side, of a book.
        interval: Minutes of a candle.
        event_trigger: After what a ticker is told.
        token: Of GetWebSocketsToken, for a channel that needs one.
        snap_orders: Whether open orders are told of first.
        snap_trades: Whether the last trades are.
        order_status: Whether orders are told of between their beginning and their end.
        ratecounter: Whether the rate counter is told with each.
    """

    channel: str
    symbol: list[str] | UnsetType = UNSET
    snapshot: bool | UnsetType = UNSET
    depth: int | UnsetType = UNSET
    interval: int | UnsetType = UNSET
    event_trigger: Literal["trades", "bbo"] | UnsetType = UNSET
    token: str | UnsetType = UNSET
    snap_orders: bool | UnsetType = UNSET
    snap_trades: bool | UnsetType = UNSET
    order_status: bool | UnsetType = UNSET
    ratecounter: bool | UnsetType = UNSET


class Subscribed(Shape, kw_only=True):
    """
    What is listened to, or no more.

    Attributes:
        maxratecount: Of the rate limit of orders.
    """

    channel: str
    symbol: str | UnsetType = UNSET
    snapshot: bool | UnsetType = UNSET
    depth: int | UnsetType = UNSET
    interval: int | UnsetType = UNSET
    maxratecount: int | UnsetType = UNSET
    order_status: bool | UnsetType = UNSET
    ratecounter: bool | UnsetType = UNSET
    snap_orders: bool | UnsetType = UNSET
    snap_trades: bool | UnsetType = UNSET


class _Answered(Shape, kw_only=True):
    """
    What every answer has.

    Attributes:
        req_id: Of the request, where it had one.
        time_in: Market time at which it came.
        time_out: Market time of the answer.
    """

    req_id: int | UnsetType = UNSET
    time_in: IsoTime
    time_out: IsoTime


class PingRequest(Shape, tag_field="method", tag="ping"):
    """Ask for a sign of life."""

    req_id: int | UnsetType = UNSET


class PongResponse(_Answered, tag_field="method", tag="pong"):
    """The answer to a ping."""


class ErrorResponse(_Answered, kw_only=True):
    """
    A request, or a part of one, that was refused.

    Attributes:
        method: Of the request, where it can be read.
        symbol: What of it was refused; so are order_id, cl_ord_id and order_userref.
    """

    error: str
    success: Literal[False]
    method: str | UnsetType = UNSET
    symbol: str | UnsetType = UNSET
    order_id: str | UnsetType = UNSET
    cl_ord_id: str | UnsetType = UNSET
    order_userref: int | UnsetType = UNSET


class BatchCancelResponse(_Answered, kw_only=True, tag_field="method", tag="batch_cancel"):
    """
    How many orders were cancelled.

    Attributes:
        orders_cancelled: How many.
    """

    success: Literal[True]
    orders_cancelled: int


OPERATIONS: Final[dict[str, tuple[type[Shape], Any]]] = {
    "subscribe": (SubscriptionParams, Subscribed),
    "unsubscribe": (SubscriptionParams, Subscribed),
    "add_order": (order_shapes.AddOrder, order_shapes.Placed),
    "amend_order": (order_shapes.AmendOrder, order_shapes.Amended),
    "edit_order": (order_shapes.EditOrder, order_shapes.Edited),
    "cancel_order": (order_shapes.CancelOrder, order_shapes.Cancelled),
    "cancel_all": (order_shapes.CancelAll, order_shapes.Count),
    "cancel_all_orders_after": (order_shapes.CancelAllOrdersAfter, order_shapes.Countdown),
    "batch_add": (order_shapes.BatchAdd, list[order_shapes.PlacedOrNot]),
}
"""Parameters and results of the methods, but of those whose answers have no result."""
_MEANINGS: Final = {"subscribe": "Begin to listen.", "unsubscribe": "Cease to listen."}


def channels(listing: Listing) -> tuple[Channel, ...]:
    """The second version, with its private part, and the first."""
    del listing
    asked, answers = zip(*(_pair(method, *types) for method, types in OPERATIONS.items()), strict=True)
    ping = Message(name="PingRequest", shape=PingRequest, answers=("PongResponse", _REFUSED))
    cancel = _request("batch_cancel", order_shapes.BatchCancel, "BatchCancelResponse")
    return (
        Channel(
            name="v2",
            address=PATH,
            summary="Version 2: market data for anybody, and accounts for whoever shows a token.",
            query=None,
            from_client=(ping, *asked, cancel),
            to_client=(
                *messages(shapes.Status, shapes.Heartbeat, shapes.Ticker, shapes.Trade, shapes.Book),
                *messages(shapes.Level3, shapes.Candles, shapes.Instruments),
                *messages(private.Executions, private.BalancesSnapshot, private.BalancesUpdate),
                *answers,
                *messages(PongResponse, BatchCancelResponse, ErrorResponse),
            ),
        ),
        Channel(
            name="v1",
            address=FIRST_PATH,
            summary="Version 1: market data.",
            query=None,
            from_client=messages(first.FirstPing, first.FirstSubscribe, first.FirstUnsubscribe),
            to_client=messages(
                *(first.FirstStatus, first.FirstHeartbeat, first.FirstPong, first.SubscriptionStatus),
                *(first.FirstTicker, first.FirstTrades, first.FirstSpread, first.FirstCandle),
                *(first.FirstBook, first.FirstBookUpdate, first.ElsewhereStatus, first.FirstError),
            ),
        ),
    )


def _pair(method: str, params: type[Shape], result: Any) -> tuple[Message, Message]:
    name = _named(method)
    members: list[Any] = [("method", Literal[method]), ("success", Literal[True]), ("result", result)]
    about = {"__doc__": f"{_meaning(method, params)[:-1]}: the answer."}
    answer = msgspec.defstruct(f"{name}Response", members, bases=(_Answered,), namespace=about, kw_only=True)
    return _request(method, params, f"{name}Response"), Message(name=f"{name}Response", shape=answer)


def _request(method: str, params: type[Shape], answer: str) -> Message:
    members: list[Any] = [
        ("method", Literal[method]),
        ("params", params),
        ("req_id", int | UnsetType, UNSET),
    ]
    name = f"{_named(method)}Request"
    about = {"__doc__": _meaning(method, params)}
    shape = msgspec.defstruct(name, members, namespace=about, kw_only=True)
    return Message(name=name, shape=shape, answers=(answer, _REFUSED))


def _named(method: str) -> str:
    return "".join(part.capitalize() for part in method.split("_"))


def _meaning(method: str, params: type[Shape]) -> str:
    return _MEANINGS.get(method) or (params.__doc__ or "").strip().partition("\n")[0]
