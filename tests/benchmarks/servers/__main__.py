"""
A sequencer and two edges over a Redis, and clients with the same parameters at each: do all say the same?

Without ``--kill`` the market is held until everybody has subscribed, so that all connections of equal
clients must be the same from the answer to the handshake to the last message, which closes them: every byte
is compared but pings, which a server sends by its own clock.

With ``--kill`` servers are killed and stopped under these clients and others that order: an edge, the
sequencer, and then the standby that has taken over, which is stopped for ten seconds and wakes when another
one leads. In the end a server that nothing was done to is given the requests of the log at their places: what
each client was sent, from one resume to the next, must stand in what is read there, and every order that was
answered must have acted once. Exit code 1 when anything differs.

    python -m tests.benchmarks.servers [--clients 50] [--hours 3] [--speed 60]
    python -m tests.benchmarks.servers --kill [--clients 50] [--traders 12] [--seconds 20] [--speed 20]
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from functools import partial
from pathlib import Path

import trio

from feed.cli.logs import configure
from tests.benchmarks import accounts
from tests.benchmarks.edges.processes import REDIS, place_of_log
from tests.benchmarks.kill.readers import subscriptions
from tests.benchmarks.servers.cluster import SCENARIO, Cluster
from tests.benchmarks.servers.killed import Run, settings_of
from tests.benchmarks.servers.together import listen

EDGES = ("edge 1", "edge 2")


async def run_together(cluster, everybody):
    """Start the servers, and read all of the market at each."""
    first = cluster.sequencer()
    await first.open()
    servers = [first, *map(cluster.edge, EDGES)]
    for server in servers[1:]:
        await server.open()
    return await listen(servers, subscriptions("BTCUSD"), everybody)


def show(found):
    """The table, and where something differs."""
    print(f"{'protocol':<20}{'clients':>10}{'messages':>14}{'bytes':>16}{'differing':>12}")
    totals = [0, 0, 0, 0]
    told = []
    for protocol, group in sorted(found.groups.items()):
        differing = [same for same in group if not same.end()]
        told += [f"{same.name}: {same.difference}" for same in differing]
        counts = [
            len(group) * len(found.servers),
            sum(sum(same.messages) for same in group),
            sum(sum(same.bytes) for same in group),
            len(differing),
        ]
        totals = [one + other for one, other in zip(totals, counts, strict=True)]
        line(protocol, counts)
    line("all", totals)
    for text in told:
        print(f"  differs: {text}")
    return totals[-1]


def line(name, counts):
    clients, messages, size, differing = counts
    print(f"{name:<20}{clients:>10,}{messages:>14,}{size:>16,}{differing:>12,}")


def show_killed(found):
    """What happened, and the figures."""
    verdict = found.verdict
    for what, then in found.happened:
        print(f"{what:<28}{then}")
    print(f"{'protocol':<20}{'messages':>14}")
    for protocol, count in sorted(verdict.messages.items()):
        print(f"{protocol:<20}{count:>14,}")
    print(f"{verdict.bytes / 1e6:.1f} MB compared, {verdict.resumed} resumes, {verdict.cut} cut off")
    print(
        f"{found.market_seconds / 3600:.2f} hours of market time, blocks of each term: {dict(found.blocks)}"
    )
    print(f"connections closed: {dict(found.closes)}")
    print(f"{found.requests} requests in the log; {verdict.orders} orders answered", end="")
    print(f", {verdict.repeated} of them sent more than once")
    wrong = {name: getattr(verdict, name) for name in ("lost", "doubled", "differing", "refusals")}
    print(", ".join(f"{name} {len(texts)}" for name, texts in wrong.items()))
    for name, texts in wrong.items():
        for text in texts[:5]:
            print(f"  {name}: {text[:1000]}")
    return not verdict.good


def parsed(arguments):
    """What is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=50, help="at each server")
    parser.add_argument("--hours", type=float, default=3, help="of market time, without --kill")
    parser.add_argument("--speed", type=float, help="market seconds per second")
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--traders", type=int, default=12, help="clients that order, with --kill")
    parser.add_argument("--seconds", type=float, default=20, help="from one kill to the next")
    return parser.parse_args(arguments)


def main(arguments=None):
    """Run, compare, print."""
    options = parsed(arguments)
    speed = options.speed or (20 if options.kill else 60)
    count = options.clients + (options.traders if options.kill else 0)
    everybody = [accounts.Account.numbered(number) for number in range(1, count + 1)]
    market = ["--scenario", SCENARIO, "--speed", speed]
    if not options.kill:
        market += ["--until", f"{round(options.hours * 3600)}s", "--wait-clients", count * (1 + len(EDGES))]
    configure("text", "error")  # what a server in this process has to say
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as scratch, place_of_log(REDIS) as (where, shared, _):
        cluster = Cluster(where, shared, market, everybody, Path(scratch))
        try:
            if not options.kill:
                found = trio.run(partial(run_together, cluster, everybody))
                print(f"{options.hours:g} hours of market time in {found.seconds:.0f} s, speed {speed:g}")
                return 1 if show(found) else 0
            readers, traders = everybody[: options.clients], everybody[options.clients :]
            run = Run(cluster, where, readers, traders, seconds=options.seconds)
            trio.run(run.disturbed)
        finally:
            cluster.end()
        run.judge(settings_of(cluster.keys, cluster.config))
    return 1 if show_killed(run.found) else 0


if __name__ == "__main__":
    sys.exit(main())
