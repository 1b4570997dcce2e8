"""
The real server under a steady source: ``python -m tests.benchmarks.fanout.ours PORT CONNECTIONS RATE ...``.

The arguments are those of ``peers/ticks.py``; the option ``symbols=N`` lists N symbols, which tick in turn.
Two things differ from ``feed serve``: quotes come at a rate instead of out of a market, and a tick ends in
``"t":<ns>``, the monotonic clock at its creation, since the protocol's own ``time`` counts milliseconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import trio

from feed.cli.foreground import settle
from feed.cli.logs import configure
from feed.dialects.contract import Action, SessionContext, Subscribe, UpgradeRequest
from feed.dialects.discovery import dialects
from feed.dialects.options import Options
from feed.dialects.tradyn.dialect import Tradyn
from feed.dialects.tradyn.encode import TickEncoder
from feed.dialects.tradyn.session import TradynSession
from feed.model.events import QUOTE, Row
from feed.model.instruments import Instrument, Listing
from feed.model.topics import Topic
from feed.server.serve import serve
from feed.server.server_context import ServerContext
from feed.settings import Limits, Settings, Tls
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.source import Batch, by_the_channel, send
from tests.benchmarks.fanout.workloads import symbol

# Market time is the monotonic clock moved to 2024, so that ``time`` has the digits that it has in production.
EPOCH_NS = 1_709_742_000_000_000_000
FIRST_BID, BIDS, SPREAD = 100_000, 100_000, 20  # the bid counts a symbol's ticks: 1.00000 to 1.99999
BATCH_ROWS = Settings().flow.batch_events
SETTLE_SECONDS = 0.2
UNBOUNDED = 1_000_000_000


class SteadySource:
    """
    Quotes at a rate, from the moment at which every client has subscribed.

    Attributes:
        listing: The symbols.
        missing: Clients that have not subscribed yet.
        publish_at_once: See :meth:`feed.stream.fanout.Fanout.publish_at_once`.
    """

    def __init__(
        self, *, symbols: int, clients: int, rate: float, ramp: float, step_seconds: float, created: bool
    ) -> None:
        self.listing = Listing(
            Instrument(symbol=symbol(index), base="EUR", quote="USD", price_decimals=5, size_decimals=2)
            for index in range(symbols)
        )
        self.missing = clients
        self.publish_at_once: Callable[[Batch], bool] = by_the_channel
        self._complete = trio.Event()
        self._gap = 1e9 / rate
        self._ramp = ramp
        self._step = step_seconds * 1e9
        self._created = created
        self._next = self._step_ends = 0.0
        self._count = 0

    def arrived(self) -> None:
        """One more client has subscribed."""
        self.missing -= 1
        if not self.missing:
            self._complete.set()

    def opening(self) -> list[Row]:
        """The quote before the first, so that the numbers meet."""
        now = time.monotonic_ns()
        return [_quote(index, now, BIDS - 1) for index in range(len(self.listing))]

    async def run(self, channel: trio.MemorySendChannel[Batch]) -> None:
        """Quote until cancelled."""
        await self._complete.wait()
        await trio.sleep(SETTLE_SECONDS)
        self._next = time.monotonic_ns()
        self._step_ends = self._next + self._step
        while True:
            rows = self._due()
            if rows:
                batch = Batch(rows, trio.current_time())
                if not self.publish_at_once(batch):  # as a market does
                    await send(channel, batch)
            await trio.sleep(max(0.0, (self._next - time.monotonic_ns()) / 1e9))

    def _due(self) -> list[Row]:
        now, listed = time.monotonic_ns(), len(self.listing)
        rows: list[Row] = []
        due, gap, count = self._next, self._gap, self._count  # what the source costs is no cost of the server
        while due <= now and len(rows) < BATCH_ROWS:
            stamp = time.monotonic_ns() if self._created else int(due)
            number, index = divmod(count, listed)
            rows.append(_quote(index, stamp, number))
            count += 1
            due += gap
            if due > self._step_ends:
                gap /= self._ramp
                self._step_ends += self._step
        self._next, self._gap, self._count = due, gap, count
        return rows


def _quote(index: int, stamp: int, number: int) -> Row:
    bid = FIRST_BID + number % BIDS
    return QUOTE, index, EPOCH_NS + stamp, bid, 100, bid + SPREAD, 100


class StampedTicks(TickEncoder):
    """Ticks that say when they were made."""

    def _tick(self, ts: int, bid: int, ask: int, tail: str) -> str:
        return super()._tick(ts, bid, ask, f'{tail},"t":{ts - EPOCH_NS}')


class Arrived(Protocol):
    """Who is told of clients: the source, or who tells it."""

    def arrived(self) -> None:
        """One more client has subscribed."""


class CountedSession(TradynSession):
    """Tells the source of its first subscription."""

    def __init__(self, desk: SessionContext, source: Arrived) -> None:
        super().__init__(desk, Options())
        self._source: Arrived | None = source

    def receive(self, text: str) -> Sequence[Action]:
        """As the real one."""
        actions = super().receive(text)
        if self._source and any(isinstance(action, Subscribe) for action in actions):
            self._source.arrived()
            self._source = None
        return actions


class StampedTradyn(Tradyn):
    """The dialect with both."""

    def __init__(self, source: Arrived) -> None:
        self._source = source

    def session(self, opening: UpgradeRequest, desk: SessionContext) -> TradynSession:
        """As the real one."""
        del opening
        return CountedSession(desk, self._source)

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> TickEncoder:
        """As the real one."""
        return StampedTicks(instrument, market_state.quote(topic.instrument))


def source_of(words: list[str]) -> SteadySource:
    """The source that the arguments ask for."""
    _, clients, rate, ramp, step, stamp = words[:6]
    options = dict(word.split("=") for word in words[6:])
    return SteadySource(
        symbols=int(options.get("symbols", "1")),
        clients=int(clients),
        rate=float(rate),
        ramp=float(ramp),
        step_seconds=float(step),
        created=stamp == "created",
    )


def limits_for(clients: int) -> Limits:
    """All of them come from one address, as from a proxy, whose operator raises the bounds on an address."""
    return Limits(
        connections=clients + 1,
        connections_per_address=clients + 1,
        address_work_per_second=UNBOUNDED,
        address_work_burst=UNBOUNDED,
    )


async def main(words: list[str]) -> None:
    """Serve until killed."""
    options = dict(word.split("=") for word in words[6:])
    source = source_of(words)

    def tell(server_context: ServerContext) -> None:
        source.publish_at_once = server_context.fanout.publish_at_once
        settle(server_context)

    # The table of dialects is shared by the whole process, and this process serves nothing else.
    dialects()["tradyn"] = StampedTradyn(source)
    with TemporaryDirectory() as folder:
        tls = Tls(self_signed=options.get("tls") == "1", ca=Path(folder, "ca.pem"))
        async with trio.open_nursery() as nursery:
            settings = Settings(port=int(words[0]), limits=limits_for(int(words[1])), tls=tls)
            await nursery.start(partial(serve, settings, source=source, tell=tell))


if __name__ == "__main__":
    configure("text")
    trio.run(main, sys.argv[1:])
