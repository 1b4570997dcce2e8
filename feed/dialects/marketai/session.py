"""One connection of a client to Market.ai."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.contract import Action, Close, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.marketai import admission, channels
from feed.dialects.marketai.admission import AdmissionRefused
from feed.dialects.marketai.decode import (
    Auth,
    ChannelRequest,
    Ping,
    Request,
    UnknownChannel,
    Unsubscribe,
    decode,
    wanted,
)
from feed.dialects.marketai.encode import error
from feed.dialects.messages import clip, message, unknown
from feed.dialects.options import Options
from feed.errors import ProtocolError
from feed.model.grants import Grant
from feed.model.topics import Topic

INVALID_MESSAGE: Final = "INVALID_MESSAGE"
INVALID_CHANNEL: Final = "INVALID_CHANNEL"
SYMBOL_LIMIT_EXCEEDED: Final = "SYMBOL_LIMIT_EXCEEDED"
UNAUTHORIZED: Final = "UNAUTHORIZED"
_POLICY_VIOLATION: Final = 1008

_WORDING: Final = {
    DisconnectCause.AUTH_TIMEOUT: (UNAUTHORIZED, "Authentication timeout"),
    DisconnectCause.TOO_MANY_MESSAGES: (INVALID_MESSAGE, "Too many messages"),
    DisconnectCause.BINARY_MESSAGE: (INVALID_MESSAGE, "Binary messages are not supported"),
    DisconnectCause.SLOW_CONSUMER: ("SLOW_CONSUMER", "Slow consumer: reconnect and subscribe again"),
    DisconnectCause.TOKEN_EXPIRED: (UNAUTHORIZED, "Token expired"),
    DisconnectCause.GOING_AWAY: ("GOING_AWAY", "Server is going away: reconnect and subscribe again"),
}
# An error that lists rejected symbols stays below a megabyte, whatever was asked for.
_MOST_NAMED: Final = 100


class RefusedSession(Session):
    """For a browser, which cannot read a refused handshake: the same answer as a message, and the end."""

    authenticated = True

    def __init__(self, refused: AdmissionRefused) -> None:
        self._refused = refused

    def open(self) -> Sequence[Action]:
        """The answer."""
        return [Reply(self._refused.body), Close(_POLICY_VIOLATION, str(self._refused))]

    def receive(self, text: str) -> Sequence[Action]:
        """Nothing: it is over."""
        del text
        return ()

    def wording(self, cause: DisconnectCause) -> str | None:
        """Nothing more."""
        del cause
        return None


class MarketAiSession(Session):
    """
    Subscriptions of one connection, within the limits of its tier.

    Args:
        context: What it may ask of the server.
        grant: Whose key came with the request; None for a client that will send it.
        options: Of the connection.
    """

    def __init__(self, context: SessionContext, grant: Grant | None, options: Options) -> None:
        self._context = context
        self._grant = grant
        self._options = options.pairs
        self._attempts = 0
        self._names = channels.names(context.listing)
        # What is subscribed, by channel and name of the pair or ``*``: the intervals, for klines.
        self._held: dict[tuple[str, str], tuple[str, ...]] = {}

    @property
    def authenticated(self) -> bool:
        """Whether a good key was shown."""
        return self._grant is not None

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            asked = decode(text)
        except ProtocolError as problem:
            if self._grant is None:
                return self._unauthorized()
            return [Reply(error(INVALID_MESSAGE, problem.message))]
        if self._grant is None:
            return self._authenticate(asked) if isinstance(asked, Auth) else self._unauthorized()
        return self._answer(asked)

    def wording(self, cause: DisconnectCause) -> str:
        """An error message, as for everything else that goes wrong."""
        return error(*_WORDING[cause])

    def _unauthorized(self) -> Sequence[Action]:
        text = 'Authenticate first: {"action": "auth", "key": "..."}'
        return [Reply(error(UNAUTHORIZED, text)), Close(_POLICY_VIOLATION, "Not authenticated")]

    def _authenticate(self, asked: Auth) -> Sequence[Action]:
        try:
            grant = admission.check(asked.key, self._context)
        except AdmissionRefused as refused:
            self._attempts += 1
            answer: list[Action] = [Reply(error(UNAUTHORIZED, str(refused)))]
            if self._attempts >= self._context.auth_attempts:
                answer.append(Close(_POLICY_VIOLATION, "Too many invalid keys"))
            return answer
        try:
            admission.enter(grant, self._context)
        except AdmissionRefused as refused:
            return [Reply(refused.body), Close(_POLICY_VIOLATION, str(refused))]
        self._grant = grant
        return [Reply(message(type="authenticated", tier=grant.tier.value))]

    def _answer(self, asked: Request) -> Sequence[Action]:
        match asked:
            case Auth():
                return [Reply(error(INVALID_MESSAGE, "Already authenticated"))]
            case Ping():
                return [Reply(message(type="pong"))]
        if not asked.channels:
            return [Reply(error(INVALID_MESSAGE, "channels must name at least one channel"))]
        actions: list[Action] = []
        topics: dict[Topic, None] = {}
        for entry in asked.channels:
            try:
                one = wanted(entry)
            except UnknownChannel as problem:
                actions.append(Reply(error(INVALID_CHANNEL, problem.message)))
            except ProtocolError as problem:
                actions.append(Reply(error(INVALID_MESSAGE, problem.message)))
            else:
                found = self._unsubscribe(one) if isinstance(asked, Unsubscribe) else self._subscribe(one)
                actions += found[0]
                topics.update(dict.fromkeys(found[1]))
        if topics and isinstance(asked, Unsubscribe):
            return [contract.Unsubscribe(tuple(topics)), *actions]
        # What is confirmed comes first, then the snapshots.
        return [*actions, contract.Subscribe(tuple(topics))] if topics else actions

    def _subscribe(self, one: ChannelRequest) -> tuple[list[Action], list[Topic]]:
        """The answers to one entry, and what it adds to the topics."""
        names, actions = self._sort(one)
        accepted, rejected = self._within_limit(names)
        topics: list[Topic] = []
        for name in accepted:
            intervals = one.intervals if one.channel == channels.KLINES else ()
            held = self._held.get((one.channel, name))
            new = [interval for interval in intervals if interval not in (held or ())]
            if held is None or new:  # an entry may stand in one message a thousand times
                self._held[one.channel, name] = (*(held or ()), *new)
                topics += self._topics(one.channel, name, new)
        if accepted:
            actions.insert(0, self._confirm("subscribed", one.channel, accepted))
        if rejected:
            actions.append(self._exceeded(rejected))
        return actions, topics

    def _unsubscribe(self, one: ChannelRequest) -> tuple[list[Action], list[Topic]]:
        """The answers to one entry, and what it takes off the topics."""
        if one.symbols:
            names, actions = self._sort(one)
        else:
            names, actions = [name for channel, name in self._held if channel == one.channel], []
        dropped: list[Topic] = []
        for name in names:
            intervals = self._held.pop((one.channel, name), None)
            if intervals is not None:
                dropped += self._topics(one.channel, name, intervals)
        kept = {
            topic: None
            for (channel, name), intervals in self._held.items()
            if dropped and channel == one.channel
            for topic in self._topics(channel, name, intervals)
        }
        if names or not one.symbols:
            shown = names or [channels.ALL]
            actions.insert(0, self._confirm("unsubscribed", one.channel, shown))
        return actions, [topic for topic in dropped if topic not in kept]

    def _topics(self, channel: str, name: str, intervals: Iterable[str]) -> list[Topic]:
        return self._names.topics(channel, name, intervals, self._options)

    def _sort(self, one: ChannelRequest) -> tuple[list[str], list[Action]]:
        """Split the symbols of an entry into names, each once, and a complaint about unknown ones."""
        found: dict[str, None] = {}
        strange: list[str] = []
        for symbol in one.symbols or (channels.ALL,):
            name = self._names.find(symbol)
            if name is None:
                strange.append(symbol)
            else:
                found[name] = None
        complaint = (
            [Reply(error(INVALID_MESSAGE, unknown("symbol(s)", strange, self._names.near)))]
            if strange
            else []
        )
        return list(found), [*complaint]

    def _within_limit(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        """Those of ``names`` that the tier still has room for, and the others."""
        most = self._limit
        if not most:
            return list(names), []
        symbols = {name: self._counts(name) for _, name in self._held}
        accepted, rejected = [], []
        for name in names:
            if name in symbols or sum(symbols.values()) + self._counts(name) <= most:
                symbols[name] = self._counts(name)
                accepted.append(name)
            else:
                rejected.append(name)
        return accepted, rejected

    def _counts(self, name: str) -> int:
        """As how many symbols a name counts."""
        return self._context.policies.marketai.wildcard_symbols if name == channels.ALL else 1

    @property
    def _limit(self) -> int:
        """Symbols that the tier may have on one connection; 0 for any number."""
        grant = self._grant
        return 0 if grant is None else admission.limits(grant, self._context.policies.marketai).symbols

    def _exceeded(self, rejected: list[str]) -> Reply:
        shown = ", ".join(clip(name) for name in rejected[:_MOST_NAMED])
        return Reply(
            error(SYMBOL_LIMIT_EXCEEDED, f"Symbol limit ({self._limit}) exceeded. Rejected: {shown}")
        )

    def _confirm(self, kind: str, channel: str, symbols: list[str]) -> Reply:
        return Reply(message(type=kind, channel=channel, symbols=symbols))
