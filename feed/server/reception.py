"""What every connection shares, and what is known of who is at its other end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import attrs
import trio

from feed.model.grants import Grant
from feed.model.requests import Request
from feed.server.ending import Endings
from feed.server.keycheck import HERE, Arrival
from feed.server.keyfile import Entry
from feed.server.turns import Turns
from feed.settings import Limits
from feed.stream.fanout import Fanout

if TYPE_CHECKING:
    from feed.server.connection import Conversation
    from feed.server.faults import Faults


def _closed_market(request: Request, refused: Callable[[], object]) -> bool:
    del request, refused
    return False


def _any(entry: Entry) -> bool:
    del entry
    return True


@attrs.frozen(kw_only=True)
class Reception:
    """
    What every connection shares.

    Attributes:
        fanout: Who publishes.
        limits: Bounds on each client.
        endings: Counts how connections end.
        conversations: Those that are open; the server ends them when it stops.
        stopping: Set when it does, for those that open too late.
        ended: Set when the market is over: a scenario or recording was played to its end.
        closed: Set when nobody is let in any more because of that.
        submit: Lets a request act in the market; False when it will not, and calls back when its turn
            comes and it must not act after all.
        faults: What goes wrong on purpose; None when nothing will.
        turns: Who works next, and how much anybody may make the server do.
    """

    fanout: Fanout
    limits: Limits
    endings: Endings = attrs.field(factory=Endings)
    conversations: dict[Conversation, None] = attrs.field(factory=dict)
    stopping: trio.Event = attrs.field(factory=trio.Event)
    ended: trio.Event = attrs.field(factory=trio.Event)
    closed: trio.Event = attrs.field(factory=trio.Event)
    submit: Callable[[Request, Callable[[], object]], bool] = _closed_market
    faults: Faults | None = None
    turns: Turns = attrs.field(
        default=attrs.Factory(lambda self: Turns(cast("Reception", self).limits), takes_self=True)
    )


@attrs.define
class Visitor:
    """
    Who is at the other end.

    Attributes:
        dialect: Name of the protocol that it speaks.
        arrival: Where it came from.
        accepts: Whether a key is still good.
        entry: What is known of the key that it has shown; None before it has.
        guessing: Seconds for which no key is looked at from its address, once it has met with that; else 0.
    """

    dialect: str
    arrival: Arrival = HERE
    accepts: Callable[[Entry], bool] = _any
    entry: Entry | None = None
    guessing: int = 0

    @property
    def key(self) -> str | None:
        """Name of the key that it has shown, never the key itself; None before it has."""
        return None if self.entry is None else self.entry.grant.name

    @property
    def revoked(self) -> bool:
        """Whether it has shown a key that is not good any more."""
        return self.entry is not None and not self.accepts(self.entry)

    def shows(self, entry: Entry | None) -> Grant | None:
        """It has shown a key of which this is known, or nothing; gives back what that allows."""
        if entry is None:
            return None
        self.entry = entry
        return entry.grant
