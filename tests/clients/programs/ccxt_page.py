"""ccxt.pro: watches its orders while somebody else trades for the same wallet; says each step in a line."""

import asyncio
import json
import sys

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL, AMOUNT = "BTC/USDT", 0.002
exchange = ccxt.pro.binance({**told["settings"], **told["keys"], "enableRateLimit": False, "timeout": 60_000})


def say(step, order):
    """What the test waits for."""
    fields = ("id", "clientOrderId", "symbol", "side", "type", "status")
    exact = {name: order["info"][key] for name, key in told["exact"].items() if key in order["info"]}
    print(json.dumps({"step": step, **{name: order[name] for name in fields}, **exact}), flush=True)


async def watched(wanted):
    """The next order with this status that its stream tells of."""
    while True:
        for order in await exchange.watch_orders(SYMBOL):
            if order["status"] == wanted:
                return order


async def main():
    await exchange.load_markets()
    looking = asyncio.create_task(watched("open"))
    await exchange.fetch_open_orders(SYMBOL)
    await asyncio.wait({looking}, timeout=1)
    print(json.dumps({"step": "watching"}), flush=True)
    theirs = await looking
    say("seen", theirs)
    (found,) = await exchange.fetch_open_orders(SYMBOL)
    say("found", found)
    looking = asyncio.create_task(watched("canceled"))
    price = exchange.price_to_precision(SYMBOL, found["price"] * 0.99)
    own = await exchange.create_order(SYMBOL, "limit", "buy", AMOUNT, price)
    say("placed", own)
    say("cancelled", await looking)
    say("fetched", await exchange.fetch_order(own["id"], SYMBOL))
    await exchange.close()


asyncio.run(main())
