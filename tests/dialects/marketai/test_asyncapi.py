"""What Market.ai's AsyncAPI document declares is what is said."""

from railway import KEYS, hear, railway
from virtual import run

from feed.dialects.marketai.channels import CHANNELS
from feed.model.events import LIQUIDATION, SIGNAL, TRADE, UNKNOWN
from feed.model.signals import FIGURES, SignalType
from feed.model.topics import Topic

SYMBOLS = ("BTC-USD", "ETH-USD", "BTC-PERP", "BTC-UP-15M")
BTC = 3


def subscription(*names, **more):
    return {"action": "subscribe", "channels": [{"type": name, **more} for name in names]}


def test_every_message_is_one_that_is_declared(conversation, support):
    """With options and without, what is seldom told, and refusals; every message is seen."""

    async def main():
        async with railway(symbols=SYMBOLS) as opened:
            said = conversation("marketai", opened.script.listing)
            for query in ("", "?ext=seq"):
                client = said.record(await opened.upgraded(f"/marketai{query}"), "push")
                await client.send({"action": "auth", "key": "wrong"})
                await client.send({"action": "auth", "key": KEYS["alice"]})
                await client.send({"action": "ping"})
                await client.send(subscription(*CHANNELS))
                await client.send(subscription("klines", symbols=["BTC/USD", "NONE"], intervals=["1m", "1h"]))
                await client.send({"action": "nonsense"}, wrong=True)
                await hear(client, 5 if query else 42)  # a story is told at each full minute
                await client.send({"action": "unsubscribe", "channels": [{"type": "quotes"}]})
                await hear(client, 1)
            refused = said.record(await opened.upgraded("/marketai?key=wrong&errors=frame"), "push")
            await hear(refused, 1)
            topics = [
                Topic("marketai", name, BTC, options)
                for name in ("signals", "liquidations", "trades")
                for options in ((), (("ext", "seq"),))
            ]
            stage = support.Stage()
            ear = stage.ear(*topics)
            for number, kind in enumerate(SignalType, 1):
                stage.publish([(SIGNAL, BTC, support.now, number, kind, 1, *([1] * len(FIGURES[kind])))])
            trades = [
                (TRADE, BTC, support.now, number, side, 100, 10, 8, taker, UNKNOWN, UNKNOWN)
                for number, (side, taker) in enumerate([(0, 9), (1, 9), (UNKNOWN, 10)])
            ]
            stage.publish([(LIQUIDATION, BTC, support.now, 9, 1, 100, 30), *trades])
            said.hear("push", ear.texts())
            said.check()

    run(main)
