import asyncio, json, os, websockets

async def main():
    uri = "wss://api.securitypro.com/market/ws"
    async with websockets.connect(uri) as ws:
        await ws.send(json.dumps({
            "op": "subscribe",
            "channel": "trades",
            "symbol": "BTC-USD",
            "apiKey": os.getenv("API_KEY")
        }))
        async for raw in ws:
            msg = json.loads(raw)
            print(msg)

asyncio.run(main())
