"""A server with a simulated market at the exchange's venue, and clients that sign what they ask."""

import base64
import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import attrs
import binance_server
from asking import answer, head

from feed.model.grants import Grant, Scope, Tier
from feed.server.keys import digest, entry_for
from feed.settings import SpotDeposit, Trading

BOTH = (Scope.READ, Scope.TRADE)
GRANTS = {
    "alice": Grant(name="alice", account=1, scopes=BOTH),
    "bob": Grant(name="bob", account=2, scopes=BOTH, tier=Tier.MAX),
    "carol": Grant(name="carol", account=3, scopes=(Scope.READ,)),
    "erin": Grant(name="erin", account=5, scopes=BOTH, dialects=("rails",)),
}
KEYS = {name: f"tk_test_{at:032x}" for at, name in enumerate(GRANTS, 100)}
SECRET = base64.b64encode(b"hush" * 16).decode()
PASSPHRASE = "open sesame"
ENTRIES = tuple(
    attrs.evolve(entry_for(KEYS[name], grant, secret=SECRET, signs=True), passphrase=digest(PASSPHRASE))
    for name, grant in GRANTS.items()
)
TRADING = Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2), SpotDeposit("ETH", 5)))
PREFIX = "/coinbase-exchange"


def signature(payload, secret=SECRET):
    """As the holder of a key makes it."""
    digested = hmac.new(base64.b64decode(secret), payload.encode(), hashlib.sha256).digest()
    return base64.b64encode(digested).decode()


class ExchangeServer(binance_server.ExchangeServer):
    """A server whose market is simulated."""

    async def ask(self, name, method, path, body=None, *, change=None, **query):
        """One signed request by HTTP: status, headers, JSON; ``change`` replaces headers."""
        target = path + (f"?{urlencode(query)}" if query else "")
        content = "" if body is None else json.dumps(body)
        time = str(self.now / 1000)
        shown = {
            "CB-ACCESS-KEY": KEYS[name],
            "CB-ACCESS-SIGN": signature(f"{time}{method}{target}{content}"),
            "CB-ACCESS-TIMESTAMP": time,
            "CB-ACCESS-PASSPHRASE": PASSPHRASE,
            **(change or {}),
        }
        return await self.send(method, target, content, **shown)

    async def send(self, method, target, content="", **headers):
        """One request by HTTP."""
        client = self.connect()
        fields = {name: value for name, value in headers.items() if value is not None}
        if content:
            fields["Content-Length"] = str(len(content))
        await client.send_bytes(head(PREFIX + target, method=method, **fields) + content.encode())
        found = await answer(client, method=method)
        await client.stream.aclose()
        return found

    async def get(self, name, path, **query):
        """The answer to a question of an account, with status 200."""
        status, _, found = await self.ask(name, "GET", path, **query)
        assert status == 200, found
        return found

    async def order(self, name="alice", **fields):
        """The answer to an order, with status 200."""
        order = {"product_id": "BTC-USD", "side": "buy", "type": "limit", **fields}
        status, _, found = await self.ask(
            name, "POST", "/orders", {field: value for field, value in order.items() if value is not None}
        )
        assert status == 200, found
        return found

    async def refused(self, name="alice", **fields):
        """Status and text of the refusal of an order."""
        order = {"product_id": "BTC-USD", "side": "buy", "type": "limit", **fields}
        status, _, found = await self.ask(
            name, "POST", "/orders", {field: value for field, value in order.items() if value is not None}
        )
        return status, found.get("message")

    async def balances(self, name="alice"):
        """What an account holds of each currency that it has: all, and on hold."""
        found = await self.get(name, "/accounts")
        return {one["currency"]: (one["balance"], one["hold"]) for one in found if float(one["balance"])}

    def signed(self, name="alice", **change):
        """What a subscription shows of who sends it."""
        time = str(self.now / 1000)
        return {
            "key": KEYS[name],
            "timestamp": time,
            "signature": signature(f"{time}GET/users/self/verify"),
            "passphrase": PASSPHRASE,
            **change,
        }

    async def feed(self, *channels, ids=("BTC-USD",), **more):
        """A connection to the feed that has subscribed."""
        client = self.connect()
        assert (await client.upgrade(PREFIX))[0] == 101
        await client.send({"type": "subscribe", "product_ids": list(ids), "channels": list(channels), **more})
        return client


@asynccontextmanager
async def exchange(settings=None, *, symbols=("BTC-USD", "ETH-USD"), trading=TRADING, **more):
    """A server that lets clients in; its market stands at its third second, unless it has a speed."""
    async with binance_server.exchange(
        settings, symbols=symbols, trading=trading, keys=ENTRIES, kind=ExchangeServer, **more
    ) as server:
        yield server


def price(ticks):
    """Of BTC-USD, as an order says it."""
    return f"{ticks / 100:.2f}"
