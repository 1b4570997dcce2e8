"""python-kraken-sdk: every method of trading by WebSocket, and what the account is told, beside REST."""

import asyncio
import json
import sys

from kraken.base_api import SpotClient
from kraken.spot.websocket import SpotWSClientBase

told = json.loads(sys.argv[1])
for name, url in told["settings"].items():
    owner, attribute = name.split(".")
    setattr({"SpotClient": SpotClient, "SpotWSClientBase": SpotWSClientBase}[owner], attribute, url)

from kraken.spot import Market, SpotWSClient, User  # noqa: E402 - once the URLs are set

KEY = {"key": told["keys"]["apiKey"], "secret": told["keys"]["secret"]}
SYMBOL, AMOUNT = "BTC/USD", 0.01
PATIENCE_SECONDS = 60
orders, trades, balances, ledger, heard, problems = {}, {}, {}, [], [], []
arrived = asyncio.Condition()


class Account(SpotWSClient):
    """Keeps what it is told."""

    async def on_message(self, message):
        async with arrived:
            heard.append(message)
            for item in message.get("data", []):
                keep(message["channel"], message["type"], item)
            arrived.notify_all()


def keep(channel, kind, item):
    """One execution, or one balance."""
    if channel == "executions":
        if item["exec_type"] == "trade":
            trades[item["exec_id"]] = item
        orders[item["order_id"]] = {**orders.get(item["order_id"], {}), **item}
    elif channel == "balances":
        balances[item["asset"]] = item["balance"]
        if kind == "update":
            ledger.append(item)


async def until(true):
    """What ``true`` finds, once it does."""
    async with asyncio.timeout(PATIENCE_SECONDS), arrived:
        await arrived.wait_for(lambda: true() is not None)
        return true()


async def ask(client, number, method, count=1, **params):
    """The answers to one request."""

    def answers():
        found = [one for one in heard if one.get("req_id") == number]
        return found if len(found) == count else None

    await client.send_message({"method": method, "params": params, "req_id": number})
    return await until(answers)


async def trade(client, bid):
    """Each method; gives what it was answered."""
    low = round(bid * 0.9, 1)
    limit = {"order_type": "limit", "side": "buy", "order_qty": AMOUNT, "limit_price": low}
    market = {"order_type": "market", "symbol": SYMBOL, "order_qty": 2 * AMOUNT}
    said = {}

    async def done(number, method, count=1, **params):
        said[f"{number} {method}"] = answers = await ask(client, number, method, count, **params)
        return answers[0].get("result")

    first = await done(1, "add_order", symbol=SYMBOL, order_userref=11, **limit)
    await done(2, "add_order", side="buy", **market)
    await done(3, "add_order", side="sell", fee_preference="quote", **market)
    amended = {"order_qty": 2 * AMOUNT, "limit_price": low - 100}
    await done(4, "amend_order", order_id=first["order_id"], **amended)
    edited = await done(5, "edit_order", order_id=first["order_id"], symbol=SYMBOL, limit_price=low)
    names = [edited["order_id"], first["order_id"]]
    await done(6, "cancel_order", 2, order_id=names)
    batch = [limit, {**limit, "cl_ord_id": "mine"}, {**limit, "order_userref": 12}]
    await done(7, "batch_add", symbol=SYMBOL, orders=batch)
    await done(8, "batch_cancel", orders=[12], cl_ord_id=["mine"])
    await done(9, "cancel_all_orders_after", timeout=3600)
    await done(10, "cancel_all_orders_after", timeout=0)
    await done(11, "cancel_all")
    await done(12, "add_order", symbol=SYMBOL, **{**limit, "order_qty": 100})
    await done(13, "add_order", symbol=SYMBOL, validate=True, **limit)
    await done(14, "add_order", symbol=SYMBOL, **limit)
    return said


async def main():
    bid = float(Market().get_ticker(pair="XBTUSD")["XXBTZUSD"]["b"][0])
    client = Account(**KEY, no_public=True)
    await client.start()
    await client.subscribe(params={"channel": "executions", "snap_trades": True}, req_id=100)
    await client.subscribe(params={"channel": "balances"}, req_id=101)
    await until(lambda: balances or None)
    report = {"said": await trade(client, bid)}
    # What is open and has been traded is told again to whoever comes back.
    before = len(heard)
    await client._priv_conn.close_connection()

    def again():
        found = [one for one in heard[before:] if one.get("type") == "snapshot"]
        return found if len({one["channel"] for one in found}) == 2 and len(found) >= 3 else None

    snapshots = await until(again)
    report["again"] = {"executions": [], "balances": []}
    for one in snapshots[:3]:
        report["again"][one["channel"]].append(one["data"])
    await client.close()
    report |= {"orders": orders, "trades": trades, "balances": balances, "ledger": ledger}
    user = User(**KEY)
    report["open"] = user.get_open_orders()["open"]
    report["closed"] = user.get_closed_orders()["closed"]
    report["rest trades"] = user.get_trades_history()["trades"]
    report["rest balances"] = user.get_account_balance()
    report["rest ledger"] = user.get_ledgers_info()["ledger"]
    report["failed"] = client.exception_occur
    print(json.dumps(report))


asyncio.run(main())
