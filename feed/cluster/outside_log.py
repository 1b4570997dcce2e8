"""What a sequencer needs of a log that is outside of its process, and outlives it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from feed.cluster.block import Outcome
from feed.cluster.local_log import LocalLog
from feed.cluster.log_header import LogHeader
from feed.cluster.messages import Report
from feed.cluster.ports import EdgeHandlers
from feed.cluster.retention import Retained
from feed.cluster.sequencer import SnapshotSink
from feed.server.server_parts import Outside
from feed.stream.hub import Hub


class OutsideLog(SnapshotSink, Protocol):
    """Where blocks are appended, and those who follow elsewhere read them."""

    @property
    def retained(self) -> Retained:
        """The blocks that are kept in memory all the same, for those who follow on this machine."""
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
