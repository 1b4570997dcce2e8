"""Servers of one market: one by itself, one that writes a log, edges that follow it; and their clients."""

from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from random import Random

import trio
from block_logs import (
    SIGNING_KEY,
    WALL,
    BlockLog,
    MemoryLink,
    Played,
    Recorded,
    header_of,
    open_edge,
    snapshot_of,
)
from clients import KEY, Closed
from listed import listed
from servers import open_server

from feed import Settings
from feed.cluster.requests import EdgeRequests
from feed.model.events import Side
from feed.model.key_formats import DEMO_ACCOUNT
from feed.model.market import MarketSpec
from feed.model.requests import Create, JournalEntry
from feed.model.trading import Pricing
from feed.server.keys import KeyStore, demo_entries
from feed.server.tokens import TokenIssuer
from feed.settings import Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market

START = 1_700_000_000 * 10**9
SECOND = 10**9
SYMBOLS = ("EURUSD", "BTC-USD", "BTC-USDT", "BTC-USD@kraken")
SPEC = MarketSpec(instruments=listed(*SYMBOLS))
LISTING = Market(SPEC, seed=7, start=START).listing

AUTH = {"type": "auth", "apiKey": KEY}
EVERY = {"type": "subscribe", "symbols": list(SYMBOLS), "channels": ["orders", "positions", "account"]}
GUIDE = [f"{kind}_{one}" for kind in ("ticker", "trades", "book", "candles") for one in ("eurusd", "btcusd")]
MARKETAI = ("quotes", "book", "trades", "signals", "klines", "narratives")
BINANCE = ("trade", "aggTrade", "bookTicker", "ticker", "depth@100ms", "depth20@100ms", "kline_1s")


def _kraken(channel, **more):
    return {"method": "subscribe", "params": {"channel": channel, "symbol": ["BTC/USD"], **more}}


# One of every protocol and option: path, and what is said.
SUBSCRIBERS = {
    "tradyn": ("/tradyn", AUTH, EVERY),
    "tradyn with positions": ("/tradyn?ext=seq", AUTH, EVERY),
    "tradyn conflated": ("/tradyn?conflate=250", AUTH, EVERY),
    "securitypro": (
        "/securitypro?ext=seq",
        *(
            {"op": "subscribe", "channel": one, "symbol": "BTC-USD", "apiKey": KEY}
            for one in ("ticker", "trades")
        ),
    ),
    "guide": ("/guide?ext=seq", {"type": "subscribe", "channels": GUIDE}),
    "guide of a key": (
        "/guide?ext=seq",
        {"type": "auth", "key": KEY},
        {"type": "subscribe", "channels": ["alerts", "orders"]},
    ),
    "rails": ("/rails?market=BTC-USD&subscriptions=orders,trades,publicTrades,publicOrderBook&ext=seq,crc",),
    "marketai": (
        "/marketai?key=mk_live_abc123...",
        {"action": "subscribe", "channels": [{"type": one} for one in MARKETAI]},
    ),
    "binance": (
        "/binance/ws",
        {"method": "SUBSCRIBE", "params": [f"btcusdt@{one}" for one in BINANCE], "id": 1},
    ),
    "kraken": (
        "/kraken/v2",
        *(_kraken(channel) for channel in ("trade", "book", "ticker")),
        _kraken("ohlc", interval=1),
    ),
    "coinbase": (
        "/coinbase/ws",
        {"type": "subscribe", "channel": "market_trades", "product_ids": ["BTC-USD"]},
        {"type": "subscribe", "channel": "level2", "product_ids": ["BTC-USD"]},
    ),
    "coinbase exchange": (
        "/coinbase-exchange",
        {
            "type": "subscribe",
            "product_ids": ["BTC-USD"],
            "channels": ["ticker", "matches", "level2_batch"],
        },
    ),
}


@cache
def played(seconds):
    """The events of a market in which an account buys a little each second: the opening, and the rest."""
    entries = [
        JournalEntry(
            at=START + second * SECOND,
            request=Create(
                account=DEMO_ACCOUNT, instrument=1, side=Side.BUY, size=100_000, type=Pricing.MARKET
            ),
        )
        for second in range(1, seconds)
    ]
    market = ClientMarket(Market(SPEC, seed=7, start=START), trading=Trading(), entries=entries)
    return market.opening(), market.advance(START + seconds * SECOND)


def token():
    """An access token of the demo key, good at each server."""
    keys = KeyStore(demo_entries())
    issuer = TokenIssuer(keys, settings=Settings().tokens, signing_key=SIGNING_KEY, clock=lambda: WALL)
    return issuer.issue(demo_entries()[0])


async def _listen(client):
    """Read to the end, answering pings."""
    with suppress(Closed):
        while True:
            await client.text()


class Servers:
    """
    The servers, each with its own pace.

    Attributes:
        plain: A server of a script.
        sequencer: A server of the same script that writes a log.
        log: That log.
        edges: Servers that follow it, each with its ``link``.
    """

    def __init__(self, nursery, plain, sequencer, log, settings):
        self.nursery = nursery
        self.plain, self.sequencer, self.log = plain, sequencer, log
        self.edges = []
        self._settings = settings

    @property
    def every(self):
        return [self.plain, self.sequencer, *self.edges]

    async def join(self, delay=lambda: 0.0, *, snapshot=None, plan=None, link=None):
        """One more edge, from where the sequencer stands, or from a snapshot, or by another link."""
        if link is None:
            snapshot = snapshot or snapshot_of(self.sequencer, self.log)
            link = MemoryLink(self.log, header_of(self.sequencer, plan), snapshot, delay)

        async def run(task_status):
            async with open_edge(link, self._settings, wall=lambda: WALL) as edge:
                edge.link = link
                task_status.started(edge)
                await trio.sleep_forever()

        edge = await self.nursery.start(run)
        self.edges.append(edge)
        return edge

    async def still(self):
        """Wait until all servers have published all that was played."""
        await trio.sleep(20)
        assert len({one.context.fanout.hub.position for one in self.every}) == 1

    async def play(self, rows, chance):
        """Play rows on both markets, in batches and at times that differ, until all have published them."""

        async def some(script, chance):
            left = list(rows)
            while left:
                count = chance.randint(1, 60)
                script.play(*left[:count])
                del left[:count]
                await trio.sleep(chance.choice([0, 0, 0.01, 0.1]))

        async with trio.open_nursery() as nursery:
            for one in (self.plain, self.sequencer):
                nursery.start_soon(some, one.script, Random(chance.random()))
        await self.still()

    async def subscribe_at(self, server, name, query=""):
        """A client of one kind, which has said all that it has to say, and reads."""
        path, *said = SUBSCRIBERS[name]
        client = server.connect()
        more = {"Sec_WebSocket_Protocol": f"authorization#{token()}"} if name == "rails" else {}
        status, _ = await client.upgrade(path + query, **more)
        assert status == 101
        for message in said:
            await client.send(message)
        self.nursery.start_soon(_listen, client)
        return client

    async def subscribe(self, name, query=""):
        """One at each server."""
        return [await self.subscribe_at(one, name, query) for one in self.every]


async def _answered(sequencer, log, call):
    """What becomes of a request by HTTP that an edge hands on."""
    return await sequencer.context.forwarded(call), await log.written()


@asynccontextmanager
async def followed(opening, *, settings=None, delay=lambda: 0.0, plan=None):
    """A plain server and a sequencer of one script, and nothing played yet."""
    settings = settings or Settings()
    log = BlockLog(delay)
    one = partial(open_server, settings, wall=lambda: WALL, signing_key=SIGNING_KEY)
    async with (
        one(Played(listing=LISTING, opening=opening), plan) as plain,
        one(
            Played(listing=LISTING, opening=opening), plan, step_log=log, entry_log=Recorded(log)
        ) as sequencer,
        trio.open_nursery() as nursery,
    ):
        log.begin(sequencer.context.fanout.hub.position)
        log.submit = EdgeRequests(sequencer.script, log.outcome).take
        log.call = partial(_answered, sequencer, log)
        log.flush = partial(nursery.start_soon, partial(log.append, [], made=0, stood=0))
        yield Servers(nursery, plain, sequencer, log, settings)
        nursery.cancel_scope.cancel()
