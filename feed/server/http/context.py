"""What the endpoints see of the server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import attrs
import trio

from feed.dialects.access import Problem
from feed.dialects.clocks import Clocks
from feed.dialects.credentials import Credentials
from feed.dialects.messages import unknown
from feed.dialects.metering import Meter
from feed.dialects.rest import Call, Endpoint
from feed.faults.runtime import RunTimeFaults
from feed.model.accounts import Accounts
from feed.model.disruption import Disruption
from feed.model.events import Event, Row, Trade
from feed.model.instruments import Instrument, Listing
from feed.model.requests import Request
from feed.model.symbols import symbols
from feed.model.wallets import Wallets
from feed.server.alerts import AlertService
from feed.server.connection.tap import Taps
from feed.server.durable.service_log import ServiceLog
from feed.server.guard import Guard
from feed.server.http.execution import executed
from feed.server.keycheck import KeyCheck, TooManyGuesses
from feed.server.keyfile import KeyRecord
from feed.server.keys import demo_keys_wanted
from feed.server.limits import ConnectionQuotas, MinuteCounters
from feed.server.nonces import Nonces
from feed.server.registry import ConnectionRegistry
from feed.server.server_parts import Outside, ServerParts
from feed.server.storage import Storage
from feed.server.stream_keys import StreamKeys, StreamKeysOfDialect
from feed.server.tokens import TokenIssuer
from feed.server.webhooks.service import WebhookService
from feed.settings import DEMO_KEY, Settings
from feed.state.analytics import Analytics
from feed.state.daily_volume import DailyVolume
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.fanout import Fanout
from feed.stream.source import Source, TakesOrders


def _own_nonces(context: RequestContext) -> Nonces:
    return Nonces(context.settings.limits.counted_addresses, context.service_log)


def _own_clocks(context: RequestContext) -> Clocks:
    return Clocks(context.clock, lambda: context.market_state.now)


@attrs.frozen(kw_only=True)
class RequestContext:
    """
    The server, as an endpoint sees it: between two steps of the fan-out.

    Attributes:
        settings: All of the server.
        source: Where events come from.
        fanout: Who publishes them.
        registry: The WebSocket connections.
        keys: Looks at the keys that clients show.
        guard: Knows the names of this server.
        projections: What is computed beside the market's state.
        tokens: Gives access tokens out.
        all_stream_keys: Gives stream keys out.
        quotas: Who has how many connections open, where a protocol counts them.
        clock: Seconds since the Unix epoch.
        alerts: What clients want to be told of.
        webhooks: Pushes messages to URLs that clients name.
        storage: What is written to disk.
        faults: What operators let go wrong on purpose.
        endpoints: Everything that is served, for the documents about it.
        token_rates: How often each key is given a token.
        responses: How many HTTP answers were given, by status.
        clocks: The times by which clients may sign their requests.
        meters: What counts the requests of the protocols that have limits of their own.
        nonces: The numbers of signed requests, where they must rise.
        service_log: Where is recorded what clients and operators change beside the market.
        parts: What differs where several servers have one market.
        taps: Which connections somebody looks at.
    """

    settings: Settings
    source: Source
    fanout: Fanout
    registry: ConnectionRegistry
    keys: KeyCheck
    guard: Guard
    projections: Projections
    tokens: TokenIssuer
    all_stream_keys: StreamKeys
    quotas: ConnectionQuotas
    clock: Callable[[], float]
    alerts: AlertService
    webhooks: WebhookService
    faults: RunTimeFaults
    storage: Storage = attrs.field(factory=Storage)
    endpoints: tuple[Endpoint[RequestContext], ...] = ()
    clocks: Clocks = attrs.field(default=attrs.Factory(_own_clocks, takes_self=True))
    meters: Mapping[str, Meter] = attrs.field(factory=dict)
    responses: Counter[int] = attrs.field(factory=Counter)
    service_log: ServiceLog = attrs.field(factory=ServiceLog)
    nonces: Nonces = attrs.field(default=attrs.Factory(_own_nonces, takes_self=True))
    token_rates: MinuteCounters = attrs.field(factory=lambda: MinuteCounters(trio.current_time))
    parts: ServerParts = attrs.field(factory=ServerParts)
    taps: Taps = attrs.field(factory=Taps)

    @property
    def outside(self) -> Outside:
        """How it is between this server and others of its market."""
        return Outside() if self.parts.outside is None else self.parts.outside()

    @property
    def listing(self) -> Listing:
        """The instruments."""
        return self.source.listing

    @property
    def takes_orders(self) -> bool:
        """Whether clients can trade, in the instruments that they can trade in."""
        return isinstance(self.source, TakesOrders) and self.source.takes_orders

    @property
    def market_state(self) -> MarketState:
        """The market's state."""
        return self.fanout.hub.market_state

    @property
    def volumes(self) -> Sequence[DailyVolume]:
        """What was traded of each instrument in the last 24 hours."""
        return self.projections.volumes

    @property
    def analytics(self) -> Analytics:
        """Figures of books, quotes over venues, candles, signals."""
        return self.projections.analytics

    @property
    def accounts(self) -> Accounts | None:
        """What accounts own and owe; None where nobody can trade."""
        return self.projections.accounts

    @property
    def wallets(self) -> Wallets:
        """What accounts hold of assets, their orders and trades of these."""
        return self.projections.wallets

    @property
    def seq(self) -> int:
        """Sequence number of the newest event."""
        return self.fanout.hub.seq

    @property
    def demo_key(self) -> str:
        """The key that everybody knows; empty where it is not accepted."""
        return DEMO_KEY if demo_keys_wanted(self.settings) else ""

    def latency_ms(self, share: float) -> float:
        """Milliseconds from the making of an event to its last write, that so much of all stayed within."""
        return 1000 * self.fanout.latency.quantile(share)

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event that is kept; that after the newest when none is."""
        return self.fanout.hub.history.oldest

    def seek(self, ts: int) -> int:
        """Number of an event after which to read for all from a market time on, nanoseconds."""
        return self.fanout.hub.history.seek(ts)

    def past(self, seq: int, most: int) -> list[Row]:
        """At most so many events right after ``seq``; whoever asks pays for them."""
        return self.fanout.hub.past(seq, most)

    def trades(self, instrument: int, limit: int) -> list[Trade]:
        """The last ``limit`` trades of an instrument, newest first."""
        return self.projections.trades.newest(instrument, limit)

    def connections(self, who: str) -> int:
        """How many WebSocket connections somebody has open, where a protocol counts them."""
        return self.quotas.taken(who)

    def token(self, call: Call, secret: str) -> str | None:
        """
        An access token for the key of a call and its secret; None when the secret is refused.

        Raises:
            Problem: 429, too many of these were wrong, or too many tokens were given out.
        """
        try:
            entry = call.key
            if not isinstance(entry, KeyRecord) or not self.keys.secret(call.arrival, entry, secret):
                return None
        except TooManyGuesses as problem:
            raise too_many_guesses(problem) from None
        # Only now: whoever knows the key alone cannot use up what its owner may fetch.
        if not self.token_rates.take(entry.grant.name, self.settings.tokens.per_minute):
            retry = {"Retry-After": str(int(self.token_rates.wait()) + 1)}
            raise Problem(429, "rate_limit_exceeded", "Too many tokens for this key", retry)
        return self.tokens.issue(entry)

    async def execute(self, request: Request) -> tuple[Event, ...]:
        """
        Let a request act, and wait until everybody has been told what it did.

        Raises:
            Problem: 503, it has not acted, or nobody knows in time whether it has.
        """
        self.service_log.put_nonces()
        return await executed(request, self.source, self.fanout, self.settings.web.request_seconds / 2)

    @property
    def mark(self) -> int:
        """See :attr:`feed.server.durable.service_log.ServiceLog.mark`."""
        return self.service_log.mark

    async def durable(self) -> None:
        """
        Wait until what was changed beside the market is durable.

        Raises:
            Problem: 503, it takes too long; the changes may still be kept.
        """
        await self.service_log.durable()

    def disruption(self, dialect: str, call: Call) -> Disruption:
        """What goes wrong on purpose with a call of a protocol."""
        key = None if call.grant is None else call.grant.name
        return self.registry.faults.disruption(dialect, key=key, address=call.arrival.peer)

    def stream_keys(self, dialect: str) -> StreamKeysOfDialect:
        """The stream keys of a protocol."""
        return StreamKeysOfDialect(self.all_stream_keys, dialect)

    def credentials(self, call: Call) -> Credentials | None:
        """With what the signature of a call is checked; None when it came without a key."""
        return call.key.credentials if isinstance(call.key, KeyRecord) else None

    def note_signature(self, call: Call, *, good: bool) -> None:
        """
        Count the signature of a call, once it is known whether it is good.

        Raises:
            Problem: 429, too many from this address were wrong.
        """
        if not isinstance(call.key, KeyRecord):
            return
        try:
            self.keys.signature(call.arrival, call.key, good=good)
        except TooManyGuesses as problem:
            raise too_many_guesses(problem) from None

    def take_nonce(self, call: Call, nonce: int) -> bool:
        """Remember the nonce of a call, if it is higher than all before it of its key."""
        return isinstance(call.key, KeyRecord) and self.nonces.take(call.key.mark, nonce)

    def instrument(self, symbol: str) -> tuple[int, Instrument]:
        """
        Index and instrument of a symbol, in any usual spelling.

        Raises:
            Problem: 404, there is none.
        """
        known = symbols(self.listing)
        index = known.index(symbol)
        if index is None:
            raise Problem(404, "not_found", unknown("symbol", [symbol], known.near))
        return index, self.listing[index]


def too_many_guesses(problem: TooManyGuesses) -> Problem:
    """The refusal of a key that has not been looked at."""
    return Problem(429, "rate_limit_exceeded", str(problem), {"Retry-After": str(problem.seconds)})
