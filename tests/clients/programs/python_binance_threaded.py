"""python-binance: the book of a ThreadedDepthCacheManager against REST at one update id."""

import json
import threading

from binance import Client, ThreadedDepthCacheManager
from python_binance_at import LEVELS, TOLD, levels

compared = []
enough = threading.Event()


class Manager(ThreadedDepthCacheManager):
    """Remembers who keeps the book: callbacks are told the book, not its update id."""

    async def start_listener(self, socket, path, callback):
        self.keeper = socket
        await super().start_listener(socket, path, callback)


def compare(held):
    """Called by the manager after each diff, in its own thread: nothing changes the book meanwhile."""
    asked = client.get_order_book(symbol="BTCUSDT", limit=LEVELS)
    if asked["lastUpdateId"] == manager.keeper._last_update_id and len(compared) < TOLD["books"]:
        compared.append({"id": asked["lastUpdateId"], "kept": levels(held), "rest": levels(asked)})
    if len(compared) == TOLD["books"]:
        enough.set()


client = Client()
manager = Manager()
manager.start()
manager.start_depth_cache(compare, symbol="BTCUSDT", limit=1000, ws_interval=100)
assert enough.wait(90), f"{len(compared)} books had an id in common with REST"
manager.stop()
manager.join(30)
client.close_connection()
print(json.dumps({"books": compared}))
