"""python-kraken-sdk: every public question, and books that it proves by their checksum."""

import asyncio
import json
import sys

from kraken.base_api import SpotClient
from kraken.spot.websocket import SpotWSClientBase

told = json.loads(sys.argv[1])
for name, url in told["settings"].items():
    owner, attribute = name.split(".")
    setattr({"SpotClient": SpotClient, "SpotWSClientBase": SpotWSClientBase}[owner], attribute, url)

from kraken.spot import Market, SpotOrderBookClient, SpotWSClient  # noqa: E402 - once the URLs are set

market = Market()
report = {"status": market.get_system_status()["status"]}
report["assets"] = market.get_assets(assets=["XBT"])
report["pairs"] = len(market.get_asset_pairs())
report["pair"] = market.get_asset_pairs(pair="BTC/USD")["BTC/USD"]
report["ticker"] = market.get_ticker(pair="XBTUSD")["XXBTZUSD"]
report["candles"] = len(market.get_ohlc(pair="XBTUSD")["XXBTZUSD"])
report["book"] = market.get_order_book(pair="XBTUSD", count=5)["XXBTZUSD"]
report["trades"] = len(market.get_recent_trades(pair="XBTUSD")["XXBTZUSD"])
report["spreads"] = len(market.get_recent_spreads(pair="XBTUSD")["XXBTZUSD"])
report["refused"] = {}
for what, ask in {
    "pair": lambda: market.get_ticker(pair="NOPE"),
    "asset": lambda: market.get_assets(assets=["NOPE"]),
}.items():
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - whatever class it raises is reported
        report["refused"][what] = type(error).__name__

proved = {"valid": 0, "broken": 0}
heard = {}
enough = asyncio.Event()


def note():
    if proved["valid"] >= 300 and heard.get("heartbeat", 0) >= 3:
        enough.set()


class Books(SpotOrderBookClient):
    async def on_book_update(self, pair, message):
        del message
        proved["valid" if self.get(pair)["valid"] else "broken"] += 1
        note()


class Streams(SpotWSClient):
    async def on_message(self, message):
        kind = message.get("channel") or message.get("method")
        heard[kind] = heard.get(kind, 0) + 1
        note()


async def main():
    books, streams = Books(depth=10), Streams()
    await books.start()
    await books.add_book(pairs=["BTC/USD", "DOGE/USD", "PEPE/USD"])
    await streams.start()
    for channel in ("ticker", "trade", "ohlc"):
        await streams.subscribe(
            params={"channel": channel, "symbol": ["BTC/USD", "ETH/USD"], "snapshot": True}
        )
    await streams.subscribe(params={"channel": "instrument"})
    async with asyncio.timeout(60):
        await enough.wait()
    await books.close()
    await streams.close()


asyncio.run(main())
print(json.dumps({**report, "proved": proved, "heard": heard}))
