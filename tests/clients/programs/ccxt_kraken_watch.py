"""ccxt.pro on Kraken: every ``watch`` method for a while, and orders by WebSocket; then all beside REST."""

import asyncio
import json
import sys
import time
import urllib.request
from collections import Counter

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USD"
# A ticker of best prices takes the place of one after trades. Our own trades see to it that each has some.
BOOKS, BEST, TRADED = ["ETH/USD", "SOL/USD"], ["SOL/USD"], [SYMBOL, "ETH/USD"]
AMOUNT = 0.001
TRADING_SECONDS = 2.0  # between two rounds of orders
UNKNOWN_SECONDS = 30.0
TRIES = 200

exchange = ccxt.pro.kraken({**told["settings"], **told["keys"], "enableRateLimit": False, "timeout": 60_000})
# Its cache of orders holds so many, and what falls out cannot be compared.
exchange.options["ordersLimit"] = exchange.options["tradesLimit"] = 100_000
updates, errors, crossed, answered = Counter(), [], [], Counter()


async def watch(name, call, over):
    """Each update of one method, until it is over."""
    while not over.is_set():
        asked = asyncio.ensure_future(call())
        ended = asyncio.ensure_future(over.wait())
        await asyncio.wait({asked, ended}, timeout=UNKNOWN_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not asked.done():
            asked.cancel()
            if not over.is_set():
                errors.append(f"{name}: nothing for {UNKNOWN_SECONDS} s")
            return
        try:
            found = asked.result()
        except ccxt.pro.BaseError as error:
            errors.append(f"{name}: {type(error).__name__} {error}")
            return
        updates[name] += 1
        if name.startswith("book") and found["bids"][0][0] >= found["asks"][0][0]:
            crossed.append(name)


def priced(price):
    """One that the exchange takes."""
    return float(exchange.price_to_precision(SYMBOL, price))


async def order(*what, **params):
    """The id of a new order."""
    number = (await exchange.create_order_ws(SYMBOL, *what, params))["id"]
    answered["placed"] += 1
    return number


async def trade(ends):
    """Orders that wait, are edited and cancelled, one by one or all, and ones that are filled at once."""
    while time.monotonic() < ends:
        bids = exchange.orderbooks[SYMBOL]["bids"] if SYMBOL in exchange.orderbooks else []
        if bids:
            low = priced(bids[0][0] * 0.9)
            try:
                waiting = await order("limit", "buy", AMOUNT, low)
                await order(
                    "limit", "buy", AMOUNT, low, postOnly=True, clientOrderId=f"own-{answered['placed']}"
                )
                await order("market", "buy", 2 * AMOUNT, None)
                await order("limit", "sell", AMOUNT, priced(bids[0][0] * 0.99))
                edited = await exchange.edit_order_ws(waiting, SYMBOL, "limit", "buy", 2 * AMOUNT, low)
                answered["edited"] += bool(edited["id"])
                gone = await exchange.cancel_order_ws(waiting)
                answered["cancelled"] += gone["result"]["order_id"] == waiting
                answered["all cancelled"] += (await exchange.cancel_all_orders_ws())["result"]["count"]
            except ccxt.pro.BaseError as error:
                errors.append(f"orders: {type(error).__name__} {error}")
                return
        await asyncio.sleep(TRADING_SECONDS)


async def refused(call):
    """The class that it raises, and its text."""
    try:
        await call
    except ccxt.pro.BaseError as error:
        return [type(error).__name__, str(error)]
    return []


CALLS = {
    "book": lambda: exchange.watch_order_book(SYMBOL),
    "books of several": lambda: exchange.watch_order_book_for_symbols(BOOKS),
    "trades": lambda: exchange.watch_trades(SYMBOL),
    "trades of several": lambda: exchange.watch_trades_for_symbols(TRADED),
    "ticker": lambda: exchange.watch_ticker(SYMBOL),
    "tickers": lambda: exchange.watch_tickers(TRADED),
    "bids and asks": lambda: exchange.watch_bids_asks(BEST),
    "candles": lambda: exchange.watch_ohlcv(SYMBOL, "1m"),
    "orders": exchange.watch_orders,
    "own trades": exchange.watch_my_trades,
    "balance": exchange.watch_balance,
}


def steer(action, **fields):
    """Tell the market's clock."""
    body = json.dumps({"action": action, **fields}).encode()
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    request = urllib.request.Request(told["admin"]["url"] + "/admin/clock", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


async def standing():
    """Each local book and the exchange's, with market time stopped."""
    steer("pause")
    found = {}
    for symbol in (SYMBOL, *BOOKS):
        for _ in range(TRIES):
            rest = await exchange.fetch_order_book(symbol, 10)
            book = exchange.orderbooks[symbol]
            sides = {side: [list(level[:2]) for level in book[side]] for side in ("bids", "asks")}
            wanted = {side: [list(level[:2]) for level in rest[side]] for side in sides}
            if sides == wanted:
                break
            await asyncio.sleep(0.05)  # the rest of it is on its way
        found[symbol] = [sides, wanted]
    return found


async def main():
    await exchange.load_markets()
    over = asyncio.Event()
    tasks = [asyncio.ensure_future(watch(name, call, over)) for name, call in CALLS.items()]
    await asyncio.sleep(1)  # the account is watched before it trades
    await trade(time.monotonic() + told["seconds"])
    await asyncio.sleep(1)
    report = {
        "refused": {
            "funds": await refused(exchange.create_order_ws(SYMBOL, "limit", "buy", 50, 50_000)),
            "order": await refused(exchange.cancel_order_ws("OAAAAA-AAAAA-AAAAAA")),
            # What it does not know it puts beside the parameters.
            "unknown": await refused(order("market", "buy", AMOUNT, None, validate=True)),
            "reduce": await refused(order("market", "buy", AMOUNT, None, reduceOnly=True)),
        }
    }
    report["books"] = {} if errors else await standing()
    over.set()
    await asyncio.gather(*tasks)
    report["silent"] = [name for name in CALLS if name not in updates]
    report |= {"updates": updates, "errors": errors, "crossed": crossed, "answered": answered}
    if errors:
        return report
    report["orders"] = {one["id"]: one["info"] for one in exchange.orders}
    report["trades"] = {one["id"]: one for one in exchange.myTrades}
    report["balance"] = {asset: exchange.balance["spot"][asset]["total"] for asset in ("BTC", "USD")}
    report["fetched orders"] = {
        one["id"]: one["info"] for one in await exchange.fetch_closed_orders(limit=50)
    }
    report["fetched trades"] = {one["id"]: one for one in await exchange.fetch_my_trades(limit=50)}
    balance = await exchange.fetch_balance()
    report["fetched balance"] = {asset: balance[asset]["total"] for asset in report["balance"]}
    return report


async def run():
    """All of it, and the end of every connection."""
    try:
        report = await main()
    finally:
        await exchange.close()
    print(json.dumps(report))


asyncio.run(run())
