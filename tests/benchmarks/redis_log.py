"""
What it costs to write a market's blocks into a Redis on this machine, beside the log of a local socket.

For blocks of so many events: how many events a second one append after another takes, CPU of this process and
of Redis for a block, what an append takes, and what an event takes there.

    python -m tests.benchmarks.redis_log [--seconds 2] [--fsync everysec]
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable

import trio

from feed.cluster.block import Block
from feed.cluster.redis.connection import CoredisServer, RedisAway, RedisConnection, reply_as
from feed.cluster.redis.format import Names
from feed.cluster.redis.log import RedisLog
from feed.cluster.redis.url import RedisUrl
from feed.cluster.retention import Retained
from feed.cluster.sequence import BlockBuilder
from feed.model.events import Row
from feed.model.stream_position import StreamPosition, first_proof
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.run_status import RunState

SIZES = (1, 10, 100, 1000)
START = 1_700_000_000 * 10**9
KEPT = 64 * 1024 * 1024


def events(seconds: int) -> tuple[Market, list[Row]]:
    """So many seconds of the default market."""
    market = Market(default_market(), seed=1, start=START)
    return market, market.opening() + market.advance(START + seconds * 10**9)


def blocks(market: Market, rows: list[Row], size: int) -> list[Block]:
    """All of them, in blocks of a size."""
    builder = BlockBuilder(StreamPosition(0, first_proof(market.listing)))
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    return [
        builder.build(
            some, made=0.0, stood=0, market_time=some[-1][2], phase=RunState.RUNNING, takes_orders=True
        )
        for some in parts
    ]


async def cpu_of(connection: RedisConnection) -> float:
    """Seconds that Redis has used."""
    said = reply_as(await connection.command("INFO", "cpu"), bytes).decode()
    fields = dict(line.split(":") for line in said.splitlines() if ":" in line)
    return float(fields["used_cpu_user"]) + float(fields["used_cpu_sys"])


async def appended(found: list[Block], seconds: float, append: Callable[[Block], Awaitable[object]]) -> int:
    """How many blocks are appended in so long."""
    until = time.perf_counter() + seconds
    for number, block in enumerate(found, 1):
        await append(block)
        if time.perf_counter() >= until:
            return number
    return len(found)


async def measure(server: CoredisServer, size: int, found: list[Block], seconds: float) -> str:
    """A line of the table."""
    names = Names(server.name)
    retained = Retained(most_bytes=KEPT)
    began = time.process_time()
    for block in found:
        retained.add(block)
    local = (time.process_time() - began) / len(found)
    async with server.connection() as connection, trio.open_nursery() as nursery:
        await connection.command("FLUSHALL")
        log = RedisLog(server, term=1, after=None, retain_bytes=KEPT)
        nursery.start_soon(log.run)
        await log.append(found[0])
        redis, cpu, wall = await cpu_of(connection), time.process_time(), time.perf_counter()
        count = await appended(found[1:], seconds, log.append)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        redis = await cpu_of(connection) - redis
        taken = reply_as(await connection.command("MEMORY", "USAGE", names.log, "SAMPLES", 0), int)
        nursery.cancel_scope.cancel()
    return (
        f"{size:6}{count * size / wall:12,.0f}{cpu / count * 1e6:12.0f}{redis / count * 1e6:9.0f}"
        f"{local * 1e6:9.0f}{cpu / count / size * 1e6:12.2f}{wall / count * 1e3:9.2f}"
        f"{taken / (count + 1) / size:9.1f}"
    )


async def run(server: CoredisServer, seconds: float) -> None:
    """Wait for Redis, and print the table."""
    with trio.fail_after(10):
        while True:
            try:
                async with server.connection() as connection:
                    await connection.command("PING")
                break
            except RedisAway:
                await trio.sleep(0.05)
    market, rows = events(300)
    print(f"{'events':>6}{'events/s':>12}{'us a block':>12}{'Redis':>9}{'local':>9}", end="")
    print(f"{'us an event':>12}{'ms':>9}{'bytes':>9}")
    for size in SIZES:
        print(await measure(server, size, blocks(market, rows, size), seconds), flush=True)


def main(arguments: list[str]) -> None:
    """Start a Redis, measure, and end it."""
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="for each size of block")
    parser.add_argument("--fsync", choices=["always", "everysec", "no"], default="everysec")
    options = parser.parse_args(arguments)
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("redis-server is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--dir", folder, "--save", "", "--appendonly", "yes"]
        process = subprocess.Popen([*command, "--appendfsync", options.fsync], stdout=subprocess.DEVNULL)
        try:
            trio.run(
                run, CoredisServer(RedisUrl(host="127.0.0.1", port=port, name="market")), options.seconds
            )
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
