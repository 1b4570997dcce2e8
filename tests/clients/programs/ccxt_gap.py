"""ccxt.pro: a local book whose stream leaves a message out, and what its user sees before and after."""

import asyncio
import json
import sys
import urllib.request

import ccxt.pro

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USDT"
UPDATES = 5  # before the hole, and after it
exchange = ccxt.pro.binance({**told["settings"], "enableRateLimit": False})


def ask(path, body=None, method=None):
    """Ask the server what only its operator may."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(told["admin"]["url"] + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


async def beside_rest():
    """The local book and the exchange's at the same id, with market time stopped where a window ends."""
    ask("/admin/clock", {"action": "pause"})
    while True:
        rest = await exchange.publicGetDepth({"symbol": "BTCUSDT", "limit": 100})
        book = exchange.orderbooks[SYMBOL]
        if book["nonce"] == rest["lastUpdateId"]:
            break
        ask("/admin/clock", {"action": "step", "events": 1})
        await asyncio.sleep(0.02)
    held = {side: [list(level) for level in book[side]] for side in ("bids", "asks")}
    ask("/admin/clock", {"action": "resume"})
    return {"held": held, "rest": rest}


async def main():
    await exchange.load_markets()
    for _ in range(UPDATES):
        await exchange.watch_order_book(SYMBOL)
    # One message of each channel of an instrument.
    ask("/admin/faults", {"name": "hole", "kind": "gap", "messages": 1, "aim": {"dialect": "binance"}})
    raised = None
    while raised is None:
        try:
            await exchange.watch_order_book(SYMBOL)
        except ccxt.pro.BaseError as error:
            raised = [type(error).__name__, str(error)]
    sockets = len(exchange.clients)
    for _ in range(UPDATES):
        await exchange.watch_order_book(SYMBOL)
    report = {"raised": raised, "sockets": [sockets, len(exchange.clients)], "book": await beside_rest()}
    await exchange.close()
    print(json.dumps(report))


asyncio.run(main())
