"""
How long an order takes: from the request to its acknowledgement, and to the public book.

A server in a process of its own runs the default market at its own pace; clients on the same machine hold
1,000 resting orders and send order requests at a steady rate, creating and cancelling in turn. Times are
from just before a request is sent to just after the message is read, over loopback.

    python -m tests.benchmarks.orders [--seconds 10] [--rate 200] [--resting 1000]

With ``--clients`` so many clients order in a closed loop, each its next request after its answer, at servers
that keep a log of it (``--data``) with each ``--sync``, and at one that keeps none. All of them take turns in
each round; printed are medians of the rounds, and of the ratios to the server without a log in that round.

    python -m tests.benchmarks.orders --clients 50 [--seconds 10] [--rounds 5] [--folder DIR]
"""

import argparse
import contextlib
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
from tests.benchmarks.accounts import Account, write
from tests.benchmarks.order_clients import order_for

SIZE = "0.0001"
START_SECONDS = 60
NO_LOG = "without a log"


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


@contextlib.contextmanager
def serving(*options):
    """``feed serve`` on a free port; its port."""
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        command = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", port, *options]
        server = subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            give_up = time.monotonic() + START_SECONDS
            while not port.exists():
                if server.poll() is not None or time.monotonic() > give_up:
                    server.kill()
                    raise SystemExit(f"feed serve did not start: {server.communicate()[1].decode()}")
                time.sleep(0.05)
            yield int(port.read_text())
        finally:
            server.terminate()
            server.communicate()


def closed_loop(clients, seconds, rounds, folder, modes):
    """Everybody's next order after its answer, at each kind of server in each round; the table."""
    loads = {}
    with tempfile.TemporaryDirectory(dir=folder) as home:
        holders = [Account.numbered(number) for number in range(1, clients + 1)]
        keys, config = write(holders, home)
        for at in range(rounds):
            for step in range(len(modes) + 1):
                mode = [NO_LOG, *modes][(at + step) % (len(modes) + 1)]
                durable = () if mode == NO_LOG else ("--data", Path(home, f"{mode}-{at}"), "--sync", mode)
                with serving("--config", config, "--keys", keys, *durable) as port:
                    loads.setdefault(mode, []).append(order_for(port, holders, seconds))
    print(f"{clients} clients, {rounds} rounds of {seconds:g} s, Python {sys.version.split()[0]}")
    print(f"{'':<16}{'orders/s':>10}{'p50 ms':>9}{'p99 ms':>9}{'refused':>9}   of that without a log")
    for mode in (NO_LOG, *modes):
        rows = loads[mode]
        ratios = sorted(one.rate / base.rate for one, base in zip(rows, loads[NO_LOG], strict=True))
        columns = (
            statistics.median(one.rate for one in rows),
            *(statistics.median(one.quantile(share) for one in rows) for share in (0.5, 0.99)),
        )
        print(f"{mode:<16}{columns[0]:10,.0f}{columns[1]:9.1f}{columns[2]:9.1f}", end="")
        print(f"{sum(one.refused for one in rows):9}   {statistics.median(ratios):.2f}", end="")
        print(f" ({ratios[0]:.2f} to {ratios[-1]:.2f})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--resting", type=int, default=1000)
    parser.add_argument("--clients", type=int, help="in a closed loop")
    parser.add_argument("--rounds", type=int, default=5, help="of a closed loop")
    parser.add_argument("--folder", type=Path, help="where the logs of a closed loop are; default: /tmp")
    parser.add_argument("--sync", nargs="*", default=["always", "batch", "os"], help="of a closed loop")
    options = parser.parse_args()
    if options.clients:
        closed_loop(options.clients, options.seconds, options.rounds, options.folder, options.sync)
        return
    rates = {name: getattr(options, name) for name in ("seconds", "rate", "resting")}
    with serving() as port:
        acknowledged, public = trio.run(lambda: measure(f"ws://127.0.0.1:{port}", **rates))
    python = sys.version.split()[0]
    print(f"{options.resting} resting orders, {options.rate:g} order messages/s, Python {python}")
    report("order to acknowledgement", acknowledged)
    report("order to public book", public)


if __name__ == "__main__":
    main()
