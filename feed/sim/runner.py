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
from feed.stream.source import Batch, send

# While the market is paused, the fan-out hears this often that the clock goes on: heartbeats want that.
STAND_SECONDS: Final = 1.0


def _nothing() -> None:
    """Nobody asked to be told."""


class MarketRunner:
    """
    A run as a source of events.

    Attributes:
        listing: The run's instruments.
        control: Steers it, from any task.
        scenario: What is played, for people; None when nobody has said.
        journal: Told of every request before it acts; it does not act when the answer is False. None
            keeps no journal.
    """

    def __init__(
        self,
        control: Control,
        *,
        flow: Flow,
        hold: Callable[[], Awaitable[object]] | None = None,
        settle: Callable[[], Awaitable[object]] | None = None,
        waiting: int = Trading().waiting,
        journal: Callable[[JournalEntry], bool] | None = None,
        scenario: Mapping[str, object] | None = None,
    ) -> None:
        """
        Begin where the run stands.

        Args:
            control: Run by nobody else.
            flow: Bounds on a batch.
            hold: Awaited before market time begins to run, such as for clients to subscribe; or None.
            settle: Awaited after every batch, such as for the slowest client to have taken it; or None.
            waiting: Bound on the requests that wait to act.
            journal: See the class.
            scenario: See the class.
        """
        self.listing = control.listing
        self.control = control
        self.scenario = scenario
        self._flow = flow
        self._hold = hold
        self._settle = settle
        self._waiting = waiting
        self.journal = journal
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
        self.control.changed()
        return True

    async def stepped(self) -> None:
        """Wait until every step that was asked for has been made, or there is nothing more to come."""
        while self.control.stepping and not self._over:
            await self._turn.park()

    async def run(self, channel: trio.MemorySendChannel[Batch]) -> None:
        """Run to the end, or until cancelled. A full channel slows the market, and nothing is lost."""
        async with channel, trio.open_nursery() as simulator:
            simulator.start_soon(self._simulate, channel)

    async def _simulate(self, channel: trio.MemorySendChannel[Batch]) -> None:
        control = self.control
        if self._hold is not None:
            await self._hold()
        control.start()
        while self._requests or not control.ended:
            changed = trio.Event()
            control.changed = changed.set
            began = trio.current_time()
            wake = -math.inf if self._may_trade() else control.wake_time()
            with trio.move_on_at(min(wake, began + STAND_SECONDS) if control.paused else wake):
                await changed.wait()
            now = trio.current_time()
            rows = control.take(self._flow.batch_events)
            while self._may_trade() and len(rows) < self._flow.batch_events:
                rows += self._traded()
            self._turn.unpark_all()
            if rows:
                await send(channel, Batch(rows, now))
                if self._settle is not None:
                    await self._settle()
            elif control.paused:
                await send(channel, Batch([], now, stood=int((now - began) * NS_PER_SECOND)))
        self._over = True
        control.close()
        self._turn.unpark_all()

    def _may_trade(self) -> bool:
        return bool(self._requests) and not self.control.rewinding

    def _traded(self) -> list[Row]:
        request, refused = self._requests.popleft()
        if self.journal is not None:
            entry = JournalEntry(at=self.control.status().market_time, request=request)
            if not self.journal(entry):
                refused()
                return []
        return self.control.submit(request)
