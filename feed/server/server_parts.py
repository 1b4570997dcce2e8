"""What differs where several servers have one market; every default is that of a server by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import attrs
import trio
from prometheus_client.metrics_core import Metric

from feed.model.elsewhere import NOWHERE, Elsewhere
from feed.server.http.forwarding import Forward


@attrs.frozen(kw_only=True)
class Outside:
    """
    What a server knows of the other servers of its market.

    Attributes:
        phase: What the market is doing, as health checks word it; empty where this server has the market.
        problems: What is wrong with the way between them, one sentence each.
        ready: Whether clients should come to this server.
        figures: For ``/metrics``.
    """

    phase: str = ""
    problems: tuple[str, ...] = ()
    ready: bool = True
    figures: tuple[Metric, ...] = ()


@attrs.frozen(kw_only=True)
class ServerParts:
    """
    What the rest of the server asks those who know of other servers.

    Attributes:
        outside: How it is between the servers; None where there is one.
        arrived: Waits, for a bounded time, until the events are here that a client's text speaks of; None
            where a client can know of none that are not.
        forward: Hands requests on that are answered where the market is; None where that is here.
        elsewhere: What the others have counted of each key.
        crowded: Whether other processes that accept on the same sockets should rather take who comes next;
            None where there are none.
    """

    outside: Callable[[], Outside] | None = None
    arrived: Callable[[str], Awaitable[None]] | None = None
    forward: Forward | None = None
    elsewhere: Elsewhere = NOWHERE
    crowded: Callable[[], bool] | None = None

    def window_clock(self, clock: Callable[[], float]) -> Callable[[], float]:
        """
        Seconds by which limits are counted that all servers share.

        Trio's are better where there is one server, since nobody sets that clock; but each process begins its
        own anywhere.

        Args:
            clock: Seconds since the Unix epoch.
        """
        return trio.current_time if self.elsewhere is NOWHERE else clock
