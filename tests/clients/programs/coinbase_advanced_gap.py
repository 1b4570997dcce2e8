"""coinbase-advanced-py: a local book whose stream leaves a message out, and what the numbers say of it."""

import json
import sys
import threading
import urllib.request
from decimal import Decimal

from coinbase.websocket import WSClient
from coinbase.websocket.types.websocket_response import WebsocketResponse

told = json.loads(sys.argv[1])
PRODUCT = "BTC-USD"
UPDATES = 20  # before the hole, and after it
SECONDS = 60
changed = threading.Condition()


def ask(path, body=None):
    """Ask the server what only its operator may."""
    headers = {"X-API-Key": told["admin"]["key"], "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(told["admin"]["url"] + path, data, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


class Follower:
    """A book as the exchange's document has its users keep it."""

    def __init__(self):
        self.book = {"bid": {}, "offer": {}}
        self.expected = 0
        self.gaps = []
        self.updates = 0
        self.whole = False
        self.beats = []

    def take(self, text):
        message = WebsocketResponse(json.loads(text))
        with changed:
            if message.sequence_num != self.expected:
                self.gaps.append(message.sequence_num - self.expected)
                self.whole = False
            self.expected = message.sequence_num + 1
            for event in message.events:
                if message.channel == "l2_data":
                    self.apply(event)
                elif message.channel == "heartbeats":
                    self.beats.append(int(event.heartbeat_counter))
            changed.notify_all()

    def apply(self, event):
        if event.type == "snapshot":
            self.book = {"bid": {}, "offer": {}}
            self.whole = True
        for one in event.updates:
            self.updates += 1
            levels, price, size = self.book[one.side], Decimal(one.price_level), Decimal(one.new_quantity)
            levels.pop(price, None)
            if size:
                levels[price] = size

    def wait(self, enough):
        with changed:
            assert changed.wait_for(enough, SECONDS), (self.expected, self.gaps, self.updates, self.whole)


follower = Follower()
client = WSClient(**told["settings"], on_message=follower.take, retry=False)
client.open()
client.heartbeats()
client.level2([PRODUCT])
follower.wait(lambda: follower.updates > UPDATES and len(follower.beats) > 1)
# One message of each channel of a product.
ask("/admin/faults", {"name": "hole", "kind": "gap", "messages": 1, "aim": {"dialect": "coinbase"}})
follower.wait(lambda: follower.gaps)
client.level2_unsubscribe([PRODUCT])
client.level2([PRODUCT])
follower.wait(lambda: follower.whole)
before = follower.updates
follower.wait(lambda: follower.updates > before + UPDATES)
ask("/admin/clock", {"action": "pause"})
path = f"/coinbase/api/v3/brokerage/market/product_book?product_id={PRODUCT}"
rest = ask(path)["pricebook"]
asked = [
    {Decimal(level["price"]): Decimal(level["size"]) for level in rest[side]} for side in ("bids", "asks")
]
# The rest of it is on its way.
follower.wait(lambda: [follower.book["bid"], follower.book["offer"]] == asked)
client.close()
print(json.dumps({"gaps": follower.gaps, "levels": [len(side) for side in asked]}))
