"""
What a checkpoint costs, and who can go on from it: ``python -m tests.benchmarks.checkpoints``.

Seconds of processor time to write and to read the default market with what a server computes of it (the best
of several), bytes, and what takes them. Then other processes go on from it for some seconds, each with
hashes of text of its own: this Python, and those of ``--python``, each a path of one that has what the
package requires. Whether rows and the next checkpoint are the same to the last byte is printed, and decides
the exit code.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import zstandard

import feed
from feed.checkpoint.object_graph import dump, load
from feed.settings import Trading
from feed.sim.clients import open_to_accounts
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.state.market_state import MarketState
from feed.state.projections import Projections

SECOND = 10**9
RUNS = 3

GO_ON = """
import hashlib, platform, sys, time
from feed.checkpoint.object_graph import dump, load
from feed.sim.clients import ClientMarket
written = sys.stdin.buffer.read()
begin = time.process_time()
roots = load(written)
took = time.process_time() - begin
rows = roots["run"].advance(roots["run"].now + int(sys.argv[1]))
print(hashlib.sha256(repr(rows).encode() + dump(roots)).hexdigest(), platform.python_version(), f"{took:.2f}")
"""


def opened(seconds: int) -> dict[str, object]:
    """The default market past some time, with what is computed of it."""
    run = open_to_accounts(Market(default_market(), seed=1, start=0), Trading())
    state = MarketState(len(run.listing))
    projections = Projections(run.listing, state, most_trades=1000)
    for rows in (run.opening(), run.advance(seconds * SECOND)):
        for row in rows:
            if state.apply(state.seq + 1, row):
                projections.apply(state.seq, row, 0)
    return {"run": run, "state": state, "projections": projections}


def best(action: Callable[[], object]) -> float:
    """Seconds of processor time that it takes at the best."""
    times = []
    for _ in range(RUNS):
        begin = time.process_time()
        action()
        times.append(time.process_time() - begin)
    return min(times)


def print_costs(roots: dict[str, object], written: bytes) -> None:
    """Times and sizes."""
    compressed = zstandard.ZstdCompressor(level=1).compress(written)
    print(f"written in {best(lambda: dump(roots)):.2f} s, read in {best(lambda: load(written)):.2f} s")
    print(f"{len(written) / 1e6:.1f} MB, {len(compressed) / 1e6:.1f} MB compressed; of it")
    sizes: dict[str, list[int]] = {}
    for form, count, *body in msgspec.msgpack.decode(written)["groups"]:
        name = f"{form} {body[0].rpartition(':')[2]}" if form in ("instance", "named") else form
        size = sizes.setdefault(name, [0, 0])
        size[0] += len(msgspec.msgpack.encode(body))
        size[1] += count
    for name, (size, count) in sorted(sizes.items(), key=lambda item: -item[1][0])[:8]:
        print(f"  {name:<28} {count:>8,} objects {size / 1e6:>6.2f} MB")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="market seconds before and after")
    parser.add_argument("--python", action="append", default=[], metavar="PATH", help="another Python")
    options = parser.parse_args(arguments)
    roots = opened(options.seconds)
    written = dump(roots)
    print_costs(roots, written)
    run = roots["run"]
    length = options.seconds * SECOND
    rows = run.advance(run.now + length)  # type: ignore[attr-defined]
    expected = hashlib.sha256(repr(rows).encode() + dump(roots)).hexdigest()
    same = True
    for python in (sys.executable, *options.python):
        outcome = subprocess.run(
            [python, "-c", GO_ON, str(length)],
            input=written,
            env={**os.environ, "PYTHONHASHSEED": "random", "PYTHONPATH": str(Path(feed.__file__).parents[1])},
            stdout=subprocess.PIPE,
            check=True,
        )
        digest, version, took = outcome.stdout.decode().split()
        same &= digest == expected
        verdict = "the same" if digest == expected else "OTHERS"
        print(f"Python {version}: read in {took} s; {len(rows):,} rows later {verdict}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
