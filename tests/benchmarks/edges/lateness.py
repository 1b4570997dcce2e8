"""How much later an edge is than its sequencer, and how long it takes to join."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import trio
from trio_websocket import open_websocket_url

from feed.checkpoint.engine import engine_digest
from feed.cluster.edge_link import link_of
from feed.cluster.local_link import LocalLink
from feed.cluster.snapshot import read_snapshot
from feed.settings import Cluster, Settings, Tokens
from tests.benchmarks.soak import AUTH


async def heard(url: str, seconds: float) -> dict[str, float]:
    """When each numbered message came, seconds."""
    found: dict[str, float] = {}
    async with open_websocket_url(f"{url}/tradyn?ext=seq") as socket:
        await socket.send_message(AUTH)
        await socket.send_message(json.dumps({"type": "subscribe", "symbols": ["BTC-USD", "EURUSD"]}))
        with trio.move_on_after(seconds):
            while True:
                text = await socket.get_message()
                found[text] = time.perf_counter()
    return found


async def delays(urls: list[str], seconds: float) -> list[float]:
    """How much later each message came by the second than by the first, seconds."""
    both: list[dict[str, float]] = [{}, {}]

    async def hear(at: int) -> None:
        both[at] = await heard(urls[at], seconds)

    async with trio.open_nursery() as nursery:
        for at in range(2):
            nursery.start_soon(hear, at)
    first, second = both
    return [second[text] - first[text] for text in second if text in first and '"pos"' in text]


async def join(edge: Sequence[object]) -> tuple[float, float, int]:
    """
    Seconds until a snapshot is there, and until the server stands where it does; its bytes.

    Args:
        edge: Options of one who follows.
    """
    given = dict(zip(map(str, edge[::2]), map(str, edge[1::2]), strict=True))
    key = given.get("--token-key")
    settings = Settings(
        cluster=Cluster(follow=given["--follow"]), tokens=Tokens(key=None if key is None else Path(key))
    )
    link = link_of(settings, lambda: 0.0)
    began = time.perf_counter()
    snapshot = await link.snapshot()
    came = time.perf_counter()
    read_snapshot(snapshot, link.header, engine=engine_digest())
    read = time.perf_counter()
    if isinstance(link, LocalLink):
        await link.aclose()
    return came - began, read - began, len(snapshot.state) + len(snapshot.history)
