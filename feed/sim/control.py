"""
Controls a run: pause, resume, step, speed, seek, and where to end.

A synchronous object: the caller waits until :meth:`Control.wake_time`, and gets the events that are due
from :meth:`Control.take`. Commands may be called in between, from the same thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from feed.errors import MarketError
from feed.model.durations import NS_PER_SECOND
from feed.model.events import CLEAR, Row
from feed.model.requests import Request
from feed.settings import Flow
from feed.sim.agent_gateway import AgentGateway, HasAgents
from feed.sim.large_orders import HasLargeOrders, LargeOrderReport
from feed.sim.pace import Pace
from feed.sim.run_status import RunState, RunStatus
from feed.sim.simulation import WHOLE, Checkpoints, Simulation, StopCondition, TakesRequests


class Control:
    """
    A run and its pace. Every command raises :class:`MarketError` once the run has ended and is closed.

    Seeking forward publishes all events in between, as fast as they are taken. Seeking back runs the
    market again, without output, from the nearest checkpoint or its beginning, with the same events as
    before; then it publishes a ``CLEAR`` of every instrument and the statuses and books of that time, and
    continues from there. Sequence numbers never go back. A paused run is still paused after a seek. A
    pause or a resume stops a seek forward, since a market without an end could seek to any time. Once
    accounts have traded there is no way back, because only the market alone can be run again.

    Args:
        run: Used by nothing else.
        clock: A monotonic clock, seconds.
        speed: Market seconds per second; 0 for as fast as possible.
        until: Where to end.
        checkpoint_seconds: Market seconds between checkpoints, from which seeking back starts; doubled as
            they are thinned out. 0 for none: then it starts at the beginning.
        checkpoint_bytes: Bound on all checkpoints together.
        changed: Called after every command, since :meth:`wake_time` may have changed.
        journalled: Whether requests are kept in a file, which rules out seeking back.
        seq: Number of events published before.
        paced: Called with the status at the start, and after every command that changes the pace.
    Attributes:
        until: As it was given.
        seq: Number of events published so far; whoever carries on the run meanwhile sets it.
    """

    def __init__(
        self,
        run: Simulation,
        *,
        clock: Callable[[], float],
        speed: float = 0.0,
        until: StopCondition = WHOLE,
        checkpoint_seconds: float = 0.0,
        checkpoint_bytes: int = Flow().checkpoint_bytes,
        changed: Callable[[], object] = lambda: None,
        journalled: bool = False,
        seq: int = 0,
        paced: Callable[[RunStatus], object] = lambda _: None,
    ) -> None:
        self._changed = changed
        self._paced = paced
        self._journalled = journalled
        self.listing: Final = run.listing
        self._play(run)
        self._clock = clock
        self._speed = speed
        self.until, self.seq = until, seq
        self._pace: Pace | None = None
        self._paused = self._silent = self._closed = False
        self._steps = 0
        self._goal: int | None = None
        every = 0 if journalled else int(checkpoint_seconds * NS_PER_SECOND)  # then there is no way back
        self._start = run.now
        self._checkpoints = Checkpoints(every, checkpoint_bytes, run.now) if every else None

    # --- commands ----------------------------------------------------------------------------------

    def pause(self) -> None:
        """Stop market time."""
        self._check()
        self._paused = True
        self._stay()
        self._restart()

    def resume(self) -> None:
        """Let market time go on."""
        self._check()
        self._paused = False
        self._steps = 0
        self._stay()
        self._restart()

    def step(self, events: int) -> None:
        """Publish the next events of a paused run at once, to the end of the action of the last one."""
        self._check()
        if not self._paused:
            raise MarketError("only a paused market can be stepped")
        self._steps += events
        self._changed()

    def set_speed(self, speed: float) -> None:
        """Change the market seconds per second; 0 is as fast as possible."""
        self._check()
        self._speed = speed
        self._restart()

    def seek(self, time: int) -> None:
        """
        Go to a market time, nanoseconds since the Unix epoch, forward or back.

        Raises:
            MarketError: It is before the beginning, or past a known end; or it is in the past and accounts
                have traded or a journal is kept; or the market has ended.
        """
        self._check()
        end = self.end
        if end is not None and time > end:
            raise MarketError(f"the market ends at {end}, it cannot go on to {time}")
        if time < self._run.now:
            if self._traded:
                raise MarketError("accounts have traded: the market cannot go back")
            if self._journalled:
                raise MarketError("a journal is kept, which only knows forward: the market cannot go back")
            if time < self._start:
                raise MarketError(f"market time began at {self._start}, it cannot go back to {time}")
            found = None if self._checkpoints is None else self._checkpoints.before(time)
            if found is None:
                found = self._run.from_start()
                found.opening()
            self._play(found)
            self._silent = True
        self._goal = time
        self._steps = 0
        self._changed()

    def close(self) -> None:
        """Refuse every command from now on."""
        self._closed = True

    @property
    def stepping(self) -> bool:
        """Whether events requested with :meth:`step` are still to come."""
        return self._steps > 0

    @property
    def paused(self) -> bool:
        """Whether market time is stopped by :meth:`pause`."""
        return self._paused and self._goal is None

    def status(self) -> RunStatus:
        """Its current status."""
        if self.ended:
            state = RunState.ENDED
        elif self._goal is not None:
            state = RunState.SEEKING
        elif self._paused:
            state = RunState.PAUSED
        else:
            state = RunState.WAITING if self._pace is None else RunState.RUNNING
        return RunStatus(state=state, speed=self._speed, market_time=self._run.now, seq=self.seq)

    # --- for the runner ----------------------------------------------------------------------------

    def opening(self) -> list[Row]:
        """The first rows, at the start. To be called once, before :meth:`take`."""
        rows = self._cut(self._run.opening())
        self._keep()
        return rows

    def start(self) -> None:
        """Start market time."""
        self._pace = Pace(market=self._run.now, clock=self._clock(), speed=self._speed)
        self._paced(self.status())
        self._changed()

    @property
    def ended(self) -> bool:
        """Whether there are no more events."""
        return not self._silent and self._next() is None

    def wake_time(self, bound: int | None = None) -> float:
        """
        Clock time of the next :meth:`take`, seconds; infinite if only a command can change anything.

        Args:
            bound: As there.
        """
        upcoming = self._next()
        if self._goal is not None or self._steps:
            waits = self._run.now == bound and (upcoming is None or upcoming > bound)
            return math.inf if waits and (self._goal is None or self._goal > self._run.now) else -math.inf
        if upcoming is None or self._paused or self._pace is None:
            return math.inf
        if bound is not None and upcoming > bound:
            if self._run.now >= bound:
                return math.inf
            upcoming = bound
        return self._pace.clock_time(upcoming)

    def take(self, limit: int, bound: int | None = None) -> list[Row]:
        """
        The events that are due, up to the action with which they reach ``limit``. May be none.

        Args:
            limit: See above.
            bound: Market time that is not passed, whatever is due; None for none.
        """
        self._keep()
        if self._goal is not None:
            return self._approach(self._goal, limit, bound)
        upcoming = self._next()
        if upcoming is None:
            self._steps = 0
            return []
        if self._steps:
            return self._stepped(upcoming, bound)
        if self._paused or self._pace is None:
            return []
        clock = self._clock()
        if clock < self._pace.clock_time(upcoming if bound is None else min(upcoming, bound)):
            return []
        due = self._pace.market_time(clock)
        # By at most a second at unlimited speed: a market in which all is halted has no rows to stop at.
        time = max(upcoming, upcoming + NS_PER_SECOND if due is None else due)
        return self._advance(time if bound is None else min(time, bound), limit)

    def compute(self, time: int, limit: int) -> list[Row]:
        """
        The events up to a market time, whatever the pace, up to the action with which they reach ``limit``.

        Args:
            time: Nanoseconds since the Unix epoch; nothing happens where it has passed.
            limit: See above.
        """
        return self._advance(time, limit) if time > self._run.now else []

    def finish(self, limit: int) -> list[Row]:
        """What is still to happen at the present market time, up to the action that reaches ``limit``."""
        return self._advance(self._run.now, limit)

    @property
    def now(self) -> int:
        """Market time, nanoseconds since the Unix epoch."""
        return self._run.now

    @property
    def goal(self) -> int | None:
        """Market time that it seeks, nanoseconds; None when it does not."""
        return self._goal

    def snapshot(self) -> list[Row]:
        """Rows that rebuild the current statuses and books from nothing."""
        return self._run.snapshot()

    @property
    def stands(self) -> bool:
        """Whether market time stands still: it is paused, or has not started."""
        return self.paused or self._pace is None

    @property
    def upcoming(self) -> int:
        """
        Market time that the run comes to next, nanoseconds; the present where it stands still.

        That which the pace asks for; where it asks for none, or is not heeded, that of the next event.
        """
        if self.stands and not self._steps:
            return self._run.now
        due = None if self._pace is None else self._pace.market_time(self._clock())
        following = self._next() if self._goal is not None or self._steps or due is None else None
        return max(self._run.now, due or 0, following or 0)

    @property
    def end(self) -> int | None:
        """Market time of the end; None where there is none, or none known in advance."""
        ends = [end for end in (self.until.time, self._run.end) if end is not None]
        return min(ends, default=None)

    @property
    def agents(self) -> AgentGateway | None:
        """Participants that are code of the user's own; None where there are none."""
        return self._run.agents if isinstance(self._run, HasAgents) else None

    @property
    def large_orders(self) -> tuple[LargeOrderReport, ...]:
        """What became of the large orders of a timeline, in the order in which they came."""
        return self._run.large_orders if isinstance(self._run, HasLargeOrders) else ()

    @property
    def takes_orders(self) -> bool:
        """Whether accounts can trade in this run."""
        return self._orders is not None

    @property
    def rewinding(self) -> bool:
        """Whether it is seeking back, so that accounts cannot trade."""
        return self._silent

    def submit(self, request: Request) -> list[Row]:
        """
        Execute a request of an account now.

        Raises:
            MarketError: Accounts cannot trade in this run.
        """
        if self._orders is None:
            raise MarketError("this run takes no orders")
        return self._cut(self._orders.execute(request))

    def _play(self, run: Simulation) -> None:
        """Control ``run`` from now on."""
        self._run = run
        self._orders = run if isinstance(run, TakesRequests) else None

    @property
    def _traded(self) -> bool:
        """Whether accounts have traded."""
        return self._orders is not None and self._orders.played > 0

    def _check(self) -> None:
        if self._closed:
            raise MarketError("the market has ended")

    def _approach(self, goal: int, limit: int, bound: int | None) -> list[Row]:
        upcoming = self._run.next_time() if self._silent else self._next()
        stop = goal if bound is None else min(goal, bound)
        if upcoming is not None and upcoming <= stop:
            if self._silent:
                self._run.advance(stop, limit)
                return []
            return self._advance(stop, limit)
        if stop < goal:
            return self.compute(stop, limit)
        if upcoming is not None:
            self._run.advance(goal, limit)
        self._goal = None
        rows: list[Row] = []
        if self._silent:
            self._silent = False
            rows = [(CLEAR, index, self._run.now) for index in range(len(self.listing))]
            rows = self._cut(rows + self._run.snapshot())
        self._restart()
        return rows

    def _stepped(self, upcoming: int, bound: int | None) -> list[Row]:
        if bound is not None and upcoming > bound:
            return self.compute(bound, self._steps)
        rows = self._advance(upcoming, self._steps)
        self._steps = max(0, self._steps - len(rows))
        return rows

    def _advance(self, time: int, limit: int) -> list[Row]:
        if self.until.time is not None:
            time = min(time, self.until.time)
        return self._cut(self._run.advance(time, limit))

    def _cut(self, rows: list[Row]) -> list[Row]:
        if self.until.seq is not None:
            rows = rows[: self.until.seq - self.seq]
        self.seq += len(rows)
        return rows

    def _next(self) -> int | None:
        """Market time of the next event before the end; None at the end."""
        if self.until.seq is not None and self.seq >= self.until.seq:
            return None
        upcoming, end = self._run.next_time(), self.until.time
        if upcoming is None or end is None or upcoming <= end:
            return upcoming
        return end if self._run.now < end else None

    def _stay(self) -> None:
        """Stop a seek forward. A seek back is finished first, since it ends with a snapshot for clients."""
        if not self._silent:
            self._goal = None

    def _restart(self) -> None:
        """Start the pace again from the current market time."""
        if self._pace is not None:
            self.start()
            return
        if self._paused:
            self._paced(self.status())
        self._changed()

    def _keep(self) -> None:
        if self._checkpoints is None or self._silent:
            return
        if self._traded:
            self._checkpoints = None  # no seeking back any more
        else:
            self._checkpoints.offer(self._run)
