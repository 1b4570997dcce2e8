"""
The fan-out: the one task that publishes. It takes all batches that wait, and writes to every connection,
after a log if there is one.

Between two of its awaits lies one atomic step. Only a sweep over very many connections pauses
half-way, to let other tasks run; who wants to change what is published waits for its end
(:meth:`Fanout.at_rest`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import attrs
import trio

from feed.model.events import CLOCK, Row
from feed.settings import Flow
from feed.stream.chain import Links, chained
from feed.stream.groups import Audience, Group, Member, Write
from feed.stream.histogram import Histogram
from feed.stream.hub import Hub
from feed.stream.source import Batch
from feed.stream.steps import FanoutStatistics, FaultHook, StepLog


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
        self._statistics = FanoutStatistics()
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
        self._until_pause = 0  # writes that this step may still make before it must pause

    def statistics(self) -> FanoutStatistics:
        """A copy of the figures so far."""
        return attrs.evolve(self._statistics)

    async def run(self, channel: trio.MemoryReceiveChannel[Batch]) -> None:
        """Publish every batch of ``channel`` until it is closed."""
        following: Batch | None = None
        while True:
            if following is not None:
                batch = following
                await trio.lowlevel.checkpoint()
            else:
                try:
                    batch = await channel.receive()  # which lets other tasks run, once a step
                except trio.EndOfChannel:
                    self.over.set()
                    return
            batch, following = self._gathered(batch, channel)
            await self.publish(batch)

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
        rows = list(batch.rows)
        following = None
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while len(rows) < self._flow.step_events:
                more = channel.receive_nowait()
                if more.stood:
                    following = more
                    break
                rows += more.rows
        return Batch(rows, batch.made), following

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
        await self._send(self.hub.stand, before, self._stood)

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
        written = self._statistics.deliveries
        self._statistics.steps += 1
        self._statistics.events += len(rows)
        if self._tap is not None:
            self._tap(rows)
        await self._send(self.hub.publish, rows, links)
        if made is not None and self._statistics.deliveries > written:
            self.latency.observe(trio.current_time() - made)

    async def _send(self, publish: Callable[..., list[Group]], *args: object) -> None:
        """Write what ``publish`` makes of ``args`` to everybody whom it concerns."""
        self._until_pause = self._flow.sweep_connections
        self._busy = True
        try:
            for group in publish(*args):
                data = group.publish()
                members, writes = audience = group.audience()
                if len(members) <= self._until_pause:
                    self._until_pause -= len(members)
                    self._write(group, data, members, writes)
                else:
                    await self._sweep_in_parts(group, data, audience)
                if group.behind:
                    for member in list(group.behind):
                        member.check(self.hub.seq)
        finally:
            self._busy = False
            while self._at_rest:
                self._at_rest.pop(0)()
            while self._due and self._due[0][0] <= self.hub.seq:
                self._due.popleft()[1]()
            if self._resting:  # to unpark nobody takes longer than to publish an event
                self._resting.unpark_all()

    async def _sweep_in_parts(self, group: Group, data: bytes, audience: Audience) -> None:
        members, writes = audience
        start = 0
        while start < len(members):
            if self._until_pause <= 0:
                self._until_pause = self._flow.sweep_connections
                group.sweeping = True
                # A sweep that has begun is finished even when the server is being stopped.
                await trio.lowlevel.cancel_shielded_checkpoint()
            stop = start + self._until_pause
            part, ways = members[start:stop], writes[start:stop]
            if group.audience() is not audience:  # somebody left, or fell behind, or goes another way
                part = [member for member in part if member in group.ready]
                ways = [member.write for member in part]
            self._write(group, data, part, ways)
            start = stop
            self._until_pause -= len(part)
        if group.sweeping:
            group.finish_sweep()

    def _write(self, group: Group, data: bytes, members: list[Member], writes: list[Write]) -> None:
        size = len(data)
        statistics = self._statistics
        statistics.deliveries += len(writes)
        statistics.bytes += size * len(writes)
        for index, write in enumerate(writes):
            try:
                sent = write(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                members[index].broken()
                continue
            if sent != size:
                statistics.slow += 1
                group.fell_behind(members[index], data, sent)
