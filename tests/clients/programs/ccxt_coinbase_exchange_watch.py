"""ccxt.pro on Coinbase Exchange: what it watches of the market and of an account."""

import asyncio
import json
import sys

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL, OTHER, AMOUNT = "BTC/USD", "ETH/USD", 0.01
SECONDS = 60


async def soon(awaitable):
    """It, in time."""
    return await asyncio.wait_for(awaitable, SECONDS)


async def refused(awaitable):
    """The class of what is raised."""
    try:
        await soon(awaitable)
    except ccxt.BaseError as problem:
        return type(problem).__name__
    return ""


async def of_orders(exchange, report):
    """An order is placed, traded and cancelled while its account is watched."""
    orders, trades = [], []
    told_of = asyncio.Condition()

    async def watch(method, found):
        while True:
            new = await method(SYMBOL)
            async with told_of:
                found += json.loads(json.dumps(new))
                told_of.notify_all()

    tasks = [
        asyncio.create_task(watch(exchange.watch_orders, orders)),
        asyncio.create_task(watch(exchange.watch_my_trades, trades)),
    ]
    await asyncio.sleep(told["settle"])  # until both are subscribed to, of which ccxt says nothing
    ticker = await exchange.fetch_ticker(SYMBOL)
    away = float(exchange.price_to_precision(SYMBOL, ticker["bid"] * 0.9))
    rests = await exchange.create_order(SYMBOL, "limit", "buy", AMOUNT, away)
    bought = await exchange.create_order(SYMBOL, "market", "buy", AMOUNT)
    await exchange.cancel_order(rests["id"], SYMBOL)
    wanted = {(rests["id"], "canceled"), (bought["id"], "closed")}
    async with told_of:
        await told_of.wait_for(lambda: wanted <= {(one["id"], one["status"]) for one in orders} and trades)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    report["orders"] = sorted({(one["id"] == rests["id"], one["status"]) for one in orders})
    report["own trades"] = trades
    report["fills"] = await exchange.fetch_my_trades(SYMBOL)


async def main():
    exchange = ccxt.pro.coinbaseexchange({**told["settings"], **told["keys"], "enableRateLimit": False})
    stranger = ccxt.pro.coinbaseexchange({**told["settings"], **told["keys"], "password": "nonsense"})
    report = {}
    try:
        await exchange.load_markets()
        report["ticker"] = await soon(exchange.watch_ticker(SYMBOL))
        report["tickers"] = list(await soon(exchange.watch_tickers([SYMBOL, OTHER])))
        report["trades"] = [trade["side"] for trade in await soon(exchange.watch_trades(SYMBOL))]
        for _ in range(told["books"]):
            book = await soon(exchange.watch_order_book(SYMBOL))
            assert book["bids"][0][0] < book["asks"][0][0], "crossed"
        report["book"] = {side: book[side][:5] for side in ("bids", "asks")}
        several = await soon(exchange.watch_order_book_for_symbols([SYMBOL, OTHER]))
        report["books"] = several["bids"][0][0] < several["asks"][0][0]
        await asyncio.wait_for(of_orders(exchange, report), SECONDS)
        report["refused"] = {
            "passphrase": await refused(stranger.watch_orders(SYMBOL)),
            "product": await refused(exchange.watch_ticker("NOPE/USD")),
        }
    finally:
        await exchange.close()
        await stranger.close()
    print(json.dumps(report))


asyncio.run(main())
