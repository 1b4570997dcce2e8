"""python-kraken-sdk, synchronous: what its User and Trade ask, and what they raise."""

import json
import sys

from kraken.base_api import SpotClient
from kraken.spot.websocket import SpotWSClientBase

told = json.loads(sys.argv[1])
for name, url in told["settings"].items():
    owner, attribute = name.split(".")
    setattr({"SpotClient": SpotClient, "SpotWSClientBase": SpotWSClientBase}[owner], attribute, url)

from kraken.spot import Trade, User  # noqa: E402 - once the URLs are set

KEYS = {"key": told["keys"]["apiKey"], "secret": told["keys"]["secret"]}
user, trade = User(**KEYS), Trade(**KEYS)
LOW = 40_000.0
report = {"before": user.get_account_balance()}
user.get_balances()
report["held"] = user.get_balance(currency="USD")
report["worth"] = user.get_trade_balance()
limit = {"ordertype": "limit", "side": "buy", "pair": "XBTUSD", "volume": 0.01, "price": LOW}
report["placed"] = trade.create_order(**limit, userref=12, cl_ord_id="mine", oflags=["post"])["txid"][0]
trade.create_order(**limit, truncate=True)
batch = [
    {"ordertype": "limit", "type": "buy", "price": LOW, "volume": 0.01, "cl_ord_id": f"b{at}"}
    for at in range(2)
]
trade.create_order_batch(orders=batch, pair="BTC/USD")
trade.amend_order(txid=report["placed"], limit_price=LOW + 1, order_qty=0.02)
report["edited"] = trade.edit_order(txid=report["placed"], pair="XBTUSD", volume=0.03, price=LOW + 2)
market = trade.create_order(ordertype="market", side="buy", pair="BTC/USD", volume=0.01)["txid"][0]
report["cancelled"] = trade.cancel_order(txid=report["edited"]["txid"])
report["open"] = len(user.get_open_orders(trades=True)["open"])
user.get_closed_orders(trades=True)
ids = {"placed": report["placed"], "edited": report["edited"]["txid"], "market": market}
found = user.get_orders_info(txid=list(ids.values()), trades=True)
report["statuses"] = {name: found[txid]["status"] for name, txid in ids.items()}
report["trades"] = user.get_trades_history()
report["trades again"] = user.get_trades_info(txid=list(report["trades"]["trades"]))
report["positions"] = user.get_open_positions()
ledger = user.get_ledgers_info()["ledger"]
report["ledger"] = user.get_ledgers(id_=list(ledger))
report["fees"] = user.get_trade_volume(pair="BTC/USD")["fees"]
trade.cancel_order_batch(orders=["OAAAAA-AAAAA-AAAAAA", *list(user.get_open_orders()["open"])[:1]])
trade.cancel_all_orders_after_x(timeout=60)
trade.cancel_all_orders_after_x(timeout=0)
report["all cancelled"] = trade.cancel_all_orders()


def again():
    """A nonce that was there before."""
    late = User(**KEYS)
    late.get_nonce = lambda: "1"
    return late.get_account_balance()


CALLS = {
    "unknown pair": lambda: trade.create_order(**{**limit, "pair": "NOPEUSD"}),
    "funds": lambda: trade.create_order(**{**limit, "volume": 100}),
    "decimals": lambda: trade.create_order(**{**limit, "price": 40_000.123}),
    "minimum": lambda: trade.create_order(**{**limit, "volume": 1e-9}),
    "cost": lambda: trade.create_order(**{**limit, "volume": 1e-8}),
    "arguments": lambda: trade.create_order(**limit, leverage=2),
    "unknown order": lambda: trade.cancel_order(txid="OAAAAA-AAAAA-AAAAAA"),
    "unknown order, amended": lambda: trade.amend_order(txid="OAAAAA-AAAAA-AAAAAA", order_qty=1),
    "deadline": lambda: trade.create_order(**limit, deadline="2020-01-01T00:00:00Z"),
    "unknown key": lambda: User(key="nobody", secret=KEYS["secret"]).get_account_balance(),
    "wrong secret": lambda: User(key=KEYS["key"], secret="bm9ib2R5").get_account_balance(),
    "nonce again": again,
}
report["refused"] = {}
for what, ask in CALLS.items():
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - its classes have nothing else in common
        report["refused"][what] = type(error).__name__
report["after"] = user.get_account_balance()
print(json.dumps(report))
