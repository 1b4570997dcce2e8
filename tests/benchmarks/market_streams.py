"""
CPU time of a delivery in some streams of several protocols, beside each other in one run.

One market, the default one. For each stream a hub of its own with so many connections on it, each a real
socket whose other end is read between the steps and not timed. The events of the market are told in steps of
a few milliseconds of market time, to all hubs in turn, so that a slow moment of the machine hits all alike;
another hub is the first each time, since that one finds the processor's caches full of the market.

A hub that nobody listens to is told of the same events, and its time is taken from that of the others: what
is left is encoding, grouping and writing. Printed are messages, bytes of each, microseconds a delivery (a
message to a connection), and how many times that of the first stream it is: medians of the rounds, and in
what bounds those were. Streams with few messages need many seconds. Of "apart" streams
each connection has other numbers in its messages: as many groups as connections.

    python -m tests.benchmarks.market_streams [--connections 1000] [--seconds 20] [--rounds 3] [--quick]
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import resource
import socket
import statistics
import sys
import time
from collections import deque
from collections.abc import Sequence
from functools import partial

import trio

from feed.dialects.discovery import dialects
from feed.model.topics import Topic
from feed.settings import Flow
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.fanout import Fanout
from feed.stream.history import History
from feed.stream.hub import Hub
from feed.stream.send_buffer import SendBuffer

START = 1_709_740_800_000_000_000
SECOND = 10**9
STEP = SECOND // 200
STREAMS = (
    ("Tradyn tick", "tradyn", "tick", "BTC-USD", ()),
    ("@trade", "binance", "trade", "BTC-USDT", ()),
    ("@depth@100ms", "binance", "depth@100ms", "BTC-USDT", ()),
    ("@depth20@100ms", "binance", "depth20@100ms", "BTC-USDT", ()),
    ("@bookTicker", "binance", "bookTicker", "BTC-USDT", ()),
    ("!miniTicker@arr", "binance", "!miniTicker@arr", None, ()),
    ("Kraken ticker", "kraken", "ticker", "BTC-USD@kraken", (("event_trigger", "trades"),)),
    ("Kraken trade", "kraken", "trade", "BTC-USD@kraken", ()),
    ("Kraken book", "kraken", "book", "BTC-USD@kraken", (("depth", "10"),)),
    ("level2", "coinbase", "level2", "BTC-USD", ()),
    ("level2, apart", "coinbase", "level2", "BTC-USD", ()),
    ("ticker", "coinbase", "ticker", "BTC-USD", ()),
    ("ticker, apart", "coinbase", "ticker", "BTC-USD", ()),
)
APART = ("level2, apart", "ticker, apart")
"""Streams whose messages have another number on each connection, as if each had joined at another event."""
NOBODY = "nobody listens"
MOST = 1 << 20
"""Bytes that are read at once."""


class Audience:
    """Sockets that are written to, and their other ends."""

    def __init__(self, connections: int) -> None:
        self.pairs = [socket.socketpair() for _ in range(connections)]
        for ours, theirs in self.pairs:
            ours.setblocking(False)
            theirs.setblocking(False)
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)

    def drain(self) -> int:
        """Read what everybody was sent in one step; how many bytes that was."""
        size = 0
        for _, theirs in self.pairs:
            with contextlib.suppress(BlockingIOError):
                while (read := len(theirs.recv(MOST))) == MOST:
                    size += read
                size += read
        return size

    def close(self) -> None:
        """Give the sockets back."""
        for ours, theirs in self.pairs:
            ours.close()
            theirs.close()


class Lane:
    """A hub with everybody on one stream, or on none."""

    def __init__(self, listing, topic: Topic | None, audience: Audience, *, apart: bool = False) -> None:
        state = MarketState(len(listing))
        projections = Projections(listing, state, most_trades=1000)
        hub = Hub(
            History(instruments=len(listing), seconds=60, size=1 << 25),
            lambda one, now, beside: dialects()[one.dialect].encoder(
                one, listing[one.instrument], now, beside
            ),
            flow=Flow(),
            market_state=state,
            projections=projections,
        )
        self.fanout = Fanout(hub, Flow())
        self.audience = audience
        self.bytes = 0
        self.spent = 0.0
        if topic is None:
            return
        for at, (ours, _) in enumerate(audience.pairs):
            send_buffer = SendBuffer(ours.send, backlog_bytes=1 << 22, wake=_fail, cut=_fail)
            for _ in range(at if apart else 0):
                send_buffer.count()  # as many messages as if each had come one event before the next
            hub.subscribe(send_buffer, [topic])

    async def step(self, rows) -> None:
        """Tell the next events, on the clock; then read what came of it, off it."""
        told = self.deliveries
        began = time.process_time()
        await self.fanout.step(rows)
        self.spent += time.process_time() - began
        if self.deliveries > told:
            self.bytes += self.audience.drain()

    @property
    def deliveries(self) -> int:
        """Writes so far."""
        return self.fanout.statistics().deliveries


def _fail() -> None:
    raise AssertionError("a connection that is read all the time fell behind")


async def measure(
    connections: int, seconds: int, *, frozen: bool = True
) -> dict[str, tuple[float, float, int]]:
    """
    Microseconds and bytes a delivery, and deliveries to each connection, by stream.

    Args:
        connections: On each stream.
        seconds: Of market time.
        frozen: Whether what there is at the start is kept out of the garbage collector's sight.
    """
    spec = default_market()
    listing = spec.listing()
    market = Market(spec, seed=1, start=START)
    audience = Audience(connections)
    lanes = {NOBODY: Lane(listing, None, audience)}
    for name, dialect, channel, symbol, chosen in STREAMS:
        at = 0 if symbol is None else listing.index(symbol)
        lanes[name] = Lane(listing, Topic(dialect, channel, at, chosen), audience, apart=name in APART)
    opening = market.opening()
    for lane in lanes.values():
        await lane.step(opening)
        lane.bytes, lane.spent, lane.began = 0, 0.0, lane.deliveries
    order = deque(lanes.values())
    if frozen:
        gc.collect()
        gc.freeze()
    try:
        while market.now < START + seconds * SECOND:
            rows = market.advance(market.now + STEP)
            for lane in order:
                await lane.step(rows)
            order.rotate(1)
    finally:
        if frozen:
            gc.unfreeze()
        audience.close()
    alone = lanes.pop(NOBODY).spent
    found = {}
    for name, lane in lanes.items():
        count = lane.deliveries - lane.began
        us, size = (lane.spent - alone) / max(count, 1) * 1e6, lane.bytes / max(count, 1)
        found[name] = us, size, count // connections
    return found


def main(words: Sequence[str] | None = None) -> None:
    """Print one line for each stream."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20, help="of market time, in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="whether it runs at all; the figures say little")
    options = parser.parse_args(words)
    if options.quick:
        options.connections, options.seconds, options.rounds = 20, 1, 1
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * options.connections + 100)), hard))
    run = partial(measure, options.connections, options.seconds, frozen=not options.quick)
    rounds = [trio.run(run) for _ in range(options.rounds)]
    version = ".".join(map(str, sys.version_info[:3]))
    print(
        f"CPython {version}, {options.connections} connections, {options.seconds} s, {options.rounds} rounds"
    )
    print(f"{'stream':18}{'messages':>10}{'bytes':>9}{'us a delivery':>16}{'x tick':>9}{'of rounds':>20}")
    first = STREAMS[0][0]
    for name, *_ in STREAMS:
        us = [found[name][0] for found in rounds]
        ratios = sorted(found[name][0] / found[first][0] for found in rounds)
        _, size, count = rounds[0][name]
        spread = f"{ratios[0]:.2f} to {ratios[-1]:.2f}"
        print(
            f"{name:18}{count:10}{size:9.0f}{statistics.median(us):16.2f}{statistics.median(ratios):9.2f}"
            f"{spread:>20}"
        )


if __name__ == "__main__":
    main()
