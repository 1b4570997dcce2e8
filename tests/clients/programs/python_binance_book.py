"""python-binance: the book of a DepthCacheManager against REST at one update id."""

import asyncio
import json

from binance import AsyncClient, DepthCacheManager
from python_binance_at import LEVELS, TOLD, levels


async def main():
    client = await AsyncClient.create()
    compared = []
    async with DepthCacheManager(client, symbol="BTCUSDT", limit=1000, ws_interval=100) as manager:
        while len(compared) < TOLD["books"]:
            held = await asyncio.wait_for(manager.recv(), 60)
            asked = await client.get_order_book(symbol="BTCUSDT", limit=LEVELS)
            # What has come meanwhile is not applied before the next recv().
            if asked["lastUpdateId"] == manager._last_update_id:
                compared.append({"id": asked["lastUpdateId"], "kept": levels(held), "rest": levels(asked)})
    await client.close_connection()
    print(json.dumps({"books": compared}))


asyncio.run(main())
