"""The market simulator's nursery: runs a market against the clock, and sends what happens."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import trio

from feed.model.durations import NS_PER_SECOND
from feed.model.events import Row
from feed.model.requests import JournalEntry, Request
from feed.settings import Flow, Trading
from feed.sim.control import Control
from feed.sim.simulation import WHOLE, Simulation, Until
from feed.stream.resettable_event import ResettableEvent
from feed.stream.source import Batch, send

# While the market is paused, the fan-out hears this often that the clock goes on: heartbeats want that.
STAND_SECONDS: Final = 1.0


def _nothing() -> None:
    """Nobody asked to be told."""


async def _go_on() -> None:
    """Nothing to wait for."""


class MarketRunner:
    """
    A run as a source of events.

    Attributes:
        listing: The run's instruments.
        control: Steers it, from any task.
        scenario: What is played, for people; None when nobody has said.
    """

    def __init__(
        self,
        run: Simulation,
        *,
        flow: Flow,
        speed: float = 0.0,
        until: Until = WHOLE,
        waiting: int = Trading().waiting,
        journal: Callable[[JournalEntry], bool] | None = None,
        scenario: Mapping[str, object] | None = None,
    ) -> None:
        """
        Begin where the run stands.

        Args:
            run: Run by nobody else.
            flow: Bounds on a batch, and on the checkpoints of the run.
            speed: Market seconds per second; 0 for as fast as possible.
            until: Where to end.
            waiting: Bound on the requests that wait to act.
            journal: Told of every request before it acts; it does not act when the answer is False. None
                keeps no journal.
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
            journalled=journal is not None,
        )
        self.scenario = scenario
        self._flow = flow
        self._waiting = waiting
        self._journal = journal
        self._turn = trio.lowlevel.ParkingLot()  # until the next one is over
        self._requests: deque[tuple[Request, Callable[[], object]]] = deque()
        self._over = False

    @property
    def lag(self) -> float:
        """How late the next event is by now, seconds; 0 when there is no pace to keep."""
        late = trio.current_time() - self.control.wake_time()
        return late if 0 < late < math.inf and self.control.status().speed else 0.0

    def opening(self) -> list[Row]:
        """The opening books."""
        return self.control.opening()

    @property
    def takes_orders(self) -> bool:
        """Whether accounts can trade: in a simulated market that is not over."""
        return not self._over and self.control.takes_orders

    def submit(self, request: Request, refused: Callable[[], object] = _nothing) -> bool:
        """
        Let an account's request act as soon as the market comes round to it, in order.

        Args:
            request: What is asked.
            refused: Called when its turn comes and it must not act, for it cannot be journalled.
        Returns:
            Whether it will; if not, too many wait, or the market is over.
        """
        if not self.takes_orders or len(self._requests) >= self._waiting:
            return False
        self._requests.append((request, refused))
        self._changed.set()
        return True

    async def stepped(self) -> None:
        """Wait until every step that was asked for has been made, or there is nothing more to come."""
        while self.control.stepping and not self._over:
            await self._turn.park()

    async def run(
        self,
        channel: trio.MemorySendChannel[Batch],
        *,
        hold: Callable[[], Awaitable[object]] = _go_on,
        settle: Callable[[], Awaitable[object]] = _go_on,
    ) -> None:
        """
        Run to the end, or until cancelled. A full channel slows the market, and nothing is lost.

        Args:
            channel: Takes every event; closed in the end.
            hold: Awaited before market time begins to run, such as for clients to subscribe.
            settle: Awaited after every batch, such as for the slowest client to have taken it.
        """
        async with channel:
            await hold()
            await self._simulate(channel, settle)

    async def _simulate(
        self, channel: trio.MemorySendChannel[Batch], settle: Callable[[], Awaitable[object]]
    ) -> None:
        control = self.control
        control.start()
        while self._requests or not control.ended:
            self._changed.clear()
            began = trio.current_time()
            wake = -math.inf if self._may_trade() else control.wake_time()
            with trio.move_on_at(min(wake, began + STAND_SECONDS) if control.paused else wake):
                await self._changed.wait()
            now = trio.current_time()
            rows = control.take(self._flow.batch_events)
            while self._may_trade() and len(rows) < self._flow.batch_events:
                rows += self._traded()
            self._turn.unpark_all()
            if rows:
                await send(channel, Batch(rows, now))
                await settle()
            elif control.paused:
                await send(channel, Batch([], now, stood=int((now - began) * NS_PER_SECOND)))
        self._over = True
        control.close()
        self._turn.unpark_all()

    def _may_trade(self) -> bool:
        return bool(self._requests) and not self.control.rewinding

    def _traded(self) -> list[Row]:
        request, refused = self._requests.popleft()
        if self._journal is not None:
            entry = JournalEntry(at=self.control.status().market_time, request=request)
            if not self._journal(entry):
                refused()
                return []
        return self.control.submit(request)
