"""
What a protocol serves by request: an endpoint, written once. Router, checks and documents are made from it.

A folder of a protocol may have a module or a package ``rest`` with ``endpoints(listing, settings)``, which
gives the protocol's table of :class:`Endpoint`. Its handlers are synchronous and pure: they see the
:class:`RestContext` between two steps of the market, and a :class:`Call` that was checked as declared.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Annotated, Any, Final, Generic, Literal, Protocol, TypeVar

import attrs
import msgspec

from feed.analytics.alerts import AlertRegistry
from feed.dialects.access import Access
from feed.dialects.clocks import Clocks
from feed.dialects.credentials import Credentials, StreamKeyRing
from feed.dialects.execution import ExecutesRequests, Execution
from feed.dialects.json_body import decoded
from feed.dialects.metering import Meter
from feed.dialects.parameters import Fields, Parameter, sent_fields
from feed.model.accounts import Accounts
from feed.model.arrival import HERE, Arrival
from feed.model.disruption import Disruption
from feed.model.events import Row, Status, Trade
from feed.model.grants import Grant
from feed.model.instruments import Instrument, Listing
from feed.model.wallets import Wallets
from feed.settings import Settings
from feed.state.analytics import Analytics
from feed.state.daily_volume import DailyVolume
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.webhooks.registry import WebhookRegistry

JSON: Final = "application/json"
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode

Context_contra = TypeVar("Context_contra", bound=ExecutesRequests, contravariant=True)

# Price and size, in plain decimals.
PriceLevel = Annotated[list[str], msgspec.Meta(min_length=2, max_length=2)]
MarketStatus = Literal["active", "halted", "delisted", "auction", "closed"]

STATUS: Final[dict[Status, MarketStatus]] = {
    Status.TRADING: "active",
    Status.HALTED: "halted",
    Status.DELISTED: "delisted",
    Status.AUCTION: "auction",
    Status.CLOSED: "closed",
}


class RestContext(ExecutesRequests, Protocol):
    """What a handler may ask of the server. It stands between two steps of the fan-out."""

    @property
    def settings(self) -> Settings:
        """All of the server."""

    @property
    def endpoints(self) -> tuple[Endpoint[Any], ...]:
        """Everything that is served, for documents about it."""

    @property
    def listing(self) -> Listing:
        """The instruments."""

    @property
    def market_state(self) -> MarketState:
        """The market's state."""

    @property
    def volumes(self) -> Sequence[DailyVolume]:
        """What was traded of each instrument in the last 24 hours."""

    @property
    def analytics(self) -> Analytics:
        """Figures of books, quotes over venues, candles, signals."""

    @property
    def projections(self) -> Projections:
        """All that is computed beside the market's state."""

    @property
    def accounts(self) -> Accounts | None:
        """What accounts own and owe; None where nobody can trade."""

    @property
    def wallets(self) -> Wallets:
        """What accounts hold of assets, their orders and trades of these."""

    @property
    def seq(self) -> int:
        """Sequence number of the newest event."""

    @property
    def demo_key(self) -> str:
        """The key that everybody knows; empty where it is not accepted."""

    @property
    def alerts(self) -> AlertRegistry:
        """Alerts that clients define."""

    @property
    def webhooks(self) -> WebhookRegistry:
        """Messages that are pushed to URLs which clients name."""

    @property
    def clock(self) -> Callable[[], float]:
        """Seconds since the Unix epoch; market time is the events'."""

    @property
    def clocks(self) -> Clocks:
        """The times by which clients may sign their requests."""

    @property
    def meters(self) -> Mapping[str, Meter]:
        """What counts the requests of protocols that have limits of their own."""

    def disruption(self, dialect: str, call: Call) -> Disruption:
        """What goes wrong on purpose with a call of a protocol."""

    def stream_keys(self, dialect: str) -> StreamKeyRing:
        """The stream keys of a protocol."""

    def credentials(self, call: Call) -> Credentials | None:
        """With what the signature of a call is checked; None when it came without a key."""

    def note_signature(self, call: Call, *, good: bool) -> None:
        """Count the signature of a call. Raises :class:`Problem` 429: too many of its address were wrong."""

    def take_nonce(self, call: Call, nonce: int) -> bool:
        """Remember the nonce of a call, if it is higher than all before of its key; False when it is not."""
        ...

    def instrument(self, symbol: str) -> tuple[int, Instrument]:
        """Index and instrument of a symbol, in any usual spelling. Raises :class:`Problem` 404."""
        ...

    def latency_ms(self, share: float) -> float:
        """Milliseconds from the making of an event to its last write, that so much of all stayed within."""
        ...

    @property
    def oldest(self) -> int:
        """Sequence number of the oldest event that is kept; that after the newest when none is."""
        ...

    def seek(self, ts: int) -> int:
        """Number of an event after which to read for all from a market time on, nanoseconds."""
        ...

    def past(self, seq: int, most: int) -> Sequence[Row]:
        """At most so many events right after ``seq``; whoever asks pays for them."""
        ...

    def trades(self, instrument: int, limit: int) -> Sequence[Trade]:
        """The last ``limit`` trades of an instrument, newest first."""
        ...

    def connections(self, who: str) -> int:
        """How many WebSocket connections somebody has open, where a protocol counts them."""
        ...

    def token(self, call: Call, secret: str) -> str | None:
        """
        An access token for the key of a call and its secret; None when the secret is refused.

        Raises:
            Problem: 429, too many of these were wrong, or too many tokens were given out.
        """
        ...


@attrs.frozen(kw_only=True)
class Answer:
    """
    What goes back.

    Attributes:
        content: Text of the body.
        content_type: Its media type.
        status: HTTP status.
        headers: Further headers.
    """

    content: bytes
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Call:
    """
    One request, checked.

    Attributes:
        values: Its parameters, each as declared; those that were left out have their default. Where the
            protocol reads parameters itself, those that are parts of the path, as they were sent.
        grant: What its key allows; None when it came without, and may.
        key: What the server knows of that key, for the server to recognise; else None.
        arrival: Where it came from.
        body: Its body, decoded as declared; None when none is declared.
        base: URL of the server as the client wrote it, such as ``http://127.0.0.1:8080``.
        headers: Of the request; case does not matter in their names.
        fields: Every parameter as it was sent, decoded, in order: those of the query, then those of a form
            in the body, where the endpoint takes one.
        query: The query as it was sent, percent-encoded: signatures are made over it.
        content: The body as it was sent.
        path: Of the request, with the prefix of its protocol.
    """

    values: Mapping[str, str | int]
    grant: Grant | None = None
    key: object = attrs.field(default=None, repr=False)
    arrival: Arrival = HERE
    body: object = None
    base: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    fields: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)
    query: str = attrs.field(default="", repr=False)
    content: bytes = attrs.field(default=b"", repr=False)
    path: str = ""

    def text(self, name: str) -> str:
        """A parameter that is a text."""
        return str(self.values[name])

    def number(self, name: str) -> int:
        """A parameter that is a whole number."""
        return int(self.values[name])


@attrs.frozen(kw_only=True)
class Endpoint(Generic[Context_contra]):
    """
    What is served at one path by one method.

    Attributes:
        method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
        path: Exactly this, but for parts such as ``{symbol}``, which are parameters.
        summary: One line for people.
        handle: Answers a checked call, or gives an :class:`~feed.dialects.execution.Execution` that will.
            Synchronous: it sees the market between two steps.
        later: Awaited after ``handle``, and its answer given instead; None answers at once.
        access: Who may ask.
        parameters: Of the query and of the path.
        reads_fields: Whether the protocol has rules of its own for parameters: then ``handle`` reads them of
            :attr:`Call.fields`, and ``parameters`` are for the documents alone.
        form: Whether parameters may also stand in a form in the body.
        body: Type of the JSON body; None when none is looked at.
        returns: Type of the JSON answer; a media type when the answer is no JSON.
        status: Of a good answer.
        refusals: Statuses of refusals of its own, and what they mean; ``status`` may be one of them.
        metered: Whether requests are counted against the client's quota.
        meter: Protocol whose own limits count them instead; empty for the server's quota.
        weight: What a request counts there, of its fields.
        guarded: Whether other people's web pages are kept away from it.
        changes: Whether it must be answered where the market is, since it changes something or shows what is
            known there alone; None for whatever is no GET.
        group: Heading in documents.
        described: Whether it is a part of the API, and so described; else it is a file of a page.
    """

    method: str = "GET"
    path: str
    summary: str
    handle: Callable[[Context_contra, Call], object]
    later: Callable[[Context_contra, Call], Awaitable[object]] | None = None
    access: Access
    parameters: tuple[Parameter, ...] = ()
    reads_fields: bool = False
    form: bool = False
    body: Any = None
    returns: Any
    status: int = 200
    refusals: Mapping[int, str] = attrs.field(factory=dict)
    metered: bool = True
    meter: str = ""
    weight: Callable[[Fields], int] = lambda _: 1
    guarded: bool = False
    changes: bool | None = None
    group: str
    described: bool = True

    @property
    def at_sequencer(self) -> bool:
        """Whether it must be answered where the market is, of all servers that have it."""
        return self.method != "GET" if self.changes is None else self.changes

    def fields(self, query: str, body: bytes) -> Fields:
        """Every parameter as it was sent, see :attr:`Call.fields`."""
        return sent_fields(query, body if self.form else b"")

    def call(
        self,
        fields: Fields,
        body: bytes,
        *,
        grant: Grant | None,
        base: str,
        key: object = None,
        arrival: Arrival = HERE,
        headers: Mapping[str, str],
        query: str = "",
        path: str = "",
        in_path: Mapping[str, str] | None = None,
    ) -> Call:
        """
        A checked call.

        Args:
            fields: See :class:`Call`.
            body: As it came.
            grant: See :class:`Call`.
            base: See there.
            headers: See there.
            key: See there.
            arrival: See there.
            query: See there.
            path: See there.
            in_path: Parameters that are parts of the path.

        Raises:
            Problem: 400, something is missing or cannot be.
        """
        parts = in_path or {}
        first = {**dict(reversed(fields)), **parts}
        values: Mapping[str, str | int] = (
            dict(parts)
            if self.reads_fields
            else {parameter.name: parameter.read(first) for parameter in self.parameters}
        )
        parsed = None if self.body is None else decoded(body, self.body)
        return Call(
            values=values,
            grant=grant,
            key=key,
            arrival=arrival,
            body=parsed,
            base=base,
            headers=headers,
            fields=tuple(fields),
            query=query,
            content=body,
            path=path,
        )

    async def answer(self, context: Context_contra, call: Call) -> Answer:
        """Answer a call, or raise :class:`Problem`."""
        mark, result = context.mark, self.handle(context, call)
        changed = context.mark != mark
        if self.later is not None:
            result = await self.later(context, call)
        if isinstance(result, Execution):
            result = result.answer(await context.execute(result.request))
        if changed:
            await context.durable()
        if isinstance(result, Answer):
            return result
        if isinstance(self.returns, str):
            text = result if isinstance(result, bytes) else str(result).encode()
            return Answer(content=text, content_type=self.returns, status=self.status)
        return Answer(content=_encode(result), status=self.status)


# The one that the published documents print.
PUBLISHED_SYMBOL: Final = "BTC-USD"


def example_symbol(listing: Listing) -> str:
    """A symbol for the documents."""
    return PUBLISHED_SYMBOL if PUBLISHED_SYMBOL in listing else listing[0].symbol
