"""What happens to a feed itself. These come in the same stream as market events, in their order."""

from __future__ import annotations

import attrs

from feed.dialects.items import Channel
from feed.model.instruments import Instrument


@attrs.frozen
class State:
    """Anything that is not an event of the market."""


@attrs.frozen(kw_only=True)
class Connected(State):
    """
    A connection stands, and the server has said whether it resumes, if that was requested.

    Attributes:
        url: Of the server, as it was given.
        resumed_after: Sequence number after which the server resumes, having proven that its history up to
            there is the one that this client saw; None for a beginning with the present. Of several
            subscriptions it is the first that was answered: for one that does not resume there is a
            :class:`Gap`.
    """

    url: str
    resumed_after: int | None = None


@attrs.frozen(kw_only=True)
class Disconnected(State):
    """
    The connection has ended, or could not be made.

    Attributes:
        reason: Why, for people.
        code: WebSocket close code, or the HTTP status of a refusal; 0 without either.
        retry_seconds: When the next attempt will be made.
    """

    reason: str
    code: int = 0
    retry_seconds: float = 0.0


@attrs.frozen(kw_only=True)
class Stale(State):
    """
    No message came on an open connection: prices are stale, and it is given up.

    Attributes:
        seconds: Without a message.
    """

    seconds: float


@attrs.frozen(kw_only=True)
class Gap(State):
    """
    Something was missed.

    Attributes:
        reason: How that is known.
        symbol: Of which instrument; empty for all.
        after: Sequence number of the last event before it; 0 where there are none.
        missed: How many; 0 where that cannot be known.
    """

    reason: str
    symbol: str = ""
    after: int = 0
    missed: int = 0


@attrs.frozen(kw_only=True)
class OutOfSync(State):
    """
    A book is not the server's any more, and a new snapshot has been asked for.

    Attributes:
        symbol: Whose book.
        reason: How that is known.
        channel: That tells of it.
    """

    symbol: str
    reason: str
    channel: Channel = Channel.BOOK


@attrs.frozen(kw_only=True)
class Resynced(State):
    """
    A book is the server's, for the first time or again.

    Attributes:
        symbol: Whose book.
        seq: At which sequence number.
        channel: That tells of it.
    """

    symbol: str
    seq: int
    channel: Channel = Channel.BOOK


@attrs.frozen(kw_only=True)
class Listed(State):
    """
    An instrument was named for the first time, or its prices have more digits than was known.

    Attributes:
        index: What stands in ``Event.instrument``.
        instrument: Turns its ticks and lots into decimals.
    """

    index: int
    instrument: Instrument


@attrs.frozen(kw_only=True)
class Garbled(State):
    """
    A message that does not parse in this protocol; it is skipped.

    Attributes:
        problem: What is wrong with it.
    """

    problem: str


@attrs.frozen(kw_only=True)
class ServerError(State):
    """
    An error message of the server.

    Attributes:
        message: Of the server.
        code: The protocol's error code; empty where it has none.
    """

    message: str
    code: str = ""


@attrs.frozen(kw_only=True)
class Overflowed(State):
    """
    The reader was too slow, and events were dropped: :attr:`Overflow.DROP`.

    Attributes:
        events: How many.
    """

    events: int


@attrs.frozen
class Message(State):
    """
    One message as it came, before its events; only with ``raw=True``.

    Attributes:
        text: All of it.
        data: Whether it has market data; else it is an answer, a heartbeat, or did not parse.
    """

    text: str
    data: bool = True
