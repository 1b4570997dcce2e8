"""What the AsyncAPI document of the guide's feed declares is what is said."""

import json

from asking import ask as ask_http
from railway import KEYS, hear, railway
from virtual import run

from feed.dialects.guide.channels import KINDS, PRIVATE
from feed.model.events import SIGNAL
from feed.model.signals import FIGURES, SignalType
from feed.model.topics import Topic

CHANNELS = [
    *PRIVATE,
    *(f"{kind}_{symbol}" for kind in KINDS if kind not in PRIVATE for symbol in ("btcusd", "eurusd")),
]


async def trade(opened, **fields):
    body = json.dumps({"symbol": "BTC-USD", "action": "buy", "volume": 0.01} | fields).encode()
    headers = {"Authorization": f"Bearer {KEYS['alice']}"}
    await ask_http(opened.connect(), "/api/trade", method="POST", body=body, **headers)


async def alert(opened, **fields):
    body = json.dumps({"symbol": "BTC-USD", **fields}).encode()
    path, key = "/guide/api/v1/alerts", {"X-API-Key": KEYS["alice"]}
    status, _, _ = await ask_http(opened.connect(), path, method="POST", body=body, **key)
    assert status == 200


def test_every_message_is_one_that_is_declared(conversation, support):
    """With options and without, what a key and an account are told, and refusals; every message is seen."""

    async def main():
        async with railway(symbols=("EURUSD", "BTC-USD")) as opened:
            said = conversation("guide", opened.script.listing)
            for query in ("", "?ext=seq", "?ext=seq&conflate=250"):
                client = said.record(await opened.upgraded(f"/guide{query}"), "feed")
                await client.send({"type": "subscribe", "channels": ["orders", "ticker_none"]})
                await client.send({"type": "auth", "key": KEYS["alice"]})
                await client.send({"type": "subscribe", "channels": CHANNELS})
                await client.send({"type": "list"})
                await client.send({"type": "ping"})
                await client.send({"type": "nonsense"}, wrong=True)
                await hear(client, 3)
                await alert(opened, condition="price_above", threshold="1")
                await alert(opened, condition="volume", threshold="0.0001", window=60)
                await trade(opened)
                await trade(opened, sl=1)
                await hear(client, 3)
                await client.send({"type": "unsubscribe", "channels": CHANNELS})
                await hear(client, 1)
            stage = support.Stage(support.listing)
            ear = stage.ear(Topic("guide", "signals", 3, (("ext", "seq"),)), Topic("guide", "signals", 3))
            for number, kind in enumerate(SignalType, 1):
                figures = [1] * len(FIGURES[kind])
                stage.publish([(SIGNAL, 3, support.now, number, kind, 1, *figures)])
            said.hear("feed", ear.texts())
            said.check()

    run(main)
