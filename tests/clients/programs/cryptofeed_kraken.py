"""cryptofeed: trades, tickers, candles, and books whose every checksum it looks at; one may be broken."""

import asyncio
import json
import logging
import os
import sys
import urllib.request

told = json.loads(sys.argv[1])
os.environ |= {"SSL_CERT_FILE": told["ca"], "REQUESTS_CA_BUNDLE": told["ca"]}

from cryptofeed import FeedHandler  # noqa: E402 - it reads the variables above
from cryptofeed.connection import RestEndpoint, WebsocketEndpoint  # noqa: E402
from cryptofeed.defines import CANDLES, L2_BOOK, TICKER, TRADES  # noqa: E402
from cryptofeed.exchanges import Kraken  # noqa: E402

http, ws = told["settings"]["rest_endpoints"], told["settings"]["websocket_endpoints"]
routes = Kraken.rest_endpoints[0].routes
Kraken.websocket_endpoints = [WebsocketEndpoint(ws, sandbox=ws, limit=20)]
Kraken.rest_endpoints = [RestEndpoint(http, routes=routes, sandbox=http)]
report = {"books": 0, "seen": {}, "problems": []}


class Problems(logging.Handler):
    """What it logs as a warning, or worse."""

    def emit(self, record):
        report["problems"].append(record.getMessage())


logging.getLogger("feedhandler").addHandler(Problems(logging.WARNING))


def look():
    if report["books"] >= told["books"] and len(report["seen"]) == 3:
        loop.stop()


def break_checksum():
    """Ask the server for a wrong one, once."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    wrong = {"name": "wrong", "kind": "broken-checksum", "messages": 1, "symbol": "BTC-USD@kraken"}
    body = json.dumps({**wrong, "aim": {"dialect": "kraken"}}).encode()
    request = urllib.request.Request(told["admin"]["url"] + "/admin/faults", body, headers)
    urllib.request.urlopen(request, timeout=60).close()


async def book(held, _):
    del held
    report["books"] += 1
    if "admin" in told and report["books"] == told["books"] // 2:
        break_checksum()
    look()


def see(name):
    """Count what is told of a channel."""

    async def callback(event, _):
        report["seen"][name] = str(event)
        look()

    return callback


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
handler = FeedHandler(config={"log": {"disabled": True}})
callbacks = {TRADES: see("trades"), TICKER: see("ticker"), CANDLES: see("candles"), L2_BOOK: book}
handler.add_feed(
    Kraken(
        symbols=["BTC-USD", "ETH-USD", "DOGE-USD"],
        channels=list(callbacks),
        callbacks=callbacks,
        checksum_validation=True,
        max_depth=10,
    )
)
loop.call_later(90, loop.stop)
handler.run(start_loop=False, install_signal_handlers=False)
loop.run_forever()
print(json.dumps(report), flush=True)
os._exit(0)  # it has tasks that nobody ends
