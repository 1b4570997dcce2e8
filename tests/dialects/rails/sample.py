"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

STREAMS = ["orders", "trades", "publicTrades", "publicOrderBook"]

OPENING = UpgradeRequest(path="/rails", query={"market": "ALL"}, subprotocols=("authorization#good-token",))
AUTHENTICATE = []
SUBSCRIBE = [json.dumps({"message": "subscribe", "content": {"subscriptions": STREAMS}})]
