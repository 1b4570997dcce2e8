"""
Shows how a leveraged position is lost in a crash, step by step, as Tradyn and Rails tell it of one account.

Run: ``python examples/liquidation.py [URL]``, once there is a server that waits for it:
``feed serve --scenario flash-crash --deposit 1000 --wait-clients 2 --speed 20``. Needs websockets.
"""

import http.client
import json
import sys
import urllib.request
from decimal import Decimal
from urllib.parse import urlsplit

from websockets.sync.client import connect

KEY, SECRET = "tk_live_a1b2c3d4e5f6", "demo-secret"  # those of the documentation; they work on loopback only
BUY = {"symbol": "BTC-USD", "action": "buy", "volume": 0.14, "leverage": 10}
# What is one figure under two names: in Tradyn, and in Rails.
SAME = {
    "position": {
        "volume": "quantity",
        "openPrice": "avgEntryPrice",
        "currentPrice": "markPrice",
        "profit": "unrealizedPnl",
        "realizedProfit": "realizedPnl",
    },
    "account": {
        "cause": "cause",
        "balance": "totalBalance",
        "equity": "equity",
        "margin": "margin",
        "freeMargin": "availableBalance",
        "maintenanceMargin": "maintenanceMargin",
    },
}
STEPS = {
    "order": "{action} {volume:.4f}: {status} {reason}",
    "deal": "{action} {volume:.4f} at {price:.2f}, {remaining:.4f} left",
    "position": "{volume:.4f} from {openPrice:.2f}, worth {profit:.2f}, earned {realizedProfit:.2f}",
    "account": "{cause}: balance {balance:.2f}, equity {equity:.2f}, {maintenanceMargin:.2f} must be kept",
}


def token(url):
    """An access token for Rails."""
    headers = {"X-Api-Key": KEY, "X-Api-Secret": SECRET}
    request = urllib.request.Request(f"http://{url.netloc}/api/v1/token", method="POST", headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def lose(url):
    """Buy on ten times the money there is, watch until nothing is left of it, and compare what was told."""
    streams = "market=ALL&subscriptions=orders,trades,positions,balances&ext=seq"
    rails = connect(
        f"{url.geturl()}/?{streams}", subprotocols=[f"authorization#{token(url)}"], max_queue=None
    )
    requests = http.client.HTTPConnection(url.netloc)
    with rails, connect(f"{url.geturl()}/tradyn?ext=seq") as tradyn:
        tradyn.send(json.dumps({"type": "auth", "apiKey": KEY}))
        tradyn.recv(), tradyn.recv()  # the welcome, and that the key is good
        # The market waits for two clients: the order is there when it begins.
        body, headers = json.dumps(BUY), {"Authorization": f"Bearer {KEY}"}
        requests.request("POST", "/v1/api/trade", body, headers)
        tradyn.send(json.dumps({"type": "subscribe", "channels": ["orders", "positions", "account"]}))
        tradyn.recv()
        order = json.load(requests.getresponse())
        requests.close()
        if not order["success"]:
            sys.exit(order["error"])
        theirs = {}
        for steps, text in enumerate(tradyn, 1):
            ours = json.loads(text, parse_float=Decimal)
            while ours["seq"] not in theirs:
                other = json.loads(rails.recv())
                theirs[other["seq"]] = other["data"]
            told(ours["seq"], ours["type"], ours["data"], theirs[ours["seq"]])
            if ours["type"] == "account" and not ours["data"]["margin"]:
                print(f"{steps} steps, the same in Rails at the same numbers")
                return


def told(seq, kind, ours, theirs):
    """Print one step, and compare its figures."""
    print(f"{seq:>7} {kind:<8} {STEPS[kind].format(**ours)}")
    for one, two in SAME.get(kind, {}).items():
        other = theirs[two] if one == "cause" else Decimal(theirs[two])
        if ours[one] != other:
            sys.exit(f"{one} is {ours[one]} in Tradyn, {two} is {other} in Rails")


if __name__ == "__main__":
    lose(urlsplit(*(sys.argv[1:] or ["ws://127.0.0.1:8080"])))
