"""
How fast a scenario replays: ``python -m tests.benchmarks.replay``.

Events a second of processor time with counts and digest, and market seconds in one of those; medians
of five runs. Garbage collection is as a server has it: what was built at the start is frozen.
"""

from __future__ import annotations

import gc
import resource
import statistics
import sys
import time

from feed.model.scenario import Scenario
from feed.model.timeline import Activity
from feed.scenario.reader import read_scenario
from feed.scenario.shipped import scenarios_in, shipped
from feed.server.run_spec import MARKETS
from feed.sim.defaults import default_market
from feed.sim.replay import Outcome, replay

RUNS = 5
SECOND = 10**9


def default(name: str, minutes: int, *actions: Activity) -> Scenario:
    """The default market for some minutes."""
    market = default_market()
    return Scenario(name=name, start=0, duration=minutes * 60 * SECOND, market=market, actions=actions)


def run(scenario: Scenario) -> tuple[float, Outcome]:
    """Replay once. Returns seconds of processor time, and what there was."""
    gc.freeze()
    begin = time.process_time()
    outcome = replay(scenario)
    elapsed = time.process_time() - begin
    gc.unfreeze()
    return elapsed, outcome


def main() -> None:
    """Print one line for each scenario."""
    version = ".".join(map(str, sys.version_info[:3]))
    print(f"CPython {version}, one core, median of {RUNS} runs")
    print("scenario          events  events/s  x real time  peak RSS MiB")
    scenarios = [
        default("default", 5),
        default("quiet", 5, Activity(at=0, factor=0.2)),
        default("longer", 20),
        *(read_scenario(path, MARKETS) for path in scenarios_in(shipped())),
    ]
    for scenario in scenarios:
        runs = [run(scenario) for _ in range(RUNS)]
        elapsed = statistics.median(item[0] for item in runs)
        events = runs[0][1].events
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        ratio = scenario.duration / SECOND / elapsed
        print(f"{scenario.name:<16} {events:>7,} {events / elapsed:>9,.0f} {ratio:>12,.0f} {peak:>13,.0f}")


if __name__ == "__main__":
    main()
