"""
Steers a run: pause, resume, step, speed, seek, and where to end.

A plain object without a loop of its own. Whoever runs it asks :meth:`Control.wake_time` when to look
again and takes what is due with :meth:`Control.take`; commands may come in between, from anywhere
in the same thread.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable
from typing import Final

import attrs

from feed.errors import MarketError
from feed.model.durations import NS_PER_SECOND
from feed.model.events import CLEAR, Row
from feed.model.requests import Request
from feed.settings import Flow
from feed.sim.pace import Pace
from feed.sim.simulation import WHOLE, Checkpoints, Simulation, TakesRequests, Until


class RunState(enum.Enum):
    """What a run is doing."""

    WAITING = "waiting"  # has not started
    RUNNING = "running"
    PAUSED = "paused"
    SEEKING = "seeking"
    ENDED = "ended"


@attrs.frozen(kw_only=True)
class RunStatus:
    """
    Where a run stands.

    Attributes:
        state: What it is doing.
        speed: Market seconds per second; 0 is as fast as possible.
        market_time: Nanoseconds since the Unix epoch.
        seq: Events given out so far.
    """

    state: RunState
    speed: float
    market_time: int
    seq: int


class Control:
    """
    A run and its clock. Every command raises :class:`MarketError` once the run is over for good.

    Seeking forward gives out everything in between, as fast as it is taken. Seeking back re-runs the
    market silently from the nearest checkpoint or from its beginning, to the same bytes as the first
    time; then it gives out a ``CLEAR`` of every instrument, the statuses and the books of that moment,
    and goes on from there. Sequence numbers never go back. A seek leaves a paused run paused; on its way
    forward a pause or a resume ends it where it stands, for a market without an end would go on to any
    time. Nobody goes back once accounts have traded: what is run anew is the market alone.

    Args:
        run: Runs nowhere else.
        clock: Seconds that never go back.
        speed: Market seconds per second; 0 for as fast as possible.
        until: Where to end.
        checkpoint_seconds: Market seconds between checkpoints, which make seeking back short: without
            one, the market is run again from its beginning. They are thinned out as they grow in number;
            0 keeps none.
        checkpoint_bytes: What all of them may take.
        changed: Called after every command, for whoever waits for :meth:`wake_time`.
        journalled: Whether what accounts do is written down, to be played once more.
    """

    def __init__(
        self,
        run: Simulation,
        *,
        clock: Callable[[], float],
        speed: float = 0.0,
        until: Until = WHOLE,
        checkpoint_seconds: float = 0.0,
        checkpoint_bytes: int = Flow().checkpoint_bytes,
        changed: Callable[[], object] = lambda: None,
        journalled: bool = False,
    ) -> None:
        self._changed = changed
        self._journalled = journalled
        self.listing: Final = run.listing
        self._play(run)
        self._clock = clock
        self._speed = speed
        self._until = until
        self._seq = 0
        self._pace: Pace | None = None
        self._paused = False
        self._steps = 0
        self._goal: int | None = None
        self._silent = False
        self._closed = False
        every = int(checkpoint_seconds * NS_PER_SECOND)
        self._start = run.now
        self._checkpoints = Checkpoints(every, checkpoint_bytes, run.now) if every else None

    # --- commands ----------------------------------------------------------------------------------

    def pause(self) -> None:
        """Let market time stand still."""
        self._check()
        self._paused = True
        self._stay()
        self._restart()

    def resume(self) -> None:
        """Let market time run on from where it stands."""
        self._check()
        self._paused = False
        self._steps = 0
        self._stay()
        self._restart()

    def step(self, events: int) -> None:
        """Give out the next events of a paused run at once, and whatever belongs to the same action."""
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
            MarketError: It lies before the beginning, or past the end where that is known; or accounts
                have traded, and what they were told cannot be taken back, or a journal is kept; or the
                market has ended.
        """
        self._check()
        end = self._end()
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
        """Nobody runs it any more: refuse every command from now on."""
        self._closed = True

    @property
    def stepping(self) -> bool:
        """Whether events that were asked for by :meth:`step` are still to come."""
        return self._steps > 0

    @property
    def paused(self) -> bool:
        """Whether market time stands still because it was asked to."""
        return self._paused and self._goal is None

    def status(self) -> RunStatus:
        """Where it stands."""
        if self.ended:
            state = RunState.ENDED
        elif self._goal is not None:
            state = RunState.SEEKING
        elif self._paused:
            state = RunState.PAUSED
        else:
            state = RunState.WAITING if self._pace is None else RunState.RUNNING
        return RunStatus(state=state, speed=self._speed, market_time=self._run.now, seq=self._seq)

    # --- for whoever runs it -----------------------------------------------------------------------

    def opening(self) -> list[Row]:
        """The rows before all others, at once. Taken once."""
        rows = self._cut(self._run.opening())
        self._keep()
        return rows

    def start(self) -> None:
        """Let market time begin to run."""
        self._pace = Pace(market=self._run.now, clock=self._clock(), speed=self._speed)
        self._changed()

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come."""
        return not self._silent and self._next() is None

    def wake_time(self) -> float:
        """Clock time at which to take again, seconds; infinite until a command comes."""
        if self._goal is not None or self._steps:
            return -math.inf
        upcoming = self._next()
        if upcoming is None or self._paused or self._pace is None:
            return math.inf
        return self._pace.clock_time(upcoming)

    def take(self, limit: int) -> list[Row]:
        """The events that are due, cut after the action that makes ``limit`` of them. May be none."""
        self._keep()
        if self._goal is not None:
            return self._approach(self._goal, limit)
        upcoming = self._next()
        if upcoming is None:
            self._steps = 0
            return []
        if self._steps:
            return self._stepped(upcoming)
        if self._paused or self._pace is None:
            return []
        clock = self._clock()
        if clock < self._pace.clock_time(upcoming):
            return []
        due = self._pace.market_time(clock)
        # In bounded strides, for a market in which everything is halted makes no rows to stop at.
        return self._advance(max(upcoming, upcoming + NS_PER_SECOND if due is None else due), limit)

    @property
    def takes_orders(self) -> bool:
        """Whether accounts can trade in this run."""
        return self._orders is not None

    @property
    def rewinding(self) -> bool:
        """Whether it is on its way back to an earlier time, and nobody can trade."""
        return self._silent

    def submit(self, request: Request) -> list[Row]:
        """
        Let an account's request act now.

        Raises:
            MarketError: Nobody can trade in this run.
        """
        if self._orders is None:
            raise MarketError("this run takes no orders")
        return self._cut(self._orders.execute(request))

    def _play(self, run: Simulation) -> None:
        """Steer ``run`` from now on."""
        self._run = run
        self._orders = run if isinstance(run, TakesRequests) else None

    @property
    def _traded(self) -> bool:
        """Whether accounts have been told of what they did."""
        return self._orders is not None and self._orders.played > 0

    def _check(self) -> None:
        if self._closed:
            raise MarketError("the market has ended")

    def _approach(self, goal: int, limit: int) -> list[Row]:
        upcoming = self._run.next_time() if self._silent else self._next()
        if upcoming is not None and upcoming <= goal:
            if self._silent:
                self._run.advance(goal, limit)
                return []
            return self._advance(goal, limit)
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

    def _stepped(self, upcoming: int) -> list[Row]:
        rows = self._advance(upcoming, self._steps)
        self._steps = max(0, self._steps - len(rows))
        return rows

    def _advance(self, time: int, limit: int) -> list[Row]:
        if self._until.time is not None:
            time = min(time, self._until.time)
        return self._cut(self._run.advance(time, limit))

    def _cut(self, rows: list[Row]) -> list[Row]:
        if self._until.seq is not None:
            rows = rows[: self._until.seq - self._seq]
        self._seq += len(rows)
        return rows

    def _next(self) -> int | None:
        """Market time of the next thing to happen before the end; None at the end."""
        if self._until.seq is not None and self._seq >= self._until.seq:
            return None
        upcoming, end = self._run.next_time(), self._until.time
        if upcoming is None or end is None or upcoming <= end:
            return upcoming
        return end if self._run.now < end else None

    def _stay(self) -> None:
        """Give up a seek forward; the way back is short, and ends in a moment that clients can be told."""
        if not self._silent:
            self._goal = None

    def _restart(self) -> None:
        """Begin a new stretch of time where the market stands."""
        if self._pace is not None:
            self.start()
        else:
            self._changed()

    def _end(self) -> int | None:
        """Market time of the end, where it is known."""
        ends = [end for end in (self._until.time, self._run.end) if end is not None]
        return min(ends, default=None)

    def _keep(self) -> None:
        if self._checkpoints is None or self._silent:
            return
        if self._traded:
            self._checkpoints = None  # there is no way back any more
        else:
            self._checkpoints.offer(self._run)


def _nothing() -> None:
    """Nobody waits yet."""
