"""The market simulator's nursery: runs a market against the clock, and sends what happens."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping

import trio

from feed.model.events import Row
from feed.settings import Flow
from feed.sim.control import Control
from feed.stream.source import Batch, send


class MarketRunner:
    """
    A run as a source of events.

    Attributes:
        listing: The run's instruments.
        control: Steers it, from any task.
        scenario: What is played, for people; None when nobody has said.
        hold: Awaited before market time begins to run, such as for clients to subscribe; or None.
        settle: Awaited after every batch, such as for the slowest client to have taken it; or None.
    """

    def __init__(
        self,
        control: Control,
        *,
        flow: Flow,
        hold: Callable[[], Awaitable[object]] | None = None,
        settle: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        """
        Begin where the run stands.

        Args:
            control: Run by nobody else.
            flow: Bounds on a batch.
            hold: See the class.
            settle: See the class.
        """
        self.listing = control.listing
        self.control = control
        self.scenario: Mapping[str, object] | None = None
        self._flow = flow
        self.hold = hold
        self.settle = settle

    @property
    def lag(self) -> float:
        """How late the next event is by now, seconds; 0 when there is no pace to keep."""
        late = trio.current_time() - self.control.wake_time()
        return late if 0 < late < math.inf and self.control.position().speed else 0.0

    def opening(self) -> list[Row]:
        """The opening books."""
        return self.control.opening()

    async def run(self, channel: trio.MemorySendChannel[Batch]) -> None:
        """Run to the end, or until cancelled. A full channel slows the market, and nothing is lost."""
        async with channel, trio.open_nursery() as simulator:
            simulator.start_soon(self._simulate, channel)

    async def _simulate(self, channel: trio.MemorySendChannel[Batch]) -> None:
        control = self.control
        if self.hold is not None:
            await self.hold()
        control.start()
        while not control.ended:
            changed = trio.Event()
            control.changed = changed.set
            with trio.move_on_at(control.wake_time()):
                await changed.wait()
            now = trio.current_time()
            rows = control.take(self._flow.batch_events)
            if rows:
                await send(channel, Batch(rows, now))
                if self.settle is not None:
                    await self.settle()
