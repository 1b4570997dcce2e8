"""What Tradyn's AsyncAPI document declares is what is said."""

import json

from asking import ask as ask_http
from railway import KEYS, hear, railway
from virtual import run


def test_every_message_is_one_that_is_declared(conversation):
    """With options and without, what an account is told, and refusals; every message is seen."""

    async def main():
        async with railway(symbols=("EURUSD", "BTC-USD")) as opened:
            said = conversation("tradyn", opened.script.listing)
            for query in ("", "?ext=seq", "?ext=seq&conflate=250"):
                client = said.record(await opened.upgraded(f"/tradyn{query}"), "ticks")
                await client.send({"type": "subscribe", "symbol": "EURUSD"})
                await client.send({"type": "auth", "apiKey": "wrong"})
                await client.send({"type": "auth", "apiKey": KEYS["alice"]})
                await client.send({"type": "subscribe", "symbol": "BTC-USD", "symbols": ["EURUSD", "NONE"]})
                await client.send({"type": "subscribe", "channels": ["orders", "positions", "account"]})
                await client.send({"type": "list"})
                await client.send({"type": "nonsense"}, wrong=True)
                await hear(client, 2)
                body = json.dumps({"symbol": "BTC-USD", "action": "buy", "volume": 0.01}).encode()
                headers = {"Authorization": f"Bearer {KEYS['alice']}"}
                await ask_http(opened.connect(), "/api/trade", method="POST", body=body, **headers)
                await client.send({"type": "unsubscribe", "symbols": ["EURUSD"], "channels": ["orders"]})
                await hear(client, 2)
                assert said.seen["Tick"] > 10
            said.check()

    run(main)
