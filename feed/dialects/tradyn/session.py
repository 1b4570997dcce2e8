"""One connection of a client to the tick server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.contract import Action, Close, DisconnectCause, Reply, Session, SessionContext
from feed.dialects.messages import message, unknown
from feed.dialects.options import Options
from feed.dialects.resume import ResumePoint
from feed.dialects.tradyn.decode import Auth, List, Request, Subscribe, Unsubscribe, decode
from feed.dialects.tradyn.encode import error
from feed.dialects.tradyn.private import CHANNELS
from feed.errors import ProtocolError
from feed.model.grants import Grant, Scope
from feed.model.stream_position import StreamPosition
from feed.model.symbols import symbols
from feed.model.topics import Topic

_WORDING: Final = {
    DisconnectCause.AUTH_TIMEOUT: "Authentication timeout",
    DisconnectCause.TOO_MANY_MESSAGES: "Too many messages",
    DisconnectCause.BINARY_MESSAGE: "Binary messages are not supported",
    DisconnectCause.SLOW_CONSUMER: "Slow consumer: reconnect and subscribe again",
    DisconnectCause.TOKEN_EXPIRED: "API key expired",
    DisconnectCause.GOING_AWAY: "Server is going away: reconnect and subscribe again",
}


class TradynSession(Session):
    """
    Welcome, authentication, subscriptions. Subscriptions live as long as the connection.

    Source: sections "Connection Flow" and "Message Reference".
    """

    def __init__(self, context: SessionContext, options: Options) -> None:
        self._context = context
        self._options = options
        self._beginning = ResumePoint(options.since, context.check)
        self.pong_seconds = context.policies.tradyn.pong_seconds
        self._grant: Grant | None = None
        self._refused = 0
        self._topics: dict[str, Topic] = {}  # by symbol
        self._channels: dict[str, None] = {}  # of the account

    @property
    def authenticated(self) -> bool:
        """Whether a valid key has been presented."""
        return self._grant is not None

    def open(self) -> Sequence[Action]:
        """Exactly one welcome: the published client reads one message before it authenticates."""
        window = self._context.auth_seconds
        seconds = int(window) if window == int(window) else window
        text = f"Connected. Authenticate within {seconds} seconds."
        return [Reply(message(type="welcome", message=text, authTimeout=seconds))]

    def receive(self, text: str) -> Sequence[Action]:
        """Answer one message; one outside the protocol gets an error, and the connection stays."""
        try:
            return self._answer(decode(text, authenticated=self._grant is not None))
        except ProtocolError as problem:
            return [Reply(error(problem.message))]

    def wording(self, cause: DisconnectCause) -> str:
        """An error message, as for everything else that goes wrong."""
        return error(_WORDING[cause])

    def _answer(self, request: Request) -> Sequence[Action]:
        match request:
            case Auth():
                return self._authenticate(request.apiKey)
            case Unsubscribe():
                return self._unsubscribe(request)
            case Subscribe():
                return self._subscribe(request)
            case List():
                return [self._confirm("subscriptions", self._topics, self._channels)]

    def _authenticate(self, key: str) -> Sequence[Action]:
        if self._grant is not None:
            raise ProtocolError("Already authenticated")
        self._grant = self._context.check_key(key)
        if self._grant is not None:
            return [Reply(message(type="auth", success=True, message="Authenticated successfully"))]
        self._refused += 1
        refusal = Reply(error("Invalid API key"))
        if self._refused < self._context.auth_attempts:
            return [refusal]
        return [refusal, Close(1008, "Too many invalid API keys")]

    def _subscribe(self, request: Subscribe) -> Sequence[Action]:
        if self._grant is not None and not self._grant.allows(Scope.READ):
            raise ProtocolError("API key is not allowed to read market data")
        known, complaint = self._sort(request, "subscribe")
        channels = self._checked(request)
        if not known and not channels:
            return complaint
        held = [name for name in (*known, *channels) if name in self._topics or name in self._channels]
        since = self._beginning.next(request.since, held=held)
        self._topics.update(known)
        self._channels.update(dict.fromkeys(channels))
        # The confirmation comes before the first tick: the published client reads it unseen.
        return [
            self._confirm("subscribed", known, channels, since=since),
            *complaint,
            contract.Subscribe((*known.values(), *self._private(channels)), since),
        ]

    def _unsubscribe(self, request: Unsubscribe) -> Sequence[Action]:
        known, complaint = self._sort(request, "unsubscribe")
        channels = self._checked(request)
        if not known and not channels:
            return complaint
        for name in (*known, *channels):
            self._topics.pop(name, None)
            self._channels.pop(name, None)
        return [
            contract.Unsubscribe((*known.values(), *self._private(channels))),
            self._confirm("unsubscribed", known, channels),
            *complaint,
        ]

    def _checked(self, request: Subscribe) -> tuple[str, ...]:
        """Each channel of the account that a request names, once."""
        wanted = tuple(dict.fromkeys(request.channels or []))
        strange = [name for name in wanted if name not in CHANNELS]
        if strange:
            raise ProtocolError(f"{unknown('channel(s)', strange)}; there are {', '.join(CHANNELS)}")
        if wanted and (self._grant is None or not self._grant.account):
            raise ProtocolError("API key has no account")
        return wanted

    def _private(self, channels: Iterable[str]) -> tuple[Topic, ...]:
        """Of the key's account, in every symbol."""
        account = 0 if self._grant is None else self._grant.account
        pairs = (("account", str(account)), *self._options.unchecked.pairs)
        places = range(len(self._context.listing))
        return tuple(Topic("tradyn", channel, at, pairs) for channel in channels for at in places)

    def _sort(self, request: Subscribe, kind: str) -> tuple[dict[str, Topic], list[Action]]:
        """Split a request's symbols, each once, into topics and a complaint about the unknown ones."""
        one = [] if request.symbol is None else [request.symbol]
        asked = dict.fromkeys(one + (request.symbols or []))
        if not asked and not request.channels:
            raise ProtocolError(f"Missing field in {kind}: symbol or symbols")
        listing = self._context.listing
        names = symbols(listing)
        known: dict[str, Topic] = {}
        strange: list[str] = []
        for name in asked:
            index = names.index(name)
            if index is None:
                strange.append(name)
            else:
                known[listing[index].symbol] = Topic("tradyn", "tick", index, self._options.pairs)
        return known, [Reply(error(unknown("symbol(s)", strange, names.near)))] if strange else []

    def _confirm(
        self,
        kind: str,
        names: Iterable[str],
        channels: Iterable[str] = (),
        *,
        since: StreamPosition | None = None,
    ) -> Reply:
        """Symbols and their number, as the document has it; channels of the account where there are any."""
        own = list(channels)
        more: dict[str, object] = {"channels": own} if own else {}
        if self._options.seq:
            more["pos"] = (since or self._context.market_state().position).text
        total = len(self._topics)
        return Reply(message(type=kind, symbols=list(names), totalSubscriptions=total, **more))
