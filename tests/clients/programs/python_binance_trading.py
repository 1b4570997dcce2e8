"""python-binance, synchronous: orders of every type, the account after them, and what is refused."""

import json
from decimal import ROUND_DOWN, Decimal

from binance import Client
from python_binance_at import KEYS, refusals

PAIR = {"symbol": "BTCUSDT"}
client = Client(**KEYS)
before = client.get_account()


def near(part):
    """The mid price times a part, in ticks."""
    quote = client.get_orderbook_ticker(**PAIR)
    middle = (Decimal(quote["bidPrice"]) + Decimal(quote["askPrice"])) / 2
    return str((middle * Decimal(part)).quantize(Decimal("0.01"), ROUND_DOWN))


report = {
    "before": before,
    "test": client.create_test_order(
        **PAIR, side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.01", price=near("0.9")
    ),
}
placed = {}
placed["resting"] = resting = client.order_limit_buy(**PAIR, quantity="0.01", price=near("0.9"))
report["open"] = client.get_open_orders(**PAIR)
report["asked"] = client.get_order(**PAIR, orderId=resting["orderId"])
report["asked by name"] = client.get_order(**PAIR, origClientOrderId=resting["clientOrderId"])
report["locked"] = client.get_asset_balance("USDT")
report["cancelled"] = client.cancel_order(**PAIR, orderId=resting["orderId"])
placed["crossing"] = client.order_limit_buy(**PAIR, quantity="0.02", price=near("1.01"))
placed["market"] = client.order_market_buy(**PAIR, quantity="0.03")
placed["by quote"] = client.order_market_buy(**PAIR, quoteOrderQty="500")
placed["sold"] = client.order_market_sell(**PAIR, quantity="0.04")
placed["ioc"] = client.order_limit_sell(**PAIR, timeInForce="IOC", quantity="0.01", price=near("0.99"))
placed["fok"] = client.order_limit_sell(**PAIR, timeInForce="FOK", quantity="0.01", price=near("1.2"))
maker = {"side": "SELL", "type": "LIMIT_MAKER", "quantity": "0.01"}
placed["maker"] = client.create_order(**PAIR, **maker, price=near("1.1"))
report["replaced"] = client.cancel_replace_order(
    **PAIR,
    **maker,
    price=near("1.2"),
    cancelReplaceMode="STOP_ON_FAILURE",
    cancelOrderId=placed["maker"]["orderId"],
)
waiting = {"side": "SELL", "quantity": "0.01"}
low, high = {"stopPrice": near("0.9")}, {"stopPrice": near("1.1")}
limit = {"timeInForce": "GTC", "price": near("0.89")}
placed["stop loss"] = client.create_order(**PAIR, **waiting, **low, type="STOP_LOSS")
placed["stop loss limit"] = client.create_order(**PAIR, **waiting, **low, **limit, type="STOP_LOSS_LIMIT")
placed["take profit"] = client.create_order(**PAIR, **waiting, **high, type="TAKE_PROFIT")
placed["take profit limit"] = client.create_order(
    **PAIR, **waiting, **high, timeInForce="GTC", price=near("1.2"), type="TAKE_PROFIT_LIMIT"
)
report["counted"] = client.get_current_order_count()
named = client.order_limit_buy(**PAIR, quantity="0.01", price=near("0.8"), newClientOrderId="named")
worse = Client(api_key=KEYS["api_key"], api_secret="wrong", ping=False)
unknown = Client(api_key="unknown", api_secret=KEYS["api_secret"], ping=False)
late = Client(**KEYS, ping=False)
late.timestamp_offset = -3_600_000
wide = Client(**KEYS, ping=False)
wide.REQUEST_RECVWINDOW = 60001
order = {**PAIR, "quantity": "0.01", "price": near("0.9")}
report["refused"] = refusals(
    {
        "funds": lambda: client.order_limit_buy(**{**order, "quantity": "100"}),
        "lot": lambda: client.order_limit_buy(**{**order, "quantity": "0.000000001"}),
        "step": lambda: client.order_limit_buy(**{**order, "quantity": "0.010001"}),
        "tick": lambda: client.order_limit_buy(**{**order, "price": near("0.9") + "1"}),
        "notional": lambda: client.order_limit_buy(**{**order, "quantity": "0.00001"}),
        "far": lambda: client.order_limit_buy(**{**order, "price": near("0.01")}),
        "maker": lambda: client.create_order(**PAIR, **maker, price=near("0.99")),
        "trigger": lambda: client.create_order(**PAIR, **waiting, **high, type="STOP_LOSS"),
        "name": lambda: client.order_limit_buy(**order, newClientOrderId="named"),
        "cancel": lambda: client.cancel_order(**PAIR, orderId=1),
        "order": lambda: client.get_order(**PAIR, orderId=999999999),
        "symbol": lambda: client.order_market_buy(symbol="NOPE", quantity=1),
        "type": lambda: client.create_order(**PAIR, side="BUY", type="ICEBERG", quantity="0.01"),
        "missing": lambda: client.create_order(**PAIR, side="BUY", type="LIMIT", quantity="0.01"),
        "window": wide.get_account,
        "secret": worse.get_account,
        "key": unknown.get_account,
        "late": late.get_account,
    }
)
report["cancelled all"] = client.cancel_all_open_orders(**PAIR)
report["placed"] = {**placed, "named": named}
report["all"] = client.get_all_orders(**PAIR)
report["trades"] = client.get_my_trades(**PAIR)
report["open after"] = client.get_open_orders()
report["fee"] = client.get_trade_fee(**PAIR)
report["after"] = client.get_account()
for each in (client, worse, unknown, late, wide):
    each.close_connection()
print(json.dumps(report))
