"""What the contract tests need to know of this dialect."""

import json

from feed.dialects.contract import UpgradeRequest


def subscribe(channel, **params):
    return json.dumps({"method": "subscribe", "params": {"channel": channel, **params}})


PAIRS = ["XAU/USD", "BTC/USD"]

OPENING = UpgradeRequest(path="/v2")
AUTHENTICATE = []
SUBSCRIBE = [
    subscribe("instrument"),
    subscribe("ticker", symbol=PAIRS),
    subscribe("trade", symbol=PAIRS, snapshot=True),
    *(subscribe("ohlc", symbol=PAIRS, interval=minutes) for minutes in (1, 60, 21_600)),
    subscribe("book", symbol=PAIRS),
    subscribe("book", symbol=["EUR/USD"], depth=25, snapshot=False),
    subscribe("ticker", symbol=["EUR/USD"], event_trigger="bbo"),
]
