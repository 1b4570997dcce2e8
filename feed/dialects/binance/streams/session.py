"""One connection of a client to the market streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from feed.dialects import contract
from feed.dialects.binance.streams.names import name_of, topic
from feed.dialects.binance.symbols import symbols
from feed.dialects.contract import Action, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.messages import MOST_PARTS, message, parts
from feed.model.topics import Topic

INVALID_REQUEST: Final = 2
INVALID_JSON: Final = 3


class StreamSession(Session):
    """Subscriptions of a connection, for anybody. Source: "WebSocket Streams"."""

    authenticated = True

    def __init__(self, context: SessionContext) -> None:
        self._symbols = symbols(context.listing)
        self._topics: dict[Topic, None] = {}

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            found = msgspec.json.decode(text) if parts(text) <= MOST_PARTS else None
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return [_refusal(INVALID_JSON, "Invalid JSON: expected an object")]
        if not isinstance(found, dict):
            return [_refusal(INVALID_REQUEST, "Invalid request: expected an object")]
        return self._answer(found)

    def wording(self, cause: DisconnectCause) -> None:
        """Nothing: the exchange closes without a word."""
        del cause

    def _answer(self, request: dict[str, Any]) -> Sequence[Action]:
        params = request.get("params", [])
        listed = isinstance(params, list) and all(isinstance(name, str) for name in params)
        topics = [topic(name, self._symbols) for name in params] if listed else [None]
        known = tuple(one for one in topics if one is not None)
        number = request.get("id")
        answer = Reply(message(result=None, id=number if isinstance(number, int | str) else None))
        match request.get("method"):
            case "LIST_SUBSCRIPTIONS":
                names = [name_of(one, self._symbols) for one in self._topics]
                return [Reply(message(result=names, id=number))]
            case "SUBSCRIBE" if known and len(known) == len(topics):
                self._topics.update(dict.fromkeys(known))
                return [answer, contract.Subscribe(known)]
            case "UNSUBSCRIBE" if known and len(known) == len(topics):
                for one in known:
                    self._topics.pop(one, None)
                return [contract.Unsubscribe(known), answer]
        return [_refusal(INVALID_REQUEST, "Invalid request: unknown method or stream")]


def _refusal(code: int, text: str) -> Reply:
    return Reply(message(error={"code": code, "msg": text}))
