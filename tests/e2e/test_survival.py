"""The client against everything that goes wrong, on both loops; in the end its book is the server's."""

import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from ports import free_port
from processes import PATIENCE_SECONDS

from feed.client import (
    Connected,
    Disconnected,
    Gap,
    Garbled,
    LevelSet,
    OutOfSync,
    Overflow,
    Resynced,
    Side,
    Stale,
    Ticker,
    connect,
)
from feed.dialects.checksums import CHECKED_LEVELS
from feed.faults.gate import GateMode
from feed.testing import FeedServer
from feed.testing.proxy import Proxy

pytestmark = pytest.mark.e2e

SYMBOL = "BTC-USD"
FIRST = "EURUSD"
# Fast enough for a test; without an end, as it takes a busy machine long to come to the last fault.
MARKET = {"dialect": "guide", "speed": 6, "instruments": 5}


def at_rest(server, symbol):
    """The server's book by REST: sequence number, bids, asks."""
    with urllib.request.urlopen(
        f"{server.http}/v1/market/book?symbol={symbol}&depth={CHECKED_LEVELS}"
    ) as answer:
        book = json.load(answer)
    return book["seq"], [tuple(row) for row in book["bids"]], [tuple(row) for row in book["asks"]]


def pause(server):
    """Let the market stand still, so that a book can be compared with another one."""
    headers = {"X-API-Key": server.admin_key, "Content-Type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(f"{server.http}/admin/clock", b'{"action":"pause"}', headers)
    ):
        pass


def spoil(server, do):
    """Do something to the wires of all open connections."""
    server.call(lambda: [do(tap) for tap in server.taps if tap.visit.left is None])


async def agree(feed, server, symbol=SYMBOL):
    """Wait until the market stands still, and for the client to have all of it."""
    while True:
        before = await anyio.to_thread.run_sync(at_rest, server, symbol)
        book = feed.book(symbol)
        if (
            book is not None
            and book.in_sync
            and [book.texts(side, CHECKED_LEVELS) for side in Side] == [*before[1:]]
        ):
            await anyio.sleep(0.3)
            if await anyio.to_thread.run_sync(at_rest, server, symbol) == before:
                return
        await anyio.sleep(0.1)


async def until(feed, kind):
    async for item in feed:
        if isinstance(item, kind):
            return item
    raise AssertionError


@pytest.mark.feed(**MARKET)
@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_it_survives_a_bad_wire_with_the_right_book(backend, feed_server):
    """Lost frames, a dropped connection, a mute one: each is told, and the book is right again."""

    async def main(server):
        with anyio.fail_after(PATIENCE_SECONDS):
            options = {"symbols": [SYMBOL], "channels": ["book", "trades"], "mute_seconds": 3}
            async with connect(server.url, overflow=Overflow.DROP, **options) as feed:
                await until(feed, Resynced)
                spoil(server, lambda tap: setattr(tap, "lose", 50))
                assert await until(feed, OutOfSync) == OutOfSync(symbol=SYMBOL, reason="checksum")
                await until(feed, Resynced)
                spoil(server, Proxy.drop)
                resumed = await until(feed, Connected)
                assert resumed.resumed_after > 0
                spoil(server, lambda tap: setattr(tap, "wire", GateMode.MUTE))
                await until(feed, Stale)
                await until(feed, Connected)
                await anyio.to_thread.run_sync(pause, server)
                await agree(feed, server)

    anyio.run(main, feed_server, backend=backend)


@pytest.mark.parametrize("backend", ["trio", "asyncio"])
def test_it_survives_a_restart_of_the_server(backend):
    """The new server's market is not the old one's: a gap is told, and the books are the new ones."""

    async def main(first):
        with anyio.fail_after(PATIENCE_SECONDS):
            async with connect(first.url, symbols=[SYMBOL], channels=["book", "orders"]) as feed:
                await until(feed, Resynced)
                await anyio.to_thread.run_sync(first.stop)
                with FeedServer(**MARKET, seed=99, port=port) as second:
                    gap = await until(feed, Gap)
                    assert "since=" in gap.reason
                    await until(feed, OutOfSync)
                    await until(feed, Resynced)
                    await anyio.to_thread.run_sync(pause, second)
                    await agree(feed, second)
                    orders, book = feed.orders(SYMBOL), feed.book(SYMBOL)
                    assert [orders.levels(side) for side in Side] == [book.levels(side) for side in Side]

    port = free_port()
    first = FeedServer(**MARKET, port=port)
    first.start()
    anyio.run(main, first, backend=backend)


@pytest.mark.parametrize(
    ("scenario", "until_", "told"),
    [
        ("disconnect-storm", "2m", (Disconnected, Connected, Resynced)),
        ("mute-feed", "2m", (Stale, Disconnected, Connected, Resynced)),
        # What is lost in the last second of a feed nobody can know of: the last faults have no end.
        ("lossy-link", "1m39s", (OutOfSync, Garbled, Resynced)),
    ],
)
def test_it_keeps_going_through_a_shipped_scenario(scenario, until_, told):
    """
    Every fault of the file strikes; each is told, and in the end the book is the server's, by REST.

    On both loops at once, for the time that it takes.
    """

    async def main(server):
        seen = set()
        with anyio.fail_after(2 * PATIENCE_SECONDS):
            options = {"symbols": [FIRST], "channels": ["book", "quotes"], "mute_seconds": 1}
            async with connect(server.url, **options) as feed, anyio.create_task_group() as tasks:

                async def read():
                    async for item in feed:
                        seen.add(type(item))

                tasks.start_soon(read)
                await agree(feed, server, FIRST)
                tasks.cancel_scope.cancel()
        assert seen >= {*told, Ticker, LevelSet}

    settings = {"dialect": "guide", "speed": 10, "until": until_, "at_end": "hold"}
    with FeedServer(scenario=scenario, **settings) as server, ThreadPoolExecutor() as threads:
        runs = [threads.submit(anyio.run, main, server, backend=backend) for backend in ("trio", "asyncio")]
        for run in runs:
            run.result()
