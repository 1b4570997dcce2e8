"""cryptofeed: market channels and a local book against REST, then private ones, and refusals."""

import asyncio
import json
import os
import sys
from decimal import Decimal

told = json.loads(sys.argv[1])
os.environ |= {"SSL_CERT_FILE": told["ca"], "REQUESTS_CA_BUNDLE": told["ca"]}

import aiohttp  # noqa: E402 - it reads the variables above, as the others do
import requests  # noqa: E402
from cryptofeed import FeedHandler  # noqa: E402
from cryptofeed.connection import RestEndpoint, WebsocketEndpoint  # noqa: E402
from cryptofeed.defines import (  # noqa: E402
    BALANCES,
    CANDLES,
    GOOD_TIL_CANCELED,
    L2_BOOK,
    LIMIT,
    MARKET,
    ORDER_INFO,
    SELL,
    TICKER,
    TRADES,
)
from cryptofeed.exchanges import Binance  # noqa: E402

SYMBOL = "BTC-USDT"
urls = told["settings"]
routes = Binance.rest_endpoints[0].routes
http, ws = urls["rest_endpoints"], urls["websocket_endpoints"]
Binance.websocket_endpoints = [WebsocketEndpoint(ws, sandbox=ws)]
Binance.rest_endpoints = [RestEndpoint(http, routes=routes, sandbox=http)]
Binance.api = urls["api"]
KEYS = {"key_id": told["keys"]["apiKey"], "key_secret": told["keys"]["secret"]}
CONFIG = {"log": {"disabled": True}, "binance": KEYS}
report = {"books": [], "seen": {}, "private": []}


async def book(held, _):
    """Compare with REST wherever both have one update id; nothing changes the book meanwhile."""
    if held.delta is None:
        return  # it is REST's own
    query = {"symbol": "BTCUSDT", "limit": 50}
    answer = (await asyncio.to_thread(requests.get, f"{http}/api/v3/depth", query, timeout=60)).json()
    if answer["lastUpdateId"] == held.sequence_number and len(report["books"]) < told["books"]:
        rest = [answer["bids"], answer["asks"]]
        sides = (held.book.bids.to_dict(), held.book.asks.to_dict())
        kept = [[[str(price), str(size)] for price, size in list(side.items())[:50]] for side in sides]
        report["books"].append({"id": held.sequence_number, "kept": kept, "rest": rest})


def see(name):
    """Remember the first that is told of a channel."""

    async def callback(event, _):
        report["seen"].setdefault(name, str(event))

    return callback


async def tell(event, _):
    """Remember what a private channel tells, as it was sent."""
    report["private"].append(event.raw)


async def until(true):
    """Wait until something holds, for a minute and a half at most."""
    for _ in range(900):
        if true():
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(report)


async def main():
    handler = FeedHandler(config=CONFIG)
    channels = {L2_BOOK: book, TRADES: see(TRADES), TICKER: see(TICKER), CANDLES: see(CANDLES)}
    private = {BALANCES: tell, ORDER_INFO: tell}
    pair = {"symbols": [SYMBOL]}
    handler.add_feed(Binance(**pair, channels=list(channels), callbacks=channels, candle_closed_only=False))
    handler.add_feed(Binance(**pair, channels=list(private), callbacks=private, config=CONFIG))
    handler.run(start_loop=False, install_signal_handlers=False)
    await until(lambda: len(report["books"]) >= told["books"] and len(report["seen"]) == 3)
    client = Binance(config=CONFIG)
    report["order"] = await client.place_order(SYMBOL, SELL, MARKET, Decimal("0.01"))
    await until(lambda: any(event.get("X") == "FILLED" for event in report["private"]))
    high = Decimal(99999)
    resting = await client.place_order(SYMBOL, SELL, LIMIT, Decimal("0.01"), high, GOOD_TIL_CANCELED)
    report["open"] = await client.orders(SYMBOL)
    report["cancelled"] = await client.cancel_order(resting["orderId"], SYMBOL)
    await until(lambda: any(event.get("X") == "CANCELED" for event in report["private"]))
    report["balances"] = await client.balances()
    try:
        await client.place_order(SYMBOL, SELL, MARKET, Decimal(50))
    except aiohttp.ClientResponseError as error:
        report["refused"] = error.status
    await client.http_conn.close()
    await handler.stop_async()


asyncio.run(main())
print(json.dumps(report, default=str))
