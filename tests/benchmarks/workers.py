"""
One process beside two workers, saturated: what both deliver, and who has the processor meanwhile.

The load client is on the same cores, so that what it takes is nobody else's: its share is stated. First the
highest rate of deliveries is looked for at which p99 is below 100 ms; then, at nine tenths of it, latency and
processor time of each process, in cores. Nothing else should run meanwhile.

    python -m tests.benchmarks.workers [--connections 1000] [--workers 2] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

import attrs

from tests.benchmarks.fanout.build import CACHE, Toolbox, compile_programs
from tests.benchmarks.fanout.contenders import Contender
from tests.benchmarks.fanout.measure import ANYWHERE, run, saturate
from tests.benchmarks.fanout.workloads import Workload

SHARE = 0.9  # of the saturated rate, at which latency and processor time are looked at
SECONDS = 6
ROLES = ("market", "workers", "snapshots")
CLIENT = "load client"
SHOWN = (*ROLES, CLIENT)
TICKS = os.sysconf("SC_CLK_TCK")


class Shares:
    """Processor time of all processes of a server, between two windows of its load client."""

    def __init__(self) -> None:
        self._samples: list[tuple[float, Counter[str]]] = []

    def look(self, server: int) -> None:
        """Note how much each has used so far."""
        used: Counter[str] = Counter()
        for pid in _family(server):
            used[_role(pid, server)] += _cpu(pid)
        self._samples.append((time.monotonic(), used))

    def cores(self) -> dict[str, float]:
        """Of each role, in cores."""
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        return {role: (after[role] - before[role]) / (ended - began) for role in ROLES}


def _family(pid: int) -> list[int]:
    """A process and all that it and those have started."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += [int(word) for word in (task / "children").read_text().split()]
    return found


def _role(pid: int, server: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    if pid == server:
        return "market"
    if "feed.cluster.snapshot_process" in words:
        return "snapshots"
    return "workers"


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


@attrs.frozen(kw_only=True)
class Figures:
    """What one server did."""

    deliveries: float
    p50_ms: float
    p99_ms: float
    cores: dict[str, float]


def measure(contender: Contender, connections: int, toolbox: Toolbox) -> Figures:
    """
    Saturate a server, and look at it at nine tenths of that.

    Raises:
        RuntimeError: It did not go.
    """
    best = saturate(contender, connections, toolbox, cores=ANYWHERE)
    if best.problem:
        raise RuntimeError(f"{contender.name}: {best.problem}")
    deliveries = best.figures["deliveries_per_second"]
    shares = Shares()
    steady = run(
        contender,
        Workload(
            name="steady",
            connections=connections,
            rate=SHARE * deliveries / connections,
            seconds=SECONDS,
            checked=False,
        ),
        toolbox,
        cores=ANYWHERE,
        watch=shares.look,
    )
    if not steady.figures:
        raise RuntimeError(f"{contender.name}: {steady.problem}")
    return Figures(
        deliveries=deliveries,
        p50_ms=steady.figures["p50_ms"],
        p99_ms=steady.figures["p99_ms"],
        cores={**shares.cores(), CLIENT: steady.figures["client_cpu"]},
    )


def main() -> None:
    """Measure, and print a table with the median of each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workdir", type=Path, default=CACHE)
    options = parser.parse_args()
    home = options.workdir.expanduser().resolve()
    missing = compile_programs(home)
    toolbox = Toolbox(home=home, python=Path(sys.executable), node_modules=home, missing=missing)
    contenders = [
        Contender(
            name="one process", program="tests.benchmarks.fanout.ours", needs=("gcc",), speaks_tradyn=True
        ),
        Contender(
            name=f"{options.workers} workers",
            program="tests.benchmarks.fanout.our_workers",
            options=(f"workers={options.workers}",),
            needs=("gcc",),
            speaks_tradyn=True,
        ),
    ]
    rounds = [
        [measure(one, options.connections, toolbox) for one in contenders] for _ in range(options.rounds)
    ]
    print(f"{options.connections} connections, {os.cpu_count()} cores, medians of {options.rounds} rounds\n")
    titles = ["", "deliveries/s", f"p50 ms at {SHARE:.0%}", "p99 ms", *(f"{role}, cores" for role in SHOWN)]
    print(_row(titles))
    print(_row(["---", *["---:"] * (len(titles) - 1)]))
    for contender, found in zip(contenders, zip(*rounds, strict=True), strict=True):
        figures = [
            f"{statistics.median(one.deliveries for one in found):,.0f}",
            f"{statistics.median(one.p50_ms for one in found):.1f}",
            f"{statistics.median(one.p99_ms for one in found):.1f}",
            *(f"{statistics.median(one.cores[role] for one in found):.2f}" for role in SHOWN),
        ]
        print(_row([contender.name, *figures]))


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
