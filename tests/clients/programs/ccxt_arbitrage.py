"""The arbitrage of ``examples`` on several exchanges at once; their books beside REST, and what is left."""

import asyncio
import json
import sys
import time
import urllib.request

import ccxt.pro

told = json.loads(sys.argv[1])
sys.path.insert(0, told["examples"])

import arbitrage  # noqa: E402 - it is not installed

LEVELS = 10
STEPS = 500  # of the market, until a window of a local book's stream ends
COMPARISONS = 5
ASSETS = ("BTC", "USD", "USDT")


def steer(action, **fields):
    """Tell the market's clock."""
    body = json.dumps({"action": action, **fields}).encode()
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    request = urllib.request.Request(told["admin"]["url"] + "/admin/clock", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def connected(name):
    """An exchange of ccxt, with its URLs and keys."""
    options = {**told["settings"][name], **told["keys"][name], "enableRateLimit": False, "timeout": 60_000}
    return arbitrage.Venue(getattr(ccxt.pro, name)(options), arbitrage.SYMBOLS[name])


async def comparison(venue):
    """The best levels as they are kept and as they are asked for, while market time stands."""
    exchange, symbol = venue.exchange, venue.symbol
    for _ in range(STEPS):
        asked = await exchange.fetch_order_book(symbol, limit=LEVELS)
        rest = {side: [level[:2] for level in asked[side][:LEVELS]] for side in ("bids", "asks")}
        book = exchange.orderbooks[symbol]
        kept = {side: [list(level[:2]) for level in book[side][:LEVELS]] for side in ("bids", "asks")}
        if kept == rest:
            break
        steer("step", events=1)
        await asyncio.sleep(0.02)
    return {"kept": kept, "rest": rest}


async def compare(venues, report, seconds):
    """Each book beside REST, again and again."""
    for _ in range(COMPARISONS):
        await asyncio.sleep(seconds / (COMPARISONS + 1))
        if not all(venue.book for venue in venues):
            continue
        steer("pause")
        for venue in venues:
            report["books"].setdefault(venue.exchange.id, []).append(await comparison(venue))
        steer("resume")


async def balances(venue):
    """What the account has of each asset."""
    found = await venue.exchange.fetch_balance()
    return {asset: found[asset]["total"] for asset in ASSETS if asset in found}


async def listen(venue, events):
    """Own trades as they are told, where the client can."""
    if venue.exchange.has.get("watchMyTrades"):
        while True:
            events.extend(await venue.exchange.watch_my_trades(venue.symbol))


async def main():
    venues = [connected(name) for name in told["settings"]]
    report = {"books": {}, "before": {}, "after": {}, "trades": {}, "told": {}, "fees": {}}
    lines = []
    try:
        for venue in venues:
            await venue.begin()
            name = venue.exchange.id
            report["fees"][name] = str(venue.fee)
            report["before"][name] = await balances(venue)
            report["told"][name] = []
        listening = [asyncio.ensure_future(listen(each, report["told"][each.exchange.id])) for each in venues]
        comparing = asyncio.ensure_future(compare(venues, report, told["seconds"]))
        began = time.monotonic()
        report["rounds"] = await arbitrage.Bot(venues, lines.append).run(told["seconds"])
        report["ran"] = time.monotonic() - began
        await comparing
        await asyncio.sleep(1)
        for task in listening:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        for venue in venues:
            report["after"][venue.exchange.id] = await balances(venue)
            report["trades"][venue.exchange.id] = await venue.exchange.fetch_my_trades(
                venue.symbol, limit=1000
            )
    finally:
        for venue in venues:
            await venue.exchange.close()
    report["lines"] = lines
    print(json.dumps(report, default=str))


asyncio.run(main())
