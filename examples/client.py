"""
Shows the client that keeps going, on Trio or asyncio: best bid and best ask as they change.

Run: ``feed serve``, then ``python examples/client.py [URL]``. Needs market-feed-server; ends with Ctrl-C.
"""

import sys

import anyio

from feed.client import Quote, connect


async def main(url):
    async with connect(url, symbols=["EURUSD", "BTC-USD"]) as feed:
        async for event in feed:
            if isinstance(event, Quote):
                price = feed.instruments[event.instrument].price_text
                print(feed.symbol(event), price(event.bid), price(event.ask), flush=True)


anyio.run(main, *(sys.argv[1:] or ["ws://127.0.0.1:8080"]))
