"""python-binance, asynchronous: orders by REST and WebSocket API, and what the user socket tells of them."""

import asyncio
import json

from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException
from python_binance_at import KEYS, refused

PAIR = {"symbol": "ETHUSDT"}


async def events_until(stream, *ends):
    """Events up to the one after which every order in question has come to its end."""
    ends, seen = set(ends), []
    while ends:
        event = await asyncio.wait_for(stream.recv(), 60)
        seen.append(event)
        if event["e"] == "executionReport" and event["X"] in ("FILLED", "CANCELED", "EXPIRED"):
            ends.discard(event["i"])
    while seen[-1]["e"] != "outboundAccountPosition":
        seen.append(await asyncio.wait_for(stream.recv(), 60))
    return seen


async def refusal(call):
    """What a call is refused with."""
    try:
        return await call
    except BinanceAPIException as error:
        return refused(error)


async def main():
    client = await AsyncClient.create(**KEYS)
    report = {"before": await client.get_account()}
    async with BinanceSocketManager(client).user_socket() as stream:
        quote = await client.get_orderbook_ticker(**PAIR)
        far = str(round(float(quote["bidPrice"]) * 0.9, 2))
        bought = await client.order_market_buy(**PAIR, quantity="0.5")
        sold = await client.ws_order_market_sell(**PAIR, quantity="0.2", newOrderRespType="FULL")
        resting = await client.ws_order_limit_buy(**PAIR, quantity="0.1", price=far)
        report["asked"] = await client.ws_get_order(**PAIR, orderId=resting["orderId"])
        report["open"] = await client.ws_get_open_orders(**PAIR)
        report["cancelled"] = await client.ws_cancel_order(**PAIR, orderId=resting["orderId"])
        report["placed"] = [bought, sold, resting]
        report["events"] = await events_until(stream, *(order["orderId"] for order in report["placed"]))
        report["refused"] = {
            "funds": await refusal(client.create_order(**PAIR, side="SELL", type="MARKET", quantity="50")),
            "funds by socket": await refusal(client.ws_order_market_sell(**PAIR, quantity="50")),
            "order": await refusal(client.ws_get_order(**PAIR, orderId=999999999)),
            "cancel": await refusal(client.ws_cancel_order(**PAIR, orderId=999999999)),
            "symbol": await refusal(client.ws_get_order_book(symbol="NOPE")),
            "listen key": await refusal(client.stream_get_listen_key()),
        }
    report["account"] = await client.ws_get_account()
    report["after"] = await client.get_account()
    report["orders"] = await client.get_all_orders(**PAIR)
    report["trades"] = await client.get_my_trades(**PAIR)
    await client.close_connection()
    print(json.dumps(report))


asyncio.run(main())
