"""Runs a market against the clock, and sends its events to a channel. Trio."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import attrs
import trio

from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.requests import JournalEntry, Request
from feed.settings import Durability, Flow, Trading
from feed.sim.control import Control
from feed.sim.input_commits import Commit, CommitState, InputCommits, PlaceEstimate
from feed.sim.run_status import RunStatus
from feed.sim.simulation import WHOLE, Simulation, StopCondition
from feed.stream.resettable_event import ResettableEvent
from feed.stream.source import Batch, Executed, RequestCounts, by_the_channel, send, unheard

# While the market is paused, an empty batch is sent this often, from which heartbeats are timed.
STAND_SECONDS: Final = 1.0


def _nothing() -> None:
    """The default callback: do nothing."""


async def _no_wait() -> None:
    """The default barrier: wait for nothing."""


def _not_held() -> bool:
    """The default hold: market time begins to run at once."""
    return False


_Waiting = tuple[Request, Callable[[], object], Executed]


@attrs.define
class _Placed:
    """
    Requests that act at one market time as soon as they are durable.

    Attributes:
        place: That market time, nanoseconds.
        requests: Those that have not acted yet.
        commit: What has become of writing them.
        since: When that began, seconds of the clock; None once it is known how long it took.
    """

    place: int
    requests: deque[_Waiting]
    commit: Commit
    since: float | None


class MarketRunner:
    """
    A run as a source of events.

    Attributes:
        listing: The run's instruments.
        control: Its commands (pause, seek, ...), for any task.
        scenario: Description of the scenario for the status page; None if there is none.
    """

    def __init__(
        self,
        run: Simulation,
        *,
        flow: Flow,
        speed: float = 0.0,
        until: StopCondition = WHOLE,
        waiting: int = Trading().waiting,
        journal: Callable[[JournalEntry], bool] | None = None,
        commits: InputCommits | None = None,
        horizon_seconds: float = Durability().horizon_seconds,
        seq: int = 0,
        paced: Callable[[RunStatus], object] | None = None,
        scenario: Mapping[str, object] | None = None,
    ) -> None:
        """
        Begin at the current time of the run.

        Args:
            run: Used by nothing else.
            flow: Bounds on a batch, and on the checkpoints of the run.
            speed: Market seconds per second; 0 for as fast as possible.
            until: Where to end.
            waiting: Bound on the queue of requests.
            journal: Called with every request before its execution; if it returns False, the request is
                not executed. None for no journal.
            commits: Makes requests durable before they act; None where they need not be.
            horizon_seconds: How far ahead of the present it is to be durable how far the market has come.
            seq: Number of events published before.
            paced: Called with the status at the start, and after every command that changes the pace.
            scenario: See the class.
        """
        self._changed = ResettableEvent()  # by a command or a request
        self.listing = run.listing
        self.control = Control(
            run,
            clock=trio.current_time,
            speed=speed,
            until=until,
            checkpoint_seconds=flow.checkpoint_seconds,
            checkpoint_bytes=flow.checkpoint_bytes,
            changed=self._changed.set,
            journalled=journal is not None or commits is not None,
            seq=seq,
            paced=paced or (lambda _: None),
        )
        self.scenario = scenario
        self._flow = flow
        self._waiting = waiting
        self._journal = journal
        self._commits = commits
        self._horizon_seconds = horizon_seconds
        self._placed: _Placed | None = None
        self._estimate = PlaceEstimate(-math.inf, run.now)
        self._turn = trio.lowlevel.ParkingLot()  # unparked after every turn of the loop
        self._requests: deque[_Waiting] = deque()
        self._acted = self._turned_away = 0
        self._held = True  # market time has not begun to run
        self._over = False

    @property
    def lag(self) -> float:
        """How late the next event is, seconds; 0 at unlimited speed."""
        late = trio.current_time() - self.control.wake_time()
        return late if 0 < late < math.inf and self.control.status().speed else 0.0

    @property
    def request_counts(self) -> RequestCounts:
        """What became of the requests of accounts so far."""
        placed = 0 if self._placed is None else len(self._placed.requests)
        waiting = len(self._requests) + placed
        return RequestCounts(acted=self._acted, turned_away=self._turned_away, waiting=waiting)

    def opening(self) -> list[Row]:
        """The rows of the opening books."""
        return self.control.opening()

    @property
    def takes_orders(self) -> bool:
        """Whether accounts can trade: in a simulated market that has not ended."""
        return not self._over and self.control.takes_orders

    def submit(
        self,
        request: Request,
        refused: Callable[[], object] = _nothing,
        executed: Executed = unheard,
    ) -> bool:
        """
        Queue a request of an account; requests are executed in order, as soon as possible.

        Args:
            request: The request.
            refused: Called instead of the execution if the request cannot be written to the journal.
            executed: Called after the execution, before its rows are published.
        Returns:
            Whether it was queued; False if the queue is full, or the market has ended.
        """
        if not self.takes_orders or self.request_counts.waiting >= self._waiting:
            self._turned_away += 1
            return False
        self._requests.append((request, refused, executed))
        self._changed.set()
        return True

    async def stepped(self) -> None:
        """Wait until all requested steps are done, or the run has ended."""
        while self.control.stepping and not self._over:
            await self._turn.park()

    def look_at_hold(self) -> None:
        """Ask again whether market time is held; called whenever it may no longer be."""
        if self._held:
            self._changed.set()

    def committed(self) -> None:
        """Look at what has become of inputs and of the horizon; called whenever that has changed."""
        self._changed.set()

    async def run(
        self,
        channel: trio.MemorySendChannel[Batch],
        *,
        publish_at_once: Callable[[Batch], bool] = by_the_channel,
        held: Callable[[], bool] = _not_held,
        settle: Callable[[], Awaitable[object]] = _no_wait,
    ) -> None:
        """
        Run to the end, or until cancelled. A full channel slows the market down; no event is lost.

        Args:
            channel: Gets all events; closed at the end.
            publish_at_once: Told each batch before; those that it publishes are not sent. See
                :meth:`feed.stream.fanout.Fanout.publish_at_once`.
            held: Whether market time does not begin to run yet, such as until clients have subscribed.
                Requests and commands act meanwhile, as they do in a paused market. Not asked again once
                it has begun.
            settle: Awaited after every batch, such as for the slowest client to have taken it.
        """
        async with channel:
            await self._simulate(channel, publish_at_once, held, settle)

    async def _simulate(
        self,
        channel: trio.MemorySendChannel[Batch],
        publish_at_once: Callable[[Batch], bool],
        held: Callable[[], bool],
        settle: Callable[[], Awaitable[object]],
    ) -> None:
        control = self.control
        self._start_unless(held)
        while self._held or self._requests or self._placed or not control.ended:
            self._changed.clear()
            self._start_unless(held)
            began = trio.current_time()
            bound = self._prepare()
            wake = -math.inf if self._may_trade() else control.wake_time(bound)
            with trio.move_on_at(min(wake, began + STAND_SECONDS) if control.paused else wake):
                await self._changed.wait()
            # Who ended the hold may have sent a request in the same breath: it acts after what is due.
            self._start_unless(held)
            now = trio.current_time()
            rows = control.take(self._flow.batch_events, self._prepare())
            # A market that is late fills every batch by itself; whoever asks has a turn in each all the same.
            full = len(rows) + self._flow.batch_events
            while self._may_trade() and len(rows) < full:
                rows += self._traded()
            self._turn.unpark_all()
            if rows or control.paused:
                stood = 0 if rows else int((now - began) * NS_PER_SECOND)
                batch = Batch(rows, now, stood=stood)
                if not publish_at_once(batch):
                    await send(channel, batch)
            if rows:
                await settle()
        self._over = True
        control.close()
        self._turn.unpark_all()

    def _start_unless(self, held: Callable[[], bool]) -> None:
        if self._held and not held():
            self._held = False
            self.control.start()

    def _may_trade(self) -> bool:
        if self._commits is None:
            return bool(self._requests) and not self.control.rewinding
        placed = self._placed
        if placed is None or placed.commit.state is CommitState.WAITING:
            return False
        if placed.commit.state is CommitState.REFUSED or self.control.now >= placed.place:
            return True
        # A market that stands still goes on to the place, or nobody would be answered.
        return (self.control.stands or self.control.ended) and placed.place <= self._commits.horizon

    def _traded(self) -> list[Row]:
        if self._placed is not None:
            return self._act_at_place(self._placed)
        request, refused, executed = self._requests.popleft()
        if self._journal is not None:
            entry = JournalEntry(at=self.control.now, request=request)
            if not self._journal(entry):
                self._turned_away += 1
                refused()
                return []
        return self._act(request, executed)

    def _act(self, request: Request, executed: Executed) -> list[Row]:
        self._acted += 1
        rows = self.control.submit(request)
        executed(rows, self.control.status().seq)
        return rows

    # --- where inputs are durable before they act ---------------------------------------------------

    def _prepare(self) -> int | None:
        """
        Hand requests that wait to the disk; and market time up to which the market may go on now.

        One batch is under way at a time: what comes meanwhile is the next.
        """
        commits, control = self._commits, self.control
        if commits is None:
            return None
        clock, speed = trio.current_time(), control.status().speed
        self._estimate.passed(clock, control.now)
        placed = self._placed
        if placed is None and self._requests:
            moves = not (self._held or control.stands)
            place = control.now + (self._estimate.distance(speed, self._behind(speed)) if moves else 0)
            place = place if control.end is None else min(place, control.end)
            commit = commits.commit(place, [request for request, _, _ in self._requests])
            placed = self._placed = _Placed(place, self._requests, commit, clock)
            self._requests = deque()
        elif placed is not None and placed.since is not None and placed.commit.state is CommitState.DURABLE:
            self._estimate.took(clock - placed.since)
            placed.since = None
        self._extend_horizon(commits, control.upcoming if placed is None else placed.place)
        return commits.horizon if placed is None else min(commits.horizon, placed.place)

    def _behind(self, speed: float) -> int | None:
        """How far the market is behind its pace or its goal, nanoseconds; None where it has no pace."""
        control = self.control
        if not speed:
            return None
        return max(0, (control.upcoming if control.goal is None else control.goal) - control.now)

    def _extend_horizon(self, commits: InputCommits, wanted: int) -> None:
        """Ask for a horizon in time; a paced market never goes beyond its pace, however late it is."""
        speed, goal = self.control.status().speed, self.control.goal
        paced = int(self._horizon_seconds * max(1.0, self._estimate.reachable(speed)) * NS_PER_SECOND)
        lead = paced
        if not speed or goal is not None:
            lead = int(self._horizon_seconds * max(1.0, self._estimate.rate(speed)) * NS_PER_SECOND)
        if commits.horizon < wanted + lead // 2:
            commits.extend(wanted + lead if goal is None else max(wanted, min(wanted + lead, goal + paced)))

    def _act_at_place(self, placed: _Placed) -> list[Row]:
        """Let the next of a batch of requests act, or refuse it if the disk or the end of the market does."""
        if placed.commit.state is CommitState.DURABLE:
            rows = self.control.compute(placed.place, self._flow.batch_events)
            if rows or (self.control.now < placed.place and not self.control.ended):
                return rows
        request, refused, executed = placed.requests.popleft()
        if not placed.requests:
            self._placed = None
        if placed.commit.state is CommitState.DURABLE and self.control.now >= placed.place:
            return self._act(request, executed)
        self._turned_away += 1
        refused()
        return []
