"""ccxt.pro: what it asks and trades by the WebSocket API, every ``...Ws`` method that Spot has."""

import asyncio
import json
import sys

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL, AMOUNT = "BTC/USDT", 0.001
exchange = ccxt.pro.binance({**told["settings"], **told["keys"], "enableRateLimit": False, "timeout": 60_000})


async def refused(call):
    """The class that it raises."""
    try:
        await call
    except ccxt.pro.BaseError as error:
        return type(error).__name__
    return ""


async def main():
    await exchange.load_markets()
    bid = (await exchange.fetch_ticker(SYMBOL))["bid"]
    low = exchange.price_to_precision(SYMBOL, bid * 0.9)
    lower = exchange.price_to_precision(SYMBOL, bid * 0.89)
    while len(await exchange.fetch_trades_ws(SYMBOL, limit=5)) < 5:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(0.2)  # the market has just begun
    report = {"candles": await exchange.fetch_ohlcv_ws(SYMBOL, "1m", limit=3)}
    waiting = await exchange.create_order_ws(SYMBOL, "limit", "buy", AMOUNT, low)
    report["waiting"] = waiting
    report["bought"] = await exchange.create_order_ws(SYMBOL, "market", "buy", AMOUNT)
    report["fetched"] = await exchange.fetch_order_ws(waiting["id"], SYMBOL)
    edited = await exchange.edit_order_ws(waiting["id"], SYMBOL, "limit", "buy", 2 * AMOUNT, lower)
    report["edited"] = edited
    report["open"] = await exchange.fetch_open_orders_ws(SYMBOL)
    report["cancelled"] = await exchange.cancel_order_ws(edited["id"], SYMBOL)
    await exchange.create_order_ws(SYMBOL, "limit", "buy", AMOUNT, low)
    report["all cancelled"] = await exchange.cancel_all_orders_ws(SYMBOL)
    report["orders"] = await exchange.fetch_orders_ws(SYMBOL)
    report["closed"] = await exchange.fetch_closed_orders_ws(SYMBOL)
    report["trades"] = await exchange.fetch_my_trades_ws(SYMBOL)
    balance = await exchange.fetch_balance_ws()
    # It takes an account for one of another kind, and finds nothing in unified fields.
    report["balance"] = {one["asset"]: one["free"] for one in balance["info"]["balances"]}
    report["refused"] = {
        "funds": await refused(exchange.create_order_ws(SYMBOL, "limit", "buy", 5, low)),
        "order": await refused(exchange.fetch_order_ws("999999999", SYMBOL)),
        "cancel": await refused(exchange.cancel_order_ws("999999999", SYMBOL)),
    }
    await exchange.close()
    print(json.dumps(report))


asyncio.run(main())
