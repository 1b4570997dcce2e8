"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest


def subscribe(*channels, ids=("XAU-USD", "BTC-USD")):
    return json.dumps({"type": "subscribe", "product_ids": list(ids), "channels": list(channels)})


OPENING = UpgradeRequest(path="/")
AUTHENTICATE = []
SUBSCRIBE = [
    subscribe("heartbeat", "ticker", "matches", "level2_batch"),
    subscribe("status", "ticker_batch", {"name": "level2_50", "product_ids": ["EUR-USD"]}),
]
