"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

OPENING = UpgradeRequest(path="/ws")
AUTHENTICATE = []
SUBSCRIBE = [json.dumps({"method": "SUBSCRIBE", "params": ["btcusd@trade", "eurusd@trade"], "id": 1})]
