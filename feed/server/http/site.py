"""What endpoints see of the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import attrs

from feed.dialects.messages import unknown
from feed.errors import ClientError
from feed.model.grants import Grant
from feed.model.instruments import Instrument, Listing
from feed.model.latest import Latest
from feed.model.symbols import symbols
from feed.server.allowances import Seats
from feed.server.guard import Guard
from feed.server.http.tape import Tape
from feed.server.keycheck import HERE, Arrival, KeyCheck
from feed.server.keyfile import Entry
from feed.server.reception import Reception
from feed.server.storage import Storage
from feed.server.tokens import TokenOffice
from feed.settings import Settings
from feed.stream.fanout import Fanout
from feed.stream.source import Source, TakesOrders

if TYPE_CHECKING:
    from feed.server.http.endpoint import Endpoint


class Problem(ClientError):
    """
    A request that is refused; each protocol words it in its own style.

    Attributes:
        status: HTTP status.
        code: Short fixed word for programs.
        message: One sentence for people; never contains a key.
        headers: Further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}
        super().__init__(message)


@attrs.frozen(kw_only=True)
class Site:
    """
    The house, to an endpoint. It stands between two steps of the fan-out.

    Attributes:
        settings: All of the server.
        source: Where events come from.
        fanout: Who publishes them.
        reception: The WebSocket connections.
        keys: Looks at the keys that clients show.
        guard: Knows the names of this server.
        tape: The last trades.
        tokens: Gives access tokens out.
        seats: Who has how many connections open, where a protocol counts them.
        clock: Seconds since the Unix epoch.
        storage: What is written to disk.
        endpoints: Everything that is served, for the documents about it.
    """

    settings: Settings
    source: Source
    fanout: Fanout
    reception: Reception
    keys: KeyCheck
    guard: Guard
    tape: Tape
    tokens: TokenOffice
    seats: Seats
    clock: Callable[[], float]
    storage: Storage = attrs.field(factory=Storage)
    endpoints: tuple[Endpoint, ...] = ()

    @property
    def listing(self) -> Listing:
        """The instruments."""
        return self.source.listing

    @property
    def takes_orders(self) -> bool:
        """Whether clients can trade, in the instruments that they can trade in."""
        return isinstance(self.source, TakesOrders) and self.source.takes_orders

    @property
    def latest(self) -> Latest:
        """Where the market stands."""
        return self.fanout.hub.latest

    @property
    def seq(self) -> int:
        """Sequence number of the newest event."""
        return self.fanout.hub.seq

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


@attrs.frozen(kw_only=True)
class Call:
    """
    One request, checked.

    Attributes:
        values: Its parameters, each as declared; those that were left out have their default.
        grant: What its key allows; None when it came without, and may.
        entry: What is known of that key.
        arrival: Where the request arrived.
        body: Its body, decoded as declared; None when none is declared.
        base: URL of the server as the client wrote it, such as ``http://127.0.0.1:8080``.
        headers: Of the request; case does not matter in their names.
    """

    values: Mapping[str, str | int]
    grant: Grant | None = None
    entry: Entry | None = None
    arrival: Arrival = HERE
    body: object = None
    base: str = ""
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    def text(self, name: str) -> str:
        """A parameter that is a text."""
        return str(self.values[name])

    def number(self, name: str) -> int:
        """A parameter that is a whole number."""
        return int(self.values[name])
