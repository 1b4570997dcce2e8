"""What a transport of blocks gives to a sequencer and to an edge."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Protocol

import attrs

from feed.cluster.block import Block, Place
from feed.cluster.log_header import LogHeader
from feed.cluster.messages import Report
from feed.cluster.snapshot import Snapshot
from feed.model.stream_position import StreamPosition


@attrs.frozen(kw_only=True)
class LinkState:
    """
    What an edge knows of the log that it follows.

    Attributes:
        connected: Whether it is connected to it.
        seq: Number of the newest event that it was told to be there.
        heard: When it was last told something, seconds on Trio's clock.
    """

    connected: bool
    seq: int
    heard: float


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
        header: What holds for the whole log.
        token_key: That access tokens are signed with.
        state: How it is now.
    """

    where: str
    header: LogHeader
    token_key: bytes

    @property
    def state(self) -> LinkState:
        """See the class."""
        ...

    async def snapshot(self) -> Snapshot:
        """What to begin with, once."""
        ...

    def blocks(self, after: Place, position: StreamPosition) -> AsyncGenerator[tuple[Place, Block], None]:
        """
        The blocks after a place, as they come, up to the one that says that nothing follows. Where it loses
        its connection it makes another by itself.

        Args:
            after: The last place that is known; the snapshot's at first.
            position: What is known.
        Raises:
            Missing: What follows is not kept any more.
        """
        ...

    def report(self, report: Report) -> None:
        """Tell the sequencer how the edge is; what cannot be sent now is replaced by the next report."""
        ...

    async def run(self) -> None:
        """Send reports, until cancelled."""
        ...
