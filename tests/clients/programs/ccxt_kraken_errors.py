"""ccxt on Kraken Spot: what it raises for each refusal, by its own class."""

import json
import sys

import ccxt

told = json.loads(sys.argv[1])
SYMBOL = "BTC/USD"


def client(**more):
    """An exchange with the keys that were told."""
    made = ccxt.kraken({**told["settings"], **told["keys"], "enableRateLimit": False, **more})
    made.set_markets(markets)
    return made


first = ccxt.kraken({**told["settings"], "enableRateLimit": False})
markets = first.load_markets()
exchange, other = client(), client(**told["other"])
ticker = exchange.fetch_ticker(SYMBOL)
bid, ask = ticker["bid"], ticker["ask"]


def order(kind="limit", side="buy", amount=0.01, price=None, **params):
    """Place one."""
    return exchange.create_order(SYMBOL, kind, side, amount, price, params)


def raw(**fields):
    """Place one as it is, past what the client looks at by itself."""
    usual = {"pair": "XXBTZUSD", "type": "buy", "ordertype": "limit", "volume": "0.01"}
    return exchange.privatePostAddOrder({**usual, "price": f"{bid * 0.9:.1f}", **fields})


def twice():
    """An order whose client's id is that of one which is open."""
    for _ in range(2):
        order(price=bid * 0.9, clientOrderId="twice")


def again():
    """A nonce that was there before."""
    late = client()
    late.incrementing_nonce = lambda: 1
    return late.fetch_balance()


theirs = order(price=bid * 0.8, userref=11)["id"]
order("market", "buy", 0.01)
UNKNOWN = "OAAAAA-AAAAA-AAAAAA"
CALLS = {
    "unknown pair": lambda: raw(pair="NOPEUSD"),
    "unknown asset": lambda: exchange.privatePostLedgers({"asset": "NOPE"}),
    "buys for more than it has": lambda: order(amount=50, price=bid * 0.9),
    "sells more than it has": lambda: order(side="sell", amount=50, price=ask * 1.1),
    "spends more than it has": lambda: exchange.create_market_order_with_cost(SYMBOL, "buy", 900_000),
    "quantity below the least": lambda: raw(volume="0.000000001"),
    "quantity with too many decimals": lambda: raw(volume="0.0100000001"),
    "quantity that is none": lambda: raw(volume="much"),
    "too small a value": lambda: raw(volume="0.00000001"),
    "price off the tick": lambda: raw(price="50000.001"),
    "price that is none": lambda: raw(price="much"),
    "post-only that would take": lambda: order(price=ask * 1.01, postOnly=True),
    "stop that would trigger": lambda: order("market", "sell", stopLossPrice=bid * 1.05),
    "client order id twice": twice,
    "amount of money to sell": lambda: raw(type="sell", ordertype="market", price=None, oflags="viqc"),
    "no such type": lambda: raw(ordertype="trailing-stop"),
    "leverage": lambda: order(price=bid * 0.9, leverage=2),
    "unknown parameter": lambda: order(price=bid * 0.9, stopPrice=bid),
    "deadline that is past": lambda: order(price=bid * 0.9, deadline="2020-01-01T00:00:00Z"),
    "unknown order, fetched": lambda: exchange.fetch_order(UNKNOWN, SYMBOL),
    "unknown order, cancelled": lambda: exchange.cancel_order(UNKNOWN, SYMBOL),
    "unknown order, edited": lambda: exchange.edit_order(UNKNOWN, SYMBOL, "limit", "buy", 0.02, bid * 0.9),
    "order of another account, fetched": lambda: other.fetch_order(theirs, SYMBOL),
    "order of another account, cancelled": lambda: other.cancel_order(theirs, SYMBOL),
    "unknown method": lambda: exchange.privatePostExportStatus({"report": "trades"}),
    "unknown key": lambda: client(apiKey="kr_test_nobody").fetch_balance(),
    "wrong secret": lambda: client(secret="bm9ib2R5").fetch_balance(),
    "nonce again": again,
    "key without a right": lambda: client(**told["reader"]).create_order(SYMBOL, "market", "buy", 0.01),
}
refused = {}
for name, call in CALLS.items():
    try:
        call()
    except ccxt.BaseError as error:
        refused[name] = [type(error).__name__, str(error)]
    else:
        refused[name] = ["", "accepted"]
report = {"refused": refused}
report["seen by another account"] = {
    "open": other.fetch_open_orders(),
    "closed": other.fetch_closed_orders(),
    "trades": other.fetch_my_trades(),
    "ledger": other.fetch_ledger(),
}
report["still open"] = len(exchange.fetch_open_orders())
print(json.dumps(report))
