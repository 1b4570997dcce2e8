"""The shipped scenario of an exchange in trouble, as clients of Binance live through it."""

import hashlib
import hmac
import json
from itertools import pairwise
from urllib.parse import urlencode

import pytest
import trio
import virtual
from asking import answer, head
from clients import Closed
from servers import RunningServer

from feed import Settings
from feed.server.keys import KeyStore, demo_entries
from feed.server.playout import Playout
from feed.server.server_context import ServerContext
from feed.settings import DEMO_KEY, DEMO_SECRET

pytestmark = pytest.mark.protocols("binance")

STREAM = "/binance/ws/btcusdt@depth@100ms"


async def send(server, method, path, query="", **headers):
    """One request by HTTP: status, headers, JSON."""
    client = server.connect()
    await client.send_bytes(head(f"/binance/{path}?{query}", method=method, **headers))
    found = await answer(client)
    await client.stream.aclose()
    return found


async def signed(server, method, path, timestamp, **params):
    """The same, with the demo key."""
    query = urlencode({**params, "timestamp": timestamp})
    mark = hmac.new(DEMO_SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
    return await send(server, method, path, f"{query}&signature={mark}", **{"X-MBX-APIKEY": DEMO_KEY})


def market_ms(server):
    """Market time, milliseconds since the Unix epoch."""
    return server.context.fanout.hub.market_state.now // 10**6


async def listen(server, found):
    """All diffs of each connection, coming back whenever it is closed."""
    while True:
        client, diffs, closed = server.connect(), [], None
        found.append(diffs)
        try:
            await client.upgrade(STREAM)
            while True:
                diffs.append(await client.text())
        except Closed as problem:
            closed = problem
        except (trio.BrokenResourceError, ValueError, AssertionError) as problem:
            closed = problem
        found.append(closed)
        await trio.sleep(0.05)


async def poll(server, seen, orders):
    """What a bot asks again and again, by its own clock: market time."""
    while True:
        status, headers, body = await signed(server, "GET", "api/v3/account", market_ms(server))
        seen["account"].append((status, body.get("code")))
        if status == 418:
            seen["retry"].append(int(headers["retry-after"]))
        seen["system"].append((await send(server, "GET", "sapi/v1/system/status"))[2]["status"])
        if orders:
            named = {"symbol": "BTCUSDT", "orderId": orders[0]}
            _, _, order = await signed(server, "GET", "api/v3/order", market_ms(server), **named)
            seen["order"].append((order.get("status"), order.get("executedQty")))
        await trio.sleep(0.4)


async def rest_an_order(server, orders, start):
    """A bid behind the best ones shortly before the connections are cut; kept there until it is filled."""
    await trio.sleep_until(start + 8.4)
    book = (await send(server, "GET", "api/v3/ticker/bookTicker", "symbol=BTCUSDT"))[2]
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
    price = f"{float(book['bidPrice']) - 60:.2f}"
    status, _, placed = await signed(server, "POST", "api/v3/order", market_ms(server), price=price, **order)
    assert status == 200, placed
    orders.append(placed["orderId"])


def test_everything_goes_wrong_once_and_in_its_place():
    """At ten times the pace; two clients that do the same are sent the same bytes, faults and all."""

    async def main():
        settings = Settings(scenario="exchange-trouble", speed=10, wait_clients=2)
        playout = Playout(settings, None)
        context = ServerContext(
            settings, playout.source, KeyStore(demo_entries()), playout.plan, storage=playout.storage
        )
        await playout.open(context.fanout)
        send_rows, receive = trio.open_memory_channel(settings.flow.channel_batches)
        heard, again, orders = [], [], []
        seen = {"account": [], "retry": [], "system": [], "order": []}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(context.fanout.run, receive)
            nursery.start_soon(context.fanout.replay)
            nursery.start_soon(playout.run, send_rows, context.fanout)
            server = RunningServer(context, None, nursery, settings.limits)
            start = trio.current_time()
            nursery.start_soon(listen, server, heard)
            nursery.start_soon(listen, server, again)
            nursery.start_soon(poll, server, seen, orders)
            nursery.start_soon(rest_an_order, server, orders, start)
            await playout.ended.wait()
            await context.fanout.published(playout.source.control.status().seq)
            nursery.cancel_scope.cancel()
        return heard, again, seen, context.faults.statistics()

    heard, again, seen, records = virtual.run(main)
    first = heard[0]
    both = min(len(first), len(again[0]))  # a reset may take the last one with it
    assert first[:both] == again[0][:both]
    assert both > 200
    diffs = [json.loads(text) for text in first]
    spoilt = [(one["u"], after["U"]) for one, after in pairwise(diffs) if after["U"] != one["u"] + 1]
    kinds = ["lost" if later > before + 1 else "seen" for before, later in spoilt]
    assert kinds == ["lost", "seen", "lost", "seen", "lost", "lost"]  # once, twice, late, and the silence
    assert {(200, None), (400, -1021), (418, -1003), (503, 1)} <= set(seen["account"])
    assert max(seen["retry"]) <= 10
    assert set(seen["system"]) == {0, 1}
    assert seen["order"][0] == ("NEW", "0.00000000")
    assert ("PARTIALLY_FILLED", "0.05000000") in seen["order"]
    assert [record.name for record in records if not record.connections + record.refused] == [
        "clock-skew",
        "maintenance",
    ]
