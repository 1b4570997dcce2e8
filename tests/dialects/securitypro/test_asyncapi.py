"""What SecurityPro's AsyncAPI document declares is what is said."""

from railway import KEYS, hear, railway
from virtual import run


def stream(channel, symbol):
    return {"channel": channel, "symbol": symbol}


def test_every_message_is_one_that_is_declared(conversation):
    """With options and without, in batches, and refusals; every message is seen."""

    async def main():
        async with railway(symbols=("EURUSD", "BTC-USD")) as opened:
            said = conversation("securitypro", opened.script.listing)
            for query in ("", "?ext=seq", "?ext=seq&conflate=250"):
                client = said.record(await opened.upgraded(f"/securitypro{query}"), "prices")
                one = stream("trades", "BTC-USD")
                await client.send({"op": "subscribe", **one, "apiKey": KEYS["alice"]})
                batch = [stream("ticker", symbol) for symbol in ("EURUSD", "BTC-USD", "NONE")]
                await client.send({"op": "subscribe", "subscriptions": batch})
                await client.send({"op": "nonsense"}, wrong=True)
                await hear(client, 10)
                await client.send({"type": "pong", "ts": "2025-08-17T14:25:32.100Z"})
                await client.send({"op": "unsubscribe", **one})
                await client.send({"op": "unsubscribe", "subscriptions": batch[:1]})
                await hear(client, 1)
            said.check()

    run(main)
