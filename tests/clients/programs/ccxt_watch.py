"""ccxt.pro: every ``watch`` method that Spot has for a while, own orders too; then books beside REST."""

import asyncio
import json
import sys
import time
import urllib.request
from collections import Counter

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USDT"
# Two streams of one book get into the way of each other in the client, which keeps one book of a symbol.
SEVERAL = ["ETH/USDT", "SOL/USDT"]
CANDLES = [["ETH/USDT", "1s"], ["SOL/USDT", "5m"]]
AMOUNT = 0.001
TRADING_SECONDS = 2.0  # between an order of ours and the next
STEPS = 2000  # of the market, until a window of the local book's stream ends
UNKNOWN_SECONDS = 30.0

exchange = ccxt.pro.binance({**told["settings"], **told["keys"], "enableRateLimit": False, "timeout": 60_000})
updates, errors, crossed = Counter(), [], []
watched = {"orders": {}, "statuses": {}, "trades": {}, "balance": {}}


def keep(name, found):
    """What was watched of the account."""
    if name == "orders":
        for order in found:
            watched["orders"][order["id"]] = order
            statuses = watched["statuses"].setdefault(order["id"], [])
            if statuses[-1:] != [order["status"]]:
                statuses.append(order["status"])
    elif name == "own trades":
        watched["trades"].update((trade["id"], trade) for trade in found)
    elif name == "balance":
        watched["balance"] = {asset: found[asset] for asset in ("BTC", "USDT")}
    elif name.startswith("book") and found["bids"][0][0] >= found["asks"][0][0]:
        crossed.append([name, found["nonce"]])


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
        keep(name, found)


async def trade(ends):
    """Orders that wait and are cancelled, and ones that are filled at once."""
    while time.monotonic() < ends:
        bids = exchange.orderbooks[SYMBOL]["bids"] if SYMBOL in exchange.orderbooks else []
        if bids:
            price = exchange.price_to_precision(SYMBOL, bids[0][0] * 0.9)
            try:
                waiting = await exchange.create_order(SYMBOL, "limit", "buy", AMOUNT, price)
                await exchange.create_order(SYMBOL, "market", "buy", AMOUNT)
                await exchange.create_order(SYMBOL, "market", "sell", AMOUNT)
                await exchange.cancel_order(waiting["id"], SYMBOL)
            except ccxt.pro.BaseError as error:
                errors.append(f"orders: {type(error).__name__} {error}")
                return
        await asyncio.sleep(TRADING_SECONDS)


CALLS = {
    "book": lambda: exchange.watch_order_book(SYMBOL),
    "books of several": lambda: exchange.watch_order_book_for_symbols(SEVERAL),
    "trades": lambda: exchange.watch_trades(SYMBOL),
    "trades of several": lambda: exchange.watch_trades_for_symbols(SEVERAL),
    "ticker": lambda: exchange.watch_ticker(SYMBOL),
    "tickers": lambda: exchange.watch_tickers(SEVERAL),
    "all tickers": exchange.watch_tickers,
    "bids and asks": lambda: exchange.watch_bids_asks(SEVERAL),
    "candles": lambda: exchange.watch_ohlcv(SYMBOL, "1m"),
    "candles of several": lambda: exchange.watch_ohlcv_for_symbols(CANDLES),
    "orders": lambda: exchange.watch_orders(SYMBOL),
    "own trades": lambda: exchange.watch_my_trades(SYMBOL),
    "balance": exchange.watch_balance,
}


async def main():
    await exchange.load_markets()
    over = asyncio.Event()
    tasks = [asyncio.ensure_future(watch(name, call, over)) for name, call in CALLS.items()]
    await asyncio.sleep(1)  # the account is watched before it trades
    await trade(time.monotonic() + told["seconds"])
    await asyncio.sleep(1)
    report = {"books": {} if errors else await standing()}
    over.set()
    await asyncio.gather(*tasks)
    if errors:
        return report | {"updates": updates, "errors": errors}
    report["fetched orders"] = await exchange.fetch_orders(SYMBOL, limit=1000)
    report["fetched trades"] = await exchange.fetch_my_trades(SYMBOL, limit=1000)
    balance = await exchange.fetch_balance()
    report["fetched balance"] = {asset: balance[asset] for asset in ("BTC", "USDT")}
    report |= {"watched": watched, "updates": updates, "errors": errors, "crossed": crossed}
    steer("resume")
    await unwatch()
    return report


async def run():
    """All of it, and the end of every connection."""
    try:
        report = await main()
    finally:
        await exchange.close()
    print(json.dumps(report))


async def unwatch():
    """Leave each stream."""
    await exchange.un_watch_order_book(SYMBOL)
    await exchange.un_watch_trades(SYMBOL)
    await exchange.un_watch_ticker(SYMBOL)
    await exchange.un_watch_tickers(SEVERAL)
    await exchange.un_watch_bids_asks(SEVERAL)
    await exchange.un_watch_ohlcv(SYMBOL, "1m")
    await exchange.un_watch_order_book_for_symbols(SEVERAL)
    await exchange.un_watch_trades_for_symbols(SEVERAL)
    await exchange.un_watch_ohlcv_for_symbols(CANDLES)


def steer(action, **fields):
    """Tell the market's clock."""
    body = json.dumps({"action": action, **fields}).encode()
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    request = urllib.request.Request(told["admin"]["url"] + "/admin/clock", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


async def standing():
    """Each local book and the exchange's, with market time stopped where a window of the stream ends."""
    steer("pause")
    found = {}
    for symbol in (SYMBOL, *SEVERAL):
        for _ in range(STEPS):
            asked = {"symbol": exchange.market_id(symbol)}
            rest = await exchange.publicGetDepth({**asked, "limit": 5})  # which weighs little
            if exchange.orderbooks[symbol]["nonce"] == rest["lastUpdateId"]:
                break
            steer("step", events=1)
            await asyncio.sleep(0.02)
        rest = await exchange.publicGetDepth({**asked, "limit": 5000})
        book = exchange.orderbooks[symbol]
        sides = {side: [list(level) for level in book[side]] for side in ("bids", "asks")}
        found[symbol] = {**sides, "id": book["nonce"], "rest": rest}
    return found


asyncio.run(run())
