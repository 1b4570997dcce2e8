"""
The fan-out: the one publisher. It takes all batches that wait, and writes to every connection, after a log if
there is one.

Between two of its awaits lies one atomic step. Only a sweep over very many connections pauses half-way, to
let other tasks run; who wants to change what is published waits for its end (:meth:`Fanout.at_rest`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import attrs
import trio

from feed.model.events import CLOCK, Row
from feed.settings import Flow
from feed.stream.chain import Links, chained
from feed.stream.groups import Group
from feed.stream.histogram import Histogram
from feed.stream.hub import Hub
from feed.stream.source import Batch
from feed.stream.steps import FanoutStatistics, FaultHook, StepLog
from feed.stream.sweep import Sweep


class Fanout:
    """
    Drives a hub from a channel of batches.

    Args:
        hub: Who gets what.
        flow: Bounds on a step.
        fault_hook: Acts between two events; None when nothing will.
        tap: Given the events of every step before anybody else.
        log: Takes every step before it is published; None for none.

    Attributes:
        hub: What it drives.
        latency: From the making of a step's oldest event to the last write of the step; steps
            that nobody listens to do not count.
        over: Set once the channel that it runs is closed, and all of it published.
    """

    def __init__(
        self,
        hub: Hub,
        flow: Flow,
        *,
        fault_hook: FaultHook | None = None,
        tap: Callable[[list[Row]], object] | None = None,
        log: StepLog | None = None,
    ) -> None:
        self.hub = hub
        self.latency = Histogram()
        self._tap = tap
        self._fault_hook = fault_hook
        self._flow = flow
        self._sweep = Sweep(flow.sweep_connections, lambda: hub.seq)
        self._stands_at = 0  # market time at which it stands still, if it does
        self._stood = 0  # and for how long, nanoseconds of the clock
        self.over = trio.Event()
        self._log = log
        self._appending = False
        self._busy = False
        self._resting = trio.lowlevel.ParkingLot()
        self._at_rest: list[Callable[[], object]] = []
        self._due: deque[tuple[int, Callable[[], object]]] = deque()
        self._replaying = trio.lowlevel.ParkingLot()
        hub.replays.watch(self._replaying.unpark_all)
        self._idle = False  # it waits for a batch, and none is on its way
        self._listening: int | None = None  # connections; None when that has changed
        hub.watch(self._recount)

    def statistics(self) -> FanoutStatistics:
        """A copy of the figures so far."""
        return attrs.evolve(self._sweep.statistics)

    async def run(self, channel: trio.MemoryReceiveChannel[Batch]) -> None:
        """Publish every batch of ``channel`` until it is closed."""
        following: Batch | None = None
        while True:
            try:
                batch = following or channel.receive_nowait()
            except trio.WouldBlock:
                self._idle = True
                try:
                    batch = await channel.receive()
                except trio.EndOfChannel:
                    break
                finally:
                    self._idle = False
            except trio.EndOfChannel:
                break
            else:
                # Others have a turn once a step; what they make must not overtake this one, which is taken.
                await trio.lowlevel.checkpoint()
            batch, following = self._gathered(batch, channel)
            await self.publish(batch)
        self.over.set()

    def publish_at_once(self, batch: Batch) -> bool:
        """
        Publish a batch in the task that has made it, where nothing is under way and nothing has to wait.

        The step is the same as by the channel. What is left out is a pass of the event loop, and the source's
        own preparations for its next sleep, between an event and its first write: 75 us became 150 without
        it, and the step took a sixth more CPU (100 clients, one event every 2 ms, interleaved).

        Args:
            batch: One of the only source of the channel that this runs.

        Returns:
            Whether it is published; if not, it is to be sent by the channel.
        """
        rows = batch.rows
        idle, self._idle = self._idle, False
        if not idle or self._busy or batch.stood or self._log is not None:
            return False
        if len(rows) >= self._flow.batch_events:  # a market that is late: more of it goes into one write
            return False
        if self._fault_hook is not None and self._fault_hook.next(self.hub.seq, rows) is not None:
            return False
        if self._listening is None:
            self._listening = self.hub.listening
        if self._listening > self._flow.sweep_connections:
            return False
        for _ in self._step(rows, None, batch.made):  # a pause more or less: there are not many
            pass
        self._idle = True
        return True

    def _recount(self) -> None:
        self._listening = None

    def _gathered(
        self, batch: Batch, channel: trio.MemoryReceiveChannel[Batch]
    ) -> tuple[Batch, Batch | None]:
        """
        A batch with all that waits behind it, and what was taken from there and must come after it.

        One write per connection for all of it. But heartbeats of a market that stands still are told by how
        long it has: taken together they would be fewer, and the bytes would depend on the machine's speed.
        """
        if batch.stood:
            return batch, None
        rows = batch.rows
        following = None
        try:  # written out, without ``suppress``, and nothing copied where nothing waits: this is every step
            while len(rows) < self._flow.step_events:
                more = channel.receive_nowait()
                if more.stood:
                    following = more
                    break
                if rows is batch.rows:
                    rows = list(rows)
                rows += more.rows
        except (trio.WouldBlock, trio.EndOfChannel):
            pass
        return (batch if rows is batch.rows else Batch(rows, batch.made)), following

    async def publish(self, batch: Batch) -> None:
        """Write a batch to the log, if there is one, and then tell everybody of it."""
        rows, links = batch.rows, await self._append(batch)
        if batch.stood:
            await self.stand(batch.stood)
        if self._fault_hook is not None:
            rows, links = await self._up_to_faults(self._fault_hook, rows, links, batch.made)
        if rows:
            await self.step(rows, links, made=batch.made)

    async def fast_forward(self, rows: list[Row]) -> None:
        """Write events to the log and publish them before clients are let in, with whom faults begin."""
        links = await self._append(Batch(rows, trio.current_time()))
        await self.step(rows, links)

    async def _append(self, batch: Batch) -> Links | None:
        """Write a batch to the log, if there is one; what it was given, which need not be computed again."""
        if self._log is None:
            return None
        links = chained(batch.rows, self.hub.history.proof)
        self._appending = True
        try:
            await self._log.append(batch.rows, links, made=batch.made, stood=batch.stood)
        finally:
            self._appending = False
            self._resting.unpark_all()
        return links

    async def _up_to_faults(
        self, fault_hook: FaultHook, rows: list[Row], links: Links | None, made: float
    ) -> tuple[list[Row], Links | None]:
        """Publish what comes before the faults among ``rows``, and let them begin or end; what is left."""
        while (before := fault_hook.next(self.hub.seq, rows)) is not None:
            if before:
                first = None
                if links is not None:
                    parts, proofs = links
                    first, links = (parts[:before], proofs[:before]), (parts[before:], proofs[before:])
                await self.step(rows[:before], first, made=made)
                rows = rows[before:]
            fault_hook.act(self.hub.seq, rows)
        return rows, links

    async def stand(self, stood: int) -> None:
        """
        Send the heartbeats that are due although market time stands still.

        They are no events: they have no number, and nobody who resumes is told of them again.

        Args:
            stood: For how long it has, since this was said last, nanoseconds of the clock.
        """
        if self._stands_at != self.hub.market_state.now:
            self._stands_at, self._stood = self.hub.market_state.now, 0
        before, self._stood = self._stood, self._stood + stood
        await _pausing(self._send(self.hub.stand, before, self._stood))

    def stood_before(self, stood: int) -> None:
        """
        Say that market time stands still where this begins to publish, and others told the heartbeats.

        Args:
            stood: For how long, nanoseconds of the clock; 0 where it ran.
        """
        self._stands_at, self._stood = self.hub.market_state.now, stood

    @property
    def stood(self) -> int:
        """For how long market time has stood still, nanoseconds of the clock; 0 where it runs."""
        return self._stood if self._stands_at == self.hub.market_state.now else 0

    def finish(self, now: int) -> None:
        """
        Let what lies between the last event and the end of the market happen.

        Args:
            now: Market time at the end, nanoseconds since the Unix epoch.
        """
        rows: list[Row] = [(CLOCK, 0, now)]  # as if there were one more event; it is not told
        if self._fault_hook is not None:
            while self._fault_hook.next(self.hub.seq, rows) == 0:
                self._fault_hook.act(self.hub.seq, rows)

    async def replay(self) -> None:
        """Bring those up to the present who resume, a little at a time, until cancelled."""
        replays = self.hub.replays
        try:
            while True:
                while not replays.waiting:
                    with trio.move_on_at(replays.rests_until):
                        await self._replaying.park()
                    replays.rested(trio.current_time())
                await self.at_rest()
                replays.turn()
                await trio.lowlevel.checkpoint()
                replays.rested(trio.current_time())
        finally:
            replays.close()

    async def published(self, seq: int) -> None:
        """Wait until every event up to ``seq`` has been told to everybody."""
        while self.hub.seq < seq or self._busy:
            await self._resting.park()

    async def at_rest(self) -> None:
        """Wait for the end of the step under way, if there is one."""
        while self._busy:
            await self._resting.park()

    async def settled(self) -> None:
        """
        Wait until no step is under way, nor is being written to the log: until both end with the same event.

        What is done then without another await stands behind that event, here and in the log.
        """
        while self._busy or self._appending:
            await self._resting.park()

    def when_at_rest(self, act: Callable[[], object]) -> None:
        """Call ``act`` at the end of the step under way; now, if there is none."""
        if self._busy:
            self._at_rest.append(act)
        else:
            act()

    def when_published(self, seq: int, act: Callable[[], object]) -> None:
        """
        Call ``act`` at the end of the step in which everybody is told of an event; now, if that is over.

        Args:
            seq: Sequence number of the event; not below that of an earlier call which still waits. There are
                as many that wait as batches on their way have events at most.
            act: What to do. It may write, and must not raise.
        """
        if self._busy or self.hub.seq < seq:
            self._due.append((seq, act))
        else:
            act()

    async def step(self, rows: list[Row], links: Links | None = None, *, made: float | None = None) -> None:
        """
        Publish ``rows`` and write them to everybody; it waits only if there are very many.

        Args:
            rows: The next events.
            links: Of these, where they were chained before.
            made: When the oldest was made, seconds on Trio's clock; None when nobody asks.
        """
        await _pausing(self._step(rows, links, made))

    def _step(self, rows: list[Row], links: Links | None, made: float | None) -> Iterator[None]:
        """A step; each item is a pause."""
        statistics = self._sweep.statistics
        written = statistics.deliveries
        statistics.steps += 1
        statistics.events += len(rows)
        if self._tap is not None:
            self._tap(rows)
        yield from self._send(self.hub.publish, rows, links)
        if made is not None and statistics.deliveries > written:
            self.latency.observe(trio.current_time() - made)

    def _send(self, publish: Callable[..., list[Group]], *args: object) -> Iterator[None]:
        """Write what ``publish`` makes of ``args`` to everybody whom it concerns; each item is a pause."""
        self._busy = True
        try:
            yield from self._sweep.over(publish(*args))
        finally:
            self._busy = False
            while self._at_rest:
                self._at_rest.pop(0)()
            while self._due and self._due[0][0] <= self.hub.seq:
                self._due.popleft()[1]()
            if self._resting:  # to unpark nobody takes longer than to publish an event
                self._resting.unpark_all()


async def _pausing(step: Iterator[None]) -> None:
    """Do all of a step, and let other tasks run in its pauses."""
    for _ in step:
        # One that has begun is finished even when the server is being stopped.
        await trio.lowlevel.cancel_shielded_checkpoint()
