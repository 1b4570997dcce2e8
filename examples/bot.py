"""
Shows a bot on the Tradyn tick server with nothing but ``websockets``: sell when a price has fallen too far.

Run: ``feed serve --scenario flash-crash``, then ``python examples/bot.py [URL]``. Needs websockets.
"""

import json
import sys

from websockets.sync.client import connect

KEY = "tk_live_a1b2c3d4e5f6"  # the key of the documentation; it works on loopback only
SYMBOL = "BTC-USD"
FALL = 0.03  # of the highest bid so far


class Refused(Exception):
    """The server answered with an error."""


def ask(socket, kind, message):
    """Send a message and return its answer, the first message of that kind; ticks may come before it."""
    socket.send(json.dumps(message))
    while (answer := json.loads(socket.recv()))["type"] != kind:
        if answer["type"] == "error":
            raise Refused(answer["message"])
    return answer


def sell_price(url, key=KEY):
    """Watch until the bid is 3 % below the highest that was seen; that bid."""
    with connect(url) as socket:
        ask(socket, "auth", {"type": "auth", "apiKey": key})
        ask(socket, "subscribed", {"type": "subscribe", "symbol": SYMBOL})
        highest = 0.0
        for text in socket:
            tick = json.loads(text)
            if tick["type"] == "tick":
                highest = max(highest, tick["bid"])
                if tick["bid"] < highest * (1 - FALL):
                    return tick["bid"]
    raise Refused("the market ended")


if __name__ == "__main__":
    print("sell", SYMBOL, "at", sell_price(*(sys.argv[1:] or ["ws://127.0.0.1:8080"])))
