"""What the AsyncAPI document of Coinbase Advanced Trade declares is what is said."""

import trio
from coinbase_server import exchange, jwt
from virtual import run

from feed.dialects.coinbase.streams.topics import CHANNELS, OF_PRODUCTS, STATUS, topic
from feed.model.events import STATUS as CHANGED
from feed.model.events import Status

IDS = ["BTC-USD", "ETH-USD"]


async def hear(client, seconds):
    with trio.move_on_after(seconds):
        while True:
            await client.message()


def test_every_message_is_one_that_is_declared(conversation, support):
    """Each channel that anybody may listen to, an account's, and refusals; every message is seen."""

    async def main():
        async with exchange(speed=1.0) as server:
            said = conversation("coinbase", server.script.listing)
            await trio.sleep(3)
            client = server.connect()
            assert (await client.upgrade("/coinbase/ws"))[0] == 101
            said.record(client, "feed")
            for channel in CHANNELS:
                named = {"product_ids": IDS} if channel in OF_PRODUCTS else {}
                await client.send({"type": "subscribe", "channel": channel, **named})
                await trio.sleep(0.5)
            token = jwt("alice", server.now // 1000)
            await client.send({"type": "subscribe", "channel": "user", "jwt": token})
            await server.place("market_market_ioc", base_size="0.01")
            await client.send({"type": "subscribe", "channel": "ticker", "product_ids": ["NONE"]})
            await client.send({"type": "subscribe"}, wrong=True)
            await hear(client, 5.5)
            await client.send({"type": "unsubscribe", "channel": "ticker"})
            await hear(client, 1)
        stage = support.Stage()
        ear = stage.ear(topic(STATUS, 3))
        stage.publish([(CHANGED, 3, support.now, int(Status.HALTED))])
        assert ear.texts()
        said.hear("feed", ear.texts())
        said.check()

    run(main)
