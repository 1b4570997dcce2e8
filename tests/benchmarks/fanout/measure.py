"""One server on the first core, one load client on the second, and what the client reports."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

import attrs

from tests.benchmarks.fanout.build import Toolbox
from tests.benchmarks.fanout.contenders import Contender
from tests.benchmarks.fanout.workloads import KEY, Workload, ramp

ROOT = Path(__file__).parents[3]  # where `python -m tests...` finds our modules
SERVER_CORE, CLIENT_CORE = 0, 1
START_SECONDS = 60  # on a machine that does other things too
STOP_SECONDS = 5
STALL_SECONDS = 2  # of a slow reader, and again before the next stall

SATURATED_MS = 100  # a rate counts as sustained while p99 is below
HOPELESS_MS = 250  # two windows above and the ramp is over
FIRST_DELIVERIES = 4_000  # per second; what the slowest peer can do
COARSE, FINE = 1.6, 1.08  # factors of a ramp: find the region, then the rate
FINE_FROM = 0.65  # of what the coarse ramp reached


@attrs.frozen(kw_only=True)
class Outcome:
    """
    What the load client saw.

    Attributes:
        figures: The ``run`` line of ``native/load.c``; empty when there was none.
        windows: Its ``window`` lines.
        problem: Why there are no figures, or what was wrong with them; empty when nothing.
    """

    figures: dict[str, float] = attrs.field(factory=dict)
    windows: list[dict[str, float]] = attrs.field(factory=list)
    problem: str = ""


SEPARATE = (SERVER_CORE, CLIENT_CORE)
ANYWHERE = (-1, -1)


def run(
    contender: Contender,
    workload: Workload,
    toolbox: Toolbox,
    *,
    cores: tuple[int, int] = SEPARATE,
    watch: Callable[[int], object] = lambda _: None,
) -> Outcome:
    """
    Start a server, let the load client do its work, stop the server.

    Args:
        contender: The server.
        workload: What it is asked to do.
        toolbox: What was built.
        cores: Of the server and of the load client; one that there is not leaves the choice to the system.
        watch: Called at the end of each window, with the server's process.
    """
    lacking = toolbox.lacks(contender.needs)
    if lacking:
        return Outcome(problem=lacking)
    try:
        with _server(contender, workload, toolbox, cores[0]) as server:
            return _load(contender, workload, toolbox, server, core=cores[1], watch=watch)
    except RuntimeError as failure:
        return Outcome(problem=str(failure))


def saturate(
    contender: Contender,
    connections: int,
    toolbox: Toolbox,
    *,
    fine: bool = True,
    cores: tuple[int, int] = SEPARATE,
) -> Outcome:
    """
    The highest rate of deliveries with p99 below 100 ms.

    Args:
        contender: The server.
        connections: How many.
        toolbox: What was built.
        fine: Whether to look again, in smaller steps, where it was found.
        cores: See :func:`run`.
    Returns:
        An outcome whose figures hold ``deliveries_per_second``; its windows are those of the last ramp.
    """
    outcome = run(contender, ramp(connections, FIRST_DELIVERIES, COARSE), toolbox, cores=cores)
    best = _best(outcome)
    if fine and best:
        second = run(contender, ramp(connections, best * FINE_FROM, FINE), toolbox, cores=cores)
        best, outcome = max(best, _best(second)), second
    if not best:
        return attrs.evolve(outcome, problem=outcome.problem or "no rate sustained")
    return Outcome(figures={"deliveries_per_second": best}, windows=outcome.windows)


def _best(outcome: Outcome) -> float:
    kept_up = [w["deliveries_per_second"] for w in outcome.windows if 0 <= w["p99_ms"] < SATURATED_MS]
    return max(kept_up, default=0.0)


@attrs.frozen
class _Server:
    port: int
    pid: int
    scratch: Path


@contextlib.contextmanager
def _server(contender: Contender, workload: Workload, toolbox: Toolbox, core: int) -> Iterator[_Server]:
    port = free_port()
    shared = [port, workload.connections, workload.source_rate, workload.ramp, 1, workload.stamp]
    own = (
        [*contender.options, f"symbols={workload.symbols}", f"tls={workload.tls:d}"]
        if contender.speaks_tradyn
        else contender.options
    )
    command = [*contender.command(toolbox), *map(str, shared), *own]
    root = contender.checkout or ROOT
    # Otherwise the product would be the one that is installed, wherever it is started.
    environment = os.environ | {"NODE_PATH": str(toolbox.node_modules), "PYTHONPATH": str(root)}
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch, "server.log")
        with log.open("w") as sink, pinned(core):
            process = subprocess.Popen(
                command, cwd=root, env=environment, stdout=sink, stderr=subprocess.STDOUT
            )
        try:
            _wait_until_listening(port, process, log)
            yield _Server(port, process.pid, Path(scratch))
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """What is started meanwhile runs on ``core``, if there is one."""
    allowed = os.sched_getaffinity(0)
    if core in allowed:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _wait_until_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    # A connection of ours would count as the first client: ask the kernel instead. 0A is LISTEN.
    local, listening = f":{port:04X}", "0A"
    for _ in range(START_SECONDS * 20):
        if process.poll() is not None:
            lines = log.read_text(errors="replace").strip().splitlines()
            raise RuntimeError(
                f"the server ended at once: {lines[-1][:120] if lines else 'it did not say why'}"
            )
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            rows = (line.split() for line in Path(table).read_text().splitlines()[1:])
            if any(row[1].endswith(local) and row[3] == listening for row in rows):
                return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not listen within {START_SECONDS} s")


def _load(
    contender: Contender,
    workload: Workload,
    toolbox: Toolbox,
    server: _Server,
    *,
    core: int,
    watch: Callable[[int], object],
) -> Outcome:
    options: dict[str, object] = {
        "port": server.port,
        "server": server.pid,
        "connections": workload.connections,
        "seconds": workload.seconds,
        "symbols": workload.symbols,
        "slow": workload.slow,
        "stall": STALL_SECONDS,
        "window": 0.5 if workload.ramping else 1,
        "warm": 0.5 if workload.ramping else 1,
        "sample": 1 if workload.checked else 16,
    }
    command = [str(toolbox.program("load"))]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    if workload.checked:
        command += ["--numbered", "--hash"]
    if workload.tls:
        command.append("--tls")
    if contender.speaks_tradyn:
        command += ["--path", "/tradyn"]
    if contender.speaks_tradyn and not workload.handshakes_only:
        each = server.scratch / "subscriptions"
        each.write_text("\n".join(workload.subscriptions()) + "\n")
        auth = json.dumps({"type": "auth", "apiKey": KEY})
        command += ["--send", auth, "--each", str(each), "--ready", '"subscribed"']
    errors = server.scratch / "load.log"
    with errors.open("w") as sink, pinned(core):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sink)
    with process:
        assert process.stdout is not None
        windows, figures = _read(process.stdout, partial(watch, server.pid), give_up=workload.ramping)
        process.kill()
    return Outcome(figures=figures, windows=windows, problem=errors.read_text(errors="replace")[:200].strip())


def _read(
    lines: IO[bytes], watch: Callable[[], object], *, give_up: bool
) -> tuple[list[dict[str, float]], dict[str, float]]:
    """The windows and the figures of the run; a ramp ends early once it is past hope."""
    windows: list[dict[str, float]] = []
    hopeless = 0
    for line in lines:
        report = json.loads(line)
        if report.pop("kind") == "run":
            return windows, report
        watch()
        windows.append(report)
        hopeless += report["p99_ms"] > HOPELESS_MS
        if give_up and hopeless == 2:
            break
    return windows, {}
