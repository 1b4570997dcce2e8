"""
What a client may send, and the exchange's words for what is wrong with it.

Source: "Subscribe", "Unsubscribe" and "Ping" of the second WebSocket API.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import attrs

from feed.dialects.kraken.market_data.candles import INTERVALS
from feed.dialects.kraken.private import requests as private
from feed.dialects.kraken.private.requests import TOKEN, Operation, PrivateSubscription
from feed.dialects.kraken.private.topics import CHANNELS as PRIVATE_CHANNELS
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.refusals import Refused
from feed.dialects.messages import clip, parse
from feed.errors import ProtocolError

SUBSCRIBE: Final = "subscribe"
UNSUBSCRIBE: Final = "unsubscribe"
PING: Final = "ping"

_LARGEST_ID: Final = 2**63 - 1
_OF_PAIRS: Final = frozenset((topics.TICKER, topics.TRADE, topics.BOOK, topics.LEVEL3, topics.OHLC))


@attrs.frozen
class Ping:
    """
    Ask for a sign of life.

    Attributes:
        number: ``req_id`` of the request; None for none.
    """

    number: int | None


@attrs.frozen(kw_only=True)
class Subscription:
    """
    Begin to listen to a channel, or cease to.

    Attributes:
        number: ``req_id`` of the request; None for none.
        method: Which of both.
        channel: One of those that there are.
        symbols: Of which pairs, as the client wrote them; none for a channel of all.
        snapshot: Whether it begins with the present.
        depth: Levels of a side, of a book.
        interval: Minutes of a candle.
        trigger: After what a ticker is told.
        token: That the client shows, for the channel that needs one; empty for none.
    """

    number: int | None
    method: str
    channel: str
    symbols: tuple[str, ...]
    snapshot: bool
    depth: int
    interval: int
    trigger: str
    token: str = attrs.field(default="", repr=False)

    @property
    def option(self) -> tuple[str, str] | None:
        """What was chosen of the channel, as topics have it."""
        match self.channel:
            case topics.BOOK | topics.LEVEL3:
                return topics.DEPTH, str(self.depth)
            case topics.OHLC:
                return topics.INTERVAL, str(self.interval)
            case topics.TICKER:
                return topics.TRIGGER, self.trigger
        return None

    @property
    def named(self) -> dict[str, object]:
        """The same for an answer, by name; a ticker's trigger is not told."""
        match self.channel:
            case topics.BOOK | topics.LEVEL3:
                return {"depth": self.depth}
            case topics.OHLC:
                return {"interval": self.interval}
        return {}


Request = Ping | Subscription | PrivateSubscription | Operation


def decode(text: str) -> Request:
    """
    The request in one message.

    Raises:
        Refused: There is none.
    """
    try:
        fields = parse(text)
    except ProtocolError as problem:
        raise Refused("Malformed request" if problem.message == "Invalid JSON" else problem.message) from None
    number = fields.get("req_id")
    if number is not None and not _is_whole(number):
        raise Refused("Field 'req_id' must be an integer")
    method = fields.get("method")
    if not isinstance(method, str):
        raise Refused("Field 'method' is missing", None, number)
    try:
        match method:
            case "ping":
                return Ping(number)
            case "subscribe" | "unsubscribe":
                return _subscription(method, fields.get("params"), number)
            case _ if method in private.METHODS:
                return private.operation(method, fields, number)
    except Refused as problem:
        problem.method, problem.number = method, number
        raise
    raise Refused(f"Unsupported method: '{clip(method)}'", None, number)


def _subscription(method: str, params: object, number: int | None) -> Subscription | PrivateSubscription:
    if not isinstance(params, dict):
        raise Refused("Field 'params' is missing")
    channel = params.get("channel")
    if channel in PRIVATE_CHANNELS:
        return private.subscription(method, params, number)
    if channel not in topics.CHANNELS:
        raise Refused(
            f"Unsupported channel: '{clip(channel)}'"
            if isinstance(channel, str)
            else "Field 'channel' is missing"
        )
    depths = topics.LEVEL3_DEPTHS if channel == topics.LEVEL3 else topics.DEPTHS
    token = params.get(TOKEN)
    return Subscription(
        number=number,
        method=method,
        channel=channel,
        symbols=_symbols(params) if channel in _OF_PAIRS else (),
        snapshot=_flag(params, default=channel != topics.TRADE),
        depth=_one_of(params, "depth", depths, "Subscription depth not supported"),
        interval=_one_of(params, "interval", INTERVALS, "Subscription ohlc interval not supported"),
        trigger=_trigger(params),
        token=token if isinstance(token, str) else "",
    )


def _symbols(params: dict[str, Any]) -> tuple[str, ...]:
    found = params.get("symbol")
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise Refused("Field 'symbol' must be a list of currency pairs")
    return tuple(dict.fromkeys(found))


def _flag(params: dict[str, Any], *, default: bool) -> bool:
    found = params.get("snapshot")
    if found is None:
        return default
    if not isinstance(found, bool):
        raise Refused("Field 'snapshot' must be a boolean")
    return found


def _one_of(params: dict[str, Any], name: str, choices: Sequence[int], complaint: str) -> int:
    found = params.get(name)
    if found is None:
        return choices[0]
    if not _is_whole(found) or found not in choices:
        raise Refused(complaint)
    return int(found)


def _trigger(params: dict[str, Any]) -> str:
    found = params.get(topics.TRIGGER)
    if found is None:
        return topics.TRIGGERS[0]
    if not isinstance(found, str) or found not in topics.TRIGGERS:
        raise Refused("Field 'event_trigger' must be 'trades' or 'bbo'")
    return found


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST_ID
