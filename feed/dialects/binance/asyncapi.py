# ruff: noqa: N815 - fields as published
"""The messages of market streams, user data streams and the WebSocket API, declared for documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.asyncapi import Channel, Message, messages, of_parameters
from feed.dialects.binance.account import events
from feed.dialects.binance.account.operations import Security
from feed.dialects.binance.account.table import operations
from feed.dialects.binance.errors import ErrorBody
from feed.dialects.binance.limits import Interval, Kind
from feed.dialects.binance.market_data import queries
from feed.dialects.binance.market_data.general import Nothing
from feed.dialects.binance.rest.private import SIGNED
from feed.dialects.binance.streams import shapes
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing

Id = int | str | None

_KEY = Parameter(name="apiKey", meaning="The key; needed unless one has logged on.", optional=True, most=None)
_LIMITS = Parameter(
    name="returnRateLimits", meaning="Whether to tell what is used.", optional=True, most=None
)
_SUBSCRIPTION = Parameter(
    name="subscriptionId", meaning="Which; all without.", optional=True, least=0, most=None
)
_STREAMS = (
    *(shapes.Trade, shapes.AggregateTrade, shapes.KlineUpdate, shapes.MiniTicker, shapes.Ticker),
    *(shapes.RollingTicker, shapes.AveragePriceUpdate, shapes.BookTickerUpdate),
    *(shapes.DepthUpdate, shapes.PartialDepth),
)
_OF_ALL = (shapes.Ticker, shapes.MiniTicker, shapes.RollingTicker)
_OF_ACCOUNT = (events.ExecutionReport, events.OutboundAccountPosition)
_OF_LISTEN_KEYS = (*_OF_ACCOUNT, events.ListenKeyExpired)


class Options(Shape, kw_only=True):
    """
    Options in the query of the URL.

    Attributes:
        timeUnit: MILLISECOND or MICROSECOND.
    """

    timeUnit: str | UnsetType = UNSET


class CombinedOptions(Options, kw_only=True):
    """
    Options in the query of the URL.

    Attributes:
        streams: Names, with slashes between them.
    """

    streams: str | UnsetType = UNSET


class ApiOptions(Options, kw_only=True):
    """
    Options in the query of the URL.

    Attributes:
        returnRateLimits: Whether answers tell what is used.
    """

    returnRateLimits: Literal["true", "false"] | UnsetType = UNSET


class SubscribeRequest(Shape, tag_field="method", tag="SUBSCRIBE"):
    """
    Begin to listen.

    Attributes:
        params: Names of streams.
    """

    params: list[str]
    id: Id


class UnsubscribeRequest(Shape, tag_field="method", tag="UNSUBSCRIBE"):
    """
    Cease to listen.

    Attributes:
        params: Names of streams.
    """

    params: list[str]
    id: Id


class ListSubscriptionsRequest(Shape, tag_field="method", tag="LIST_SUBSCRIPTIONS"):
    """Name what is listened to."""

    id: Id


class SetPropertyRequest(Shape, tag_field="method", tag="SET_PROPERTY"):
    """
    Let each message name its stream, or not.

    Attributes:
        params: ``combined``, and whether it shall.
    """

    params: tuple[Literal["combined"], bool]
    id: Id


class GetPropertyRequest(Shape, tag_field="method", tag="GET_PROPERTY"):
    """Say whether each message names its stream."""

    params: list[Literal["combined"]]
    id: Id


class Result(Shape):
    """
    The answer to a request.

    Attributes:
        result: Null; names of streams; or whether each message names its stream.
        id: Of the request.
    """

    result: list[str] | bool | None
    id: Id


class StreamError(Shape):
    """
    Of the connection.

    Attributes:
        code: What kind.
        msg: One sentence.
    """

    code: int
    msg: str


class ErrorMessage(Shape, kw_only=True):
    """
    A request that was refused.

    Attributes:
        id: Of the request, where it can be read.
    """

    error: StreamError
    id: Id | UnsetType = UNSET


class UsedLimit(Shape):
    """
    A limit, and how much of it is used.

    Attributes:
        rateLimitType: What is counted.
        interval: Unit of a window's length.
        intervalNum: How many of these it is long.
        limit: The most in a window.
        count: What is used.
    """

    rateLimitType: Kind
    interval: Interval
    intervalNum: int
    limit: int
    count: int


class ApiErrorBody(ErrorBody):
    """
    A request that was refused.

    Attributes:
        data: More of it, where there is more.
    """

    data: dict[str, Any] | UnsetType = UNSET


class ApiError(Shape, kw_only=True):
    """
    A request of the WebSocket API that was refused.

    Attributes:
        id: Of the request.
        status: As in HTTP.
        rateLimits: What it counts towards.
    """

    id: Id
    status: int
    error: ApiErrorBody
    rateLimits: list[UsedLimit] | UnsetType = UNSET


class ApiShutdown(Shape):
    """The connection will be closed soon."""

    event: events.ServerShutdown


class ApiSession(Shape):
    """
    Who has logged on.

    Attributes:
        apiKey: With which key; null without one.
        authorizedSince: Market time; null without one.
        connectedSince: Market time.
        returnRateLimits: Whether answers tell what is used.
        serverTime: Market time.
        userDataStream: Whether an account is listened to.
    """

    apiKey: str | None
    authorizedSince: int | None
    connectedSince: int
    returnRateLimits: bool
    serverTime: int
    userDataStream: bool


class Subscription(Shape):
    """
    A user data stream of the connection.

    Attributes:
        subscriptionId: Its number.
    """

    subscriptionId: int


_SESSION = (
    ("session.logon", "Let all further requests be those of a key", (_KEY, *SIGNED), ApiSession),
    ("session.logout", "Let no further request be anybody's", (), ApiSession),
    ("session.status", "Who has logged on", (), ApiSession),
    ("session.subscriptions", "User data streams of the connection", (), list[Subscription]),
    ("userDataStream.subscribe", "Listen to the account that has logged on", (), Subscription),
    ("userDataStream.subscribe.signature", "Listen to an account", (_KEY, *SIGNED), Subscription),
    ("userDataStream.unsubscribe", "Cease to listen to accounts", (_SUBSCRIPTION,), Nothing),
)


def channels(listing: Listing) -> tuple[Channel, ...]:
    """Raw streams, combined streams, and the WebSocket API."""
    asked = messages(
        *(SubscribeRequest, UnsubscribeRequest, ListSubscriptionsRequest),
        *(SetPropertyRequest, GetPropertyRequest),
    )
    answers = messages(Result, ErrorMessage)
    raw = (
        *messages(*_STREAMS, *_OF_LISTEN_KEYS, events.ServerShutdown),
        *(_array(one) for one in _OF_ALL),
    )
    combined = tuple(_combined(one) for one in raw)
    api = tuple(_api(listing))
    return (
        Channel(
            name="streams",
            address="/ws",
            summary="Market streams, also named in the path behind; one may be of an account, by its key.",
            query=Options,
            from_client=asked,
            to_client=(*raw, *answers),
        ),
        Channel(
            name="combined",
            address="/stream",
            summary="The same, and each message names its stream.",
            query=CombinedOptions,
            from_client=asked,
            to_client=(*combined, *answers),
        ),
        Channel(
            name="api",
            address="/ws-api/v3",
            summary="Requests, each with an answer, and what accounts are told.",
            query=ApiOptions,
            from_client=tuple(request for request, _ in api),
            to_client=(
                *(answer for _, answer in api),
                *(_of_account(one) for one in (*_OF_ACCOUNT, events.EventStreamTerminated)),
                *messages(ApiError, ApiShutdown),
            ),
        ),
    )


def _array(shape: type[Shape]) -> Message:
    """A message of all symbols that have changed."""
    return Message(
        name=f"All{shape.__name__}s",
        shape=list[shape],  # type: ignore[valid-type]
        summary=f"{_first_line(shape)[:-1]}: of every symbol that has changed.",
    )


def _combined(one: Message) -> Message:
    members = [("stream", str), ("data", one.shape)]
    about = {"__doc__": one.summary or _first_line(one.shape)}
    name = f"Combined{one.name}"
    return Message(name=name, shape=msgspec.defstruct(name, members, namespace=about))


def _of_account(shape: type[Shape]) -> Message:
    members = [("subscriptionId", int), ("event", shape)]
    name = f"Subscribed{shape.__name__}"
    return Message(
        name=name, shape=msgspec.defstruct(name, members, namespace={"__doc__": _first_line(shape)})
    )


def _first_line(shape: Any) -> str:
    return (shape.__doc__ or "").strip().partition("\n")[0]


def _api(listing: Listing) -> Iterator[tuple[Message, Message]]:
    """Each request of the WebSocket API, and its answer."""
    for query in queries(listing):
        if query.method:
            yield _pair(query.method, query.summary, (*query.parameters, _LIMITS), query.returns)
    for operation in operations(listing):
        if operation.method:
            signed = () if operation.security is Security.USER_STREAM else SIGNED
            parameters = (*operation.parameters, _KEY, *signed, _LIMITS)
            yield _pair(operation.method, operation.summary, parameters, operation.returns)
    for method, summary, parameters, returns in _SESSION:
        yield _pair(method, summary, (*parameters, _LIMITS), returns)


def _pair(
    method: str, summary: str, parameters: tuple[Parameter, ...], returns: Any
) -> tuple[Message, Message]:
    name = "".join(f"{part[:1].upper()}{part[1:]}" for part in re.split(r"\W+", method))
    params = of_parameters(f"{name}Params", parameters, optional=[one.name for one in SIGNED])
    needed = any(one.required for one in parameters if one not in SIGNED)
    asked: list[Any] = [
        ("method", Literal[method]),
        ("params", params) if needed else ("params", params | UnsetType, UNSET),
        ("id", Id | UnsetType, UNSET),
    ]
    answered: list[Any] = [
        ("id", Id),
        ("status", Literal[200]),
        ("result", returns),
        ("rateLimits", list[UsedLimit] | UnsetType, UNSET),
    ]
    request = msgspec.defstruct(f"{name}Request", asked, namespace={"__doc__": f"{summary}."})
    answer = msgspec.defstruct(f"{name}Response", answered, namespace={"__doc__": f"{summary}: the answer."})
    return (
        Message(name=f"{name}Request", shape=request, answers=(f"{name}Response", "ApiError")),
        Message(name=f"{name}Response", shape=answer),
    )
