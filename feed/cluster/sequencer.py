"""
The sequencer's part of publishing: every step becomes a block of the log before anybody is told of it.

Between two steps the log stands where the hub does. So whatever is changed then, such as an alert that is
made, has an unambiguous place: at the front of the next block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import attrs
import trio

from feed.cluster.block import BEFORE_ALL, Outcome, Place
from feed.cluster.ports import BlockSink
from feed.cluster.sequence import EDGE_KINDS, LOGGED_KINDS, BlockBuilder
from feed.cluster.snapshot import Snapshot
from feed.durability.entries import LogEntry
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.stream_position import StreamPosition
from feed.server.durable.entry_log import EntryLog
from feed.sim.run_status import RunState
from feed.stream.chain import NO_LINKS, Links
from feed.stream.resettable_event import ResettableEvent


@attrs.frozen
class MarketNow:
    """
    How the market is at the end of a step.

    Attributes:
        time: Nanoseconds since the Unix epoch.
        phase: What it is doing.
        takes_orders: Whether it takes requests of accounts.
    """

    time: int
    phase: RunState
    takes_orders: bool = False


class SnapshotSink(BlockSink, Protocol):
    """A log that begins with a snapshot."""

    @property
    def place(self) -> Place:
        """Of the newest block."""
        ...

    @property
    def joinable(self) -> bool:
        """Whether all blocks after the newest snapshot are kept."""
        ...

    def keep(self, snapshot: Snapshot) -> None:
        """Let those who come begin with this snapshot."""
        ...


class Sequencer:
    """
    Writes steps into a log: the :class:`feed.stream.fanout.StepLog` of a server that others follow.

    Until :meth:`begin` is called nothing is written: what happens before is in the first snapshot.

    Args:
        market: How the market is now.
        wall: Seconds since the Unix epoch.
        snapshot: Of the server as it stands between two steps, after the block at a place. Called where the
            newest one is so old that nobody could begin with it; nobody else does anything meanwhile.
        outlives: Whether the log is there when this server is gone, so that another can go on with it: then
            nothing counts as done that is not in it, and all is told that the other must know.
    Attributes:
        read: How far the requests of edges are decided, see :class:`feed.cluster.block.Block`.
    """

    def __init__(
        self,
        *,
        market: Callable[[], MarketNow],
        wall: Callable[[], float],
        snapshot: Callable[[Place], Snapshot],
        outlives: bool = False,
    ) -> None:
        self._market = market
        self.read: Callable[[], str] = str
        self._outlives = outlives
        self._wall = wall
        self._snapshot = snapshot
        self._sink: SnapshotSink | None = None
        self._builder: BlockBuilder | None = None
        self._writing = False
        self._written = trio.lowlevel.ParkingLot()
        self._pending = ResettableEvent()
        self._told = self._accepted = 0  # entries that were recorded, and that the log has
        self._accepting: list[Callable[[], object]] = []  # called once it has those of the next block
        self._moved = trio.lowlevel.ParkingLot()  # unparked when it has more

    def begin(self, sink: SnapshotSink, position: StreamPosition) -> None:
        """
        Write into a log from now on.

        Args:
            sink: The log; it begins with a snapshot of now.
            position: Where the stream stands.
        """
        self._sink = sink
        self._builder = BlockBuilder(position, LOGGED_KINDS if self._outlives else EDGE_KINDS)

    def record(self, entry: LogEntry, *, hurry: bool = True) -> None:
        """
        Let what was changed between two steps be known wherever this market is followed.

        Args:
            entry: It.
            hurry: Whether it does not wait for the next step.
        """
        if self._builder is not None and self._builder.record(entry, hurry=hurry):
            self._told += 1
            self._flush_soon(self._builder)

    def outcome(self, outcome: Outcome) -> None:
        """Let an edge know what became of its request; before the events of that are published."""
        if self._builder is not None:
            self._builder.outcome(outcome)
            self._flush_soon(self._builder)

    def _flush_soon(self, builder: BlockBuilder) -> None:
        if builder.pending:
            self._pending.set()

    def tell(self, entries: Sequence[LogEntry], accepted: Callable[[], object]) -> None:
        """
        As :meth:`record`, and say when the log has them for good; once it has begun.

        Args:
            entries: Of kinds that are told.
            accepted: Called then.
        """
        self._accepting.append(accepted)
        for entry in entries:
            self.record(entry)

    async def accepted(self) -> None:
        """
        Wait until a log that outlives this server has all that was recorded so far; for ever where it takes
        nothing.
        """
        told = self._told
        if self._outlives and self._builder is not None and self._accepted < told:
            self._builder.hurry()
            self._flush_soon(self._builder)
            while self._accepted < told:
                await self._moved.park()

    async def append(self, rows: list[Row], links: Links, *, made: float, stood: int) -> None:
        """See :class:`feed.stream.fanout.StepLog`."""
        sink = self._sink
        if sink is None:
            return
        if not sink.joinable:
            await self.flush()
            sink.keep(self._snapshot(sink.place))
        await self._append(rows, links, made=made, stood=stood)

    async def flush(self, *, ended: bool = False) -> None:
        """
        Write what waits for the next step without one, if anything does.

        Args:
            ended: Whether nothing follows: that is written in any case.
        """
        builder = self._builder
        if builder is not None and (builder.pending or ended):
            await self._append([], NO_LINKS, made=trio.current_time(), stood=0, ended=ended)

    async def written(self) -> Place:
        """
        Wait until all that was changed so far is in the log.

        Returns:
            The place of the newest block.
        """
        await self.flush()
        if self._writing:
            await self._written.park()
        return BEFORE_ALL if self._sink is None else self._sink.place

    async def run(self) -> None:
        """Write what was changed at once, also while the market stands still; until cancelled."""
        while True:
            await self._pending.wait()
            self._pending.clear()
            await self.flush()

    async def _append(
        self, rows: list[Row], links: Links, *, made: float, stood: int, ended: bool = False
    ) -> None:
        while self._writing:
            await self._written.park()
        sink, builder = self._sink, self._builder
        assert sink is not None and builder is not None  # noqa: S101, PT018 - it has begun
        self._writing = True
        told, accepting = self._told, self._accepting
        self._accepting = []
        try:
            now = self._market()
            block = builder.build(
                rows,
                links,
                made=self._wall() - (trio.current_time() - made),
                stood=stood,
                market_time=rows[-1][2] if rows and not ended else now.time,
                phase=now.phase,
                takes_orders=now.takes_orders,
                ended=ended,
                read=self.read(),
            )
            await sink.append(block)
        finally:
            self._writing = False
            self._written.unpark_all()
        self._accepted = told
        self._moved.unpark_all()
        for accepted in accepting:
            accepted()


class RecordedEntries:
    """
    An entry log whose entries are also told to those who follow.

    Args:
        inner: Where they are made durable.
        sequencer: Tells them.
        market_time: Nanoseconds since the Unix epoch.
        wall: Seconds since the Unix epoch.
    """

    def __init__(
        self,
        inner: EntryLog,
        sequencer: Sequencer,
        *,
        market_time: Callable[[], int],
        wall: Callable[[], float],
    ) -> None:
        self._inner: Final = inner
        self._sequencer: Final = sequencer
        self._market_time = market_time
        self._wall = wall

    def record(self, kind: str, data: Any, *, hurry: bool = True) -> None:
        """See :class:`feed.server.durable.entry_log.EntryLog`."""
        self._inner.record(kind, data, hurry=hurry)
        wall = int(self._wall() * NS_PER_SECOND)
        entry = LogEntry(at=self._market_time(), wall=wall, kind=kind, data=data)
        self._sequencer.record(entry, hurry=hurry)

    async def durable(self) -> None:
        """See :class:`feed.server.durable.entry_log.EntryLog`."""
        await self._inner.durable()
        await self._sequencer.accepted()
