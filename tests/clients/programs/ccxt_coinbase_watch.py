"""ccxt.pro on Coinbase: every ``watch`` and ``un_watch`` method, own orders, and books beside REST."""

import asyncio
import json
import sys
import urllib.request

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USD"
PAIRS = [SYMBOL, "ETH/USD"]
TRIES = 200
UPDATES = 5
options = {**told["settings"], "enableRateLimit": False, "timeout": 60_000}


def steer(action):
    """Tell the market's clock."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    body = json.dumps({"action": action}).encode()
    request = urllib.request.Request(told["admin"]["url"] + "/admin/clock", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


async def several(call):
    """The last of some updates."""
    for _ in range(UPDATES):
        found = await call()
    return found


async def watched(exchange):
    """What each public method tells, with some asked for again."""
    book, books, ticker, tickers, trades, all_trades = await asyncio.gather(
        several(lambda: exchange.watch_order_book(SYMBOL)),
        several(lambda: exchange.watch_order_book_for_symbols(PAIRS)),
        several(lambda: exchange.watch_ticker(SYMBOL)),
        several(lambda: exchange.watch_tickers(PAIRS)),
        several(lambda: exchange.watch_trades(SYMBOL)),
        several(lambda: exchange.watch_trades_for_symbols(PAIRS)),
    )
    times = [trade["timestamp"] for trade in exchange.trades[SYMBOL]]
    ids = [trade["id"] for trade in exchange.trades[SYMBOL]]
    return {
        "book": [book["bids"][0][0], book["asks"][0][0], book["symbol"]],
        "books": books["symbol"],
        "ticker": {name: ticker[name] for name in ("last", "bid", "ask", "high", "low", "baseVolume")},
        "tickers": sorted(tickers),
        "trades": [
            trades[-1]["side"],
            all_trades[-1]["symbol"],
            times == sorted(times),
            len(ids) - len(set(ids)),
        ],
        "sockets": len(exchange.clients),
    }


async def standing(exchange):
    """Each local book and the exchange's, with market time stopped."""
    steer("pause")
    found = {}
    for symbol in PAIRS:
        for _ in range(TRIES):
            rest = await exchange.fetch_order_book(symbol)
            book = exchange.orderbooks[symbol]
            depth = {side: len(rest[side]) for side in ("bids", "asks")}
            held = {side: [list(level[:2]) for level in book[side]][: depth[side]] for side in depth}
            asked = {side: [list(level[:2]) for level in rest[side]] for side in depth}
            if held == asked:
                break
            await asyncio.sleep(0.05)  # the rest of it is on its way
        found[symbol] = [held, asked]
    steer("resume")
    return found


async def unwatched():
    """Each method that ends a watch, which only ends where nothing else is watched."""
    found = {}
    for name, what in (
        ("ticker", SYMBOL),
        ("tickers", PAIRS),
        ("trades", SYMBOL),
        ("trades_for_symbols", PAIRS),
        ("order_book", SYMBOL),
    ):
        exchange = ccxt.pro.coinbase(options)
        try:
            await getattr(exchange, f"watch_{name}")(what)
            async with asyncio.timeout(30):
                await getattr(exchange, f"un_watch_{name}")(what)
            await getattr(exchange, f"watch_{name}")(what)
            found[name] = "ended"
        except (ccxt.pro.BaseError, TimeoutError) as error:
            found[name] = f"{type(error).__name__} {error}"
        finally:
            await exchange.close()
    return found


async def own(exchange):
    """Own orders as they are told: one that waits and is cancelled, one that is filled at once."""
    first = asyncio.ensure_future(exchange.watch_orders(SYMBOL))
    await asyncio.sleep(1)
    price = exchange.orderbooks[SYMBOL]["bids"][0][0]
    waits = await exchange.create_order(
        SYMBOL, "limit", "buy", 0.001, round(price * 0.9, 2), {"postOnly": True}
    )
    await first
    await exchange.cancel_order(waits["id"], SYMBOL)
    fills = await exchange.create_order(SYMBOL, "limit", "buy", 0.002, round(price * 1.1, 2))
    over = {waits["id"]: "canceled", fills["id"]: "closed"}
    while {one["id"]: one["status"] for one in exchange.orders}.items() < over.items():
        await exchange.watch_orders(SYMBOL)
    known = {one["id"]: one for one in exchange.orders}
    asked = await exchange.fetch_order(fills["id"], SYMBOL)
    told_of = known[fills["id"]]
    return {
        "statuses": [known[waits["id"]]["status"], told_of["status"]],
        "told": [told_of[name] for name in ("side", "filled", "average", "remaining")],
        "asked": [asked[name] for name in ("side", "filled", "average", "remaining")],
        "fee": [float(told_of["info"]["total_fees"]), float(asked["fee"]["cost"])],
    }


async def main():
    exchange = ccxt.pro.coinbase({**options, **told["keys"]})
    await exchange.load_markets()
    async with asyncio.timeout(100):
        report = {"watched": await watched(exchange), "books": await standing(exchange)}
        report["own"] = await own(exchange)
        report["unwatched"] = await unwatched()
    await exchange.close()
    print(json.dumps(report))


asyncio.run(main())
