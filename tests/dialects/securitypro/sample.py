"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

OPENING = UpgradeRequest(path="/securitypro")
AUTHENTICATE = []
SUBSCRIBE = [
    json.dumps({"op": "subscribe", "channel": channel, "symbol": symbol, "apiKey": "good key"})
    for channel in ("trades", "ticker")
    for symbol in ("XAUUSD", "BTC-USD")
]
