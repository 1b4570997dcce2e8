"""What Rails' AsyncAPI document declares is what is said."""

from uuid import UUID

from railway import ask, hear, railway
from virtual import run

STREAMS = ["orders", "trades", "publicTrades", "publicOrderBook", "positions", "balances"]


def numbered(at):
    return {"clientRequestId": str(UUID(int=at)), "market": "BTC-USD"}


def test_every_message_is_one_that_is_declared(conversation):
    """With options and without, orders of each kind, and refusals; every message is seen."""

    async def main():
        async with railway(symbols=("EURUSD", "BTC-USD")) as opened:
            said = conversation("rails", opened.script.listing)
            for at, options in enumerate(("", "&ext=seq", "&ext=seq,crc")):
                client = said.record(await opened.board("alice", f"market=ALL{options}"), "markets")
                await ask(client, "subscribe", subscriptions=STREAMS, clientRequestId=str(UUID(int=1)))
                await client.send({"message": "ping"})
                await hear(client, 3)
                for name in ("emitPublicOrderBook", "emitPublicCompletedOrders", "emitOrders"):
                    await ask(client, name, **numbered(at))
                    await ask(client, name, market="BTC-USD")
                order = {"quantity": "0.01", "orderType": "buy", **numbered(100 * at + 10)}
                await ask(client, "createOrder", **order, tradeType="market", price="0")
                limit = {**order, **numbered(100 * at + 11), "tradeType": "limit", "price": "1.00"}
                await ask(client, "createOrder", **limit, timeInForce="IOC")
                await ask(client, "createOrder", **{**limit, **numbered(100 * at + 12)})
                stop = {"triggerType": "stop", "triggerPrice": "900000.00"}
                await ask(client, "createOrder", **{**limit, **numbered(100 * at + 13), **stop})
                await ask(client, "createOrder", **{**limit, **numbered(100 * at + 14), "postOnly": True})
                await ask(client, "createOrder", **limit)  # the same id again
                last = [one for one in await hear(client, 2) if one["resultType"] == "createOrder"]
                resting = last[-1]["data"].get("order") or last[-2]["data"]["order"]
                orders = {"orderId": resting["orderId"], "market": "BTC-USD"}
                await ask(client, "modifyOrder", **orders, price="2.00")
                await ask(client, "cancelOrder", **orders)
                await ask(client, "cancelOrder", cancelBy="all", **numbered(100 * at + 15))
                await ask(client, "emitOrders", **numbered(at))
                await ask(client, "emitPublicOrderBook")
                await client.send({"message": "nonsense"}, wrong=True)
                await client.send({"message": "createOrder", "content": {"clientRequestId": 7}}, wrong=True)
                await hear(client, 2)
                await ask(client, "unsubscribe", subscriptions=STREAMS)
                await hear(client, 1)
            assert said.seen["OrderOutcome"] > 20
            said.check()

    run(main)
