"""Processes that run markets, and a bar that shows how far they have come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from typing import Any

from feed.cli.progress import progress
from tests.benchmarks.realism import impact, round_trips, runs

_COUNTER: Any = None  # market seconds done by all processes, shared


def _join(counter: Any) -> None:
    global _COUNTER  # noqa: PLW0603 - a process of the pool has no other place to be handed it
    _COUNTER = counter


def tell(seconds: int) -> None:
    with _COUNTER.get_lock():
        _COUNTER.value += seconds


def watch(symbols: tuple[str, ...], seed: int, seconds: int) -> dict[str, runs.Watched]:
    return runs.watch(symbols, seed, seconds, tell, draw=seed == 1)


def best_size(symbol: str) -> int:
    return impact.best_size(symbol, tell)


def answers(symbol: str, best: int, seed: int) -> tuple[list[impact.Path], list[round_trips.RoundTrip]]:
    """What large orders and round trips of one seed did."""
    return impact.pairs(symbol, seed, best, tell), round_trips.round_trips(symbol, seed, best, tell)


class Pool:
    """Processes that run markets, and a bar that shows how far they have come."""

    def __init__(self, executor: ProcessPoolExecutor, show: Callable[[], None]) -> None:
        self._executor = executor
        self._show = show

    def all(self, calls: list[partial[Any]]) -> list[Any]:
        """The results of calls, in their order."""
        futures: list[Future[Any]] = [self._executor.submit(call) for call in calls]
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=0.5, return_when="FIRST_EXCEPTION")
            self._show()
            for future in done:
                future.result()
        return [future.result() for future in futures]


@contextmanager
def pool(jobs: int, market_seconds: int) -> Iterator[Pool]:
    """Processes, ended with the block."""
    context = get_context("spawn")
    counter = context.Value("q", 0)
    with progress("markets") as bar:
        show = (lambda: bar(counter.value, market_seconds)) if bar else (lambda: None)
        with ProcessPoolExecutor(jobs, context, _join, (counter,)) as executor:
            try:
                yield Pool(executor, show)
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
