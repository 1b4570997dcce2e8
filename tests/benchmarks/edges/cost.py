"""What edges cost: processor time of the sequencer for an event, and of an edge for a delivery."""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from tests.benchmarks.edges.processes import Server, sequencing, serving
from tests.benchmarks.fanout.measure import CLIENT_CORE, SERVER_CORE, pinned
from tests.benchmarks.soak import AUTH, choose_symbols

SETTLE_SECONDS = 3
SINGLE = "single server"


@attrs.frozen
class Spent:
    """What a server did in a stretch of time."""

    seconds: float
    cpu: float
    events: float
    deliveries: float


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


def events(market: Sequence[object], logs: list[str], options: argparse.Namespace) -> dict[str, list[float]]:
    """Microseconds of CPU for an event, of the sequencer and of Redis, by how many follow; once a round."""
    names = [f"{kind}, {count} edges" for kind in logs for count in options.edges]
    found: dict[str, list[float]] = {"no log": [], **{name: [] for name in names}}
    for _ in range(options.rounds):
        with serving(*market, core=SERVER_CORE) as alone:
            time.sleep(SETTLE_SECONDS)
            took = spent(alone, options.seconds)
            found["no log"].append(1e6 * took.cpu / took.events)
        for kind in logs:
            for count in options.edges:
                of_sequencer, of_redis = _of_an_event(market, kind, count, options.seconds)
                found[f"{kind}, {count} edges"].append(of_sequencer)
                if of_redis is not None:
                    found.setdefault(f"{kind} itself, {count} edges", []).append(of_redis)
    return found


def _of_an_event(
    market: Sequence[object], kind: str, count: int, seconds: float
) -> tuple[float, float | None]:
    with sequencing(market, kind, core=SERVER_CORE) as followed, contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(serving(*followed.edge, core=CLIENT_CORE))
        time.sleep(SETTLE_SECONDS)
        redis = followed.redis
        before = 0.0 if redis is None else redis.cpu
        took = spent(followed.server, seconds)
        of_redis = None if redis is None else 1e6 * (redis.cpu - before) / took.events
        return 1e6 * took.cpu / took.events, of_redis


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
    market: Sequence[object], logs: list[str], program: Path, options: argparse.Namespace
) -> tuple[dict[str, list[tuple[float, float]]], float]:
    """Microseconds of CPU for a delivery, in all and own: of a single server, of edges; and their rate."""
    edges = {kind: f"edge, {kind}" for kind in logs}
    found: dict[str, list[tuple[float, float]]] = {SINGLE: [], **{name: [] for name in edges.values()}}
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
            found[SINGLE].append(measured(server))
        for kind, name in edges.items():
            with (
                sequencing(market, kind, core=CLIENT_CORE) as followed,
                serving(*followed.edge, core=SERVER_CORE, room=room) as server,
            ):
                found[name].append(measured(server))
    return found, statistics.median(rates)
