import asyncio
import websockets
import json

async def listen():
    url = 'wss://exchange.com/ws'
    async with websockets.connect(url) as ws:
        subscribe_msg = {
            "type": "subscribe",
            "channels": ["ticker_btcusd"]
        }
        await ws.send(json.dumps(subscribe_msg))

        while True:
            msg = await ws.recv()
            print(json.loads(msg))

asyncio.get_event_loop().run_until_complete(listen())
