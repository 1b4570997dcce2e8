"""The events of a market that is elsewhere: what comes over a link, checked, as a source of a server."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing

import trio

from feed.cluster.batching import BatchSender
from feed.cluster.block import REFUSED, Block, Outcome, Place, rows_of
from feed.cluster.ports import Link
from feed.durability.entries import decode
from feed.errors import FeedError
from feed.model.events import Row
from feed.model.requests import Request
from feed.model.stream_position import StreamPosition
from feed.server.durable.services import Services
from feed.settings import Flow
from feed.stream.fanout import Fanout
from feed.stream.source import Batch, Executed, unheard


class EdgeSource:
    """
    Follows a link.

    Blocks pass into the bounded channel of the fan-out; while that is full they are gathered, up to a bound.
    Beyond it nothing is read, and the link falls behind, which concerns this server alone.

    Args:
        link: Brings the blocks.
        place: Of the last block that is known.
        position: Of the last event that is known.
        trades: Whether accounts can trade there, as far as the snapshot says.
        wall: Seconds since the Unix epoch.
        most_events: That are gathered.
    Attributes:
        listing: The instruments.
        ended: Set once the market has ended: no events follow.
        place: Of the last block that was read.
        last: That block; None before the first.
    """

    def __init__(
        self,
        link: Link,
        place: Place,
        position: StreamPosition,
        *,
        trades: bool,
        wall: Callable[[], float],
        most_events: int = Flow().step_events,
    ) -> None:
        self.listing = link.header.listing
        self.ended = trio.Event()
        self.place = place
        self.last: Block | None = None
        self._link = link
        self._position = position
        self._trades = trades
        self._waiting: dict[int, tuple[Callable[[], object], Executed]] = {}  # requests, by number
        self._wall = wall
        self._most_events = most_events
        self._fanout: Fanout | None = None
        self._services: Services | None = None
        self._taken = trio.lowlevel.ParkingLot()  # unparked with each block that is new

    @property
    def takes_orders(self) -> bool:
        """Whether they are where the market is, and there is a way to it."""
        trades = self._trades if self.last is None else self.last.takes_orders
        return trades and self._link.state.connected

    def submit(self, request: Request, refused: Callable[[], object], executed: Executed = unheard) -> bool:
        """
        Send a request to where the market is; see :class:`feed.stream.source.TakesOrders`.

        What became of it comes in a block. So the callbacks are called between the same two events as they
        are there. They are called once; never, where the market is lost before that.
        """
        if not self.takes_orders or len(self._waiting) >= self._link.header.trading.waiting:
            return False
        number = self._link.submit(request)
        if number is None:
            return False
        self._waiting[number] = refused, executed
        return True

    def attach(self, fanout: Fanout, services: Services) -> None:
        """
        Name who changes with the market, before :meth:`run`.

        Args:
            fanout: Publishes the events.
            services: What the server knows beside them.
        """
        self._fanout, self._services = fanout, services

    async def reached(self, place: Place) -> None:
        """Wait until everything is published, and changed, that is in the blocks up to a place."""
        assert self._fanout is not None  # noqa: S101 - see attach
        while self.place < place:
            await self._taken.park()
        await self._fanout.published(self._position.seq)

    def opening(self) -> list[Row]:
        """Nothing: the market began elsewhere."""
        return []

    async def run(self, channel: trio.MemorySendChannel[Batch]) -> None:
        """
        Send every event that comes. When the market has ended it follows all the same: what is asked for then
        is answered where the market is, and may change something.

        Raises:
            Missing: What follows cannot be had any more.
            BrokenChain: What came is not of this history.
            FeedError: It cannot be read.
        """
        problem: FeedError | None = None  # raised outside of the nursery, which would make a group of it
        async with channel, trio.open_nursery() as nursery:
            sender = BatchSender(channel, most_events=self._most_events)
            nursery.start_soon(sender.run)
            try:
                async with aclosing(self._link.blocks(self.place, self._position)) as blocks:
                    async for place, block in blocks:
                        await self._take(place, block, sender)
                        if block.ended:
                            await sender.sent()
                            await channel.aclose()
                            self.ended.set()
            except FeedError as error:
                problem = error
            await sender.sent()
            nursery.cancel_scope.cancel()
        if problem is not None:
            raise problem

    async def _take(self, place: Place, block: Block, sender: BatchSender) -> None:
        rows = rows_of(block, self._position)
        again = place <= self.place
        if block.entries and not again:
            await self._change(block)
        for outcome in () if again else block.outcomes:
            if outcome.edge == self._link.edge:
                self._decide(outcome, rows)
        if self.ended.is_set():
            if rows:
                raise FeedError("events came after the end of the market")
        elif rows or (block.stood and not again):
            # The clock of another machine may be ahead.
            late = max(0.0, self._wall() - block.made)
            await sender.send(Batch(rows, trio.current_time() - late, block.stood))
        if not again:
            self.place, self.last = place, block
        if rows:
            self._position = block.ends
        self._taken.unpark_all()

    def _decide(self, outcome: Outcome, rows: list[Row]) -> None:
        """Tell who asked what became of a request, before its events are published."""
        refused, executed = self._waiting.pop(outcome.number, (None, unheard))
        if refused is None:
            return  # of a client that was here before a gap
        if outcome.events == REFUSED:
            refused()
        else:
            end = outcome.seq - self._position.seq
            executed(rows[end - outcome.events : end], outcome.seq)

    async def _change(self, block: Block) -> None:
        """Make the changes of a block between the same two events as the server that it comes from."""
        try:
            entries = decode(block.entries)
        except ValueError as problem:
            raise FeedError(f"the changes of a block are malformed: {problem}") from None
        assert self._fanout is not None and self._services is not None  # noqa: S101, PT018 - see attach
        await self._fanout.published(block.before)
        for entry in entries:
            self._services.follow(entry)
