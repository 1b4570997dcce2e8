"""python-kraken-sdk, asynchronous: the same requests by SpotAsyncClient, and what it raises."""

import asyncio
import json
import sys

from kraken.base_api import SpotClient
from kraken.spot.websocket import SpotWSClientBase

told = json.loads(sys.argv[1])
for name, url in told["settings"].items():
    owner, attribute = name.split(".")
    setattr({"SpotClient": SpotClient, "SpotWSClientBase": SpotWSClientBase}[owner], attribute, url)

from kraken.spot import SpotAsyncClient  # noqa: E402 - once the URLs are set

KEYS = {"key": told["keys"]["apiKey"], "secret": told["keys"]["secret"]}
LOW = 40_000.0
LIMIT = {"ordertype": "limit", "type": "buy", "pair": "XBTUSD", "volume": 0.01, "price": LOW}
UNKNOWN = "OAAAAA-AAAAA-AAAAAA"


async def main():
    report = {"refused": {}}
    client = SpotAsyncClient(**KEYS)

    async def ask(method, do_json=False, **params):
        return await client.request("POST", f"/0/private/{method}", params=params, do_json=do_json)

    async def refused(what, method, asker=None, **params):
        try:
            await (asker or client).request("POST", f"/0/private/{method}", params=params)
        except Exception as error:  # noqa: BLE001 - its classes have nothing else in common
            report["refused"][what] = type(error).__name__

    report["before"] = await ask("Balance")
    report["placed"] = (await ask("AddOrder", **LIMIT, userref=12, cl_ord_id="mine"))["txid"][0]
    await ask("AddOrder", **LIMIT)
    batch = [{**LIMIT, "cl_ord_id": f"b{at}"} for at in range(2)]
    for order in batch:
        del order["pair"]
    await ask("AddOrderBatch", do_json=True, orders=batch, pair="BTC/USD")
    await ask("AmendOrder", txid=report["placed"], limit_price=LOW + 1, order_qty=0.02)
    report["edited"] = await ask(
        "EditOrder", txid=report["placed"], pair="XBTUSD", volume=0.03, price=LOW + 2
    )
    market = (await ask("AddOrder", **{**LIMIT, "ordertype": "market"}))["txid"][0]
    report["cancelled"] = await ask("CancelOrder", txid=report["edited"]["txid"])
    left = (await ask("OpenOrders", trades="true"))["open"]
    report["open"] = len(left)
    ids = {"placed": report["placed"], "edited": report["edited"]["txid"], "market": market}
    found = await ask("QueryOrders", txid=",".join(ids.values()), trades="true")
    report["statuses"] = {name: found[txid]["status"] for name, txid in ids.items()}
    report["trades"] = await ask("TradesHistory")
    report["trades again"] = await ask("QueryTrades", txid=",".join(report["trades"]["trades"]))
    report["positions"] = await ask("OpenPositions", consolidation="market")
    ledger = (await ask("Ledgers"))["ledger"]
    report["ledger"] = await ask("QueryLedgers", id=",".join(ledger))
    report["fees"] = (await ask("TradeVolume", pair="BTC/USD"))["fees"]
    await ask("CancelOrderBatch", do_json=True, orders=list(left)[:1])
    await ask("CancelAllOrdersAfter", timeout=60)
    await ask("CancelAllOrdersAfter", timeout=0)
    report["all cancelled"] = await ask("CancelAll")
    nobody, wrong, late = (
        SpotAsyncClient(key="nobody", secret=KEYS["secret"]),
        SpotAsyncClient(key=KEYS["key"], secret="bm9ib2R5"),
        SpotAsyncClient(**KEYS),
    )
    late.get_nonce = lambda: "1"
    await refused("unknown pair", "AddOrder", **{**LIMIT, "pair": "NOPEUSD"})
    await refused("funds", "AddOrder", **{**LIMIT, "volume": 100})
    await refused("decimals", "AddOrder", **{**LIMIT, "price": 40_000.123})
    await refused("minimum", "AddOrder", **{**LIMIT, "volume": 1e-9})
    await refused("cost", "AddOrder", **{**LIMIT, "volume": 1e-8})
    await refused("arguments", "AddOrder", **LIMIT, leverage=2)
    await refused("unknown order", "CancelOrder", txid=UNKNOWN)
    await refused("unknown order, amended", "AmendOrder", txid=UNKNOWN, order_qty=1)
    await refused("deadline", "AddOrder", **LIMIT, deadline="2020-01-01T00:00:00Z")
    await refused("unknown key", "Balance", nobody)
    await refused("wrong secret", "Balance", wrong)
    await refused("nonce again", "Balance", late)
    report["after"] = await ask("Balance")
    for one in (client, nobody, wrong, late):
        await one.async_close()
    return report


print(json.dumps(asyncio.run(main())))
