"""One connection of a client to SecurityPro's price feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.contract import (
    Action,
    Close,
    DisconnectCause,
    Reply,
    Session,
    SessionContext,
    UpgradeRequest,
)
from feed.dialects.messages import NAMED, clip, unknown
from feed.dialects.options import Options
from feed.dialects.resume import RefusalReason, ResumePoint, ResumeRefused
from feed.dialects.securitypro.decode import (
    Pong,
    Request,
    StreamRequest,
    Subscribe,
    SubscribeBatch,
    Unsubscribe,
    UnsubscribeBatch,
    decode,
)
from feed.dialects.securitypro.encode import HEARTBEAT, confirmation, error
from feed.errors import ProtocolError
from feed.model.durations import NS_PER_SECOND
from feed.model.grants import Grant, Scope
from feed.model.stream_position import StreamPosition
from feed.model.symbols import symbols
from feed.model.topics import Topic

CHANNELS: Final = ("trades", "ticker")
# Of any error that has no better one.
INVALID: Final = "invalid_request"
MOST_IN_BATCH: Final = 100
QUERY_KEY: Final = "apiKey"

_WORDING: Final = {
    DisconnectCause.AUTH_TIMEOUT: ("unauthorized", "Authentication timeout"),
    DisconnectCause.TOO_MANY_MESSAGES: ("rate_limit_exceeded", "Too many messages"),
    DisconnectCause.BINARY_MESSAGE: (INVALID, "Binary messages are not supported"),
    DisconnectCause.SLOW_CONSUMER: ("slow_consumer", "Slow consumer: reconnect and subscribe again"),
    DisconnectCause.TOKEN_EXPIRED: ("unauthorized", "API key expired"),
    DisconnectCause.GOING_AWAY: ("going_away", "Server is going away: reconnect and subscribe again"),
}
_REFUSED: Final = {
    RefusalReason.MALFORMED: INVALID,
    RefusalReason.HELD: "already_subscribed",
    RefusalReason.TOO_OLD: "resume_too_old",
    RefusalReason.AHEAD: "resume_ahead",
    RefusalReason.OTHER_HISTORY: "resume_other_history",
}


_Answer = tuple[dict[str, str], ProtocolError | None]
"""Channel and symbol of an entry of a batch, and what is wrong with it."""


class SecurityProSession(Session):
    """
    Subscriptions, each with the key or after one with it. They live as long as the connection.

    There is no auth window: a client that never subscribes is left alone, unless a policy says
    otherwise. Source: sections "Endpoint", "Subscribe" and "Heartbeat".
    """

    authenticated = True

    def __init__(self, opening: UpgradeRequest, context: SessionContext, options: Options) -> None:
        self._context = context
        self._options = options
        self._policy = policy = context.policies.securitypro
        self._beginning = ResumePoint(options.since, context.check)
        self._held: dict[Topic, str] = {}  # and the symbol of each
        self._grant: Grant | None = None
        self._query_key = opening.query.get(QUERY_KEY) if policy.query_key else None
        self.pong_seconds = policy.pong_seconds
        self._subscribed = False
        self._last_pong = 0  # market time of the last pong; of the first subscription before one
        self._timers_due = 0
        # It is looked at once a second only where the policy closes clients that do not answer heartbeats.
        self.beat_seconds = 1 if policy.missed_pongs or policy.idle_seconds else 0

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            return self._answer(decode(text))
        except ProtocolError as problem:
            return [self._error(problem.code or INVALID, problem.message)]

    def on_timer(self) -> Sequence[Action]:
        """Close where a policy wants a pong or a subscription, and none has come."""
        self._timers_due += 1
        policy = self._policy
        if not self._subscribed:
            late = 0 < policy.idle_seconds <= self._timers_due
            return self._give_up("No subscription in time") if late else ()
        # Heartbeats are counted in market time: those of a market that is paused need no pong.
        period = policy.heartbeat_seconds * NS_PER_SECOND
        missed = self._context.now() // period - self._last_pong // period
        return self._give_up("No pong in time") if 0 < policy.missed_pongs < missed else ()

    def wording(self, cause: DisconnectCause) -> str:
        """An error message, as for everything else that goes wrong."""
        return error(*_WORDING[cause], now=self._context.now())

    def _answer(self, request: Request) -> Sequence[Action]:
        if isinstance(request, Pong):
            self._last_pong = self._context.now()
            return ()
        if not self._authorize(request.apiKey):
            return self._give_up("Invalid or missing API key.", code="unauthorized")
        if isinstance(request, SubscribeBatch):
            return self._answer_batch(request)
        topic, symbol = self._topic(request)
        about = {"channel": request.channel, "symbol": symbol}
        if isinstance(request, Unsubscribe):
            self._held.pop(topic, None)
            return [contract.Unsubscribe((topic,)), self._confirm("unsubscribed", about)]
        held = [self._held[topic]] if topic in self._held else []
        try:
            since = self._beginning.next(request.since, held=held)
        except ResumeRefused as problem:
            return [
                Reply(error(_REFUSED[problem.why], problem.message, now=self._context.now(), about=about))
            ]
        self._hold({topic: symbol})
        return [
            self._confirm("subscribed", about, since),
            contract.Subscribe((self._heartbeat, topic), since),
        ]

    def _answer_batch(self, request: SubscribeBatch) -> Sequence[Action]:
        """An answer to each entry in its place, then the streams of all that are good."""
        found, answers = self._sort(request.subscriptions)
        if isinstance(request, UnsubscribeBatch):
            for topic in found:
                self._held.pop(topic, None)
            return [contract.Unsubscribe(tuple(found)), *self._said("unsubscribed", answers)]
        if not found:
            return self._said("subscribed", answers)
        held = [symbol for topic, symbol in found.items() if topic in self._held]
        try:
            since = self._beginning.next(request.since, held=held)
        except ResumeRefused as problem:
            return [self._error(_REFUSED[problem.why], problem.message)]
        self._hold(found)
        topics = contract.Subscribe((self._heartbeat, *found), since)
        return [*self._said("subscribed", answers, since), topics]

    def _sort(self, entries: Sequence[StreamRequest]) -> tuple[dict[Topic, str], list[_Answer]]:
        """The topics of a batch with their symbols, and what is to be said of each entry."""
        if not entries:
            raise ProtocolError("subscriptions must name at least one")
        if len(entries) > MOST_IN_BATCH:
            raise ProtocolError(f"subscriptions may name {MOST_IN_BATCH} at most; send several")
        found: dict[Topic, str] = {}
        answers: list[_Answer] = []
        for entry in entries:
            try:
                topic, symbol = self._topic(entry, suggest=len(answers) - len(found) < NAMED)
            except ProtocolError as problem:
                answers.append(({"channel": clip(entry.channel), "symbol": clip(entry.symbol)}, problem))
            else:
                found[topic] = symbol
                answers.append(({"channel": entry.channel, "symbol": symbol}, None))
        return found, answers

    def _said(
        self, kind: str, answers: Sequence[_Answer], since: StreamPosition | None = None
    ) -> list[Action]:
        """A confirmation or an error for each entry of a batch."""
        now = self._context.now()
        return [
            self._confirm(kind, about, since)
            if wrong is None
            else Reply(error(wrong.code or INVALID, wrong.message, now=now, about=about))
            for about, wrong in answers
        ]

    def _hold(self, topics: Mapping[Topic, str]) -> None:
        self._held.update(topics)
        if not self._subscribed:
            self._subscribed, self._last_pong = True, self._context.now()

    def _authorize(self, key: str | None) -> bool:
        """Whether the client may go on; a key is needed once, and one that is given must be good."""
        key = self._query_key if key is None else key
        if key is not None:
            self._grant = self._context.check_key(key)
        return self._grant is not None

    def _topic(self, request: Subscribe | StreamRequest, *, suggest: bool = True) -> tuple[Topic, str]:
        """What a request is about, and its canonical symbol."""
        if self._grant is not None and not self._grant.allows(Scope.READ):
            raise ProtocolError("API key is not allowed to read market data", code="forbidden")
        if request.channel not in CHANNELS:
            raise ProtocolError(unknown("channel", [request.channel]), code="not_found")
        listing = self._context.listing
        known = symbols(listing)
        index = known.index(request.symbol)
        if index is None:
            raise ProtocolError(
                unknown("symbol", [request.symbol], known.near if suggest else None), code="not_found"
            )
        pairs = self._options.pairs if request.channel == "ticker" else self._options.unthinned.pairs
        return Topic("securitypro", request.channel, index, pairs), listing[index].symbol

    @property
    def _heartbeat(self) -> Topic:
        options = (("seconds", str(self._policy.heartbeat_seconds)),)
        return Topic("securitypro", HEARTBEAT, 0, self._options.numbering + options)

    def _confirm(self, kind: str, about: Mapping[str, str], since: StreamPosition | None = None) -> Reply:
        at = (since or self._context.market_state().position) if self._options.seq else None
        return Reply(confirmation(kind, about, now=self._context.now(), at=at))

    def _give_up(self, text: str, *, code: str = INVALID) -> Sequence[Action]:
        return [self._error(code, text), Close(1008, text)]

    def _error(self, code: str, text: str) -> Reply:
        return Reply(error(code, text, now=self._context.now()))
