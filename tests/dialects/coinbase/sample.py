"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

OPENING = UpgradeRequest(path="/ws")
AUTHENTICATE = []
SUBSCRIBE = [
    json.dumps({"type": "subscribe", "channel": "market_trades", "product_ids": ["XAU-USD", "BTC-USD"]})
]
