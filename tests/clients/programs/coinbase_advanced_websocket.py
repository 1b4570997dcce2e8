"""coinbase-advanced-py's WSClient: every public channel, and what its own types make of each message."""

import json
import sys
import threading
import time
from collections import Counter

from coinbase.websocket import WSClient
from coinbase.websocket.types.websocket_response import WebsocketResponse

told = json.loads(sys.argv[1])
SECONDS = 40
CHANNELS = ["ticker", "ticker_batch", "level2", "market_trades", "candles", "status", "heartbeats"]
PRODUCTS = ["BTC-USD", "ETH-USD"]

messages = []
changed = threading.Condition()


def keep(text):
    with changed:
        messages.append(text)
        changed.notify_all()


def wait(enough):
    """Until what has come is enough."""
    found = []

    def so_far():
        found.extend(json.loads(text) for text in messages[len(found) :])
        return enough(found)

    with changed:
        done = changed.wait_for(so_far, SECONDS)
        assert done, messages[-3:]


def channels_of(found):
    return {one["channel"] for one in found if one.get("events") and one["channel"] != "subscriptions"}


def updated(found):
    """The channels that have told more than a snapshot."""
    return {one["channel"] for one in found for event in one["events"] if event.get("type") == "update"}


client = WSClient(
    **told["settings"], api_key=told.get("key"), api_secret=told.get("secret"), on_message=keep, retry=False
)
client.open()
client.subscribe(PRODUCTS, CHANNELS)
wanted = {"ticker", "ticker_batch", "l2_data", "market_trades", "candles"}
wait(lambda found: updated(found) >= wanted and {"status", "heartbeats"} <= channels_of(found))
time.sleep(1.1)  # whoever sends nine messages within a second without a key is cut off
client.unsubscribe_all()
beats = {"heartbeats": ["heartbeats"]}
wait(lambda found: any(one["events"][0].get("subscriptions") == beats for one in found))
client.heartbeats_unsubscribe()
wait(lambda found: found[-1]["events"][0].get("subscriptions") == {})
client.close()

found = [json.loads(text) for text in messages]
typed = [WebsocketResponse(json.loads(text)) for text in messages]
left = Counter()
for one in typed:
    for event in one.events:
        for name, value in vars(event).items():
            if isinstance(value, list):
                left.update(f"{name}.{key}" for item in value for key, it in vars(item).items() if it is None)
print(
    json.dumps(
        {
            "numbers": [one.sequence_num for one in typed],
            "channels": sorted(channels_of(found)),
            "missing": sorted(left),
            "level": vars(typed[[one.channel for one in typed].index("l2_data")].events[0].updates[0]),
        }
    )
)
