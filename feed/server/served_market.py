"""What a server needs of the market that it serves, wherever that is computed."""

from __future__ import annotations

from typing import Protocol

import trio

from feed.faults.contract import FaultPlan
from feed.server.durable.entry_log import EntryLog
from feed.server.durable.service_state import ServiceState
from feed.server.server_context import ServerContext
from feed.server.server_parts import ServerParts
from feed.server.storage import Storage
from feed.server.stream_state import StreamState
from feed.stream.fanout import Fanout
from feed.stream.source import Batch, Source
from feed.stream.steps import StepLog


class ServedMarket(Protocol):
    """
    A market, ready to be served once.

    Attributes:
        source: Where its events come from.
        plan: What goes wrong on purpose.
        storage: What is written to disk meanwhile.
        ended: Set once there is nothing more to come.
        stream_state: What was published before; None for nothing.
        recorded: What was recorded of other things than the market; None for nothing.
        entry_log: Where is recorded what shall outlive the process.
        token_key: That access tokens are signed with; None leaves it to the settings.
        step_log: Where steps are written before they are published; None for nowhere.
        parts: What differs where several servers have one market.
    """

    @property
    def source(self) -> Source:
        """See the class."""
        ...

    @property
    def plan(self) -> FaultPlan:
        """See the class."""
        ...

    @property
    def storage(self) -> Storage:
        """See the class."""
        ...

    @property
    def ended(self) -> trio.Event:
        """See the class."""
        ...

    @property
    def entry_log(self) -> EntryLog:
        """See the class."""
        ...

    @property
    def step_log(self) -> StepLog | None:
        """See the class."""
        ...

    @property
    def parts(self) -> ServerParts:
        """See the class."""
        ...

    @property
    def stream_state(self) -> StreamState | None:
        """See the class."""
        ...

    @property
    def recorded(self) -> ServiceState | None:
        """See the class."""
        ...

    @property
    def token_key(self) -> bytes | None:
        """See the class."""
        ...

    @property
    def market_time(self) -> int | None:
        """Where it stands, nanoseconds since the Unix epoch; None where only its events say so."""
        ...

    def attach(self, server_context: ServerContext) -> None:
        """Get to know the server; once, before :meth:`open`."""
        ...

    async def open(self, fanout: Fanout) -> None:
        """
        Publish where the stream begins, before clients come.

        Raises:
            ConfigError: Something cannot be written where the settings say.
        """
        ...

    def opened(self) -> None:
        """Do what comes after that, now that the services are there too."""
        ...

    async def run(self, channel: trio.MemorySendChannel[Batch], fanout: Fanout) -> None:
        """
        Send every event, and do all else that goes with the market.

        Args:
            channel: Takes the events; it is closed after the last.
            fanout: Publishes them.
        """
        ...
