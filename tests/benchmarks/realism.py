"""
Does it look like a market: ``python -m tests.benchmarks.realism [SECONDS [PLOT.png]]``.

The figures of the default market beside those of a real book (Coinbase, ten products, thirty seconds
of 2021-04-17, 9,719 updates of price levels by the exchange's clock, from the capture published with
the cryptofeed project) and of another simulator (ABIDES, its reference configuration rmsc04). Where
instruments differ, their range.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from feed.model.events import ADD, QUOTE, REDUCE, TRADE, Row
from feed.sim.defaults import default_market
from feed.sim.market import Market
from tests.support.facts import Facts, FactsCollector, fano

SECOND = 10**9
CAPTURE_SECONDS = 30  # counts are compared in windows as long as the capture

# Row of the table, our figure, Coinbase, ABIDES.
ROWS: tuple[tuple[str, Callable[[Facts], float], str, str], ...] = (
    ("book updates a second", lambda f: f.updates_per_second, "32 (mean)", "-"),
    ("inter-arrival, coefficient of variation", lambda f: f.variation, "1.6-2.5", "2.0-2.25"),
    ("updates within 1 ms of the last, %", lambda f: 100 * f.within_1ms, "17-27", "55-62"),
    ("book updates per trade", lambda f: f.updates_per_trade, "about 100", "2-3 a fill"),
    ("updates that change the best price, %", lambda f: 100 * f.price_changes, "3.5-29", "-"),
    ("spread, ticks", lambda f: f.spread, "2-10, hundreds if tiny", "1.5-1.65"),
    ("excess kurtosis of 1 s returns", lambda f: f.kurtosis_1s, "2-15 (27 points)", "26-118"),
    ("excess kurtosis of 60 s returns", lambda f: f.kurtosis_60s, "-", "3-6"),
    ("autocorrelation of 1 s returns, lag 1", lambda f: f.memory, "-", "-0.02 to -0.05"),
    ("autocorrelation of |1 s returns|, lag 1", lambda f: f.volatility_memory[0], "-", "0.12"),
    ("autocorrelation of |1 s returns|, lag 10", lambda f: f.volatility_memory[1], "-", "0.04"),
    ("autocorrelation of |1 s returns|, lag 60", lambda f: f.volatility_memory[2], "-", "0.01"),
    ("volatility over 1 s, basis points", lambda f: f.volatility, "-", "-"),
    ("longest time with one quote, s", lambda f: f.still, "-", "-"),
)


class Run:
    """The default market, watched for ``seconds`` of market time."""

    def __init__(self, seconds: int) -> None:
        market = Market(default_market(), seed=1, start=0)
        market.opening()
        self.symbols = market.listing.symbols
        self.collectors = [FactsCollector(0) for _ in self.symbols]
        self.counts = [0] * seconds
        self.quotes: list[tuple[float, int, int]] = []  # of the first instrument, over the first minute
        while market.now < seconds * SECOND:
            for row in market.advance(seconds * SECOND, 4096):
                self.collector(row)

    def collector(self, row: Row) -> None:
        """Take in one row."""
        kind, instrument, ts = row[:3]
        self.collectors[instrument].see(row)
        if kind in {ADD, REDUCE, TRADE} and ts < len(self.counts) * SECOND:
            self.counts[ts // SECOND] += 1
        if kind == QUOTE and not instrument and ts < 60 * SECOND:
            self.quotes.append((ts / SECOND, row[3], row[5]))


def span(values: list[float]) -> str:
    """The range of the figures of all instruments, and their median."""
    return f"{min(values):.3g} .. {max(values):.3g} ({statistics.median(values):.3g})"


def plot(run: Run, path: Path) -> str:
    """Draw the market; returns where, or why not."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - a plot is a courtesy, not a dependency
    except ImportError:
        return "no plot: matplotlib is not installed"
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(2, 2, figsize=(12, 8))
    times, bids, asks = zip(*run.quotes, strict=True)
    top: Any = axes[0][0]
    top.step(times, bids, where="post", label="bid", linewidth=0.8)
    top.step(times, asks, where="post", label="ask", linewidth=0.8)
    top.set(title=f"{run.symbols[0]}, first minute", xlabel="s", ylabel="ticks")
    top.legend()
    axes[0][1].plot(run.counts[:300], linewidth=0.8)
    axes[0][1].set(title="book updates a second, all instruments", xlabel="s")
    for symbol, collector in zip(run.symbols, run.collectors, strict=True):
        returns = collector.returns()
        axes[1][0].plot([x * 10_000 for x in returns[:900]], linewidth=0.4, label=symbol)
        axes[1][1].plot(range(1, 61), collector.memory(60), linewidth=0.6)
    axes[1][0].set(title="returns over 1 s", xlabel="s", ylabel="basis points")
    axes[1][1].set(title="autocorrelation of |returns over 1 s|", xlabel="lag, s")
    axes[1][1].axhline(0, color="black", linewidth=0.5)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return f"plot: {path}"


def main() -> None:
    """Run, print the table, draw."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 3600
    path = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.gettempdir(), "realism.png")
    run = Run(seconds)
    facts = [collector.facts() for collector in run.collectors]
    print(f"default market, {len(facts)} instruments, {seconds} s of market time, seed 1; range (median)\n")
    print(f"{'':<42} {'ours':<28} {'Coinbase':<24} ABIDES")
    for title, figure, coinbase, abides in ROWS:
        print(f"{title:<42} {span([figure(item) for item in facts]):<28} {coinbase:<24} {abides}")
    windows = [run.counts[at : at + CAPTURE_SECONDS] for at in range(0, seconds, CAPTURE_SECONDS)]
    bursts = statistics.fmean(fano(window) for window in windows if len(window) == CAPTURE_SECONDS)
    title = "variance over mean of counts in 1 s, all"
    print(f"{title:<42} {f'{bursts:.3g}, long run {fano(run.counts):.3g}':<28} {'21':<24} -\n")
    print("instrument  updates/s  per trade    CV  <1ms %  best %  spread  1s bp")
    for symbol, item in zip(run.symbols, facts, strict=True):
        print(
            f"{symbol:<10} {item.updates_per_second:>10.1f} {item.updates_per_trade:>10.0f}"
            f" {item.variation:>5.2f} {100 * item.within_1ms:>7.1f} {100 * item.price_changes:>7.1f}"
            f" {item.spread:>7.1f} {item.volatility:>6.2f}"
        )
    print("\n" + plot(run, path))


if __name__ == "__main__":
    main()
