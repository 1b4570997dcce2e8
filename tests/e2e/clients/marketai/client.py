import asyncio
import json
import websockets

async def connect():
    uri = "wss://ws.market-ai.dev?key=mk_live_abc123..."
    async with websockets.connect(uri) as ws:
        # Subscribe
        await ws.send(json.dumps({
            "action": "subscribe",
            "channels": [
                {"type": "quotes", "symbols": ["BTC/USDT"]},
                {"type": "signals"}
            ]
        }))

        # Listen for messages
        async for message in ws:
            msg = json.loads(message)
            if msg["type"] == "update":
                print(f"[{msg['channel']}] {json.dumps(msg['data'], indent=2)}")

asyncio.run(connect())
