"""What a transport of blocks gives to a sequencer and to an edge."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Final, Protocol

import attrs
import trio

from feed.cluster.block import Block, Place
from feed.cluster.log_header import LogHeader
from feed.cluster.messages import Count, Report
from feed.cluster.snapshot import Snapshot
from feed.errors import FeedError
from feed.model.requests import Request
from feed.model.stream_position import StreamPosition
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall


class NotConnected(FeedError):
    """There is no way to the sequencer now; nothing was sent."""


@attrs.frozen(kw_only=True)
class LinkState:
    """
    What an edge knows of the log that it follows.

    Attributes:
        connected: Whether it is connected to it.
        seq: Number of the newest event that it was told to be there.
        heard: When it was last told something, seconds on Trio's clock.
        mean_connections: Of clients, that are open at a worker; no figure of any other edge.
        phase: What the market is doing, as it was told last; empty where only blocks have said so.
    """

    connected: bool
    seq: int
    heard: float
    mean_connections: float = 0.0
    phase: str = ""


@attrs.frozen(kw_only=True)
class EdgeHandlers:
    """
    What a sequencer does with what edges ask and say of themselves.

    Attributes:
        submit: Lets a request act: the edge, its number, the request. Each is handed over once.
        call: Answers a request by HTTP, and names the block by which all has happened that the answer
            speaks of. Each runs in a task of its own, until its edge is gone; this bounds how many there are.
        reported: Told what an edge says of itself.
        left: Told of an edge whose connection has ended; it may come again.
        elsewhere: What all others have counted, as far as it has changed since an edge was told last.
    """

    submit: Callable[[str, int, Request], object]
    call: Callable[[ForwardedCall], Awaitable[tuple[ForwardedAnswer, Place]]]
    reported: Callable[[str, Report], object]
    left: Callable[[str], object]
    elsewhere: Callable[[str], list[Count]]


async def _never(call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
    del call
    await trio.sleep_forever()
    raise AssertionError


NO_HANDLERS: Final = EdgeHandlers(
    submit=lambda *_: None,
    call=_never,
    reported=lambda *_: None,
    left=lambda _: None,
    elsewhere=lambda _: [],
)
"""Nothing comes of what they ask."""


class BlockSink(Protocol):
    """Where blocks are appended."""

    async def append(self, block: Block) -> Place:
        """Its place, once it is accepted for good."""
        ...


class Link(Protocol):
    """
    An edge's connection to a log.

    Attributes:
        where: What it follows, as its operator wrote it.
        edge: By which the requests of this process are known; no other process has it.
        header: What holds for the whole log.
        token_key: That access tokens are signed with.
        state: How it is now.
        elsewhere: What all other servers have counted: a counter, whom, in which window. Nothing while it is
            not connected, as nobody knows how it is then.
    """

    where: str
    edge: str
    header: LogHeader
    token_key: bytes

    @property
    def state(self) -> LinkState:
        """See the class."""
        ...

    @property
    def elsewhere(self) -> Mapping[tuple[str, str, int], int]:
        """See the class."""
        ...

    async def snapshot(self) -> Snapshot:
        """What to begin with, once."""
        ...

    def blocks(self, after: Place, position: StreamPosition) -> AsyncGenerator[tuple[Place, Block], None]:
        """
        The blocks after a place, as they come; no events follow the one that says so, but changes may, and
        answers come as long as this is read. Where it loses its connection it makes another by itself.

        Args:
            after: The last place that is known; the snapshot's at first.
            position: What is known.
        Raises:
            Missing: What follows is not kept any more.
        """
        ...

    def report(self, report: Report) -> None:
        """
        Tell the sequencer how the edge is; what cannot be sent now is replaced by the next report.

        Args:
            report: It, with all that the edge has counted.
        """
        ...

    def submit(self, request: Request) -> int | None:
        """
        Send a request of an account. It comes to the sequencer once, also where the connection is lost
        meanwhile, unless the sequencer is another one then.

        Returns:
            Its number, by which a block speaks of it; None where it cannot be sent now.
        """
        ...

    async def call(self, call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
        """
        Send a request by HTTP, and wait for the answer, and the place of the block to wait for.

        Where the connection is lost meanwhile none comes: whoever calls owns the deadline.

        Raises:
            NotConnected: It was not sent.
        """
        ...

    async def run(self) -> None:
        """Send reports and what is asked, until cancelled."""
        ...
