"""What a sequencer needs of a log that is outside of its process, and outlives it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from feed.cluster.block import Outcome
from feed.cluster.local_log import LocalLog
from feed.cluster.log_header import LogHeader
from feed.cluster.messages import Report
from feed.cluster.ports import EdgeHandlers
from feed.cluster.retention import Retained
from feed.cluster.sequencer import SnapshotSink
from feed.cluster.snapshot import Snapshot
from feed.server.server_context import ServerContext
from feed.server.server_parts import Outside
from feed.stream.hub import Hub


class OutsideLog(SnapshotSink, Protocol):
    """Where blocks are appended, and those who follow elsewhere read them."""

    @property
    def retained(self) -> Retained:
        """The blocks that are kept in memory all the same, for those who follow on this machine."""
        ...

    @property
    def header(self) -> LogHeader | None:
        """Of a log that is gone on with, which has followers; None for one that begins."""
        ...

    def connected(self) -> AbstractAsyncContextManager[object]:
        """While it is entered, appends go through before :meth:`run` does."""
        ...

    def keep_market(self, market: Snapshot | None) -> None:
        """Let a standby begin with this market; None where it cannot be computed elsewhere."""
        ...

    @property
    def read(self) -> str:
        """Up to where requests are decided, see :class:`feed.cluster.block.Block`."""
        ...

    def decided(self, outcome: Outcome) -> None:
        """Note that it is known what became of a request of an edge."""
        ...

    async def open(self, hub: Hub) -> None:
        """
        Begin to append.

        Args:
            hub: Where the market stands.
        Raises:
            ConfigError: The log goes on otherwise than this market.
        """
        ...

    def begin(
        self, local: LocalLog, header: LogHeader, handlers: EdgeHandlers, report: Callable[[], Report]
    ) -> None:
        """
        Let others follow.

        Args:
            local: Those on this machine, with the first snapshot.
            header: What holds for the whole log.
            handlers: Do what edges ask.
            report: How this server is, with all that it has counted.
        """
        ...

    async def run(self) -> None:
        """Be connected, take requests and write snapshots, until cancelled."""
        ...

    def outside(self) -> Outside:
        """What is wrong with the log, and its figures."""
        ...


class Succession(Protocol):
    """How a server comes to go on with a log that another one leads."""

    def outside(self) -> Outside:
        """How it is until then."""
        ...

    async def take_over(self, server_context: ServerContext) -> OutsideLog:
        """
        Wait until nobody else leads, and lead.

        Args:
            server_context: What serves the market from then on; its stream is carried on meanwhile.
        Returns:
            The log, in a term of this server's own.
        """
        ...
