"""
A steady source, whose ticks say when they were made, served in one of four ways.

    python -m tests.benchmarks.edges.stamped ROLE --port PORT --connections 100 --rate 100 --symbols 10

``single`` is a server, ``sequencer`` one with a log (``--log``), ``edge`` one that follows it (``--follow``):
as ``feed serve``, but for the source. ``publisher`` is no server: it publishes the same texts to NATS at its
PORT, each symbol's under a subject of its own.
"""

from __future__ import annotations

import argparse
import socket
from functools import partial
from pathlib import Path

import trio

from feed.cli.foreground import settle
from feed.cli.logs import configure
from feed.cluster.edge import serve_edge
from feed.cluster.sequencer_server import serve_sequencer
from feed.dialects.discovery import dialects
from feed.model.events import event
from feed.server.serve import serve
from feed.settings import Cluster, Settings, Tokens
from feed.stream.source import Batch
from tests.benchmarks.fanout.ours import StampedTicks, StampedTradyn, SteadySource, limits_for

BATCHES = 16  # as many as a server lets wait


def subject(symbol: str) -> str:
    """Where the ticks of a symbol are published."""
    return f"ticks.{symbol}"


def settings_of(options: argparse.Namespace) -> Settings:
    """Of a server."""
    return Settings(
        port=options.port,
        limits=limits_for(options.connections),
        cluster=Cluster(log=options.log, follow=options.follow),
        tokens=Tokens(key=options.token_key),
    )


async def publish(source: SteadySource, port: int) -> None:
    """Send every tick to NATS, those that are due in one write, as its clients do."""
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    await stream.send_all(b'CONNECT {"verbose":false}\r\n')
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    encoders = [StampedTicks(instrument, None) for instrument in source.listing]
    heads = [f"PUB {subject(instrument.symbol)} " for instrument in source.listing]
    sender, receiver = trio.open_memory_channel[Batch](BATCHES)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(source.run, sender)
        async for batch in receiver:
            texts = ((row[1], encoders[row[1]].encode(event(0, row))) for row in batch.rows)
            lines = [f"{heads[index]}{len(text)}\r\n{text}\r\n" for index, text in texts if text is not None]
            await stream.send_all("".join(lines).encode())


async def main() -> None:
    """Serve, or publish, until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=("single", "sequencer", "edge", "publisher"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--rate", type=float, default=100, help="ticks a second of all symbols together")
    parser.add_argument("--symbols", type=int, default=1)
    parser.add_argument("--log")
    parser.add_argument("--follow")
    parser.add_argument("--token-key", type=Path)
    options = parser.parse_args()
    source = SteadySource(
        symbols=options.symbols, clients=1, rate=options.rate, ramp=1, step_seconds=1, created=True
    )
    source.arrived()  # it waits for nobody: clients may be at another server
    if options.role == "publisher":
        await publish(source, options.port)
        return
    # The table of dialects is shared by the whole process, and this process serves nothing else.
    dialects()["tradyn"] = StampedTradyn(source)
    settings = settings_of(options)
    async with trio.open_nursery() as nursery:
        if options.role == "edge":
            await nursery.start(partial(serve_edge, settings, tell=settle))
        else:
            served = serve if options.role == "single" else serve_sequencer
            await nursery.start(partial(served, settings, source=source, tell=settle))


if __name__ == "__main__":
    configure("text")
    trio.run(main)
