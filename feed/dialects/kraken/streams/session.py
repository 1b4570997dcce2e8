"""One connection of a client to the second WebSocket API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from feed.dialects import contract
from feed.dialects.contract import Action, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.kraken.names import pairs
from feed.dialects.kraken.private.answers import Answer
from feed.dialects.kraken.private.requests import Operation, PrivateSubscription
from feed.dialects.kraken.private.session import PrivateSession
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.instruments import all_of
from feed.dialects.kraken.streams.refusals import UNKNOWN_PAIR, Refused
from feed.dialects.kraken.streams.requests import SUBSCRIBE, Ping, Subscription, decode
from feed.dialects.messages import clip, message
from feed.dialects.times import iso_microseconds
from feed.model.topics import Topic

PATH: Final = "/v2"
VERSION: Final = "2.0.10"
CONNECTION: Final = 1
"""Of every connection: who asks alike is told alike."""


class StreamSession(Session):
    """
    Subscriptions of a connection, and what it asks for accounts.

    Each pair of a request is answered by itself, and what it is told first follows all these answers.
    """

    authenticated = True

    def __init__(self, context: SessionContext) -> None:
        self._context = context
        self._pairs = pairs(context.listing)
        self._private = PrivateSession(context)
        self._held: dict[tuple[object, ...], tuple[Topic, ...]] = {}  # by channel, pair and length of candles

    def open(self) -> Sequence[Action]:
        """That the exchange is there, or in maintenance."""
        system = "maintenance" if self._context.disruption().maintenance else "online"
        status = {"version": VERSION, "system": system, "api_version": "v2", "connection_id": CONNECTION}
        return [Reply(message(channel="status", type="update", data=[status]))]

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            request = decode(text)
        except Refused as problem:
            return [self._refused(problem.message, problem.method, problem.number)]
        match request:
            case Ping():
                return [self._reply(method="pong", number=request.number)]
            case PrivateSubscription() | Operation():
                return self._privately(request)
            case Subscription(channel=topics.INSTRUMENT):
                return self._instruments(request)
        return self._subscribe(request) if request.method == SUBSCRIBE else self._unsubscribe(request)

    def wording(self, cause: DisconnectCause) -> None:
        """Nothing: the exchange closes without a word."""
        del cause

    def _subscribe(self, request: Subscription) -> Sequence[Action]:
        if request.channel == topics.LEVEL3:
            try:
                self._private.admit(request.channel, request.token)
            except Refused as problem:
                return [self._refused(problem.message, request.method, request.number)]
        replies: list[Action] = []
        before: list[Topic] = []
        wanted: list[Topic] = []
        silent = not self._held
        for symbol in request.symbols:
            pair = self._pairs.of_symbol(symbol)
            if pair is None:
                replies.append(self._unknown(request, symbol))
                continue
            key = self._key(request, symbol)
            before += self._held.pop(key, ())
            one = topics.topic(request.channel, pair.index, request.option, bare=not request.snapshot)
            self._held[key] = (one,)
            wanted.append(one)
            named = {**request.named, "snapshot": request.snapshot, "symbol": symbol}
            replies.append(self._done(request, **named))
        return [*self._ended(before), *replies, *self._begun(wanted, silent=silent)]

    def _unsubscribe(self, request: Subscription) -> Sequence[Action]:
        replies: list[Action] = []
        gone: list[Topic] = []
        for symbol in request.symbols:
            if self._pairs.of_symbol(symbol) is None:
                replies.append(self._unknown(request, symbol))
                continue
            held = self._held.pop(self._key(request, symbol), None)
            if held is None:
                replies.append(
                    self._refused("Subscription Not Found", request.method, request.number, symbol=symbol)
                )
                continue
            gone += held
            replies.append(self._done(request, **request.named, symbol=symbol))
        if not any(channel == request.channel for channel, *_ in self._held):
            self._private.forget(request.channel)
        return [*self._ended(gone), *replies]

    def _instruments(self, request: Subscription) -> Sequence[Action]:
        key = (request.channel,)
        silent = not self._held
        before = self._held.pop(key, None)
        if request.method != SUBSCRIBE:
            if before is None:
                return [self._refused("Subscription Not Found", request.method, request.number)]
            return [*self._ended(before), self._done(request)]
        self._held[key] = tuple(topics.topic(request.channel, pair.index) for pair in self._pairs)
        actions: list[Action] = [self._done(request, snapshot=request.snapshot)]
        if request.snapshot:
            actions.append(Reply(all_of(self._pairs, self._context.market_state())))
        return [*actions, *self._begun(self._held[key], silent=silent)]

    def _privately(self, request: PrivateSubscription | Operation) -> Sequence[Action]:
        """Do what is asked for an account, or say why not."""
        try:
            return self._for_account(request)
        except Refused as problem:
            return [self._refused(problem.message, request.method, request.number)]

    def _for_account(self, request: PrivateSubscription | Operation) -> Sequence[Action]:
        if isinstance(request, Operation):
            came = iso_microseconds(self._context.now())
            return self._private.operate(request, lambda answer: self._answered(request, answer, came))
        key, silent = (request.channel,), not self._held
        if request.method != SUBSCRIBE:
            self._private.end(request)
            before = self._held.pop(key, None)
            if before is None:
                return [self._refused("Subscription Not Found", request.method, request.number)]
            done = self._reply(
                method=request.method,
                number=request.number,
                result={"channel": request.channel},
                success=True,
            )
            return [*self._ended(before), done]
        begun = self._private.begin(request)
        before = self._held.pop(key, ())
        self._held[key] = begun.topics
        done = self._reply(method=request.method, number=request.number, result=begun.result, success=True)
        snapshots = [Reply(text) for text in begun.snapshots]
        return [*self._ended(before), done, *snapshots, *self._begun(begun.topics, silent=silent)]

    def _answered(self, request: Operation, answer: Answer, came: str) -> Reply:
        """One answer to a request that came at a market time."""
        told: dict[str, Any] = {"error": answer.error} if answer.error is not None else {}
        told |= answer.more if answer.result is None else {"result": answer.result, **answer.more}
        told["success"] = answer.error is None
        return self._reply(method=request.method, number=request.number, came=came, **told)

    def _key(self, request: Subscription, symbol: str) -> tuple[object, ...]:
        return request.channel, symbol, request.interval if request.channel == topics.OHLC else None

    def _ended(self, gone: Sequence[Topic]) -> Sequence[Action]:
        """Heartbeats end with the last subscription."""
        if not gone:
            return ()
        beats = () if self._held else (topics.topic(topics.HEARTBEAT),)
        return [contract.Unsubscribe((*gone, *beats))]

    def _begun(self, wanted: Sequence[Topic], *, silent: bool) -> Sequence[Action]:
        """Heartbeats begin with the first."""
        if not wanted:
            return ()
        beats = (topics.topic(topics.HEARTBEAT),) if silent else ()
        return [contract.Subscribe((*beats, *wanted))]

    def _unknown(self, request: Subscription, symbol: str) -> Reply:
        shown = clip(symbol)
        return self._refused(f"{UNKNOWN_PAIR} {shown}", request.method, request.number, symbol=shown)

    def _done(self, request: Subscription, **result: Any) -> Reply:
        told = dict(sorted({"channel": request.channel, **result}.items()))
        return self._reply(method=request.method, number=request.number, result=told, success=True)

    def _refused(self, what: str, method: str | None, number: int | None, **more: str) -> Reply:
        return self._reply(method=method, number=number, error=what, success=False, **more)

    def _reply(
        self, *, method: str | None, number: int | None, came: str | None = None, **fields: Any
    ) -> Reply:
        """In the exchange's order, with the market times at which it came and was answered."""
        now = iso_microseconds(self._context.now())
        named = {} if method is None else {"method": method}
        numbered = {} if number is None else {"req_id": number}
        failed = {"error": fields.pop("error")} if "error" in fields else {}
        return Reply(message(**failed, **named, **numbered, **fields, time_in=came or now, time_out=now))
