"""
What it costs to trade one large order at once, and over time: ``python -m tests.benchmarks.execution``.

The order is worked by TWAP over several lengths of time, in pairs of markets that differ in that order alone,
buys of even seeds and sells of odd ones. For each length two figures in ticks a lot, with 95 % intervals:

- its *impact cost*: what was paid beyond the middle of the quote that there would have been at that moment
  without the order. Slower must be cheaper, for the book refills and what a trade has pushed comes back.
- its *shortfall*: what was paid beyond the arrival price, as the trader sees it. Its mean is that cost, its
  standard deviation grows with the time, since the market moves meanwhile: the choice that execution is about
  (Almgren and Chriss 2001).
"""

from __future__ import annotations

import argparse
import math
import os
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import attrs

from feed.agents import AgentContext, Fill
from feed.agents.twap import Twap
from feed.analytics import stylized_facts as statistics
from feed.model.agents import AgentSpec
from feed.model.durations import NS_PER_SECOND
from feed.model.events import QUOTE, Side
from feed.sim.market import Market
from tests.benchmarks.realism import runs, workers

LENGTHS: Final = (0, 60, 300, 1800)
"""Seconds from the first part to the end of the last interval; 0 is all at once."""

PAUSE: Final = 5
"""Seconds between two parts."""


class TracedTwap(Twap):
    """TWAP that keeps its fills: time, price in ticks, lots."""

    def __init__(self, side: str, lots: int, **options: Any) -> None:
        super().__init__(side, lots, **options)
        self.fills: list[tuple[int, int, int]] = []

    def on_fill(self, context: AgentContext, fill: Fill) -> None:
        """Keep it."""
        super().on_fill(context, fill)
        self.fills.append((fill.ts, fill.price, fill.size))


@attrs.frozen
class Cost:
    """
    What one execution cost, ticks a lot.

    Attributes:
        length: Seconds that it took.
        impact: Beyond the mid at the same moments without it.
        shortfall: Beyond the arrival price.
        filled: Share of the order that was traded.
    """

    length: int
    impact: float
    shortfall: float
    filled: float


@attrs.frozen
class Mids:
    """
    The middle of a quote over time.

    Attributes:
        times: When it changed, nanoseconds.
        doubled: Twice the mid from then on, ticks.
    """

    times: list[int]
    doubled: list[int]

    def at(self, time: int) -> int:
        """Twice the mid at a time, ticks."""
        return self.doubled[bisect_right(self.times, time) - 1]


def executions(
    symbol: str, lots: int, seed: int, tell: runs.Progress, *, lengths: Sequence[int] = LENGTHS
) -> list[Cost]:
    """The order over each of the lengths, in markets of one seed."""
    spec, begin = runs.market_of((symbol,)), runs.START + runs.WARM_UP
    side = Side.SELL if seed % 2 else Side.BUY
    without = Market(spec, seed=seed, start=runs.START)
    mids = Mids([0], [0])
    for row in [*without.opening(), *without.advance(begin + (max(lengths) + 2 * PAUSE) * NS_PER_SECOND)]:
        if row[0] == QUOTE and row[3] and row[5]:
            mids.times.append(row[2])
            mids.doubled.append(row[3] + row[5])
    tell((without.now - runs.START) // NS_PER_SECOND)
    costs = []
    for length in lengths:
        agent = AgentSpec(
            participant=f"{__name__ if __name__ != '__main__' else 'tests.benchmarks.execution'}:TracedTwap",
            name="twap",
            parameters={
                "side": side.name.lower(),
                "lots": lots,
                "seconds": length or PAUSE,
                "slices": max(1, length // PAUSE),
                "after_seconds": runs.WARM_UP // NS_PER_SECOND,
            },
        )
        market = Market(attrs.evolve(spec, agents=(agent,)), seed=seed, start=runs.START)
        market.opening()
        market.advance(begin + (length + 2 * PAUSE) * NS_PER_SECOND)
        assert market.agents is not None
        worker = market.agents.agent("twap")
        assert isinstance(worker, TracedTwap)
        assert market.agents.failures == ()
        costs.append(_cost(worker.fills, length, side, lots, mids))
        tell((market.now - runs.START) // NS_PER_SECOND)
    return costs


def _cost(fills: list[tuple[int, int, int]], length: int, side: Side, lots: int, mids: Mids) -> Cost:
    """Of the fills of an order, against the mids of the market without it."""
    sign = -1 if side is Side.SELL else 1
    traded = sum(size for *_, size in fills)
    if not traded:
        return Cost(length, math.nan, math.nan, 0.0)
    arrival = mids.at(fills[0][0] - 1)
    impact = sum(sign * size * (2 * paid - mids.at(time)) for time, paid, size in fills) / 2 / traded
    shortfall = sum(sign * size * (2 * paid - arrival) for _, paid, size in fills) / 2 / traded
    return Cost(length, impact, shortfall, traded / lots)


def worked(symbol: str, lots: int, seed: int) -> list[Cost]:
    """As :func:`executions`, in a process of the pool."""
    return executions(symbol, lots, seed, workers.tell)


def table(found: list[list[Cost]], lengths: Sequence[int] = LENGTHS) -> list[str]:
    """A line for each length: mean impact cost, mean and standard deviation of the shortfall."""
    lines = [f"{'over':>10} {'impact cost':>18} {'shortfall':>18} {'its deviation':>14} {'traded':>8}"]
    for at, length in enumerate(lengths):
        costs = [one[at] for one in found]
        impact = statistics.estimate([cost.impact for cost in costs])
        shortfall = statistics.estimate([cost.shortfall for cost in costs])
        centre = shortfall.mean
        spread = math.sqrt(
            math.fsum((cost.shortfall - centre) ** 2 for cost in costs) / max(1, len(costs) - 1)
        )
        filled = statistics.mean([cost.filled for cost in costs])
        name = f"{length} s" if length else "at once"
        lines.append(
            f"{name:>10} {impact.mean:10.1f} +- {impact.half_width:4.1f} {shortfall.mean:10.1f} +- "
            f"{shortfall.half_width:4.1f} {spread:14.1f} {filled:8.0%}"
        )
    return lines


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.execution", description=__doc__)
    parser.add_argument("--symbol", default="BTC-USD", help="instrument [default: %(default)s]")
    parser.add_argument("--multiple", type=int, default=100, help="size, in sizes at the best price")
    parser.add_argument("--seeds", type=int, default=24, help="pairs [default: %(default)s]")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes [default: one a core]")
    asked = parser.parse_args()
    runs.market_of((asked.symbol,))
    warm = runs.WARM_UP // NS_PER_SECOND
    one = max(LENGTHS) + sum(LENGTHS) + (len(LENGTHS) + 1) * (warm + 2 * PAUSE)
    with workers.pool(asked.jobs, asked.seeds * one + warm + 3600) as pool:
        [best] = pool.all([partial(workers.best_size, asked.symbol)])
        lots = asked.multiple * best
        found = pool.all([partial(worked, asked.symbol, lots, seed) for seed in range(1, asked.seeds + 1)])
    size = f"{lots} lots, {asked.multiple} x {best} at the best price"
    print(f"{asked.symbol}: {size}; ticks a lot, {asked.seeds} seeds")
    print("\n".join(table(found)))


if __name__ == "__main__":
    main()
