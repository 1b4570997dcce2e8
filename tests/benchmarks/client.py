"""
How fast a client receives and decodes, beside bare libraries that do ``json.loads``.

A process of its own sends the same recorded ticks to each, as fast as they are read; what is measured
is the client's: messages a second and CPU time a message, medians of several runs.

    python -m tests.benchmarks.client [--messages 50000] [--runs 5]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import statistics
import time

import trio
import websockets.asyncio.client
from trio_websocket import open_websocket_url
from websockets.server import ServerProtocol

from feed.client import Quote, connect
from feed.stream.frames import text_frame

CLOSE = 0x88
BURST = 200  # messages in one write, as a busy fan-out makes them


def ticks(count):
    """Frames of the tick server, with sequence numbers."""
    return [
        text_frame(
            f'{{"type":"tick","symbol":"EURUSD","bid":1.{8000 + at % 999},"ask":1.{9000 + at % 999},'
            f'"time":{1_709_742_000_000 + at},"seq":{at + 1}}}'
        )
        for at in range(count)
    ]


def serve(count, ready):
    """Answer each handshake with ``count`` ticks, in a process of its own."""
    hello = b"".join(
        map(text_frame, ['{"type":"welcome"}', '{"type":"auth","success":true}', '{"type":"subscribed"}'])
    )
    frames = ticks(count)
    data = [b"".join(frames[at : at + BURST]) for at in range(0, count, BURST)]

    async def handle(stream):
        protocol = ServerProtocol()
        while not (events := protocol.events_received()):
            protocol.receive_data(await stream.receive_some())
        protocol.send_response(protocol.accept(events[0]))
        await stream.send_all(b"".join(protocol.data_to_send()) + hello)
        try:
            for part in data:
                await stream.send_all(part)
            while (said := await stream.receive_some()) and said[0] != CLOSE:
                pass
            await stream.aclose()
        except trio.BrokenResourceError:
            pass

    async def main():
        listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
        ready.put(listeners[0].socket.getsockname()[1])
        await trio.serve_listeners(handle, listeners)

    trio.run(main)


async def ours(url, count):
    left = count
    async with connect(url, symbols=["EURUSD"], key="x") as feed:
        while left > 0:
            left -= sum(isinstance(item, Quote) for item in await feed.batch())


async def bare_websockets(url, count):
    async with websockets.asyncio.client.connect(url) as socket:
        left = count
        while left:
            left -= json.loads(await socket.recv())["type"] == "tick"


async def bare_trio_websocket(url, count):
    async with open_websocket_url(url) as socket:
        left = count
        while left:
            left -= json.loads(await socket.get_message())["type"] == "tick"


CONTENDERS = {
    "feed.client on Trio": lambda *args: trio.run(ours, *args),
    "feed.client on asyncio": lambda *args: asyncio.run(ours(*args)),
    "websockets + json.loads": lambda *args: asyncio.run(bare_websockets(*args)),
    "trio-websocket + json.loads": lambda *args: trio.run(bare_trio_websocket, *args),
}


def measure(contender, url, count):
    """Messages a second, and microseconds of CPU a message."""
    wall, cpu = time.perf_counter(), time.process_time()
    contender(url, count)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return count / wall, cpu / count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    server = context.Process(target=serve, args=(options.messages, ready), daemon=True)
    server.start()
    url = f"ws://127.0.0.1:{ready.get()}/"
    print(f"{'':30}{'messages/s':>12}{'us CPU each':>13}")
    for name, contender in CONTENDERS.items():
        runs = [measure(contender, url, options.messages) for _ in range(options.runs)]
        rate, cpu = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"{name:30}{rate:12,.0f}{cpu:13.1f}")
    server.kill()


if __name__ == "__main__":
    main()
