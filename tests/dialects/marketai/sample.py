"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest

CHANNELS = [
    "quotes",
    "book",
    "trades",
    "signals",
    "liquidations",
    "funding",
    "klines",
    "narratives",
    "polymarket",
]

OPENING = UpgradeRequest(path="/marketai")
AUTHENTICATE = [json.dumps({"action": "auth", "key": "good key"})]
SUBSCRIBE = [
    json.dumps(
        {
            "action": "subscribe",
            "channels": [{"type": channel, "symbols": ["XAU/USD", "BTC/USDT"]} for channel in CHANNELS],
        }
    )
]
