"""
Is anything lost, doubled or told otherwise, whenever the power goes: ``python -m tests.simulation``.

Each seed is a market served by one whole server after the other, in this process, on a virtual clock, with
connections in memory and a simulated disk below ``--data``. Clients of several protocols place and cancel
orders, hang up, come back, resume where they were, and send again what was not answered. Meanwhile the
power goes at random moments, also in the middle of a write; the disk tears and loses what was not synced,
fills up, fails, is slow, and has a write go astray. In the end everything is compared with a run that never
crashed, computed from the log: every event ever published, every message of every client byte for byte,
every order, all money, and what every account is told when it asks.

    python -m tests.simulation --seeds 1000             new seeds, which are printed
    python -m tests.simulation --minutes 60             the nightly form
    python -m tests.simulation --seed 42                one again, the same in every detail
    python -m tests.simulation --plant ack-before-sync  until a bug put in on purpose is found

Exits with 1 if a seed failed, or if a bug that was planted was not found.
"""

import argparse
import os
import random
import sys
from itertools import count

from tests.simulation.plants import PLANTS
from tests.simulation.runner import run_seeds

NEW_SEEDS = 100


def main(arguments=None):
    """Run it; gives the exit code."""
    usage, _, _ = __doc__.partition("Exits")
    parser = argparse.ArgumentParser(
        "python -m tests.simulation", description=usage, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, help=f"how many (default: {NEW_SEEDS}, 1 with --seed)")
    parser.add_argument("--seed", type=int, help="the first (default: a new one)")
    parser.add_argument("--minutes", type=float, help="go on for so long, rather than for a number of seeds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--plant", choices=list(PLANTS), default="", help="put a bug in, and stop when found")
    options = parser.parse_args(arguments)
    first = random.SystemRandom().randrange(10**9) if options.seed is None else options.seed
    number = options.seeds or (1 if options.seed is not None else 1000 if options.plant else NEW_SEEDS)
    if options.minutes is not None and options.seeds is None:
        number = None
    seeds = count(first) if number is None else range(first, first + number)
    until = f"for {options.minutes:g} minutes" if number is None else f"to {first + number - 1}"
    print(f"seeds from {first} {until}", flush=True)
    totals, seconds = run_seeds(
        seeds,
        count=number,
        jobs=1 if number == 1 else max(1, options.jobs),
        minutes=options.minutes,
        plant=options.plant,
    )
    rate = totals.seeds / max(seconds, 1e-9)
    print(f"{totals.seeds:,} seeds in {seconds:.1f} s, {rate:.1f} a second; {totals.failures:,} failed")
    print(
        f"{totals.crashes:,} crashes, {totals.refused:,} starts refused for what was wrong with the disk; "
        f"{totals.orders:,} orders acknowledged, {totals.events:,} events, {totals.messages:,} messages"
    )
    return int(bool(totals.failures) is not bool(options.plant))


if __name__ == "__main__":
    sys.exit(main())
