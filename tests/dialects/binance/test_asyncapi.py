"""What Binance's AsyncAPI document declares is what is said."""

import trio
from binance_server import KEYS, price, signature
from binance_server import exchange as running
from virtual import run

from feed.dialects.contract import DisconnectCause, UpgradeRequest

STREAMS = (
    *("trade", "aggTrade", "bookTicker", "ticker", "miniTicker", "ticker_1h", "avgPrice"),
    *("depth@100ms", "depth5@100ms", "kline_1s"),
)
NAMES = [*(f"btcusdt@{one}" for one in STREAMS), "!ticker@arr", "!miniTicker@arr", "!ticker_1h@arr"]
OLD = "revision=2025-12-31"


async def hear(client, seconds):
    with trio.move_on_after(seconds):
        while True:
            await client.message()


async def ask_of_streams(server, said, key):
    """Raw and combined streams, those of an account among them, and every request."""
    for channel, path in (("streams", f"/ws/{key}"), ("combined", f"/stream?streams={key}&")):
        client = server.connect()
        query = OLD if "?" in path else f"?{OLD}"
        assert (await client.upgrade(f"/binance{path}{query}&timeUnit=MICROSECOND"))[0] == 101
        said.record(client, channel)
        for number, (method, params) in enumerate(
            [
                ("SUBSCRIBE", NAMES),
                ("LIST_SUBSCRIPTIONS", None),
                ("GET_PROPERTY", ["combined"]),
                ("SET_PROPERTY", ["combined", channel == "combined"]),
                ("UNSUBSCRIBE", ["btcusdt@kline_1m"]),
            ]
        ):
            await trio.sleep(0.5)  # five messages a second are taken, and no more
            await client.send({"method": method, "id": number} | ({"params": params} if params else {}))
        await client.send({"method": "NONSENSE", "id": 9}, wrong=True)
        yield client


class Asking:
    """A client of the WebSocket API."""

    def __init__(self, server, client, said):
        self.server, self.client = server, said.record(client, "api")
        self.number = 0

    async def ask(self, method, *, key="", **params):
        self.number += 1
        if key:
            params = {"apiKey": KEYS[key], "timestamp": self.server.now, **params}
            payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
            params["signature"] = signature(key, payload)
        await self.client.send({"id": self.number, "method": method} | ({"params": params} if params else {}))
        while (found := await self.client.message()).get("id") != self.number:
            pass
        return found


async def ask_the_market(api):
    for method in ("ping", "time", "exchangeInfo", "ticker.price", "ticker.book"):
        await api.ask(method)
    symbol = {"symbol": "BTCUSDT"}
    for method in ("depth", "trades.recent", "trades.historical", "trades.aggregate", "avgPrice", "ticker"):
        await api.ask(method, **symbol)
    for method in ("ticker.24hr", "ticker.tradingDay", "ticker.price", "ticker.book"):
        await api.ask(method, **symbol)
    for method in ("ticker.24hr", "ticker.tradingDay", "ticker"):
        await api.ask(method, symbols=["BTCUSDT", "ETHUSDT"], type="MINI")
    for method in ("klines", "uiKlines"):
        await api.ask(method, **symbol, interval="1m", limit=3, returnRateLimits=False)
    await api.ask("exchangeInfo", symbols=["BTCUSDT"], showPermissionSets=False)


async def trade(api, server, key):
    symbol, (bid, ask) = {"symbol": "BTCUSDT"}, server.quote
    market = {**symbol, "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    limit = {**symbol, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01"}
    low = {**limit, "price": price(bid // 2 // 100 * 100)}
    for more in ({}, {"newOrderRespType": "ACK"}, {"newOrderRespType": "RESULT"}):
        await api.ask("order.place", key=key, **market, **more)
    await api.ask("order.test", key=key, **market)
    await api.ask("order.test", key=key, **market, computeCommissionRates="true")
    found = await api.ask("order.place", key=key, **low, strategyId=7, strategyType=1_000_000)
    number = {**symbol, "orderId": found["result"]["orderId"]}
    await api.ask("order.status", key=key, **number)
    await api.ask("order.amend.keepPriority", key=key, **number, newQty="0.005")
    again = {"cancelReplaceMode": "STOP_ON_FAILURE", "cancelOrderId": number["orderId"]}
    await api.ask("order.cancelReplace", key=key, **low, **again)
    await api.ask("order.cancelReplace", key=key, **low, **again)  # there is none any more
    found = await api.ask("order.place", key=key, **low)
    await api.ask("openOrders.status", key=key, **symbol)
    await api.ask("order.cancel", key=key, **symbol, orderId=found["result"]["orderId"])
    stop = {**symbol, "side": "SELL", "type": "STOP_LOSS", "quantity": "0.01"}
    await api.ask("order.place", key=key, **stop, stopPrice=price(bid // 2 // 100 * 100))
    # Two orders of the account that would trade with each other.
    bid, ask = server.quote
    inside = {**limit, "price": price(ask - 1), "selfTradePreventionMode": "EXPIRE_BOTH"}
    await api.ask("order.place", key=key, **{**inside, "side": "SELL"})
    await api.ask("order.place", key=key, **inside)
    for method in ("openOrders.cancelAll", "allOrders", "myTrades", "myAllocations"):
        await api.ask(method, key=key, **symbol)
    found = await api.ask("allOrders", key=key, **symbol, limit=2)
    for order in found["result"]:
        await api.ask("myPreventedMatches", key=key, **symbol, orderId=order["orderId"])
    for method in ("account.status", "account.rateLimits.orders", "openOrderLists.status", "allOrderLists"):
        await api.ask(method, key=key)
    await api.ask("account.commission", key=key, **symbol)


def test_every_message_is_one_that_is_declared(conversation, support):
    """Streams of each kind, raw and combined, an account's events, and each request of the WebSocket API."""

    async def main():
        async with running(speed=1.0) as server:
            said = conversation("binance", server.script.listing)
            await trio.sleep(3)
            *_, found = await server.send("POST", "api/v3/userDataStream", OLD, key=KEYS["alice"])
            listening = [one async for one in ask_of_streams(server, said, found["listenKey"])]
            client = server.connect()
            assert (await client.upgrade("/binance/ws-api/v3"))[0] == 101
            api = Asking(server, client, said)
            await ask_the_market(api)
            await api.ask("userDataStream.subscribe.signature", key="alice")
            await trade(api, server, "alice")
            await api.ask("session.subscriptions")
            await api.ask("userDataStream.unsubscribe", subscriptionId=0)
            await api.ask("session.logon", key="dave")
            await api.ask("session.status")
            await api.ask("userDataStream.subscribe")
            await api.ask("session.logout")
            await api.ask("order.place", key="carol", symbol="BTCUSDT", side="BUY", type="LIMIT")
            await hear(api.client, 1)
            for client in listening:
                await hear(client, 3)
            await server.send(
                "DELETE", "api/v3/userDataStream", f"{OLD}&listenKey={found['listenKey']}", key=KEYS["alice"]
            )
            for client in listening:
                await hear(client, 2)
            assert all(
                said.seen[f"Subscribed{one}"] for one in ("ExecutionReport", "OutboundAccountPosition")
            )
            for channel, path in (("streams", "/ws"), ("combined", "/stream"), ("api", "/ws-api/v3")):
                session = support.dialects()["binance"].session(UpgradeRequest(path=path), support.context)
                said.hear(channel, [session.wording(DisconnectCause.GOING_AWAY)])
            said.check()

    run(main)
