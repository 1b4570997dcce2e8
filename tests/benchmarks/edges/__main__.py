"""``python -m tests.benchmarks.edges [--seconds 10] [--rounds 3] [--only events join]``."""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
from collections.abc import Sequence

import attrs
import trio

from tests.benchmarks.edges import __doc__ as about
from tests.benchmarks.edges.beside import WORKLOADS, Found, contenders, measure
from tests.benchmarks.edges.cost import SINGLE, deliveries, events
from tests.benchmarks.edges.lateness import delays, join
from tests.benchmarks.edges.processes import kinds, sequencing, serving
from tests.benchmarks.fanout.build import CACHE, compile_programs
from tests.benchmarks.fanout.measure import CLIENT_CORE, SERVER_CORE

KEEPS_UP = 0.95  # of the deliveries asked for
PARTS = ("events", "deliveries", "latency", "join", "beside")


def line(name: str, *values: str) -> None:
    """Print one."""
    print(f"{name:<34}" + "".join(f"{value:>18}" for value in values), flush=True)


def spread(values: list[float], unit: str) -> tuple[str, str]:
    """Their median and their range."""
    return f"{statistics.median(values):.2f} {unit}", f"({min(values):.2f} to {max(values):.2f})"


def print_events(market: Sequence[object], logs: list[str], options: argparse.Namespace) -> None:
    """Measure and print part 1."""
    for name, values in events(market, logs, options).items():
        line(f"CPU per event, {name}", *spread(values, "us"))


def print_deliveries(market: Sequence[object], logs: list[str], options: argparse.Namespace) -> None:
    """Measure and print part 2."""
    found, rate = deliveries(market, logs, CACHE.expanduser() / "load", options)
    single = found[SINGLE]
    for name, values in found.items():
        line(f"CPU per delivery, {name}", *spread([one for one, _ in values], "us"), f"{rate:.0f}/s")
        line("  own", *spread([own for _, own in values], "us"))
        if values is not single:
            pairs = list(zip(single, values, strict=True))
            line("  beside single", *spread([theirs[0] / ours[0] for ours, theirs in pairs], ""))
            line("  the same of own", *spread([theirs[1] / ours[1] for ours, theirs in pairs], ""))


def print_lateness(market: Sequence[object], kind: str, options: argparse.Namespace) -> None:
    """Measure and print parts 3 and 4."""
    with contextlib.ExitStack() as stack:
        followed = stack.enter_context(sequencing(market, kind, core=SERVER_CORE))
        if "latency" in options.only:
            follower = stack.enter_context(serving(*followed.edge, core=CLIENT_CORE))
            urls = [f"ws://127.0.0.1:{one.port}" for one in (followed.server, follower)]
            later = sorted(1e3 * one for one in trio.run(delays, urls, options.seconds))
            cuts = statistics.quantiles(later, n=100)
            p50, p99 = f"p50 {cuts[49]:.2f} ms", f"p99 {cuts[98]:.2f} ms"
            line(f"later by an edge, {kind}", p50, p99, f"{len(later)} messages")
        if "join" in options.only:
            for _ in range(options.rounds):
                came, read, size = trio.run(join, followed.edge)
                there, done = f"snapshot {came:.2f} s", f"read {read:.2f} s"
                line(f"join, {kind}", there, done, f"{size / 1e6:.1f} MB")


def print_beside(logs: list[str], options: argparse.Namespace) -> None:
    """Measure and print part 5."""
    servers = contenders(logs)
    for workload in WORKLOADS:
        work = attrs.evolve(
            workload,
            connections=max(1, round(workload.connections * options.share)),
            seconds=options.seconds,
        )
        found: dict[str, list[Found]] = {name: [] for name in servers}
        for _ in range(options.rounds):
            for name, server in servers.items():
                found[name].append(measure(name, server, work, CACHE.expanduser() / "load"))
        line(
            f"{work.connections} x {work.rate:g}/s",
            "CPU per delivery",
            "beside single",
            "p50",
            "p99",
            "faults",
        )
        single = statistics.median(one.us_per_delivery for one in found[SINGLE])
        for name, seen in found.items():
            cpu = statistics.median(one.us_per_delivery for one in seen)
            late = [statistics.median(getattr(one, it) for one in seen) for it in ("p50_ms", "p99_ms")]
            kept_up = all(one.deliveries_per_second > KEEPS_UP * work.connections * work.rate for one in seen)
            line(
                f"  {name}",
                f"{cpu:.2f} us",
                f"{cpu / single:.2f}",
                *(f"{one:.2f} ms" for one in late),
                str(sum(one.faults for one in seen)),
                *([] if kept_up else ["did not keep up"]),
            )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.edges",
        description=about,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seconds", type=float, default=10, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--edges", type=int, nargs="*", default=(0, 1, 4), help="how many, in turn, in part 1"
    )
    parser.add_argument("--share", type=float, default=1, help="of the connections of part 5, for a try")
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--rate", type=float, default=50, help="ticks a second per connection, about")
    parser.add_argument("--speed", type=float, default=5, help="of the market")
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    market: list[object] = ["--seed", 7, "--speed", options.speed]
    python = sys.version.split()[0]
    print(f"Python {python}, {options.rounds} rounds of {options.seconds:g} s, speed {options.speed:g}")
    logs = kinds()
    if {"deliveries", "beside"} & set(options.only) and (missing := compile_programs(CACHE.expanduser())):
        print(*missing.values(), file=sys.stderr)
        return 2
    if "events" in options.only:
        print_events(market, logs, options)
    if "deliveries" in options.only:
        print_deliveries(market, logs, options)
    if "latency" in options.only or "join" in options.only:
        for kind in logs:
            print_lateness(market, kind, options)
    if "beside" in options.only:
        print_beside(logs, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
