"""One connection of a client to version 1 of the WebSocket API, for anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from feed.dialects import contract
from feed.dialects.contract import Action, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.kraken.market_data.candles import INTERVALS
from feed.dialects.kraken.names import pairs
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.session import CONNECTION
from feed.dialects.kraken.version1.encoders import PREFIX, channel_id, channel_name
from feed.dialects.messages import clip, message, parse
from feed.errors import ProtocolError
from feed.model.topics import Topic

PATH: Final = "/v1"
VERSION: Final = "1.9.2"
CHANNELS: Final = (topics.TICKER, topics.OHLC, topics.TRADE, "spread", topics.BOOK)
PRIVATE_CHANNELS: Final = ("openOrders", "ownTrades")
PRIVATE_EVENTS: Final = (
    *("addOrder", "cancelOrder", "cancelAll", "cancelAllOrdersAfter", "editOrder", "addOrderBatch"),
    "cancelOrderBatch",
)
ELSEWHERE: Final = "EGeneral:Unknown method:accounts are served by version 2, at /v2"
_CHOICES: Final = {topics.BOOK: (topics.DEPTH, topics.DEPTHS), topics.OHLC: (topics.INTERVAL, INTERVALS)}
_BEATS: Final = topics.topic(f"{PREFIX}{topics.HEARTBEAT}")


class FirstSession(Session):
    """
    Subscriptions of a connection.

    Source: "WebSockets API v1", messages subscribe, unsubscribe, subscriptionStatus, ping and systemStatus.
    """

    authenticated = True

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._pairs = pairs(context.listing)
        self._held: dict[Topic, None] = {}

    def open(self) -> Sequence[Action]:
        """That the exchange is there, or in maintenance."""
        status = "maintenance" if self._context.disruption().maintenance else "online"
        told = {"connectionID": CONNECTION, "event": "systemStatus", "status": status, "version": VERSION}
        return [Reply(message(**told))]

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            fields = parse(text)
        except ProtocolError:
            return [Reply(message(errorMessage="Malformed request", event="error"))]
        number = fields.get("reqid")
        numbered = {"reqid": number} if isinstance(number, int) and abs(number) < 2**63 else {}
        event = fields.get("event")
        if event in PRIVATE_EVENTS:
            told = {"errorMessage": ELSEWHERE, "event": f"{event}Status"}
            return [Reply(message(**told, **numbered, status="error"))]
        match event:
            case "ping":
                return [Reply(message(event="pong", **numbered))]
            case "subscribe" | "unsubscribe" as event:
                return self._listen(str(event), fields, numbered)
        return [Reply(message(errorMessage="Unsupported event", event="error", **numbered))]

    def wording(self, cause: DisconnectCause) -> None:
        """Nothing: the exchange closes without a word."""
        del cause

    def _listen(self, event: str, fields: dict[str, Any], numbered: dict[str, int]) -> Sequence[Action]:
        try:
            name, option = _channel(fields.get("subscription"))
            wanted = _names(fields.get("pair"))
        except ProtocolError as problem:
            told = {"errorMessage": problem.message, "event": "subscriptionStatus"}
            return [Reply(message(**told, **numbered, status="error"))]
        shown = {**({option[0]: int(option[1])} if option else {}), "name": name}
        replies: list[Action] = []
        changed: list[Topic] = []
        silent = not self._held

        def answer(status: str, pair: str, **told: Any) -> None:
            event = "subscriptionStatus"
            said = message(**told, event=event, pair=pair, **numbered, status=status, subscription=shown)
            replies.append(Reply(said))

        for wsname in wanted:
            pair = self._pairs.of_wsname(wsname) or self._pairs.of_symbol(wsname)
            if pair is None:
                named = clip(wsname)
                answer("error", named, errorMessage=f"Currency pair not supported {named}")
                continue
            one = topics.topic(f"{PREFIX}{name}", pair.index, option)
            channel = {"channelID": channel_id(pair), "channelName": channel_name(one)}
            if event == "subscribe":
                self._held[one] = None
            elif one in self._held:
                del self._held[one]
            else:
                answer("error", pair.wsname, errorMessage="Subscription Not Found", **channel)
                continue
            changed.append(one)
            answer(f"{event}d", pair.wsname, **channel)
        if not changed:
            return replies
        if event == "subscribe":
            # What is held already begins anew.
            first = (_BEATS,) if silent else ()
            again = [contract.Unsubscribe(tuple(changed))] if not silent else []
            return [*again, *replies, contract.Subscribe((*first, *changed))]
        last = () if self._held else (_BEATS,)
        return [contract.Unsubscribe((*changed, *last)), *replies]


def _channel(subscription: object) -> tuple[str, tuple[str, str] | None]:
    """Name of the channel, and what was chosen of it."""
    if isinstance(subscription, dict) and subscription.get("name") in PRIVATE_CHANNELS:
        raise ProtocolError(ELSEWHERE)
    if not isinstance(subscription, dict) or subscription.get("name") not in CHANNELS:
        raise ProtocolError("Subscription name invalid")
    name = str(subscription["name"])
    if name not in _CHOICES:
        return name, None
    option, choices = _CHOICES[name]
    value = subscription.get(option, choices[0])
    if isinstance(value, bool) or value not in choices:
        raise ProtocolError(f"Subscription {name} {option} not supported")
    return name, (option, str(int(value)))


def _names(found: object) -> list[str]:
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise ProtocolError("Pair(s) not found")
    return list(dict.fromkeys(found))
