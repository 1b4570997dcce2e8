"""What every connection shares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import attrs
import trio

from feed.faults.contract import Target
from feed.faults.engine import FaultEngine
from feed.model.requests import Request
from feed.server.close_reason import CloseCounts, CloseReason
from feed.server.connection.facts import ConnectionFacts
from feed.server.connection.tap import TappedConnection
from feed.server.turns import FairScheduler
from feed.settings import Limits
from feed.stream.fanout import Fanout
from feed.stream.source import Executed, unheard
from feed.stream.transport import Transport


def closed_market(request: Request, refused: Callable[[], object], executed: Executed = unheard) -> bool:
    """Nobody can trade."""
    del request, refused, executed
    return False


class OpenConnection(TappedConnection, Target, Protocol):
    """
    An open connection, as the rest of the server sees it.

    Attributes:
        facts: What was known of it when it came.
    """

    @property
    def facts(self) -> ConnectionFacts: ...  # noqa: D102

    @property
    def transport(self) -> Transport:
        """What carries it."""

    def end(self, why: CloseReason) -> None:
        """End it; the first reason given is the one that counts."""

    def check_key(self) -> None:
        """End it if it stands on a key that is not good any more."""


@attrs.frozen(kw_only=True)
class ConnectionRegistry:
    """
    What every connection shares.

    Attributes:
        fanout: Who publishes.
        limits: Bounds on each client.
        close_counts: Counts how connections end.
        connections: Those that are open; the server ends them when it stops.
        stopping: Set when it does, for those that open too late.
        ended: Set when the market is over: a scenario or recording was played to its end.
        closed: Set when nobody is let in any more because of that.
        submit: Lets a request act in the market; False when it will not, and calls back when its turn
            comes: that it must not act after all, or that it has acted.
        faults: What goes wrong on purpose.
        arrived: See :class:`feed.server.server_parts.ServerParts`.
        observer_backlog_bytes: In place of that of the limits, for those that only watch: no market waits for
            them.
        turns: Who works next, and how much anybody may make the server do.
    """

    fanout: Fanout
    limits: Limits
    faults: FaultEngine
    close_counts: CloseCounts = attrs.field(factory=CloseCounts)
    connections: dict[OpenConnection, None] = attrs.field(factory=dict)
    stopping: trio.Event = attrs.field(factory=trio.Event)
    ended: trio.Event = attrs.field(factory=trio.Event)
    closed: trio.Event = attrs.field(factory=trio.Event)
    submit: Callable[[Request, Callable[[], object], Executed], bool] = closed_market
    arrived: Callable[[str], Awaitable[None]] | None = None
    observer_backlog_bytes: int = attrs.field(
        default=attrs.Factory(
            lambda self: cast("ConnectionRegistry", self).limits.backlog_bytes, takes_self=True
        )
    )
    turns: FairScheduler = attrs.field(
        default=attrs.Factory(
            lambda self: FairScheduler(cast("ConnectionRegistry", self).limits), takes_self=True
        )
    )
