"""
What clients notice of a checkpoint: ``python -m tests.benchmarks.checkpoint_pauses``.

A server of the default market with a data folder, in a process of its own, with readers of ticks; its
checkpoints are made by the process beside it, as always, only more often. How late ticks come (the clock at
the reader less the tick's market time, above the least that was ever seen), and how long a ping takes: 50th
and 99th percentile of what came while a checkpoint was made, beside all the rest, and their ratios.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import statistics
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

import trio

from tests.benchmarks import accounts
from tests.benchmarks.frames import CLOSE, PING, PONG, TEXT, FrameReader, handshake, masked
from tests.benchmarks.kill.server import Server

AIM = 1.2  # times the 99th percentile of the rest
PING_SECONDS = 0.02
SYMBOLS = ("EURUSD", "BTC-USD", "ETH-USD")
TICK = re.compile(rb'"time":([0-9]+)')
MADE = re.compile(r"^(\S+Z) .*\bcheckpoint .*\bseconds=([0-9.e-]+)")
# Before what the process calls its beginning, and behind what it calls its end: files are still synced, and
# the line is logged by the server.
MARGIN_SECONDS = 0.2


async def listen(port, account, late):
    """Read ticks for ever; seconds of the clock, and seconds between each tick and now."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        rest = await enter(stream, account)
        await say(stream, type="subscribe", symbols=SYMBOLS)
        async for opcode, payload in frames(stream, rest):
            if opcode == PING:
                await stream.send_all(masked(PONG, payload))
            elif opcode == TEXT and (found := TICK.search(payload)):
                now = time.time()
                late.append((now, now - int(found[1]) / 1000))


async def ping(port, account, took):
    """Ping for ever; seconds of the clock, and seconds until the answer."""
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        received = frames(stream, await enter(stream, account))
        while True:
            began = time.time()
            await stream.send_all(masked(PING, b""))
            async for opcode, _ in received:
                if opcode == PONG:
                    break
            now = time.time()
            took.append((now, now - began))
            await trio.sleep(PING_SECONDS)


async def enter(stream, account):
    """Shake hands and show the key; what has come behind the head of the answer."""
    await stream.send_all(handshake("/tradyn"))
    head = b""
    while b"\r\n\r\n" not in head:
        data = await stream.receive_some()
        if not data:
            raise SystemExit("the server closed a connection")
        head += data
    if b" 101 " not in head.partition(b"\r\n")[0]:
        raise SystemExit(f"the server refused a connection: {head.decode()}")
    await say(stream, type="auth", apiKey=account.key)
    return head.partition(b"\r\n\r\n")[2]


async def say(stream, **message):
    """Send a message."""
    await stream.send_all(masked(TEXT, json.dumps(message).encode()))


async def frames(stream, data):
    """Opcode and payload of all that comes, of ``data`` first."""
    reader = FrameReader()
    while True:
        for opcode, payload in reader.take(data):
            if opcode == CLOSE:
                raise SystemExit(f"the server closed a connection: {payload[2:].decode()}")
            yield opcode, payload
        data = await stream.receive_some()
        if not data:
            raise SystemExit("the server closed a connection")


async def measure(server, readers, seconds):
    """Ticks and pings of so many seconds, the first ones left out."""
    late, took = [], []
    server.start()
    await server.open()
    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for account in readers:
                nursery.start_soon(listen, server.port, account, late)
            nursery.start_soon(ping, server.port, readers[0], took)
            await trio.sleep(min(5, seconds / 4))
            late.clear()
            took.clear()
    least = min((value for _, value in late), default=0)
    return [(at, value - least) for at, value in late], took


def spans_of(log):
    """When a checkpoint was being made: from and to, seconds of the clock."""
    for line in log.splitlines():
        if found := MADE.match(line):
            end = datetime.fromisoformat(found[1]).timestamp()
            yield end - float(found[2]) - MARGIN_SECONDS, end + MARGIN_SECONDS


def percentile(values, part):
    """The value that so large a part is not above."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * part) - 1)]


def compare(name, found, spans):
    """Print both sides; the ratio of the 99th percentiles."""
    sides = {True: [], False: []}
    for at, value in found:
        sides[any(begin <= at <= end for begin, end in spans)].append(value)
    if not all(sides.values()):
        raise SystemExit(f"{name}: nothing came while a checkpoint was made, or besides; take more --seconds")
    for part in (0.5, 0.99):
        meanwhile, rest = percentile(sides[True], part), percentile(sides[False], part)
        ratio = meanwhile / rest if rest else math.inf
        print(
            f"{name:<12} p{round(part * 100)}: {1000 * meanwhile:.2f} ms while a checkpoint was made "
            f"({len(sides[True]):,}), {1000 * rest:.2f} ms besides ({len(sides[False]):,}): {ratio:.2f}"
        )
    return ratio


def main(arguments=None):
    """Print all of it; 1 where a ratio is above the aim."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120, help="of the measurement")
    parser.add_argument("--every", type=float, default=10, help="market seconds between checkpoints")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        readers = [accounts.Account.numbered(number) for number in range(1, options.readers + 1)]
        keys, config = accounts.write(readers, folder)
        with config.open("a", encoding="utf-8") as file:
            file.write(f"[durability]\ncheckpoint_seconds = {options.every}\n")
        log = folder / "server.log"
        arguments = ("--keys", keys, "--config", config, "--data", folder / "data", "--log-level", "debug")
        server = Server(arguments, folder / "data", log)
        try:
            late, took = trio.run(measure, server, readers, options.seconds)
        finally:
            server.end()
        spans = [*spans_of(log.read_text(errors="replace"))]
    if not spans:
        raise SystemExit("no checkpoint was made; take more --seconds")
    lengths = statistics.mean(end - begin - 2 * MARGIN_SECONDS for begin, end in spans)
    print(
        f"{len(spans)} checkpoints, {lengths:.2f} s each; {options.readers} readers of {', '.join(SYMBOLS)}"
    )
    ratios = [compare("tick late by", late, spans), compare("ping takes", took, spans)]
    return 0 if max(ratios) <= AIM else 1


if __name__ == "__main__":
    sys.exit(main())
