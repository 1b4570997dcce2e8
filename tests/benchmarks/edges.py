"""
What edges cost, and what they add: real processes on one machine, figures of one run.

1. CPU of the sequencer for an event, with 0, 1 and 4 edges, beside a server that writes no log.
2. CPU of an edge for a delivery, beside a single server with the same clients and the same market.
3. How much later a message comes by an edge than directly from the sequencer, to one reader of both.
4. How long an edge takes to join: from its connection to the events of now.

CPU is that of whole processes, so a single server's has the market in it and an edge's has not; "own" leaves
out what the process takes with no clients. The load client of :mod:`tests.benchmarks.fanout` runs on the
second core, with the sequencer; what is measured in 2. runs on the first.

    python -m tests.benchmarks.edges [--seconds 10] [--rounds 3] [--connections 200] [--rate 50] [--speed 5]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import attrs
import trio
from trio_websocket import open_websocket_url

from feed.checkpoint.engine import engine_digest
from feed.cluster.local_link import unix_link
from feed.cluster.snapshot import read_snapshot
from feed.settings import Cluster
from tests.benchmarks.fanout.build import CACHE, compile_programs
from tests.benchmarks.fanout.measure import CLIENT_CORE, ROOT, SERVER_CORE, pinned
from tests.benchmarks.soak import AUTH, choose_symbols

START_SECONDS = 60
SETTLE_SECONDS = 3
TICK = 1 / os.sysconf("SC_CLK_TCK")
EDGES = (0, 1, 4)


@attrs.frozen
class Server:
    """A process that serves."""

    port: int
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return TICK * (int(fields[11]) + int(fields[12]))

    def get(self, path: str) -> str:
        """An answer by HTTP; empty where there is none, or a refusal."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}") as answer:
                text: str = answer.read().decode()
                return text
        except urllib.error.URLError:
            return ""

    def figure(self, name: str) -> float:
        """One of ``/metrics``."""
        lines = self.get("/metrics").splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


@attrs.frozen
class Spent:
    """What a server did in a stretch of time."""

    seconds: float
    cpu: float
    events: float
    deliveries: float


@contextlib.contextmanager
def serving(*options: object, core: int, room: int = 10) -> Iterator[Server]:
    """``feed serve`` on a free port and one core, once it is ready."""
    limits = ("--max-connections", room, "--max-connections-per-address", room)
    with tempfile.TemporaryDirectory() as scratch:
        port = Path(scratch, "port")
        command = [sys.executable, "-m", "feed", "serve", "--port", 0, "--port-file", port, *limits, *options]
        said = Path(scratch, "said")
        with pinned(core), said.open("w") as sink:
            process = subprocess.Popen([*map(str, command)], cwd=ROOT, stdout=sink, stderr=sink)
        try:
            give_up = time.monotonic() + START_SECONDS
            while not port.exists() or not Server(int(port.read_text()), process.pid).get("/readyz"):
                if process.poll() is not None or time.monotonic() > give_up:
                    raise SystemExit(f"feed serve did not start: {said.read_text()}")
                time.sleep(0.05)
            yield Server(int(port.read_text()), process.pid)
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def sequencing(market: list[object], core: int) -> Iterator[tuple[Server, str]]:
    """A sequencer, and where it is followed."""
    with tempfile.TemporaryDirectory() as scratch:
        where = f"unix:{scratch}/feed.sock"
        with serving(*market, "--log", where, core=core) as server:
            yield server, where


def spent(server: Server, seconds: float) -> Spent:
    """What it does in the next seconds."""
    before = (
        time.monotonic(),
        server.cpu,
        server.figure("feed_events_total"),
        server.figure("feed_deliveries_total"),
    )
    time.sleep(seconds)
    after = (
        time.monotonic(),
        server.cpu,
        server.figure("feed_events_total"),
        server.figure("feed_deliveries_total"),
    )
    return Spent(*(end - start for start, end in zip(before, after, strict=True)))


def events(market: list[object], options: argparse.Namespace) -> dict[str, list[float]]:
    """Microseconds of the sequencer's CPU for an event, by how many follow; several times each."""
    found: dict[str, list[float]] = {"no log": [], **{f"{count} edges": [] for count in EDGES}}
    for _ in range(options.rounds):
        with serving(*market, core=SERVER_CORE) as alone:
            time.sleep(SETTLE_SECONDS)
            took = spent(alone, options.seconds)
            found["no log"].append(1e6 * took.cpu / took.events)
        for count in EDGES:
            with sequencing(market, SERVER_CORE) as (server, where), contextlib.ExitStack() as stack:
                for _ in range(count):
                    stack.enter_context(serving("--follow", where, core=CLIENT_CORE))
                time.sleep(SETTLE_SECONDS)
                took = spent(server, options.seconds)
                found[f"{count} edges"].append(1e6 * took.cpu / took.events)
    return found


@contextlib.contextmanager
def loaded(server: Server, program: Path, symbols: list[str], options: argparse.Namespace) -> Iterator[None]:
    """Clients that read, from the second core."""
    subscribe = json.dumps({"type": "subscribe", "symbols": symbols})
    seconds = options.seconds + 2 * SETTLE_SECONDS
    command = [program, "--port", server.port, "--server", server.pid, "--connections", options.connections]
    command += ["--seconds", seconds, "--warm", 1, "--window", seconds]
    command += ["--path", "/tradyn", "--send", AUTH, "--send", subscribe, "--ready", '"subscribed"']
    with pinned(CLIENT_CORE):
        client = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL)
    try:
        time.sleep(SETTLE_SECONDS)
        yield
    finally:
        client.terminate()
        client.wait()


def deliveries(
    market: list[object], program: Path, options: argparse.Namespace
) -> tuple[list[tuple[float, float]], list[tuple[float, float]], float]:
    """Microseconds of CPU for a delivery, in all and own: of a single server, of an edge; and their rate."""
    single: list[tuple[float, float]] = []
    edge: list[tuple[float, float]] = []
    rates = []
    room = options.connections + 10
    symbols: list[str] = []

    def measured(server: Server) -> tuple[float, float]:
        nonlocal symbols
        symbols = symbols or choose_symbols(server.port, options.rate)
        time.sleep(SETTLE_SECONDS)
        idle = spent(server, options.seconds)
        with loaded(server, program, symbols, options):
            busy = spent(server, options.seconds)
        rates.append(busy.deliveries / busy.seconds)
        own = busy.cpu / busy.seconds - idle.cpu / idle.seconds
        return 1e6 * busy.cpu / busy.deliveries, 1e6 * own * busy.seconds / busy.deliveries

    for _ in range(options.rounds):
        with serving(*market, core=SERVER_CORE, room=room) as server:
            single.append(measured(server))
        with (
            sequencing(market, CLIENT_CORE) as (_, where),
            serving("--follow", where, core=SERVER_CORE, room=room) as server,
        ):
            edge.append(measured(server))
    return single, edge, statistics.median(rates)


async def heard(url: str, seconds: float) -> dict[str, float]:
    """When each numbered message came, seconds."""
    found: dict[str, float] = {}
    async with open_websocket_url(f"{url}/tradyn?ext=seq") as socket:
        await socket.send_message(AUTH)
        await socket.send_message(json.dumps({"type": "subscribe", "symbols": ["BTC-USD", "EURUSD"]}))
        with trio.move_on_after(seconds):
            while True:
                text = await socket.get_message()
                found[text] = time.perf_counter()
    return found


async def delays(urls: list[str], seconds: float) -> list[float]:
    """How much later each message came by the second than by the first, seconds."""
    both: list[dict[str, float]] = [{}, {}]

    async def hear(at: int) -> None:
        both[at] = await heard(urls[at], seconds)

    async with trio.open_nursery() as nursery:
        for at in range(2):
            nursery.start_soon(hear, at)
    first, second = both
    return [second[text] - first[text] for text in second if text in first and '"pos"' in text]


async def join(where: str) -> tuple[float, float, int]:
    """Seconds until a snapshot is there, and until the server stands where it does; its bytes."""
    link = unix_link(where, name="benchmark", settings=Cluster(), random=lambda: 0.0)
    began = time.perf_counter()
    snapshot = await link.snapshot()
    came = time.perf_counter()
    read_snapshot(snapshot, link.header, engine=engine_digest())
    read = time.perf_counter()
    await link.aclose()
    return came - began, read - began, len(snapshot.state) + len(snapshot.history)


def line(name: str, *values: str) -> None:
    print(f"{name:<28}" + "".join(f"{value:>18}" for value in values), flush=True)


def spread(values: list[float], unit: str) -> tuple[str, str]:
    return f"{statistics.median(values):.2f} {unit}", f"({min(values):.2f} to {max(values):.2f})"


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.edges", description=__doc__.split("\n")[1]
    )
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50, help="ticks a second per connection, about")
    parser.add_argument("--speed", type=float, default=5, help="of the market")
    parser.add_argument("--only", nargs="*", default=["events", "deliveries", "latency", "join"])
    options = parser.parse_args()
    market: list[object] = ["--seed", 7, "--speed", options.speed]
    python = sys.version.split()[0]
    print(f"Python {python}, {options.rounds} rounds of {options.seconds:g} s, speed {options.speed:g}")
    if "events" in options.only:
        for name, values in events(market, options).items():
            line(f"CPU per event, {name}", *spread(values, "us"))
    if "deliveries" in options.only:
        home = CACHE.expanduser()
        if missing := compile_programs(home):
            print(*missing.values(), file=sys.stderr)
            return 2
        single, edge, rate = deliveries(market, home / "load", options)
        for name, found in (("single server", single), ("edge", edge)):
            line(f"CPU per delivery, {name}", *spread([one for one, _ in found], "us"))
            line("  own", *spread([own for _, own in found], "us"))
        ratios = [theirs[0] / ours[0] for ours, theirs in zip(single, edge, strict=True)]
        line("  edge / single", *spread(ratios, ""), f"{rate:.0f}/s")
        ratios = [theirs[1] / ours[1] for ours, theirs in zip(single, edge, strict=True)]
        line("  the same of own", *spread(ratios, ""))
    if "latency" in options.only or "join" in options.only:
        with (
            sequencing(market, SERVER_CORE) as (server, where),
            serving("--follow", where, core=CLIENT_CORE) as follower,
        ):
            if "latency" in options.only:
                urls = [f"ws://127.0.0.1:{one.port}" for one in (server, follower)]
                later = sorted(1e3 * one for one in trio.run(delays, urls, options.seconds))
                cuts = statistics.quantiles(later, n=100)
                line(
                    "later by an edge",
                    f"p50 {cuts[49]:.2f} ms",
                    f"p99 {cuts[98]:.2f} ms",
                    f"{len(later)} messages",
                )
            if "join" in options.only:
                for _ in range(options.rounds):
                    came, read, size = trio.run(join, where)
                    line("join", f"snapshot {came:.2f} s", f"read {read:.2f} s", f"{size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
