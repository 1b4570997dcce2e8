"""ccxt's coinbase by REST: markets, every order kind, edits, cancellations, history, balances, refusals."""

import json
import sys

import ccxt

SYMBOL = "BTC/USD"
told = json.loads(sys.argv[1])
exchange = ccxt.coinbase({**told["keys"], **told["settings"]})
report = {"keys": told["keys"]["apiKey"]}


def refused(call):
    """The class of what a call raises, and its text."""
    try:
        call()
    except ccxt.BaseError as problem:
        return type(problem).__name__, str(problem)
    return None


def amounts(order):
    """The fields of an order that tests look at."""
    names = (
        "id",
        "clientOrderId",
        "symbol",
        "type",
        "side",
        "status",
        "price",
        "amount",
        "filled",
        "average",
    )
    more = {name: order.get(name) for name in ("timeInForce", "triggerPrice", "postOnly", "timestamp")}
    return {**{name: order[name] for name in names}, **more, "fee": order["fee"]["cost"]}


markets = exchange.load_markets()
report["markets"] = sorted(markets)
report["market"] = {name: markets[SYMBOL][name] for name in ("id", "active", "precision", "taker", "maker")}
report["currencies"] = sorted(exchange.currencies)
report["time"] = exchange.fetch_time()
report["time 3"] = exchange.fetch_time({"method": "v3PublicGetBrokerageTime"})
report["ticker"] = exchange.fetch_ticker(SYMBOL)
report["tickers"] = sorted(exchange.fetch_tickers([SYMBOL, "ETH/USD"]))
report["bids and asks"] = exchange.fetch_bids_asks([SYMBOL])[SYMBOL]
report["trades"] = exchange.fetch_trades(SYMBOL, limit=5)
report["book"] = exchange.fetch_order_book(SYMBOL, 5)
report["candles"] = exchange.fetch_ohlcv(SYMBOL, "1m", limit=3)
report["accounts"] = exchange.fetch_accounts()
report["portfolios"] = exchange.fetch_portfolios()
report["portfolio"] = exchange.fetch_portfolio_details(report["portfolios"][0]["id"])
report["fees"] = exchange.fetch_trading_fees()[SYMBOL]
report["deposit methods"] = exchange.fetch_deposit_method_ids()
report["balance 2"] = exchange.fetch_balance()["total"]
before = exchange.fetch_balance({"v3": True})
report["before"] = {side: before[side] for side in ("free", "used", "total")}

book = report["book"]
bid, ask = book["bids"][0][0], book["asks"][0][0]
far, high = round(bid * 0.5, 2), round(ask * 1.5, 2)
later = exchange.iso8601(exchange.milliseconds() + 3_600_000)
placed = {}


def place(name, kind, side, amount, price=None, **params):
    order = exchange.create_order(SYMBOL, kind, side, amount, price, params)
    placed[name] = amounts(exchange.fetch_order(order["id"], SYMBOL))


place("limit buy", "limit", "buy", 0.001, far)
place("limit sell", "limit", "sell", 0.002, high)
place("post-only", "limit", "buy", 0.001, far, postOnly=True)
place("good till", "limit", "buy", 0.001, far, timeInForce="GTD", end_time=later)
place("stop buy", "limit", "buy", 0.001, high, triggerPrice=high, stop_direction="STOP_DIRECTION_STOP_UP")
place("stop-loss", "limit", "sell", 0.001, far, stopLossPrice=far)
place("take-profit", "limit", "sell", 0.001, high, takeProfitPrice=high)
place(
    "stop good till",
    "limit",
    "sell",
    0.001,
    far,
    triggerPrice=far,
    stop_direction="STOP_DIRECTION_STOP_DOWN",
    end_time=later,
)
place("market buy by cost", "market", "buy", 0, None, cost=100)
place("market sell", "market", "sell", 0.001)
place("limit that crosses", "limit", "buy", 0.001, round(ask * 1.01, 2))
place("IOC", "limit", "sell", 0.001, round(bid * 0.99, 2), timeInForce="IOC")
place("IOC that finds nothing", "limit", "buy", 0.001, far, timeInForce="IOC")
place("FOK", "limit", "buy", 0.001, round(ask * 1.01, 2), timeInForce="FOK")
report["placed"] = placed

own = f"the-same-again-{exchange.milliseconds()}"
first = exchange.create_order(SYMBOL, "limit", "buy", 0.001, far, {"client_order_id": own})
again = exchange.create_order(SYMBOL, "limit", "buy", 0.005, far, {"client_order_id": own})
report["repeated"] = [first["id"], again["id"]]
report["preview"] = exchange.create_order(SYMBOL, "limit", "buy", 0.001, far, {"preview": True})["info"]
report["open"] = [amounts(order) for order in exchange.fetch_open_orders(SYMBOL)]
report["edited"] = exchange.edit_order(first["id"], SYMBOL, "limit", "buy", 0.002, round(far * 1.1, 2))[
    "info"
]
report["edit preview"] = exchange.edit_order(
    first["id"], SYMBOL, "limit", "buy", 0.003, far, {"preview": True}
)["info"]
report["after edit"] = amounts(exchange.fetch_order(first["id"], SYMBOL))
report["cancelled"] = exchange.cancel_order(placed["limit sell"]["id"], SYMBOL)["info"]
rest = [order["id"] for order in exchange.fetch_open_orders(SYMBOL)]
report["all cancelled"] = [order["info"] for order in exchange.cancel_orders(rest, SYMBOL)]
report["left open"] = exchange.fetch_open_orders(SYMBOL)
report["orders"] = [amounts(order) for order in exchange.fetch_orders(SYMBOL)]
report["closed"] = [order["id"] for order in exchange.fetch_closed_orders(SYMBOL)]
report["canceled"] = [order["id"] for order in exchange.fetch_canceled_orders(SYMBOL)]
report["since"] = [
    order["id"] for order in exchange.fetch_orders(SYMBOL, since=placed["market sell"]["timestamp"], limit=2)
]
report["my trades"] = exchange.fetch_my_trades(SYMBOL)
report["my trade"] = exchange.fetch_my_trades(SYMBOL, limit=1)
after = exchange.fetch_balance({"v3": True})
report["after"] = {side: after[side] for side in ("free", "used", "total")}
report["accounts after"] = exchange.v3PrivateGetBrokerageAccounts({"limit": 250})["accounts"]

wrong = ccxt.coinbase({**told["keys"], **told["settings"], "apiKey": told["keys"]["apiKey"] + "0"})
report["refused"] = {
    "funds": refused(lambda: exchange.create_order(SYMBOL, "limit", "buy", 100, bid)),
    "funds to sell": refused(lambda: exchange.create_order(SYMBOL, "market", "sell", 100)),
    "stop above": refused(
        lambda: exchange.create_order(SYMBOL, "limit", "sell", 0.001, high, {"stopLossPrice": high})
    ),
    "post-only": refused(
        lambda: exchange.create_order(SYMBOL, "limit", "buy", 0.001, high, {"postOnly": True})
    ),
    "too small": refused(
        lambda: exchange.v3PrivatePostBrokerageOrders(
            {
                "client_order_id": "x",
                "product_id": "BTC-USD",
                "side": "BUY",
                "order_configuration": {"market_market_ioc": {"quote_size": "0.000000000001"}},
            }
        )
    ),
    "bracket": refused(
        lambda: exchange.v3PrivatePostBrokerageOrders(
            {
                "client_order_id": "x",
                "product_id": "BTC-USD",
                "side": "SELL",
                "order_configuration": {
                    "trigger_bracket_gtc": {"base_size": "1", "limit_price": "1", "stop_trigger_price": "1"}
                },
            }
        )
    ),
    "unknown order": refused(lambda: exchange.fetch_order("11111111-1111-4111-8111-111111111111", SYMBOL)),
    "cancel of it": refused(lambda: exchange.cancel_order("11111111-1111-4111-8111-111111111111", SYMBOL)),
    "edit of it": refused(
        lambda: exchange.edit_order("11111111-1111-4111-8111-111111111111", SYMBOL, "limit", "buy", 1, far)
    ),
    "side": refused(
        lambda: exchange.v3PrivatePostBrokerageOrders(
            {
                "client_order_id": "x",
                "product_id": "BTC-USD",
                "side": "LEND",
                "order_configuration": {"market_market_ioc": {"quote_size": "1"}},
            }
        )
    ),
    "close position": refused(lambda: exchange.close_position(SYMBOL, "buy")),
    "key": refused(wrong.fetch_accounts),
    "path": refused(lambda: exchange.v3PrivateGetBrokerageCfmPositionsProductId({"product_id": "BIT-1"})),
}
print(json.dumps(report, default=str))
