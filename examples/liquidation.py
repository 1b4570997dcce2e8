"""
Shows how a leveraged position is lost in a crash, step by step, as three protocols tell it of one account.

Run: ``python examples/liquidation.py [URL]``, once there is a server that waits for it:
``feed serve --scenario flash-crash --deposit 1000 --wait-clients 3 --speed 20``. Needs websockets.
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
# What is one figure under three names: in Tradyn, in Rails, and in the guide.
SAME = {
    "position": {
        "openPrice": ("avgEntryPrice", "entry"),
        "currentPrice": ("markPrice", "mark"),
        "profit": ("unrealizedPnl", "unrealised"),
        "realizedProfit": ("realizedPnl", "realised"),
    },
    "account": {
        "balance": ("totalBalance", "cash"),
        "equity": ("equity", "equity"),
        "margin": ("margin", "margin"),
        "freeMargin": ("availableBalance", "available"),
        "maintenanceMargin": ("maintenanceMargin", "maintenance"),
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
    subprotocols = [f"authorization#{token(url)}"]
    requests = http.client.HTTPConnection(url.netloc)
    with (
        connect(f"{url.geturl()}/?{streams}", subprotocols=subprotocols, max_queue=None) as rails,
        connect(f"{url.geturl()}/guide?ext=seq", max_queue=None) as guide,
        connect(f"{url.geturl()}/tradyn?ext=seq") as tradyn,
    ):
        say(guide, type="auth", key=KEY)
        say(guide, type="subscribe", channels=["orders", "positions", "balances"])
        say(tradyn, type="auth", apiKey=KEY)
        tradyn.recv()  # the welcome
        for answers, socket in ((2, guide), (1, tradyn)):
            for _ in range(answers):
                socket.recv()
        # The market waits for three clients: the order is there when it begins.
        body, headers = json.dumps(BUY), {"Authorization": f"Bearer {KEY}"}
        requests.request("POST", "/v1/api/trade", body, headers)
        say(tradyn, type="subscribe", channels=["orders", "positions", "account"])
        tradyn.recv()
        order = json.load(requests.getresponse())
        requests.close()
        if not order["success"]:
            sys.exit(order["error"])
        for steps, text in enumerate(tradyn, 1):
            step = json.loads(text, parse_float=Decimal)
            others = at(step["seq"], rails)["data"], at(step["seq"], guide)
            told(step["seq"], step["type"], step["data"], others)
            if step["type"] == "account" and not step["data"]["margin"]:
                print(f"{steps} steps, the same in Rails and in the guide at the same numbers")
                return


def say(socket, **message):
    """Send a message."""
    socket.send(json.dumps(message))


def at(seq, socket):
    """What a socket tells at a number of the stream."""
    while (message := json.loads(socket.recv()))["seq"] < seq:
        pass
    if message["seq"] != seq:
        sys.exit(f"nothing is told at {seq}, and this at {message['seq']}: {message}")
    return message


def told(seq, kind, ours, others):
    """Print one step, and compare its figures."""
    print(f"{seq:>7} {kind:<8} {STEPS[kind].format(**ours)}")
    for one, names in SAME.get(kind, {}).items():
        for name, other in zip(names, others, strict=True):
            if ours[one] != Decimal(other[name] or 0):
                sys.exit(f"{one} is {ours[one]}, and {name} is {other[name]}")


if __name__ == "__main__":
    lose(urlsplit(*(sys.argv[1:] or ["ws://127.0.0.1:8080"])))
