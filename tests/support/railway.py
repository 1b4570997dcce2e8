"""A house with a simulated market in which accounts trade, and clients that hold tokens."""

import time
from contextlib import asynccontextmanager

import trio
from asking import ADMIN_KEY
from clients import Closed
from listed import in_round_lots
from servers import RunningServer

from feed import Settings
from feed.model.grants import Grant, Scope, Tier
from feed.model.market import MarketSpec
from feed.server.keys import KeyStore, admin_entry, entry_for
from feed.server.server_context import ServerContext
from feed.server.tokens import TokenIssuer
from feed.sim.clients import ClientMarket
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.sim.runner import MarketRunner

START = 1_700_000_000_000_000_000
SIGNING_KEY = bytes(range(32))
SECRET = "hush"
BOTH = (Scope.READ, Scope.TRADE)
GRANTS = {
    "alice": Grant(name="alice", account=1, tier=Tier.PRO, scopes=BOTH),
    "alice too": Grant(name="alice too", account=1, tier=Tier.PRO, scopes=BOTH),
    "bob": Grant(name="bob", account=2, tier=Tier.FREE, scopes=BOTH),
    "carol": Grant(name="carol", account=3, scopes=(Scope.READ,)),
}
KEYS = {name: f"tk_test_{at:032x}" for at, name in enumerate(GRANTS)}
ENTRIES = {name: entry_for(KEYS[name], grant, secret=SECRET) for name, grant in GRANTS.items()}
RING = KeyStore([*ENTRIES.values(), admin_entry(ADMIN_KEY)])


class Railway(RunningServer):
    """A house whose market is simulated."""

    def token(self, name):
        """An access token, as the house itself would give it."""
        return self.office.issue(ENTRIES[name])

    async def board(self, name, query="market=BTC-USD", *, token=None, **options):
        """A client after the handshake."""
        client = self.connect(**options)
        subprotocol = f"authorization#{token or self.token(name)}"
        status, headers = await client.upgrade(f"/rails?{query}", Sec_WebSocket_Protocol=subprotocol)
        assert (status, headers["sec-websocket-protocol"]) == (101, subprotocol)
        return client


async def ask(client, message, **content):
    await client.send({"message": message, "content": content})


async def hear(client, seconds):
    """Every message within some seconds."""
    heard = []
    with trio.move_on_after(seconds):
        while True:
            try:
                heard.append(await client.message())
            except Closed:
                break
    return heard


@asynccontextmanager
async def railway(
    settings=None,
    *,
    journal=None,
    instruments=(4, 6),
    symbols=None,
    speed=1.0,
    waiting=1024,
    entries=(),
    run=None,
):
    """A house that lets clients in; its market, or ``run``, runs on Trio's clock, whatever that is."""
    settings = settings or Settings()
    chosen = default_market().instruments[slice(*instruments)]
    if symbols is not None:
        known = {item.instrument.symbol: item for item in default_market().instruments}
        chosen = [known[symbol] for symbol in symbols]
    spec = MarketSpec(instruments=tuple(map(in_round_lots, chosen)))
    market = ClientMarket(Market(spec, seed=3, start=START), trading=settings.trading, entries=entries)
    source = MarketRunner(run or market, flow=settings.flow, speed=speed, waiting=waiting, journal=journal)
    server = ServerContext(settings, source, RING, signing_key=SIGNING_KEY)
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        await server.fanout.step(source.opening())
        nursery.start_soon(server.fanout.run, receive)
        nursery.start_soon(server.fanout.replay)
        nursery.start_soon(source.run, send)
        opened = Railway(server, source, nursery, settings.limits)
        opened.office = TokenIssuer(RING, settings=settings.tokens, signing_key=SIGNING_KEY, clock=time.time)
        yield opened
        nursery.cancel_scope.cancel()
