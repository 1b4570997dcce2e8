"""
How fast the market makes events: ``python -m tests.benchmarks.simulator``.

Rows a second of processor time, medians of three, and how many seconds of market time pass in one
of those.
Garbage collection is as a server has it: what was built at the start is frozen.
"""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time

from feed.sim.defaults import default_market
from feed.sim.market import Market

RUNS = 3
CHUNK = 256
SECOND = 10**9


def run(instruments: int | None, seconds: int) -> tuple[float, int, float]:
    """
    Let ``seconds`` of market time pass; without a number, of the default market as it is.

    Returns:
        Seconds it took, rows, and seconds to build.
    """
    begin = time.process_time()
    market = Market(default_market(instruments), seed=1, start=0)
    built = time.process_time() - begin
    market.opening()
    gc.freeze()
    rows = 0
    until = seconds * SECOND
    begin = time.process_time()
    while market.now < until:
        rows += len(market.advance(until, CHUNK))
    elapsed = time.process_time() - begin
    gc.unfreeze()
    return elapsed, rows, built


def main() -> None:
    """Print one line for each size of market."""
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"CPython {version}, one core, median of {RUNS} runs, chunks of {CHUNK} rows")
    print("instruments      rows    rows/s  x real time  build s  peak RSS MiB")
    for instruments, seconds in ((1, 600), (12, 120), (100, 30), (500, 10), (None, 120)):
        runs = [run(instruments, seconds) for _ in range(RUNS)]
        elapsed = statistics.median(item[0] for item in runs)
        built = statistics.median(item[2] for item in runs)
        rows = runs[0][1]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{instruments or 'default':>11} {rows:>9,} {rows / elapsed:>9,.0f} {seconds / elapsed:>12,.1f}"
            f" {built:>8.2f} {peak:>13,.0f}"
        )


if __name__ == "__main__":
    main()
