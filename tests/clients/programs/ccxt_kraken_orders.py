"""ccxt on Kraken Spot, synchronous: each kind of order, and what the account shows of them."""

import json
import sys

import ccxt

told = json.loads(sys.argv[1])
exchange = ccxt.kraken({**told["settings"], **told["keys"], "enableRateLimit": False})
exchange.load_markets()
SYMBOL, AMOUNT = "BTC/USD", 0.01
ticker = exchange.fetch_ticker(SYMBOL)
report = {"before": exchange.fetch_balance(), "started": exchange.fetch_time()}


def priced(factor):
    """A price of so many times the present one."""
    return float(exchange.price_to_precision(SYMBOL, ticker["bid"] * factor))


def ordered(kind, side, price=None, **params):
    """The order as it is answered."""
    return exchange.create_order(SYMBOL, kind, side, AMOUNT, price, params)


placed = {
    "limit buy": ordered("limit", "buy", priced(0.9), clientOrderId="mine-1"),
    "limit sell": ordered("limit", "sell", priced(1.1), userref=7),
    "limit that crosses": ordered("limit", "buy", priced(1.01)),
    "market buy": ordered("market", "buy"),
    "market sell": ordered("market", "sell"),
    "market buy by cost": exchange.create_market_order_with_cost(SYMBOL, "buy", 50),
    "fee in base": ordered("market", "buy", oflags="fcib"),
    "IOC that finds nothing": ordered("limit", "buy", priced(0.9), timeInForce="IOC"),
    "IOC": ordered("limit", "buy", priced(1.01), timeInForce="IOC"),
    "GTD": ordered("limit", "buy", priced(0.9), timeInForce="GTD", expiretm="+86400"),
    "post-only": ordered("limit", "buy", priced(0.95), postOnly=True),
    "stop-loss limit": ordered("limit", "sell", priced(0.9), stopLossPrice=priced(0.91)),
    "take-profit limit": ordered("limit", "sell", priced(1.1), takeProfitPrice=priced(1.09)),
    "stop-loss": ordered("market", "sell", stopLossPrice=priced(0.91)),
    "take-profit": ordered("market", "sell", takeProfitPrice=priced(1.09)),
}
ids = {name: order["id"] for name, order in placed.items()}
report["placed"] = placed
report["validated"] = ordered("limit", "buy", priced(0.9), validate=True)["info"]
report["open"] = exchange.fetch_open_orders(SYMBOL)
report["open with a number"] = exchange.fetch_open_orders(SYMBOL, params={"userref": 7})
report["open with an id"] = exchange.fetch_open_orders(SYMBOL, params={"clientOrderId": "mine-1"})
report["held"] = exchange.fetch_balance()
report["fetched"] = {name: exchange.fetch_order(one, SYMBOL) for name, one in ids.items()}
report["fetched together"] = exchange.fetch_orders_by_ids(list(ids.values())[:3])
report["edited"] = exchange.edit_order(ids["limit buy"], SYMBOL, "limit", "buy", 2 * AMOUNT, priced(0.89))
report["after the edit"] = exchange.fetch_order(ids["limit buy"], SYMBOL)
batch = [
    {"symbol": SYMBOL, "type": "limit", "side": side, "amount": AMOUNT, "price": priced(factor)}
    for side, factor in (("buy", 0.8), ("sell", 1.2), ("buy", 0.7))
]
report["batch"] = exchange.create_orders(batch)
report["cancelled"] = exchange.cancel_order(ids["limit sell"], SYMBOL)["info"]
report["cancelled by its own id"] = exchange.cancel_order("", SYMBOL, {"clientOrderId": "mine-1"})["info"]
report["cancelled together"] = exchange.cancel_orders([one["id"] for one in report["batch"][:2]])[0]["info"]
report["later"] = exchange.cancel_all_orders_after(60_000)
report["later taken back"] = exchange.cancel_all_orders_after(0)
report["all cancelled"] = exchange.cancel_all_orders()[0]["info"]
report["left open"] = exchange.fetch_open_orders()
report["closed"] = exchange.fetch_closed_orders(SYMBOL)
report["trades"] = exchange.fetch_my_trades(SYMBOL)
report["trades of an order"] = exchange.fetch_order_trades(
    ids["market buy"], SYMBOL, params={"trades": report["fetched"]["market buy"]["trades"]}
)
report["ledger"] = exchange.fetch_ledger()
report["ledger of an asset"] = exchange.fetch_ledger("BTC")
report["ledger entry"] = exchange.fetch_ledger_entry(report["ledger"][-1]["id"])
report["fee"] = exchange.fetch_trading_fee(SYMBOL)
report["positions"] = exchange.fetch_positions()
report["deposits"] = exchange.fetch_deposits("BTC")
report["withdrawals"] = exchange.fetch_withdrawals("BTC")
report["balance"] = exchange.privatePostBalance()["result"]
report["worth"] = exchange.privatePostTradeBalance()["result"]
report["token"] = exchange.privatePostGetWebSocketsToken()["result"]
report["after"] = exchange.fetch_balance()
report["ended"] = exchange.fetch_time()
print(json.dumps(report))
