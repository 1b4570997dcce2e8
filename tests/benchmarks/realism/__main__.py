"""
Does it look like a market, and does it answer like one: ``python -m tests.benchmarks.realism [--quick]``.

Runs the default market as far as it concerns the instruments that are looked at: all venues and futures of
their currencies, with arbitrage between them. Prints a table for each instrument: every figure by which
markets are compared, its mean over seeds with the 95 % confidence interval of that mean, the least and the
greatest seed, the aim, and the real value with its source; then what metaorders of 1 to 100 times the size at
the best price do to the price of the instrument on its own, in pairs of markets that differ in that order
alone. Draws one picture an instrument, where matplotlib is installed.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
from functools import partial
from pathlib import Path

import attrs

from feed.analytics.market_facts import Fact, facts
from feed.analytics.market_observer import observe
from feed.errors import FeedError
from feed.recording.reader import RecordedBlocks
from tests.benchmarks.realism import impact, round_trips, runs, workers
from tests.benchmarks.realism.pictures import draw
from tests.benchmarks.realism.reference import SOURCES
from tests.benchmarks.realism.tables import print_facts, print_impact, print_round_trips


@attrs.frozen
class Plan:
    """How much is run."""

    symbols: tuple[str, ...]
    seeds: int
    seconds: int
    impact_seeds: int

    @property
    def market_seconds(self) -> int:
        """Of all runs."""
        one = impact.SECONDS[-1] + runs.WARM_UP // 10**9
        orders = 1 + len(impact.STYLES) * len(impact.MULTIPLES)
        tops = len(self.symbols) * (3600 + runs.WARM_UP // 10**9) if self.impact_seeds else 0
        orders = orders * one + round_trips.market_seconds()
        return self.seeds * self.seconds + self.impact_seeds * len(self.symbols) * orders + tops


def captures(paths: list[Path]) -> dict[str, list[list[Fact]]]:
    """The figures of all instruments of recordings, by the name of the file."""
    try:
        return {
            path.name: [facts(observer) for observer in observe(RecordedBlocks(path)()).values()]
            for path in paths
        }
    except FeedError as problem:
        raise SystemExit(str(problem)) from None


def _positive(text: str) -> int:
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.realism", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 seeds x 2 hours, and 4 seeds of orders")
    parser.add_argument("--seeds", type=_positive, help="how many [default: 5]")
    parser.add_argument("--hours", type=float, help="market time of each [default: 48]")
    parser.add_argument(
        "--impact-seeds", type=int, metavar="N", help="pairs of each order [default: 24; 0: none]"
    )
    parser.add_argument(
        "--symbols", default="BTC-USD,ETH-USD,EURUSD", help="instruments [default: %(default)s]"
    )
    parser.add_argument(
        "--whole", action="store_true", help="the whole default market [default: their venues and futures]"
    )
    parser.add_argument(
        "--capture",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a recording to put beside them",
    )
    parser.add_argument("--pictures", type=Path, default=Path(tempfile.gettempdir()), metavar="FOLDER")
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count(), help="processes [default: one a core]"
    )
    return parser.parse_args()


def main() -> None:
    """Run, print, draw."""
    asked = options()
    symbols = tuple(asked.symbols.split(","))
    seeds, hours, impact_seeds = (3, 2.0, 4) if asked.quick else (5, 48.0, 24)
    plan = Plan(
        symbols,
        seeds if asked.seeds is None else asked.seeds,
        round(3600 * (hours if asked.hours is None else asked.hours)),
        impact_seeds if asked.impact_seeds is None else asked.impact_seeds,
    )
    runs.market_of(symbols)
    captured = captures(asked.capture)
    off = []
    with workers.pool(asked.jobs, plan.market_seconds) as pool:
        watched = pool.all(
            [
                partial(workers.watch, symbols, seed, plan.seconds, whole=asked.whole)
                for seed in range(1, plan.seeds + 1)
            ]
        )
        for symbol in symbols:
            print(f"\n{symbol}: {plan.seeds} seeds x {plan.seconds / 3600:g} h; means, 95 % intervals")
            off += print_facts(symbol, [run[symbol] for run in watched], captured)
        for symbol in symbols:
            curves = []
            if plan.impact_seeds:
                [best] = pool.all([partial(workers.best_size, symbol)])
                seeds_of_orders = range(1, plan.impact_seeds + 1)
                found = pool.all([partial(workers.answers, symbol, best, seed) for seed in seeds_of_orders])
                curves = [impact.curve(style, [paths for paths, _ in found]) for style in impact.STYLES]
                off += print_impact(symbol, best, curves)
                off += print_round_trips(symbol, [trips for _, trips in found])
            print(draw(symbol, watched[0][symbol].series, curves, asked.pictures / f"realism-{symbol}.png"))
    print("\nSources: " + "\n         ".join(f"[{letter}] {source}" for letter, source in SOURCES.items()))
    print(f"\n{len(off)} figures off their aims, by more than their intervals")
    for line in off:
        print(f"  {line}")


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # tables come one by one, in a file too
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
