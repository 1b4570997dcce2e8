"""Measures everybody, and writes a table, a picture and all figures."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import attrs

from tests.benchmarks.fanout.build import CACHE, HERE, Toolbox, build
from tests.benchmarks.fanout.contenders import BEFORE, CONTENDERS, LEADERS, OURS, Contender, before
from tests.benchmarks.fanout.measure import Outcome, run, saturate
from tests.benchmarks.fanout.results import Results
from tests.benchmarks.fanout.table import tables
from tests.benchmarks.fanout.workloads import BUSY, CALM, CROWD, HANDSHAKES, SHAPES, Workload

EXAMPLE = """\
examples:
  python -m tests.benchmarks.fanout                          everything, about an hour
  python -m tests.benchmarks.fanout --quick                  one short round, about ten minutes
  python -m tests.benchmarks.fanout --quick --only feed --only picows --only C,
  python -m tests.benchmarks.fanout --n 1000 --rounds 5 --out /tmp/fanout
  git worktree add /tmp/before v1.0 && python -m tests.benchmarks.fanout --against /tmp/before

Nothing else should run meanwhile: the server takes the first core, the load client the second.
The first run compiles two programs and installs the peers from PyPI and npm below --workdir.
"""
QUICK_SECONDS = 2


def main() -> None:
    """Parse, measure, report."""
    options = _options()
    toolbox = build(options.workdir)
    chosen = [item for item in CONTENDERS if _wanted(item.name, options.only)]
    if options.against is not None:
        chosen.insert(1, before(options.against))
    options.out.mkdir(parents=True, exist_ok=True)
    results = Results(_about())
    for title, contender, measure in _plan(options, chosen):
        outcome = measure(contender, toolbox)
        results.add(title, contender.name, outcome.figures, outcome.problem)
        results.save(options.out / "results.json")
        print(f"{title:<32} {contender.name:<32} {_short(outcome)}", file=sys.stderr)
    report = tables(results)
    (options.out / "fanout.md").write_text(report)
    print(report)
    _plot(options.out, toolbox)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.fanout",
        description="Fan-out of feed beside its peers and beside C, in one run.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="one round of two seconds, coarse ramps")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, interleaved (default: 3)")
    parser.add_argument("--only", action="append", metavar="NAME", help="contenders whose name holds NAME")
    parser.add_argument("--against", type=Path, metavar="DIR", help="measure feed as checked out there too")
    parser.add_argument("--n", type=int, help="only workloads of that many connections")
    parser.add_argument("--out", type=Path, default=CACHE / "results", help="folder for the results")
    parser.add_argument(
        "--workdir",
        type=Path,
        default=CACHE,
        help=f"folder for what is compiled and installed (default: {CACHE})",
    )
    options = parser.parse_args()
    options.out = options.out.expanduser()
    if options.quick:
        options.rounds = 1
    return options


def _wanted(name: str, parts: list[str] | None) -> bool:
    return not parts or any(part.lower() in name.lower() for part in parts)


def _plan(options: argparse.Namespace, chosen: list[Contender]) -> Iterator[tuple]:
    """Who does what: all in turn, round by round, so that a slow minute hits everybody."""
    ours = [item for item in chosen if item.name in {OURS, BEFORE}]
    leaders = [item for item in chosen if item.name in LEADERS]
    fixed = [(load, chosen) for load in (*BUSY, *CALM, HANDSHAKES, CROWD)] + [(load, ours) for load in SHAPES]
    ramps = [(100, leaders), (1000, chosen)] + ([] if options.quick else [(5000, leaders)])
    for load, who in fixed:
        for _ in range(options.rounds if _size(load.connections, options.n) else 0):
            short = options.quick and not load.handshakes_only
            work = attrs.evolve(load, seconds=QUICK_SECONDS) if short else load
            for contender in who:
                yield load.name, contender, partial(_run, work)
    for connections, who in ramps:
        for _ in range(options.rounds if _size(connections, options.n) else 0):
            for contender in who:
                yield (
                    f"saturated, {connections}",
                    contender,
                    partial(_saturate, connections, not options.quick),
                )


def _size(connections: int, only: int | None) -> bool:
    return only is None or connections == only


def _run(work: Workload, contender: Contender, toolbox: Toolbox) -> Outcome:
    return run(contender, work, toolbox)


def _saturate(connections: int, fine: bool, contender: Contender, toolbox: Toolbox) -> Outcome:
    return saturate(contender, connections, toolbox, fine=fine)


def _short(outcome: Outcome) -> str:
    figures = outcome.figures
    parts = [f"{figures['deliveries_per_second']:,.0f}/s"] if "deliveries_per_second" in figures else []
    if "us_per_delivery" in figures:
        parts += [
            f"{figures['us_per_delivery']:.2f} us",
            f"p50 {figures['p50_ms']:.2f}",
            f"p99 {figures['p99_ms']:.2f} ms",
        ]
    elif "us_per_join" in figures:
        parts += [f"{figures['joins_per_second']:,.0f}/s", f"{figures['us_per_join']:.0f} us"]
    return "  ".join([*parts, outcome.problem])


def _about() -> dict[str, str]:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "CPU": models[0].partition(":")[2].strip() if models else platform.machine(),
        "Linux": platform.release(),
        "Python": platform.python_version(),
    }


def _plot(out: Path, toolbox: Toolbox) -> None:
    if "matplotlib" in toolbox.missing:
        print(f"no picture: {toolbox.missing['matplotlib']}", file=sys.stderr)
        return
    picture = out / "fanout.png"
    subprocess.run([toolbox.python, HERE / "plot.py", out / "results.json", picture], check=True)
    print(f"written: {out / 'fanout.md'}, {picture}, {out / 'results.json'}", file=sys.stderr)


if __name__ == "__main__":
    main()
