"""
How long an order takes: from the request to its acknowledgement, and to the public book.

A server in a process of its own runs the default market at its own pace; clients on the same machine hold
1,000 resting orders and send order requests at a steady rate, creating and cancelling in turn. Times are
from just before a request is sent to just after the message is read, over loopback.

    python -m tests.benchmarks.orders [--seconds 10] [--rate 200] [--resting 1000]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID

import trio
from trio_websocket import open_websocket_url

from feed.client.address import ServerAddress
from feed.client.fetch import poster
from feed.dialects.client import SubscriptionSpec
from feed.dialects.discovery import codecs
from feed.settings import DEMO_KEY, DEMO_SECRET

SIZE = "0.0001"


def price_of(at):
    """Far below the market, and different for each order, so that its level is its own."""
    return f"{20_000 + at // 100}.{at % 100:02}"


def request(kind, name, **content):
    return json.dumps({"message": kind, "content": {"clientRequestId": str(UUID(int=name)), **content}})


def create(name, price):
    return request("createOrder", name, orderType="buy", tradeType="limit", price=price, quantity=SIZE)


async def rest(socket, count):
    """Let so many orders rest."""
    for at in range(count):
        await socket.send_message(create(at, price_of(at)))
        for _ in range(2):
            message = json.loads(await socket.get_message())
            assert message["data"]["statusCode"] in (200, 202), message
        await trio.sleep(0.002)  # below the bound on messages in a second


async def token(url):
    """The subprotocol that carries one, as the client library gets it."""
    spec = SubscriptionSpec(symbols=("BTC-USD",), channels=(), key=DEMO_KEY, secret=DEMO_SECRET)
    address = ServerAddress(codecs()["rails"], spec, url)
    return address.ticket(*await poster(None)(*address.token_request()), trusted=False)


async def measure(url, *, seconds, rate, resting):
    """Acknowledgement and public book, seconds for each order that was created."""
    sent, acknowledged, public = {}, {}, {}
    orders = {}
    offered = [await token(url)]
    async with (
        open_websocket_url(f"{url}/rails?market=BTC-USD", subprotocols=offered) as trader,
        open_websocket_url(
            f"{url}/rails?market=BTC-USD&subscriptions=publicOrderBook", subprotocols=offered
        ) as watcher,
    ):
        await rest(trader, resting)

        async def hear():
            while True:
                message = json.loads(await trader.get_message())
                now = time.perf_counter()
                data = message["data"]
                if message["resultType"] == "createOrder":
                    name = UUID(data["clientRequestId"]).int
                    acknowledged.setdefault(name, now)
                    orders[name] = data["order"]["orderId"]

        async def watch():
            while True:
                text = await watcher.get_message()
                now = time.perf_counter()
                for order in json.loads(text)["data"]["orders"]:
                    public.setdefault(order["price"], now)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hear)
            nursery.start_soon(watch)
            began = trio.current_time()
            last = 0
            for at in range(int(seconds * rate)):
                await trio.sleep_until(began + at / rate)
                name = resting + at
                if at % 2 and last in orders:
                    await trader.send_message(request("cancelOrder", name, orderId=orders[last]))
                else:
                    last = name
                    sent[name] = time.perf_counter()
                    await trader.send_message(create(name, price_of(name)))
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
    return (
        [acknowledged[name] - sent[name] for name in sent],
        [public[price_of(name)] - sent[name] for name in sent],
    )


def report(title, times):
    cuts = statistics.quantiles(times, n=100)
    worst = max(times)
    print(f"{title:<24} {len(times):>6} orders   median {cuts[49] * 1e3:6.2f} ms", end="   ")
    print(f"p99 {cuts[98] * 1e3:6.2f} ms   max {worst * 1e3:6.2f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--resting", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        command = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", port]
        server = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not port.exists():
                time.sleep(0.05)
            url = f"ws://127.0.0.1:{port.read_text().strip()}"
            acknowledged, public = trio.run(lambda: measure(url, **vars(options)))
        finally:
            server.terminate()
            server.wait()
    python = sys.version.split()[0]
    print(f"{options.resting} resting orders, {options.rate:g} order messages/s, Python {python}")
    report("order to acknowledgement", acknowledged)
    report("order to public book", public)


if __name__ == "__main__":
    main()
