"""
Shows an order and its fill: a token by REST, the order over the Rails WebSocket, and what became of it.

Run: ``feed serve``, then ``python examples/order.py [URL]``. Needs websockets.
"""

import json
import sys
import urllib.request

from websockets.sync.client import connect

KEY, SECRET = "tk_live_a1b2c3d4e5f6", "demo-secret"  # those of the documentation; they work on loopback only
MARKET = "BTC-USD"
BUY = {"orderType": "buy", "tradeType": "market", "quantity": "0.0100"}


def token(url):
    """An access token, good for half an hour: ``curl -X POST -H 'X-Api-Key: ...' URL/api/v1/token``."""
    request = urllib.request.Request(
        url.replace("ws", "http", 1) + "/api/v1/token",
        method="POST",
        headers={"X-Api-Key": KEY, "X-Api-Secret": SECRET},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def buy(url):
    """Send a market order; print what is heard of it, up to its first fill."""
    where = f"{url}/?market={MARKET}&subscriptions=orders,trades"
    with connect(where, subprotocols=[f"authorization#{token(url)}"]) as socket:
        socket.send(json.dumps({"message": "createOrder", "content": BUY}))
        for text in socket:
            message = json.loads(text)
            data = message["data"]
            match message["resultType"]:
                case "completedOrdersDelta":
                    for fill in data:
                        print("filled", fill["quantity"], "at", fill["price"])
                    return
                case kind:
                    print(kind, data["statusCode"], data["body"])
                    if data["statusCode"] >= 400:
                        return


if __name__ == "__main__":
    buy(*(sys.argv[1:] or ["ws://127.0.0.1:8080"]))
