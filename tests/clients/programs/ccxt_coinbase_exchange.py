"""ccxt, synchronous, on Coinbase Exchange: questions about the market and an account, each kind of order."""

import json
import sys
import uuid

import ccxt

told = json.loads(sys.argv[1])
exchange = ccxt.coinbaseexchange({**told["settings"], **told["keys"], "enableRateLimit": False})
markets = exchange.load_markets()
SYMBOL, AMOUNT = "BTC/USD", 0.01
ticker = exchange.fetch_ticker(SYMBOL)
book = exchange.fetch_order_book(SYMBOL)
report = {
    "symbols": list(markets),
    "market": markets[SYMBOL],
    "currency": exchange.currencies["BTC"]["precision"],
    "time": exchange.fetch_time(),
    "ticker": ticker,
    "statistics": exchange.parse_ticker(exchange.publicGetProductsIdStats({"id": "BTC-USD"})),
    "tickers": list(exchange.fetch_tickers()),
    "book": {side: len(book[side]) for side in ("bids", "asks")},
    "nonce": book["nonce"],
    "best": exchange.fetch_order_book(SYMBOL, params={"level": 1})["bids"][0],
    "orders of the book": exchange.publicGetProductsIdBook({"id": "BTC-USD", "level": 3})["bids"][0],
    "trades": [trade["side"] for trade in exchange.fetch_trades(SYMBOL, limit=5)],
    "candles": len(exchange.fetch_ohlcv(SYMBOL, "1m")),
    "candles since": len(exchange.fetch_ohlcv(SYMBOL, "1m", exchange.fetch_time() - 120_000)),
    "before": exchange.fetch_balance()["total"],
    "accounts": [one["code"] for one in exchange.fetch_accounts()],
    "fees": exchange.fetch_trading_fees()[SYMBOL],
    "deposits": exchange.fetch_deposits(),
    "withdrawals": exchange.fetch_withdrawals("BTC"),
}


def priced(factor):
    """A price of so many times the present one."""
    return float(exchange.price_to_precision(SYMBOL, ticker["bid"] * factor))


def ordered(kind, side, price=None, **params):
    """The order as it is answered."""
    return exchange.create_order(SYMBOL, kind, side, AMOUNT, price, params)


own = str(uuid.uuid4())
placed = {
    "limit buy": ordered("limit", "buy", priced(0.9), clientOrderId=own),
    "limit sell": ordered("limit", "sell", priced(1.1)),
    "limit that crosses": ordered("limit", "buy", priced(1.01)),
    "market buy": ordered("market", "buy"),
    "market sell": ordered("market", "sell"),
    "market buy by cost": ordered("market", "buy", cost=50),
    "market buy by price": ordered("market", "buy", priced(1)),
    "market sell by cost": ordered("market", "sell", cost=50),
    "IOC that finds nothing": ordered("limit", "buy", priced(0.9), timeInForce="IOC"),
    "IOC": ordered("limit", "buy", priced(1.01), timeInForce="IOC"),
    "FOK": ordered("limit", "buy", priced(1.01), timeInForce="FOK"),
    "GTT": ordered("limit", "buy", priced(0.9), timeInForce="GTT", cancel_after="hour"),
    "post-only": ordered("limit", "buy", priced(0.95), postOnly=True),
    "post-only that crosses": ordered("limit", "buy", priced(1.01), postOnly=True),
    "stop limit": ordered("limit", "sell", priced(0.9), triggerPrice=priced(0.91)),
    "stop market": ordered("market", "sell", triggerPrice=priced(0.91)),
    "entry": ordered("limit", "buy", priced(1.1), stopPrice=priced(1.09), stop="entry"),
    "stop that waits for a fall": ordered("limit", "buy", priced(0.9), stopPrice=priced(0.92), stop="loss"),
}
ids = {name: order["id"] for name, order in placed.items()}
report["placed"] = placed
report["open"] = exchange.fetch_open_orders(SYMBOL)
report["held"] = exchange.fetch_balance()["used"]
report["fetched"] = {
    name: exchange.fetch_order(one) for name, one in ids.items() if name != "post-only that crosses"
}
report["fetched by its own id"] = exchange.fetch_order(None, SYMBOL, {"clientOrderId": own})["id"]
edited = exchange.edit_order(ids["limit sell"], SYMBOL, "limit", "sell", 2 * AMOUNT, priced(1.2))
report["edited"] = exchange.fetch_order(edited["id"])
report["replaced"] = exchange.fetch_order(ids["limit sell"])
report["cancelled"] = exchange.cancel_order(ids["post-only"], SYMBOL)["info"]
report["cancelled by its own id"] = exchange.cancel_order(None, SYMBOL, {"clientOrderId": own})["info"]
report["all cancelled"] = exchange.cancel_all_orders(SYMBOL)[0]["info"]
report["left open"] = exchange.fetch_open_orders()
report["closed"] = exchange.fetch_closed_orders(SYMBOL)
report["orders"] = exchange.fetch_orders(SYMBOL)
report["my trades"] = exchange.fetch_my_trades(SYMBOL)
report["trades of an order"] = exchange.fetch_order_trades(ids["market buy"], SYMBOL)
report["ledger"] = exchange.fetch_ledger("USD")
report["after"] = exchange.fetch_balance()
report["of the account"] = exchange.privateGetAccounts()


def refused(call, *arguments, **more):
    """The class of what is raised."""
    try:
        call(*arguments, **more)
    except ccxt.BaseError as problem:
        return type(problem).__name__
    return ""


unknown = str(uuid.uuid4())
strangers = {
    name: ccxt.coinbaseexchange({**told["settings"], **told["keys"], **change, "enableRateLimit": False})
    for name, change in {
        "key": {"apiKey": "nonsense"},
        "secret": {"secret": "bm9uc2Vuc2U="},
        "passphrase": {"password": "nonsense"},
    }.items()
}
report["refused"] = {
    "too little money": refused(exchange.create_order, SYMBOL, "limit", "buy", 10_000, priced(0.9)),
    "too small": refused(
        exchange.privatePostOrders, {"product_id": "BTC-USD", "side": "buy", "size": "0", "price": "1"}
    ),
    "too precise": refused(
        exchange.privatePostOrders, {"product_id": "BTC-USD", "side": "buy", "size": "1", "price": "1.001"}
    ),
    "price too small": refused(
        exchange.privatePostOrders, {"product_id": "BTC-USD", "side": "buy", "size": "1", "price": "0"}
    ),
    "no such product": refused(
        exchange.privatePostOrders, {"product_id": "NOPE", "side": "buy", "size": "1", "price": "1"}
    ),
    "unknown order": refused(exchange.fetch_order, unknown),
    "cancel of an unknown order": refused(exchange.cancel_order, unknown),
    "cancel of a done order": refused(exchange.cancel_order, ids["market buy"]),
    "bad order id": refused(exchange.fetch_order, "nonsense"),
    "a parameter that is not there": refused(
        exchange.create_order, SYMBOL, "limit", "buy", AMOUNT, priced(0.9), {"max_floor": 1}
    ),
    **{name: refused(stranger.fetch_balance) for name, stranger in strangers.items()},
}
print(json.dumps(report))
