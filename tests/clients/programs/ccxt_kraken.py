"""ccxt on Kraken Spot: every public method of REST, and every public watch of ccxt.pro."""

import asyncio
import json
import sys

import ccxt
import ccxt.pro

told = json.loads(sys.argv[1])
options = {**told["settings"], "enableRateLimit": False}
PAIRS = ["BTC/USD", "ETH/USD"]

exchange = ccxt.kraken(options)
markets = exchange.load_markets()
report = {"symbols": sorted(markets), "market": markets["BTC/USD"]}
report["status"] = exchange.fetch_status()["status"]
report["time"] = exchange.fetch_time()
report["ticker"] = exchange.fetch_ticker("BTC/USD")
report["tickers"] = sorted(exchange.fetch_tickers(PAIRS))
report["book"] = exchange.fetch_order_book("BTC/USD", 20)
report["trades"] = exchange.fetch_trades("BTC/USD", limit=50)
report["candles"] = exchange.fetch_ohlcv("BTC/USD", "1m", limit=5)
report["refused"] = {}
for name, call in {
    "pair": lambda: exchange.publicGetDepth({"pair": "NOPE"}),
    "asset": lambda: exchange.publicGetAssets({"asset": "NOPE"}),
    "missing": lambda: exchange.publicGetDepth({}),
}.items():
    try:
        call()
    except ccxt.BaseError as error:
        report["refused"][name] = type(error).__name__


async def watch():
    pro = ccxt.pro.kraken(options)
    watched = {}
    try:
        for _ in range(20):
            book = await pro.watch_order_book("BTC/USD")
        watched["book"] = {"bids": book["bids"][:], "asks": book["asks"][:]}
        watched["books"] = (await pro.watch_order_book_for_symbols(PAIRS))["symbol"]
        watched["ticker"] = (await pro.watch_ticker("BTC/USD"))["last"]
        watched["tickers"] = list(await pro.watch_tickers(PAIRS))
        watched["bids_asks"] = list(await pro.watch_bids_asks(["BTC/USD"]))
        watched["trades"] = (await pro.watch_trades("BTC/USD"))[-1]["side"]
        watched["candles"] = (await pro.watch_ohlcv("BTC/USD", "1m"))[-1]
    finally:
        await pro.close()
    return watched


async def main():
    async with asyncio.timeout(90):
        report["watched"] = await watch()


asyncio.run(main())
print(json.dumps(report))
