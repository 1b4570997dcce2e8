"""Many seeds, over processes: which failed, and how fast it goes."""

import signal
import sys
import time
import traceback
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import nullcontext
from itertools import islice

import attrs

from tests.simulation.plants import PLANTS
from tests.simulation.simulation import Outcome, simulate

LONGEST_SECONDS = 120  # of the machine's clock for one seed; one that hangs is a failure too
LINE_SECONDS = 30  # between two lines where no bar can be drawn
BAR = 24  # characters


def outcome_of(seed, plant=""):
    """The outcome of a seed, also where something was raised that nobody expected."""
    with PLANTS[plant]() if plant else nullcontext():
        try:
            return simulate(seed)
        except Exception as problem:  # noqa: BLE001 - any is a failure of that seed
            text = "".join(traceback.format_exception(problem))
            return Outcome(seed=seed, difference=text)


def _bounded(seed, plant):
    def hangs(*_):
        raise TimeoutError(f"no end after {LONGEST_SECONDS} s")

    signal.signal(signal.SIGALRM, hangs)
    signal.alarm(LONGEST_SECONDS)
    try:
        return outcome_of(seed, plant)
    finally:
        signal.alarm(0)


@attrs.define
class Totals:
    """What some seeds came to together."""

    seeds: int = 0
    failures: int = 0
    crashes: int = 0
    refused: int = 0
    orders: int = 0
    events: int = 0
    messages: int = 0

    def add(self, outcome):
        self.seeds += 1
        self.failures += bool(outcome.difference)
        for name in ("crashes", "refused", "orders", "events", "messages"):
            setattr(self, name, getattr(self, name) + getattr(outcome, name))


class Progress:
    """Says how far it is: a bar on a terminal, else a line now and then."""

    def __init__(self, count, out):
        self._count = count
        self._out = out
        self._bar = out.isatty()
        self._began = self._told = time.monotonic()

    def tell(self, totals):
        now = time.monotonic()
        rate = totals.seeds / max(now - self._began, 1e-9)
        text = f"{totals.seeds:,} seeds, {rate:.1f} a second, {totals.failures} failed"
        if self._bar:
            part = totals.seeds / self._count if self._count else 0
            done = "#" * round(BAR * part)
            print(f"\r[{done:<{BAR}}] {text} ", end="", file=self._out, flush=True)
        elif now - self._told >= LINE_SECONDS:
            self._told = now
            print(text, file=self._out, flush=True)

    def clear(self):
        if self._bar:
            print("\r" + " " * 79, end="\r", file=self._out)


def run_seeds(seeds, *, count, jobs, minutes=None, plant="", out=None):
    """
    Run seeds until there are no more, the time is over, or a bug that was planted is found.

    Args:
        seeds: Them; may be without end.
        count: How many; None where the time ends it.
        jobs: Processes.
        minutes: How long; None for all seeds.
        plant: Name of a bug to put in.
        out: Where failures and progress are said; None for standard output.
    Returns:
        The totals, and the seconds that it took.
    """
    began, out = time.monotonic(), out or sys.stdout
    totals, progress = Totals(), Progress(count, out)
    for outcome in _outcomes(iter(seeds), jobs, plant, None if minutes is None else began + 60 * minutes):
        totals.add(outcome)
        if outcome.difference:
            progress.clear()
            print(f"seed {outcome.seed}: {outcome.difference.rstrip()}", file=out)
            planted = f" --plant {plant}" if plant else ""
            print(f"  again: python -m tests.simulation --seed {outcome.seed}{planted}", file=out)
            if plant:
                break
        progress.tell(totals)
    progress.clear()
    return totals, time.monotonic() - began


def _outcomes(seeds, jobs, plant, end):
    if jobs == 1:
        for seed in seeds:
            yield outcome_of(seed, plant)
            if end is not None and time.monotonic() >= end:
                break
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = {pool.submit(_bounded, seed, plant) for seed in islice(seeds, 2 * jobs)}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                if end is None or time.monotonic() < end:
                    waiting |= {pool.submit(_bounded, seed, plant) for seed in islice(seeds, len(done))}
                for one in done:
                    yield one.result()
        finally:
            pool.shutdown(cancel_futures=True)
