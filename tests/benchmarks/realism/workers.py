"""Processes that run markets, and a bar that shows how far they have come."""

from __future__ import annotations

import multiprocessing.pool
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from feed.cli.progress import progress
from tests.benchmarks.realism import impact, round_trips, runs

_COUNTER: Any = None  # market seconds done by all processes, shared


def _join(counter: Any) -> None:
    global _COUNTER  # noqa: PLW0603 - a process of the pool has no other place to be handed it
    _COUNTER = counter
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the process that started these, which ends them


def tell(seconds: int) -> None:
    with _COUNTER.get_lock():
        _COUNTER.value += seconds


def watch(symbols: tuple[str, ...], seed: int, seconds: int, *, whole: bool) -> dict[str, runs.Watched]:
    return runs.watch(symbols, seed, seconds, tell, draw=seed == 1, whole=whole)


def best_size(symbol: str) -> int:
    return impact.best_size(symbol, tell)


def answers(symbol: str, best: int, seed: int) -> tuple[list[impact.Path], list[round_trips.RoundTrip]]:
    """What large orders and round trips of one seed did."""
    return impact.pairs(symbol, seed, best, tell), round_trips.round_trips(symbol, seed, best, tell)


class Pool:
    """Processes that run markets, and a bar that shows how far they have come."""

    def __init__(self, processes: multiprocessing.pool.Pool, show: Callable[[], None]) -> None:
        self._processes = processes
        self._show = show

    def all(self, calls: list[partial[Any]]) -> list[Any]:
        """The results of calls, in their order; the first error of any ends it."""
        results = [self._processes.apply_async(call) for call in calls]
        while waiting := [result for result in results if not result.ready()]:
            waiting[0].wait(0.5)
            self._show()
            for result in results:
                if result.ready() and not result.successful():
                    result.get()
        return [result.get() for result in results]


@contextmanager
def pool(jobs: int, market_seconds: int) -> Iterator[Pool]:
    """Processes, ended with the block, whatever they are at."""
    context = multiprocessing.get_context("spawn")
    counter = context.Value("q", 0)
    with progress("markets") as bar, context.Pool(jobs, _join, (counter,)) as processes:
        yield Pool(processes, (lambda: bar(counter.value, market_seconds)) if bar else (lambda: None))
