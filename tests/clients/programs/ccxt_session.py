"""ccxt: one session of a paused market, in steps, by a clock that stands still; every body of its answers."""

import json
import sys
import urllib.request

import ccxt

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USDT"
exchange = ccxt.binance({**told["settings"], **told["keys"], "enableRateLimit": False})
exchange.nonce = lambda: told["milliseconds"]
bodies = []


def step(events):
    """Let the market give out its next events, and stand still again."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    body = json.dumps({"action": "step", "events": events}).encode()
    request = urllib.request.Request(told["admin"]["url"] + "/admin/clock", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def keep(found):
    """The body of the last answer, as it came."""
    bodies.append(exchange.last_http_response)
    return found


def order(number, *what):
    """Place one by a name of our own, which ccxt would make up."""
    return keep(exchange.create_order(SYMBOL, *what, {"newClientOrderId": f"session-{number}"}))


keep(exchange.load_markets())
for number in range(5):
    step(500)
    bid = keep(exchange.fetch_order_book(SYMBOL, 20))["bids"][0][0]
    keep(exchange.fetch_ticker(SYMBOL))
    keep(exchange.fetch_trades(SYMBOL))
    keep(exchange.fetch_ohlcv(SYMBOL, "1m"))
    waiting = order(3 * number, "limit", "buy", 0.001, exchange.price_to_precision(SYMBOL, bid * 0.9))
    order(3 * number + 1, "market", "buy", 0.002, None)
    order(3 * number + 2, "market", "sell", 0.001, None)
    step(50)
    keep(exchange.cancel_order(waiting["id"], SYMBOL))
    keep(exchange.fetch_orders(SYMBOL))
    keep(exchange.fetch_my_trades(SYMBOL))
    keep(exchange.fetch_balance())
print(json.dumps(bodies))
