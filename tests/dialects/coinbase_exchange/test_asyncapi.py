"""What Coinbase Exchange's AsyncAPI document declares is what is said."""

import trio
from coinbase_exchange_server import PREFIX, exchange, price
from virtual import run

from feed.dialects.coinbase_exchange.streams.topics import AUTHENTICATED, CHANNELS
from feed.model.events import ADD, AUCTION, CLEAR, QUOTE, REDUCE, Side
from feed.model.topics import Topic

CLIENT = "0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f"
IDS = ["BTC-USD", "ETH-USD"]


async def hear(client, seconds):
    with trio.move_on_after(seconds):
        while True:
            await client.message()


async def trade(server):
    """Orders of every kind, one that is amended, two that would trade with each other, and a refusal."""
    bid, ask = server.quote
    low = await server.order(size="0.5", price=price(bid - 500), client_oid=CLIENT)
    await server.ask("alice", "DELETE", f"/orders/{low['id']}")
    await server.order(type="market", size="0.75")
    await server.order(type="market", funds="100.00")
    stop = {"stop": "loss", "stop_price": price(bid // 2), "side": "sell"}
    waits = await server.order(size="0.1", price=price(bid // 3), **stop)
    await server.ask("alice", "DELETE", f"/orders/{waits['id']}")
    bid, ask = server.quote
    await server.order(side="sell", size="0.3", price=price(ask - 1))
    await server.order(size="0.1", price=price(ask - 1), stp="dc")


def test_every_message_is_one_that_is_declared(conversation, support):
    """Each channel, what an account is told of its orders, and refusals; every message is seen."""

    async def main():
        async with exchange(speed=1.0) as server:
            said = conversation("coinbase_exchange", server.script.listing)
            await trio.sleep(90)  # so that there was a trade
            client = server.connect()
            assert (await client.upgrade(PREFIX))[0] == 101
            said.record(client, "feed")
            signed = server.signed()
            public = [name for name in CHANNELS if name not in AUTHENTICATED]
            await client.send({"type": "subscribe", "product_ids": IDS, "channels": public})
            await client.send({"type": "subscribe", "product_ids": IDS, "channels": ["full"]})
            named = [{"name": name, "product_ids": ["BTC-USD"]} for name in AUTHENTICATED]
            await client.send({"type": "subscribe", "channels": named, **signed})
            await client.send({"type": "nonsense"}, wrong=True)
            await hear(client, 3)
            await trade(server)
            await hear(client, 2.5)  # a ticker of five seconds among it
            await client.send({"type": "unsubscribe", "channels": ["ticker"]})
            await hear(client, 1)
        stage = support.Stage()
        parts = ("1-comes", "2-changes", "3-ends")
        ear = stage.ear(*(Topic("coinbase_exchange", "full", 3, (("part", part),)) for part in parts))
        ts = support.now
        stage.publish([(ADD, 3, ts, 7, int(Side.BUY), 100, 5, 5), (QUOTE, 3, ts, 100, 5, 0, 0)])
        stage.publish([(REDUCE, 3, ts, 7, int(Side.BUY), 100, 3, 3), (QUOTE, 3, ts, 100, 3, 0, 0)])
        stage.publish([(CLEAR, 3, ts)])
        auction = stage.ear(Topic("coinbase_exchange", "auctionfeed", 3, ()))
        stage.publish([(AUCTION, 3, ts, 3, 1, 100, 7, -2, 101, 9, 99, 7, 100, ts + 10**9)])
        said.hear("feed", auction.texts())
        said.hear("feed", ear.texts())
        said.check()

    run(main)
