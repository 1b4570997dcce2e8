"""One connection of a client to the guide's feed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.contract import Action, Close, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.guide import channels
from feed.dialects.guide.channels import KeyRequired
from feed.dialects.guide.decode import Auth, List, Ping, Request, Subscribe, Unsubscribe, decode
from feed.dialects.guide.encode import error
from feed.dialects.messages import NAMED, clip, message, unknown
from feed.dialects.options import Options
from feed.dialects.resume import COMPLAINT, ResumePoint
from feed.errors import ProtocolError
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic

_WORDING: Final = {
    DisconnectCause.AUTH_TIMEOUT: "Authentication timeout",
    DisconnectCause.TOO_MANY_MESSAGES: "Too many messages",
    DisconnectCause.BINARY_MESSAGE: "Binary messages are not supported",
    DisconnectCause.SLOW_CONSUMER: "Slow consumer: reconnect and resume with since",
    DisconnectCause.TOKEN_EXPIRED: "Token expired",
    DisconnectCause.GOING_AWAY: "Server is going away: reconnect and resume with since",
}
_KEY_FIRST: Final = 'a key is needed; send {"type":"auth","key":"..."} first'
_POLICY_VIOLATION: Final = 1008


class GuideSession(Session):
    """
    Subscriptions to public channels, for anybody, and to others for whoever has shown a key. They live as
    long as the connection.

    Source: sections "How WebSocket Market Data Subscriptions Work" and "Do you need an API key".
    """

    authenticated = True

    def __init__(self, context: SessionContext, options: Options) -> None:
        self._context = context
        self._options = options
        self._beginning = ResumePoint(options.since, context.check)
        self._finder = channels.ChannelFinder(context.listing, options)
        self._topics: dict[Topic, None] = {}
        self._key: str | None = None  # its name
        self._account = 0
        self._attempts = 0

    def open(self) -> Sequence[Action]:
        """Nothing: the client speaks first."""
        return ()

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            return self._answer(decode(text))
        except ProtocolError as problem:
            return [Reply(error(problem.message))]

    def wording(self, cause: DisconnectCause) -> str:
        """An error message, as for everything else that goes wrong."""
        return error(_WORDING[cause])

    def _answer(self, request: Request) -> Sequence[Action]:
        match request:
            case Ping():
                return [Reply(message(type="pong", **self._position()))]
            case List():
                return [self._confirm("subscriptions", self._topics)]
            case Auth():
                return self._authenticate(request)
            case Unsubscribe():
                return self._unsubscribe(request)
            case Subscribe():
                return self._subscribe(request)

    def _authenticate(self, request: Auth) -> Sequence[Action]:
        if self._key is not None:
            raise ProtocolError("Already authenticated")
        grant = self._context.check_key(request.key)
        if grant is not None:
            self._key, self._account = grant.name, grant.account
            return [Reply(message(type="authenticated", **self._position()))]
        self._attempts += 1
        answer: list[Action] = [Reply(error("Invalid API key"))]
        if self._attempts >= self._context.auth_attempts:
            answer.append(Close(_POLICY_VIOLATION, "Too many invalid keys"))
        return answer

    def _subscribe(self, request: Subscribe) -> Sequence[Action]:
        known, complaint = self._sort(request)
        if not known:
            return complaint
        since = self._beginning.next(request.since, held=self._names(t for t in known if t in self._topics))
        stuck = next((topic for topic in known if topic.channel in channels.NOT_RESUMED), None)
        if since is not None and stuck is not None:
            (name,) = self._names((stuck,))
            raise ProtocolError(f"{COMPLAINT}{since.text}: {name} cannot be resumed; subscribe without since")
        self._topics.update(known)
        subscription = contract.Subscribe(tuple(known), since)
        return [self._confirm("subscribed", known, since), *complaint, subscription]

    def _unsubscribe(self, request: Unsubscribe) -> Sequence[Action]:
        known, complaint = self._sort(request)
        if not known:
            return complaint
        for topic in known:
            self._topics.pop(topic, None)
        return [contract.Unsubscribe(tuple(known)), self._confirm("unsubscribed", known), *complaint]

    def _sort(self, request: Subscribe) -> tuple[dict[Topic, None], list[Action]]:
        """Split a request's channels, each once, into topics and a complaint about the unknown ones."""
        if not request.channels:
            raise ProtocolError("channels must name at least one channel")
        known: dict[Topic, None] = {}
        strange: dict[str, None] = {}
        locked: dict[str, None] = {}
        for channel in request.channels:
            try:
                topics = self._finder.topics(channel, self._key, self._account)
            except KeyRequired:
                locked[channel] = None
                continue
            if not topics:
                strange[channel] = None
            known.update(dict.fromkeys(topics))

        def near(channel: str, most: int) -> list[str]:
            return channels.near(channel, self._context.listing, most)

        complaint: list[Action] = []
        if strange:
            complaint.append(Reply(error(unknown("channel(s)", list(strange), near))))
        if locked:
            shown = ", ".join(clip(channel) for channel in list(locked)[:NAMED])
            complaint.append(Reply(error(f"{shown}: {_KEY_FIRST}")))
        return known, complaint

    def _confirm(self, kind: str, topics: dict[Topic, None], since: StreamPosition | None = None) -> Reply:
        return Reply(message(type=kind, channels=self._names(topics), **self._position(since)))

    def _names(self, topics: Iterable[Topic]) -> list[str]:
        return channels.names(topics, self._context.listing)

    def _position(self, since: StreamPosition | None = None) -> dict[str, str]:
        """Where an answer stands in the stream, where the client wants to know."""
        return {"pos": (since or self._context.market_state().position).text} if self._options.seq else {}
