"""A server with a simulated market at the exchange's venue, and clients that sign what they ask."""

import base64
import hashlib
import hmac
import itertools
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import attrs
import trio
import trio.testing
from asking import ADMIN_KEY, answer, head
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from listed import listed
from servers import RunningServer

from feed import Settings
from feed.model.grants import Grant, Scope, Tier
from feed.model.market import MarketSpec
from feed.server.durable.entry_log import NOT_KEPT
from feed.server.keys import KeyStore, admin_entry, entry_for
from feed.server.publickey import public_key
from feed.server.server_context import ServerContext
from feed.settings import SpotDeposit, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market
from feed.sim.runner import MarketRunner

START = 1_700_000_000_000_000_000
MS = 1_000_000
SECOND = 1_000_000_000
SECRET = "hush"
BOTH = (Scope.READ, Scope.TRADE)
GRANTS = {
    "alice": Grant(name="alice", account=1, scopes=BOTH),
    "alice too": Grant(name="alice too", account=1, scopes=BOTH),
    "bob": Grant(name="bob", account=2, scopes=BOTH, tier=Tier.MAX),
    "carol": Grant(name="carol", account=3, scopes=(Scope.READ,)),
    "dave": Grant(name="dave", account=4, scopes=BOTH),
    "erin": Grant(name="erin", account=5, scopes=BOTH, dialects=("rails",)),
}
KEYS = {name: f"tk_test_{at:032x}" for at, name in enumerate(GRANTS, 100)}
PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_PEM = PRIVATE.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)
_ENTRIES = {
    name: entry_for(KEYS[name], grant, secret=SECRET, signs=name != "dave") for name, grant in GRANTS.items()
}
ENTRIES = tuple(
    attrs.evolve(entry, public_key=public_key(_PEM.decode())) if name == "dave" else entry
    for name, entry in _ENTRIES.items()
)
TRADING = Trading(deposits=(SpotDeposit("USDT", 100_000), SpotDeposit("BTC", 2), SpotDeposit("ETH", 5)))


def signature(name, payload):
    """Of a key, as its holder makes it."""
    if name == "dave":
        return base64.b64encode(PRIVATE.sign(payload.encode())).decode()
    return hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()


class ExchangeServer(RunningServer):
    """
    A server whose market is simulated.

    Attributes:
        wall: What the wall clock says, seconds since the Unix epoch.
    """

    wall = START / 10**9

    @property
    def now(self):
        """Market time, milliseconds since the Unix epoch."""
        return self.context.fanout.hub.market_state.now // MS

    @property
    def quote(self):
        """The best bid and ask of the first symbol, in its ticks."""
        found = self.context.fanout.hub.market_state.quote(0)
        return found.bid, found.ask

    async def ask(self, name, method, path, *, key=None, **params):
        """One signed request by HTTP: status, headers, JSON."""
        params = {"timestamp": self.now, **params}
        query = urlencode({field: value for field, value in params.items() if value is not None})
        query += "&" + urlencode({"signature": signature(name, query)})
        return await self.send(method, path, query, key=KEYS[name] if key is None else key)

    async def send(self, method, path, query="", *, key="", **headers):
        """One request by HTTP, in the query or else in a form."""
        client = self.connect()
        fields = {"X-MBX-APIKEY": key, **headers} if key else headers
        body = query.encode() if method in {"POST", "PUT"} else b""
        target = f"/binance/{path}" + ("" if body or not query else f"?{query}")
        if body:
            fields["Content-Length"] = str(len(body))
        await client.send_bytes(head(target, method=method, **fields) + body)
        found = await answer(client, method=method)
        await client.stream.aclose()
        return found

    async def order(self, name="alice", **params):
        """The answer to an order, with status 200."""
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", **params}
        status, _, found = await self.ask(name, "POST", "api/v3/order", **order)
        assert status == 200, found
        return found

    async def matches(self, **params):
        """Prevented trades of the first key's account in the first symbol."""
        *_, found = await self.ask("alice", "GET", "api/v3/myPreventedMatches", symbol="BTCUSDT", **params)
        return found

    async def api(self, **options):
        """A connection to the WebSocket API."""
        client = self.connect(**options)
        assert (await client.upgrade("/binance/ws-api/v3"))[0] == 101
        return ApiClient(self, client)


class ApiClient:
    """A client of the WebSocket API."""

    def __init__(self, server, client):
        self._server = server
        self._numbers = itertools.count(1)
        self.client = client

    async def ask(self, method, *, key="", **params):
        """The answer to one request, past what else is told before it."""
        number = next(self._numbers)
        if key:
            params = {"apiKey": KEYS[key], "timestamp": self._server.now, **params}
            payload = "&".join(f"{name}={params[name]}" for name in sorted(params))
            params["signature"] = signature(key, payload)
        await self.client.send({"id": number, "method": method, "params": params})
        events = []
        while True:
            message = await self.client.message()
            if message.get("id") == number:
                return message, events
            events.append(message)

    async def events(self, count):
        """The next events of accounts."""
        return [await self.client.message() for _ in range(count)]


@asynccontextmanager
async def exchange(
    settings=None,
    *,
    symbols=("BTC-USDT", "ETH-USDT"),
    speed=0.0,
    journal=None,
    entries=(),
    kind=ExchangeServer,
    trading=TRADING,
    keys=ENTRIES,
    plan=None,
    sessions=None,
    entry_log=NOT_KEPT,
    state=None,
):
    """A server that lets clients in; its market stands at its third second, unless it has a speed."""
    settings = attrs.evolve(settings or Settings(), trading=trading)
    # By themselves: in the default market they follow those of another venue.
    instruments = tuple(attrs.evolve(item, link=None, inside_ms=0.0) for item in listed(*symbols))
    spec = MarketSpec(instruments=instruments, sessions=sessions)
    market = ClientMarket(Market(spec, seed=3, start=START), trading=trading, entries=entries)
    source = MarketRunner(market, flow=settings.flow, speed=speed or 1.0, journal=journal)
    opened = None
    server = ServerContext(
        settings,
        source,
        KeyStore((*keys, admin_entry(ADMIN_KEY))),
        plan=plan,
        clock=lambda: START / 10**9 if opened is None else opened.wall,
        entry_log=entry_log,
    )
    if state is not None:
        server.services.restore(state)
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        await server.fanout.step(source.opening())
        nursery.start_soon(server.registry.turns.run)
        nursery.start_soon(server.fanout.run, receive)
        nursery.start_soon(server.fanout.replay)
        nursery.start_soon(server.services.run)
        if not speed:
            source.control.pause()
            source.control.seek(START + 2 * SECOND)
        nursery.start_soon(source.run, send)
        await trio.testing.wait_all_tasks_blocked()
        await server.fanout.published(source.control.status().seq)
        opened = kind(server, source, nursery, settings.limits, settings)
        yield opened
        nursery.cancel_scope.cancel()


def decoded(message):
    """The event in a message of a subscription."""
    return message["event"]["e"], message["event"]


def price(ticks):
    """Of BTCUSDT, as an order says it."""
    return f"{ticks / 100:.2f}"


def texts(messages):
    """As they were told, byte for byte."""
    return [json.dumps(message) for message in messages]
