"""
``kill -9`` at random moments, under clients that order and clients that read; then: is anything missing?

A server with a data folder is killed again and again, and started again. Meanwhile accounts order over
several protocols, and send what was not answered once more with the same client id; readers of every protocol
connect again, those that can with the position that they had come to. In the end a second server, which is
never killed, is given the requests of the log at their places, with readers that listen from the beginning.

- Lost: an order that was answered, and that this server does not accept.
- Doubled: an order that it accepts twice.
- Bytes: what each reader was sent from connection to connection, from one resume to the next, must stand in
  what a reader of the same subscription was sent by this server, byte for byte and without a gap.

The moments are drawn from the seed; what the clock makes of them is not repeated. Exit code 1 when anything
is missing.

    python -m tests.benchmarks.kill [--kills 100] [--traders 50] [--readers 200] [--seed N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import math
import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path

from feed.cli.logs import configure
from tests.benchmarks.kill.run import Plan, run


def main(arguments=None):
    """Kill, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--traders", type=int, default=50)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=3, help="that it serves, until it is killed")
    parser.add_argument("--starting", type=float, default=0.25, help="share of servers killed as they start")
    parser.add_argument(
        "--settled", type=float, default=0.5, help="share of the others killed after readers went on"
    )
    parser.add_argument("--instruments", type=int, help="fewer than the default market's")
    parser.add_argument("--sync", default="always")
    parser.add_argument("--minutes", type=float, default=math.inf, help="after which no more are killed")
    parser.add_argument("--seed", type=int, default=None, help="of the moments and the orders")
    parser.add_argument("--folder", type=Path, help="for the data; kept, where it is given")
    options = parser.parse_args(arguments)
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    plan = Plan(
        kills=options.kills,
        traders=options.traders,
        readers=options.readers,
        seconds=options.seconds,
        starting=options.starting,
        settled=options.settled,
        instruments=options.instruments,
        sync=options.sync,
        seed=seed,
        minutes=options.minutes,
    )
    print(
        f"seed {seed}: {plan.kills} kills, {plan.traders} order clients, {plan.readers} readers", flush=True
    )
    configure("text", "error")  # what the other server, in this process, has to say
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and its server ends with it
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        found = run(plan, options.folder or Path(scratch), tell=lambda text: print(text, flush=True))
    show(found, time.monotonic() - began)
    return 0 if found.verdict.good else 1


def show(found, seconds):
    """The figures, and what is wrong."""
    verdict = found.verdict
    starts = found.starts
    print(f"{found.killed_ready} killed while they served, {found.killed_starting} while they started")
    print(f"ready {statistics.median(starts):.2f} s after the start (median; at most {max(starts):.2f} s)")
    print(f"{verdict.orders} orders answered, {verdict.repeated} of them sent more than once", end="")
    print(f", {found.market_seconds:.0f} s of market time, exit code {found.exit_code}")
    compared = ", ".join(f"{name} {count}" for name, count in sorted(verdict.messages.items()))
    print(f"{verdict.bytes / 1e6:.1f} MB read, {verdict.resumed} resumes, {verdict.cut} cut off", end="")
    print(f"; messages: {compared}")
    wrong = {name: getattr(verdict, name) for name in ("lost", "doubled", "differing", "refusals", "left")}
    print(", ".join(f"{name} {len(texts)}" for name, texts in wrong.items()), end=f"; {seconds:.0f} s\n")
    for name, texts in wrong.items():
        for text in texts[:5]:
            print(f"  {name}: {text[:1000]}")


if __name__ == "__main__":
    sys.exit(main())
