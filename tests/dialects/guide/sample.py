"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

KINDS = ["ticker", "trades", "book", "book3", "candles_1m"]

OPENING = UpgradeRequest(path="/ws")
AUTHENTICATE = []
SUBSCRIBE = [
    json.dumps({"type": "subscribe", "channels": [f"{kind}_{symbol}" for kind in KINDS]})
    for symbol in ("xauusd", "btcusd")
]
