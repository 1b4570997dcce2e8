"""ccxt: asks until it weighs too much, and again once it has waited for as long as it was told."""

import json
import sys
import time

import ccxt

told = json.loads(sys.argv[1])
exchange = ccxt.binance({**told["settings"], "enableRateLimit": False})
exchange.load_markets()
asked = 0
raised = None
while raised is None:
    try:
        exchange.fetch_order_book("BTC/USDT", 100)
        asked += 1
    except ccxt.BaseError as error:
        raised = [type(error).__name__, str(error)]
waits = int(exchange.last_response_headers["Retry-After"])
time.sleep(waits + 1)
book = exchange.fetch_order_book("BTC/USDT", 100)
used = int(exchange.last_response_headers["x-mbx-used-weight-1m"])
print(json.dumps({"asked": asked, "raised": raised, "waits": waits, "bids": book["bids"], "used": used}))
