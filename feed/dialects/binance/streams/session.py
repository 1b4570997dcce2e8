"""One connection of a client to the market streams."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote

from feed.dialects import contract
from feed.dialects.binance.lifetime import EXPIRED, Lifetime
from feed.dialects.binance.streams.names import Form, topic, well_formed
from feed.dialects.binance.streams.requests import (
    INVALID_REQUEST,
    GetCombined,
    ListSubscriptions,
    Refused,
    Request,
    SetCombined,
    Subscribe,
    Unsubscribe,
    decode,
)
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import time_unit
from feed.dialects.contract import (
    Action,
    Close,
    DisconnectCause,
    Reply,
    Session,
    SessionContext,
    UpgradeRequest,
)
from feed.dialects.messages import message
from feed.model.topics import Topic

RAW: Final = "/ws"
COMBINED: Final = "/stream"
_SECOND: Final = 1.0
_POLICY_VIOLATION: Final = 1008


def serves(path: str) -> bool:
    """Whether a path, below the dialect's own, is one of market streams."""
    return path == "/" or any(path == own or path.startswith(f"{own}/") for own in (RAW, COMBINED))


class StreamSession(Session):
    """
    Subscriptions of a connection, for anybody.

    What the URL names and is no stream is never heard of, as on the exchange: clients number their
    connections there. A connection ends after a day, and is told so a while before.

    Source: "General WSS information".
    """

    authenticated = True

    def __init__(self, context: SessionContext, opening: UpgradeRequest) -> None:
        """
        Begin with what the URL names.

        Raises:
            BinanceError: It asks for a unit of time that there is not.
        """
        policy = context.policies.binance
        self._context = context
        self._policy = policy
        self._symbols = symbols(context.listing)
        combined = opening.path.startswith(COMBINED)
        self._form = Form(time_unit(opening.query.get("timeUnit", "")), combined)
        self._streams = dict.fromkeys([name for name in named(opening) if well_formed(name)])
        self._times: deque[float] = deque(maxlen=policy.stream_messages_per_second)
        self.ping_seconds = policy.stream_ping_seconds
        self.pong_seconds = policy.stream_pong_seconds
        self._lifetime = Lifetime(policy)
        self.beat_seconds = self._lifetime.seconds

    def open(self) -> Sequence[Action]:
        """Nothing is said: data comes when there is some."""
        if len(self._streams) > self._policy.streams_per_connection:
            return [Close(_POLICY_VIOLATION, "Too many streams")]
        topics = self._topics(self._streams)
        return [contract.Subscribe(topics)] if topics else ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        now = self._context.monotonic()
        if len(self._times) == self._times.maxlen and now - self._times[0] < _SECOND:
            return [Close(_POLICY_VIOLATION, "Too many requests")]
        self._times.append(now)
        request: Request | None = None
        try:
            request = decode(text)
            return self._answer(request)
        except Refused as problem:
            if request is not None:
                problem.number = request.number
            return [Reply(problem.text)]

    def on_timer(self) -> Sequence[Action]:
        """The end of the connection is near, or has come."""
        if self._lifetime.over():
            return [EXPIRED]
        self.beat_seconds = self._lifetime.seconds
        return [Reply(self._notice())]

    def wording(self, cause: DisconnectCause) -> str | None:
        """A notice when the server is going away; else the exchange closes without a word."""
        return self._notice() if cause is DisconnectCause.GOING_AWAY else None

    def _notice(self) -> str:
        """That the connection will be closed soon. Source: "Server Shutdown"."""
        said = {"e": "serverShutdown", "E": self._context.now() // self._form.unit.value}
        combined = {"stream": "!serverShutdown", "data": said}
        return message(**(combined if self._form.combined else said))

    def _answer(self, request: Request) -> Sequence[Action]:
        result: object = None
        before: list[Action] = []
        after: list[Action] = []
        match request:
            case Unsubscribe():  # before the class that it is made of
                before.append(contract.Unsubscribe(self._topics(self._unsubscribed(request))))
            case Subscribe():
                after.append(contract.Subscribe(self._topics(self._subscribed(request))))
            case ListSubscriptions():
                result = list(self._streams)
            case GetCombined():
                result = self._form.combined
            case SetCombined():
                before.append(contract.Unsubscribe(self._topics(self._streams)))
                self._form = Form(self._form.unit, request.value)
                after.append(contract.Subscribe(self._topics(self._streams)))
        return [*before, Reply(message(result=result, id=request.number)), *after]

    def _subscribed(self, request: Subscribe) -> Sequence[str]:
        if not all(map(well_formed, request.streams)):
            raise Refused(INVALID_REQUEST, "Invalid request: invalid stream")
        streams = self._streams | dict.fromkeys(request.streams)
        if len(streams) > self._policy.streams_per_connection:
            raise Refused(INVALID_REQUEST, "Invalid request: too many streams")
        self._streams = streams
        return request.streams

    def _unsubscribed(self, request: Unsubscribe) -> Sequence[str]:
        if not all(map(well_formed, request.streams)):
            raise Refused(INVALID_REQUEST, "Invalid request: invalid stream")
        for name in request.streams:
            self._streams.pop(name, None)
        return request.streams

    def _topics(self, streams: Sequence[str] | dict[str, None]) -> tuple[Topic, ...]:
        found = (topic(name, self._symbols, self._form) for name in streams)
        return tuple(one for one in found if one is not None)


def named(opening: UpgradeRequest) -> list[str]:
    """The names in the URL: behind the path of raw streams, or in the query of combined ones."""
    if opening.path.startswith(COMBINED):
        # In a query a plus sign stands for a space, and no stream has one in its name.
        return opening.query.get("streams", "").replace(" ", "+").split("/")
    return [unquote(name) for name in opening.path.removeprefix(RAW).split("/")]
