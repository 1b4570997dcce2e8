"""
What a protocol must provide, and what it may ask of the server.

A *dialect* is one published protocol. It opens a *session* for each connection: the state of one client,
sans-I/O. A session is given whole messages and times, and returns *actions*, which the connection applies
in order. It has no socket, no clock and no task, and neither have its tests.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import attrs

from feed.dialects.actions import Action, Close, Reply, Submit, Subscribe, Unsubscribe
from feed.dialects.clocks import Clocks
from feed.dialects.credentials import Credentials
from feed.dialects.metering import FREE, Charge
from feed.model.accounts import Accounts
from feed.model.disruption import UNDISRUPTED, Disruption
from feed.model.events import Trade
from feed.model.grants import Grant
from feed.model.instruments import Instrument, Listing
from feed.model.stream_position import StreamPosition
from feed.model.topics import Topic
from feed.model.wallets import Wallets
from feed.policies import Policies
from feed.settings import Trading
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = [
    "MARKET_ENDED",
    "Action",
    "AdmissionResult",
    "Bearer",
    "Close",
    "Dialect",
    "DisconnectCause",
    "HandshakeRefusal",
    "Reply",
    "Session",
    "SessionContext",
    "Submit",
    "Subscribe",
    "Unsubscribe",
    "UpgradeRequest",
]

MARKET_ENDED: Final = "The market has ended"
"""Why a connection is closed (1001) or not let in (HTTP 503) once a scenario is over; clients know it."""


class DisconnectCause(enum.Enum):
    """Why the server ends a connection; each dialect has its own messages for it."""

    AUTH_TIMEOUT = "auth timeout"
    TOO_MANY_MESSAGES = "too many messages"
    BINARY_MESSAGE = "binary message"
    SLOW_CONSUMER = "slow consumer"
    TOKEN_EXPIRED = "token expired"  # noqa: S105 - the words, not a token
    GOING_AWAY = "going away"  # a while before it does


@attrs.frozen(kw_only=True)
class UpgradeRequest:
    """
    The request that opened the connection.

    Attributes:
        path: Without the query, such as ``/tradyn``; where :attr:`Dialect.prefixed`, below the dialect's own.
        query: First value of each query parameter.
        headers: Names in lower case; the last of each name.
        subprotocols: Offered by the client, in its order.
    """

    path: str = "/"
    query: Mapping[str, str] = attrs.field(factory=dict)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    subprotocols: tuple[str, ...] = ()


@attrs.frozen
class HandshakeRefusal:
    """
    An HTTP answer in place of the WebSocket handshake.

    Attributes:
        status: HTTP status.
        body: JSON text, in the dialect's own style.
    """

    status: int
    body: str


@attrs.frozen(kw_only=True)
class Bearer:
    """
    Whoever holds an access token.

    Attributes:
        grant: What the key allows that the token was given for.
        seconds: Until the token expires.
    """

    grant: Grant
    seconds: float


class AdmissionResult(enum.Enum):
    """Whether one more connection may open."""

    OPEN = "open"
    TOO_MANY = "too many connections"  # at once
    TOO_OFTEN = "too many new connections"  # in a minute


def _no_bearer(_: str) -> Bearer | None:
    return None


def _no_trades(instrument: int, limit: int) -> Sequence[Trade]:
    del instrument, limit
    return ()


def _no_grant(_: str) -> Grant | None:
    return None


def _no_credentials(_: str) -> Credentials | None:
    return None


def _noted(_: bool) -> None:
    """Signatures that nobody counts."""


def _enter(who: str, at_once: int, per_minute: int) -> AdmissionResult:
    del who, at_once, per_minute
    return AdmissionResult.OPEN


def _spend(who: str, per_minute: int) -> bool:
    del who, per_minute
    return True


def _charge(weight: int) -> Charge:
    del weight
    return FREE


def _charge_orders(account: int, number: int) -> Charge:
    del account, number
    return FREE


def _undisrupted() -> Disruption:
    return UNDISRUPTED


def _own_clocks(context: SessionContext) -> Clocks:
    return Clocks(context.clock, context.now)


@attrs.frozen(kw_only=True)
class SessionContext:
    """
    What a session may ask of the server.

    Attributes:
        listing: The instruments of the market.
        check_key: The grant of a key that is good for this dialect, None for any other text.
        auth_seconds: Length of the auth window, for the wording of messages.
        auth_attempts: Refused keys after which a session closes.
        check: Raises :class:`feed.model.stream_position.CannotResume` where nobody can go on from a position.
        now: Gives market time, integer nanoseconds since the Unix epoch.
        policies: What the operator decides where a protocol leaves it open.
        market_state: Gives the market's state.
        trades: Gives the last trades of an instrument, newest first: (index, how many at most).
        accounts: What accounts own and owe; None where nobody can trade.
        wallets: What accounts hold of assets.
        check_token: Who holds an access token; None when it is not good.
        monotonic: Gives seconds on a clock that never goes back, for limits and lifetimes.
        enter: Counts this connection in: (whose, most at once, most new ones in a minute).
        spend: Counts one more order request, and says whether it is allowed: (whose, most in a minute).
        address_rate: Counts one more of what comes from the client's address, and says whether it is
            allowed: (what, most in a second).
        clock: Gives seconds since the Unix epoch.
        clocks: The times by which clients may sign their requests.
        credentials: With what signatures are checked of whoever shows a key that is good for this dialect;
            None for any other text.
        check_stream_key: The grant of the API key that a stream key stands on; None when it is not good.
        note_signature: Told of every signature that was checked whether it was good. Past a bound of wrong
            ones the connection is closed, as it is for wrong keys.
        charge: Counts a request of so much weight, where the dialect has limits for these.
        charge_orders: Counts orders, where the dialect has limits for these: (of which account, how many).
        disruption: What goes wrong on purpose with a request that comes now.
        trading: What trading costs.
        projections: What is computed beside the market's state; None where nobody asks for it.
    """

    listing: Listing
    check_key: Callable[[str], Grant | None]
    auth_seconds: float
    auth_attempts: int
    check: Callable[[StreamPosition], None]
    now: Callable[[], int]
    policies: Policies = attrs.field(factory=Policies)
    market_state: Callable[[], MarketState] = lambda: MarketState(0)
    trades: Callable[[int, int], Sequence[Trade]] = _no_trades
    accounts: Accounts | None = None
    wallets: Wallets = attrs.field(factory=lambda: Wallets(Listing(())))
    check_token: Callable[[str], Bearer | None] = _no_bearer
    monotonic: Callable[[], float] = lambda: 0.0
    enter: Callable[[str, int, int], AdmissionResult] = _enter
    spend: Callable[[str, int], bool] = _spend
    address_rate: Callable[[str, int], bool] = _spend
    clock: Callable[[], float] = lambda: 0.0
    clocks: Clocks = attrs.field(default=attrs.Factory(_own_clocks, takes_self=True))
    credentials: Callable[[str], Credentials | None] = _no_credentials
    check_stream_key: Callable[[str], Grant | None] = _no_grant
    note_signature: Callable[[bool], None] = _noted
    charge: Callable[[int], Charge] = _charge
    charge_orders: Callable[[int, int], Charge] = _charge_orders
    disruption: Callable[[], Disruption] = _undisrupted
    trading: Trading = attrs.field(factory=Trading)
    projections: Projections | None = None


class Session(Protocol):
    """
    One connection of one client, as a dialect sees it.

    Attributes:
        authenticated: Whether the auth window is over; True from the start where a protocol has
            none. It is asked after every message.
        beat_seconds: Seconds until the next call of :meth:`on_timer`; 0 for none. It is asked for again after
            every call.
        subprotocol: To be echoed in the handshake; None for none.
        ping_seconds: A ping is sent so often, answered or not, in place of the server's own figure; 0 for
            that one, from an answer to the next ping.
        pong_seconds: That a client has to answer a ping, in place of the server's own bound; 0 for that one.
        messages_per_second: Bound on what the client sends, in place of the server's own; 0 for that one.
    """

    beat_seconds: float = 0
    subprotocol: str | None = None
    ping_seconds: float = 0
    pong_seconds: float = 0
    messages_per_second: int = 0

    @property
    def authenticated(self) -> bool:
        """Whether the auth window is over."""
        ...

    def open(self) -> Sequence[Action]:
        """What the server says first, right after the handshake."""
        ...

    def receive(self, text: str) -> Sequence[Action]:
        """
        Answer one client message.

        A message outside the protocol is answered in the protocol's own words and never raises:
        an exception that escapes is a bug of the dialect.

        Args:
            text: One whole text message, already bounded in size.
        Returns:
            Actions in the order they must be applied.
        """
        ...

    def on_timer(self) -> Sequence[Action]:
        """What is due at this moment, whether or not the client has sent anything: how a timeout is seen."""
        return ()

    def wording(self, cause: DisconnectCause) -> str | None:
        """The message that tells the client of ``cause``; None where the dialect has none for it."""
        ...


class Dialect(Protocol):
    """
    One published protocol.

    Attributes:
        name: Short, lower case; also the name of its folder.
        title: What people call it.
        path: A path that always means this dialect, such as ``/tradyn``.
        aliases: Further paths, as the document has them.
        root_query: Query parameter that claims ``/`` for this dialect; an empty string claims it
            when no other dialect does, None never.
        prefixed: Whether ``path`` is a prefix: all paths below it mean this dialect, by WebSocket and by
            HTTP, and on a port of its own they are served without it.
        trades: Whether orders can be sent in it. Then other people's web pages are kept away from it.
        disruptions: Faults of requests that it has words for, by their names in scenarios.
        checksums: Members of its messages that prove a book: whole numbers, or texts of such.
    """

    name: str
    title: str
    path: str
    aliases: tuple[str, ...] = ()
    root_query: str | None = None
    prefixed: bool = False
    trades: bool = False
    disruptions: tuple[str, ...] = ()
    checksums: tuple[str, ...] = ()

    def session(self, opening: UpgradeRequest, context: SessionContext) -> Session | HandshakeRefusal:
        """Open a session, or refuse it before the handshake."""
        ...

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """
        What turns events into the messages of ``topic``.

        Args:
            topic: One that a session of this dialect has named.
            instrument: The instrument that ``topic.instrument`` stands for.
            market_state: The market's state, now and from now on.
            projections: What is computed beside it; None where history is told again.
        """
        ...
