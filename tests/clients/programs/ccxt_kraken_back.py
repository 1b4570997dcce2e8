"""ccxt.pro on Kraken: an account that trades while its connection is lost, and what it is told once back."""

import asyncio
import json
import sys
import urllib.request

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL, AMOUNT = "BTC/USD", 0.01
exchange = ccxt.pro.kraken({**told["settings"], **told["keys"], "enableRateLimit": False, "timeout": 60_000})


def ask(path, body):
    """Ask the server what only its operator may."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    request = urllib.request.Request(told["admin"]["url"] + path, json.dumps(body).encode(), headers)
    urllib.request.urlopen(request, timeout=60).close()


async def lost(call):
    """The class of what a watch raises whose connection is lost."""
    try:
        while True:
            await call()
    except ccxt.pro.BaseError as error:
        return type(error).__name__


async def watched(call, ids, wanted):
    """All that is watched, once all that is wanted is among it."""
    while not wanted <= ids(found := await call()):
        pass
    return found


def names(found):
    return {one["id"] for one in exchange.orders or found}


def trades(found):
    return {one["order"] for one in exchange.myTrades or found}


async def main():
    low = float(exchange.price_to_precision(SYMBOL, (await exchange.fetch_ticker(SYMBOL))["bid"] * 0.9))
    orders = asyncio.ensure_future(lost(lambda: exchange.watch_orders(SYMBOL)))
    balance = asyncio.ensure_future(lost(exchange.watch_balance))
    before = (await exchange.create_order_ws(SYMBOL, "limit", "buy", AMOUNT, low))["id"]
    gone = (await exchange.create_order_ws(SYMBOL, "limit", "buy", AMOUNT, low))["id"]
    ask("/admin/faults", {"name": "cut", "kind": "reset", "aim": {"dialect": "kraken"}})
    report = {"lost": [await orders, await balance]}
    # By request, while nobody listens.
    await exchange.cancel_order(gone, SYMBOL)
    after = (await exchange.create_order(SYMBOL, "limit", "buy", AMOUNT, low))["id"]
    bought = (await exchange.create_order(SYMBOL, "market", "buy", AMOUNT))["id"]
    exchange.orders = None  # what was known before may be out of date
    own = await watched(lambda: exchange.watch_my_trades(SYMBOL), trades, {bought})
    report["trades"] = [one["id"] for one in own]
    found = await watched(lambda: exchange.watch_orders(SYMBOL), names, {before, after})
    report["orders"] = [one["id"] for one in found]
    report["wanted"] = [before, after]
    report["balance"] = (await exchange.watch_balance())["total"]
    report["fetched trades"] = [one["id"] for one in await exchange.fetch_my_trades(SYMBOL)]
    report["fetched orders"] = [one["id"] for one in await exchange.fetch_open_orders(SYMBOL)]
    report["fetched balance"] = (await exchange.fetch_balance())["total"]
    return report


async def run():
    """All of it, and the end of every connection."""
    try:
        async with asyncio.timeout(100):
            report = await main()
    finally:
        await exchange.close()
    print(json.dumps(report))


asyncio.run(run())
