"""The market simulator's nursery: runs a market against the clock, and sends what happens."""

from __future__ import annotations

import trio

from feed.model.events import Row
from feed.settings import Flow
from feed.sim.market import Market
from feed.sim.pace import Pace
from feed.stream.source import Batch


class MarketRunner:
    """
    A market as a source of events.

    Attributes:
        listing: The market's instruments.
        lag: How late its last events were made, seconds.
    """

    def __init__(self, market: Market, *, speed: float, flow: Flow) -> None:
        """
        Begin where ``market`` stands.

        Args:
            market: Runs nowhere else.
            speed: Market seconds per second; 0 for as fast as the channel takes it.
            flow: Bounds on a batch.
        """
        self.listing = market.listing
        self.lag = 0.0
        self._market = market
        self._speed = speed
        self._flow = flow

    def opening(self) -> list[Row]:
        """The opening books."""
        return self._market.opening()

    async def run(self, channel: trio.MemorySendChannel[Batch]) -> None:
        """Simulate until cancelled. A full channel slows the market, and nothing is lost."""
        async with channel, trio.open_nursery() as simulator:
            simulator.start_soon(self._simulate, channel)

    async def _simulate(self, channel: trio.MemorySendChannel[Batch]) -> None:
        market = self._market
        pace = Pace(market=market.now, clock=trio.current_time(), speed=self._speed)
        while True:
            upcoming = market.next_time()
            planned = pace.clock_time(upcoming)
            await trio.sleep_until(planned)
            now = trio.current_time()
            self.lag = max(0.0, now - planned) if self._speed else 0.0
            due = pace.market_time(now)
            rows = market.advance(max(upcoming, due or 0), self._flow.batch_events)
            if rows:
                await channel.send(Batch(rows, now))
