"""
The same ticks to the same clients by a single server, by an edge over each log, and by NATS.

What fans out has the first core to itself; the load client, what makes the ticks, and Redis share the second.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import attrs

from tests.benchmarks.edges.cost import SINGLE
from tests.benchmarks.edges.processes import Server, answers, listening, place_of_log, running
from tests.benchmarks.edges.stamped import subject
from tests.benchmarks.fanout.measure import CLIENT_CORE, SERVER_CORE, free_port, pinned
from tests.benchmarks.fanout.workloads import Workload, symbol
from tests.benchmarks.soak import AUTH

NATS_SERVER = "nats-server"
NATS = "NATS"
WARM_SECONDS = 1
SUBSCRIBED = {"symbols": 20, "subscribed": 10}
WORKLOADS = (
    Workload(name="100 x 100/s", connections=100, rate=100, **SUBSCRIBED),
    Workload(name="1000 x 150/s", connections=1000, rate=150, **SUBSCRIBED),
)

Serving = Callable[[Workload], contextlib.AbstractContextManager[Server]]


@attrs.frozen
class Found:
    """What the load client saw of one server: CPU of what fans out, lateness, and whether it kept up."""

    us_per_delivery: float
    p50_ms: float
    p99_ms: float
    deliveries_per_second: float
    faults: int


def stamped(role: str, workload: Workload, port: int, *options: object) -> Sequence[object]:
    """The command of a process that has the source, or follows one that has it."""
    command = (sys.executable, "-m", "tests.benchmarks.edges.stamped", role, "--port", port)
    shape = ("--connections", workload.connections + 1, "--symbols", workload.symbols)
    return (*command, *shape, "--rate", workload.source_rate, *options)


@contextlib.contextmanager
def _single(workload: Workload) -> Iterator[Server]:
    with listening(partial(stamped, "single", workload), core=SERVER_CORE) as server:
        yield server


@contextlib.contextmanager
def _edge(workload: Workload, *, kind: str) -> Iterator[Server]:
    with (
        place_of_log(kind) as (where, shared, _),
        listening(lambda at: stamped("sequencer", workload, at, "--log", where, *shared), core=CLIENT_CORE),
        listening(
            lambda at: stamped("edge", workload, at, "--follow", where, *shared), core=SERVER_CORE
        ) as server,
    ):
        yield server


@contextlib.contextmanager
def _nats(workload: Workload) -> Iterator[Server]:
    port, monitor = free_port(), free_port()
    command = (NATS_SERVER, "--addr", "127.0.0.1", "--port", port, "--http_port", monitor)

    def published() -> bool:
        return '"num_connections": 0' not in Server(0, monitor).get("/connz")

    with (
        running(command, core=SERVER_CORE, there=lambda: answers(port)) as nats,
        running(stamped("publisher", workload, port), core=CLIENT_CORE, there=published),
    ):
        yield Server(nats.pid, port)


def contenders(logs: Sequence[str]) -> dict[str, Serving]:
    """Who is measured; says so where NATS cannot be."""
    found: dict[str, Serving] = {SINGLE: _single}
    found |= {f"edge, {kind}": partial(_edge, kind=kind) for kind in logs}
    if shutil.which(NATS_SERVER):
        found[NATS] = _nats
    else:
        print(f"without NATS: {NATS_SERVER} is not installed", flush=True)
    return found


def opening(name: str, workload: Workload, subscriptions: Path) -> Sequence[object]:
    """Options of the load client, by which it speaks with a server."""
    if name == NATS:
        of_each = [symbol(index) for index in range(workload.subscribed)]
        lines = ['CONNECT {"verbose":false}']
        lines += [f"SUB {subject(one)} {number}" for number, one in enumerate(of_each, 1)]
        subscriptions.write_text("\t".join(lines) + "\n")
        return ("--nats", "--each", subscriptions, "--ready", "PONG")
    symbols = [symbol(index) for index in range(workload.subscribed)]
    subscriptions.write_text(json.dumps({"type": "subscribe", "symbols": symbols}) + "\n")
    return ("--path", "/tradyn", "--send", AUTH, "--each", subscriptions, "--ready", '"subscribed"')


def measure(name: str, serving: Serving, workload: Workload, program: Path) -> Found:
    """One server, one load client."""
    with tempfile.TemporaryDirectory() as scratch, serving(workload) as server:
        command = [program, "--port", server.port, "--server", server.pid, "--hash", "--numbered"]
        command += ["--connections", workload.connections, "--symbols", workload.symbols]
        command += ["--seconds", workload.seconds, "--warm", WARM_SECONDS]
        command += opening(name, workload, Path(scratch, "subscriptions"))
        with pinned(CLIENT_CORE):
            done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, text=True, check=True)
    report = json.loads(done.stdout.splitlines()[-1])
    faults = sum(report[fault] for fault in ("gaps", "duplicates", "hash_mismatches", "closed"))
    return Found(
        report["us_per_delivery"], report["p50_ms"], report["p99_ms"], report["deliveries_per_second"], faults
    )
