"""ccxt: what it raises for each refusal, by its own class."""

import json
import sys
import time
import urllib.request
from contextlib import contextmanager

import ccxt

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USDT"


def client(**more):
    """An exchange with the keys that were told."""
    exchange = ccxt.binance({**told["settings"], **told["keys"], "enableRateLimit": False, **more})
    exchange.set_markets(markets)
    return exchange


first = ccxt.binance({**told["settings"], "enableRateLimit": False})
markets = first.load_markets()
exchange = client()
ticker = exchange.fetch_ticker(SYMBOL)
bid, ask = ticker["bid"], ticker["ask"]


def order(kind="limit", side="buy", amount=0.001, price=None, **params):
    """Place one."""
    return exchange.create_order(SYMBOL, kind, side, amount, price, params)


def raw(**fields):
    """Place one as it is, past what the client looks at by itself."""
    usual = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.001"}
    return exchange.privatePostOrder({**usual, "price": f"{bid * 0.9:.2f}", **fields})


def twice():
    """An order whose client's id is that of one which is open."""
    for _ in range(2):
        order(price=bid * 0.9, newClientOrderId="twice")


def late():
    """A clock that is a minute behind."""
    slow = client()
    slow.nonce = lambda: int(time.time() * 1000) - 60_000_000
    return slow.fetch_balance()


def early():
    """A clock that is ahead."""
    fast = client()
    fast.nonce = lambda: int(time.time() * 1000) + 3_600_000
    return fast.fetch_balance()


def steer(method, query="", **fields):
    """What an operator asks of the server's faults."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    url = f"{told['admin']['url']}/admin/faults{query}"
    data = json.dumps(fields).encode() if fields else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60):
        pass


@contextmanager
def fault(kind, **fields):
    """Trouble at the exchange meanwhile."""
    aim = {"dialect": "binance"} | fields.pop("aim", {})
    steer("POST", name=kind, kind=kind, aim=aim, **fields)
    try:
        yield
    finally:
        steer("DELETE", f"?name={kind}")


def during(call, kind, **fields):
    """What is asked while a fault is there; it succeeds once it is gone."""
    try:
        with fault(kind, **fields):
            call()
    finally:
        call()


def skewed(*, asks=False):
    """The account, by a client of its own, while the exchange's clock is a minute ahead."""
    another = client()
    with fault("clock-skew", skew_ms=60_000):
        if asks:
            another.load_time_difference()
        another.fetch_balance()


def many_orders():
    """More of them in ten seconds than are allowed."""
    for _ in range(100):
        order(price=bid * 0.9, timeInForce="IOC")


CALLS = {
    "unknown symbol": lambda: exchange.publicGetDepth({"symbol": "NOPEUSDT"}),
    "symbol of nobody, by the client": lambda: exchange.fetch_ticker("NOPE/USDT"),
    "symbol in small letters": lambda: exchange.publicGetDepth({"symbol": "btcusdt"}),
    "unknown interval": lambda: exchange.publicGetKlines({"symbol": "BTCUSDT", "interval": "7m"}),
    "missing parameter": lambda: exchange.publicGetKlines({"symbol": "BTCUSDT"}),
    "too many parameters": lambda: exchange.publicGetTime({"symbol": "BTCUSDT"}),
    "unknown path": lambda: exchange.sapiGetCapitalDepositAddress({"coin": "BTC"}),
    "buys for more than it has": lambda: order(amount=5, price=bid * 0.9),
    "sells more than it has": lambda: order(side="sell", amount=50, price=ask * 1.1),
    "spends more than it has": lambda: exchange.create_market_buy_order_with_cost(SYMBOL, 900_000),
    "post-only that would take": lambda: order(price=ask * 1.01, postOnly=True),
    "stop that would trigger": lambda: order("market", "sell", stopLossPrice=bid * 1.05),
    "client order id twice": twice,
    "quantity off the step": lambda: raw(quantity="0.0010001"),
    "quantity below the least": lambda: raw(quantity="0.000001"),
    "price off the tick": lambda: raw(price="50000.001"),
    "price too far away": lambda: raw(price="1000"),
    "too small a value": lambda: raw(quantity="0.00001"),
    "no such type": lambda: raw(type="NOPE"),
    "no such side": lambda: raw(side="NOPE"),
    "no such time in force": lambda: raw(timeInForce="NOPE"),
    "time in force of a market order": lambda: raw(type="MARKET"),
    "quantity that is none": lambda: raw(quantity="much"),
    "unknown order, fetched": lambda: exchange.fetch_order("999999999999", SYMBOL),
    "unknown order, cancelled": lambda: exchange.cancel_order("999999999999", SYMBOL),
    "unknown order, edited": lambda: exchange.edit_order(
        "999999999", SYMBOL, "limit", "buy", 0.001, bid * 0.9
    ),
    "nothing to cancel": lambda: (
        (order(price=bid * 0.9), exchange.cancel_all_orders(SYMBOL)) and exchange.cancel_all_orders(SYMBOL)
    ),
    "unknown key": lambda: client(apiKey="tk_live_000000000000").fetch_balance(),
    "no key's form": lambda: client(apiKey="x").fetch_balance(),
    "wrong secret": lambda: client(secret="another").fetch_balance(),
    "clock behind": late,
    "clock ahead": early,
    "window too long": lambda: exchange.fetch_balance({"recvWindow": 70_000}),
    "key without a right": lambda: client(**told["reader"]).create_order(SYMBOL, "market", "buy", 0.001),
    "listen key of today": exchange.publicPostUserDataStream,
    "maintenance, account": lambda: during(exchange.fetch_balance, "maintenance"),
    "maintenance, order": lambda: during(lambda: order(price=bid * 0.9), "maintenance"),
    "maintenance, market data": lambda: during(lambda: exchange.fetch_order_book(SYMBOL), "maintenance"),
    "ban of the key": lambda: during(exchange.fetch_balance, "ban", aim={"key": "demo"}),
    "ban of another key": lambda: during(exchange.fetch_balance, "ban", aim={"key": "reader"}),
    "ban of the address": lambda: during(first.fetch_time, "ban", address="127.0.0.1"),
    "skewed clock": skewed,
    "skewed clock, asked for the time": lambda: skewed(asks=True),
    "too many orders": many_orders,
}


refused = {}
for name, call in CALLS.items():
    try:
        call()
    except ccxt.BaseError as error:
        refused[name] = [type(error).__name__, str(error)]
    else:
        refused[name] = ["", "accepted"]
print(json.dumps(refused))
