"""ccxt, synchronous: each kind of order that Spot has, and what the account shows of them."""

import json
import sys

import ccxt

told = json.loads(sys.argv[1])
exchange = ccxt.binance({**told["settings"], **told["keys"], "enableRateLimit": False})
exchange.load_markets()
SYMBOL, AMOUNT = "BTC/USDT", 0.001
ticker = exchange.fetch_ticker(SYMBOL)
report = {"before": exchange.fetch_balance(), "started": exchange.fetch_time()}


def priced(factor):
    """A price of so many times the present one."""
    return float(exchange.price_to_precision(SYMBOL, ticker["bid"] * factor))


def ordered(kind, side, price=None, **params):
    """The order as it is answered."""
    return exchange.create_order(SYMBOL, kind, side, AMOUNT, price, params)


placed = {
    "limit buy": ordered("limit", "buy", priced(0.9)),
    "limit sell": ordered("limit", "sell", priced(1.1)),
    "limit that crosses": ordered("limit", "buy", priced(1.01)),
    "market buy": ordered("market", "buy"),
    "market sell": ordered("market", "sell"),
    "market buy by cost": exchange.create_market_order_with_cost(SYMBOL, "buy", 50),
    "market sell by cost": exchange.create_market_sell_order_with_cost(SYMBOL, 50),
    "IOC that finds nothing": ordered("limit", "buy", priced(0.9), timeInForce="IOC"),
    "IOC": ordered("limit", "buy", priced(1.01), timeInForce="IOC"),
    "FOK": ordered("limit", "buy", priced(1.01), timeInForce="FOK"),
    "post-only": ordered("limit", "buy", priced(0.95), postOnly=True),
    "stop-loss limit": ordered("limit", "sell", priced(0.9), stopLossPrice=priced(0.91)),
    "take-profit limit": ordered("limit", "sell", priced(1.1), takeProfitPrice=priced(1.09)),
    "stop-loss": ordered("market", "sell", stopLossPrice=priced(0.91)),
    "take-profit": ordered("market", "sell", takeProfitPrice=priced(1.09)),
    "trigger": ordered("limit", "buy", priced(1.1), triggerPrice=priced(1.09)),
}
tested = ordered("limit", "buy", priced(0.9), test=True)
report |= {"placed": placed, "tested": tested["info"]}
report["open"] = exchange.fetch_open_orders(SYMBOL)
report["held"] = exchange.fetch_balance()
ids = {name: order["id"] for name, order in placed.items()}
report["fetched"] = {name: exchange.fetch_order(one, SYMBOL) for name, one in ids.items()}
report["fetched by its own id"] = exchange.fetch_order(
    None, SYMBOL, {"clientOrderId": placed["limit buy"]["clientOrderId"]}
)
report["edited"] = exchange.edit_order(ids["limit buy"], SYMBOL, "limit", "buy", 2 * AMOUNT, priced(0.89))
report["replaced"] = exchange.fetch_order(ids["limit buy"], SYMBOL)
report["cancelled"] = exchange.cancel_order(ids["limit sell"], SYMBOL)
report["all cancelled"] = exchange.cancel_all_orders(SYMBOL)
report["left open"] = exchange.fetch_open_orders(SYMBOL)
report["orders"] = exchange.fetch_orders(SYMBOL)
report["closed"] = exchange.fetch_closed_orders(SYMBOL)
report["canceled"] = exchange.fetch_canceled_orders(SYMBOL)
report["closed or canceled"] = exchange.fetch_canceled_and_closed_orders(SYMBOL)
report["trades"] = exchange.fetch_my_trades(SYMBOL)
report["trades of an order"] = exchange.fetch_order_trades(ids["market buy"], SYMBOL)
report["fee"] = exchange.fetch_trading_fee(SYMBOL)
report["fees"] = exchange.fetch_trading_fees()
report["limits"] = exchange.fetch_trading_limits([SYMBOL])[SYMBOL]
report["currencies"] = exchange.fetch_currencies()
report["withdrawal fees"] = exchange.fetch_deposit_withdraw_fees()
report["after"] = exchange.fetch_balance()
report["ended"] = exchange.fetch_time()
print(json.dumps(report))
