"""
The server under attack: ``python -m tests.benchmarks.abuse.server PORT [processor]``.

It is ``feed serve`` with the default market, and prints its symbols. One thing differs: a tick of Tradyn ends
in ``"t":<ns>``, the monotonic clock at the moment at which the market was to make its event, since the
protocol's own ``time`` counts milliseconds. A market that is kept from its work makes it late: that counts.

With ``processor`` it lives by the time that its processor gives it, measures itself what reaches its first
connection, and prints that at every line on its standard input.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import trio

from feed.cli.foreground import settle
from feed.cli.logs import configure
from feed.dialects.discovery import dialects
from feed.dialects.tradyn.dialect import Tradyn
from feed.dialects.tradyn.encode import TickEncoder
from feed.model.events import Quote, Row
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.server.serve import serve
from feed.server.server_context import ServerContext
from feed.settings import Settings, Tls
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from tests.benchmarks.abuse.processor import Gauge, ProcessorClock


class DueTimes:
    """When events were to be made, on the monotonic clock: no later than any of them was told."""

    def __init__(self) -> None:
        self.ahead = sys.maxsize  # of the monotonic clock before market time, nanoseconds

    def told(self, rows: list[Row]) -> None:
        """Events are about to be published."""
        if rows:
            self.ahead = min(self.ahead, time.monotonic_ns() - rows[-1][2])


class StampedTicks(TickEncoder):
    """Ticks that say when they were to be made."""

    def __init__(self, instrument: Instrument, last: Quote | None, due: DueTimes) -> None:
        super().__init__(instrument, last)
        self._due = due

    def _tick(self, ts: int, bid: int, ask: int, tail: str) -> str:
        return super()._tick(ts, bid, ask, f'{tail},"t":{ts + self._due.ahead}')


class StampedTradyn(Tradyn):
    """The dialect with them, where no option is asked for."""

    def __init__(self, due: DueTimes) -> None:
        self._due = due

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """As the real one."""
        if topic.options:
            return super().encoder(topic, instrument, market_state, projections)
        return StampedTicks(instrument, market_state.quote(topic.instrument), self._due)


async def main(port: int, gauge: Gauge | None = None) -> None:
    """Serve until killed."""
    due = DueTimes()
    # The table of dialects is shared by the whole process, and this process serves nothing else.
    dialects()["tradyn"] = StampedTradyn(due)

    def told(rows: list[Row]) -> None:
        due.told(rows)
        if gauge is not None:
            gauge.told(rows)

    def tell(server: ServerContext) -> None:
        server.fanout._tap = told
        print(json.dumps([item.symbol for item in server.listing]), flush=True)
        settle(server)  # as `feed serve` does

    with TemporaryDirectory() as folder:
        settings = Settings(port=port, tls=Tls(ca=Path(folder, "ca.pem")))
        async with trio.open_nursery() as nursery:
            if gauge is None:
                await nursery.start(partial(serve, settings, tell=tell))
            else:
                await nursery.start(partial(serve, settings, tell=tell, wrap=gauge.listen))
                await _report(gauge)


async def _report(gauge: Gauge) -> None:
    commands = trio.lowlevel.FdStream(os.dup(0))
    while await commands.receive_some():
        print(json.dumps(gauge.taken()), flush=True)


if __name__ == "__main__":
    configure("text")
    port, *mode = sys.argv[1:]
    if mode:
        clock = ProcessorClock()
        watching = Gauge(clock)
        trio.run(main, int(port), watching, clock=clock, instruments=[watching])
    else:
        trio.run(main, int(port))
