"""Who runs a server of its own process: steers its clock, sets faults, looks at accounts."""

import json
import time
import urllib.request
from decimal import Decimal

PATIENCE_SECONDS = 60


class Operator:
    """
    Asks a server what only its operator may ask.

    Attributes:
        url: Of the server, for WebSockets.
        key: Its admin key.
    """

    def __init__(self, url, key):
        self.url = url
        self.key = key

    @property
    def http(self):
        """The URL of the server, for requests."""
        return self.url.replace("ws", "http", 1)

    def ask(self, path, body=None, *, method=None):
        """What the answer to a request holds."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-API-Key": self.key, "Content-Type": "application/json"}
        request = urllib.request.Request(self.http + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return json.load(answer)

    def clock(self, action, **fields):
        """Steer the market; gives where it stands."""
        return self.ask("/admin/clock", {"action": action, **fields})

    def fault(self, name, kind, **fields):
        """Set a fault; gives it as it began."""
        return self.ask("/admin/faults", {"name": name, "kind": kind, **fields})

    def wallet(self, account, venue):
        """Free and locked of each asset that an account has something of at a spot venue."""
        (found,) = (one for one in self.ask("/admin/accounts")["accounts"] if one["account"] == account)
        return {
            one["asset"]: (Decimal(one["free"]), Decimal(one["locked"]))
            for one in found["wallets"]
            if one["venue"] == venue
        }

    def catch_up(self):
        """Let the market come up to the wall clock, and go on beside it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        for speed, behind in ((10, 3_000_000_000), (2, 0)):
            self.clock("speed", speed=speed)
            while self.ask("/admin/clock")["time"] < time.time_ns() - behind:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        self.clock("speed", speed=1)
