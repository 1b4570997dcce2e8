"""Limits on keys and accounts at servers of one market, as their clients meet them."""

from contextlib import asynccontextmanager

import pytest
import trio
from asking import API_KEY, ask
from block_logs import open_edge
from clients import KEY
from scripts import Script
from sequenced_servers import open_sequencer

from feed import Settings
from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.marketai.policy import MarketAiPolicy, TierLimits
from feed.dialects.rails.policy import RailsPolicy
from feed.policies import Policies
from feed.server.keys import KeyStore, demo_entries
from feed.server.tokens import TokenIssuer
from feed.settings import Web

KNOWN = 0.51  # seconds after which every server knows what the others have counted
ONE = TierLimits(connections=1, symbols=5, requests_per_day=0)
POLICIES = Policies(
    marketai=MarketAiPolicy(basic=ONE),
    rails=RailsPolicy(connections=1, maker_connections=1, orders_per_minute=3),
    binance=BinancePolicy(weight_per_minute=45, refusals_before_ban=2),
)
SETTINGS = Settings(policies=POLICIES, web=Web(requests_per_second=8))
PATH = "/marketai?key=mk_live_abc123..."
RAILS = "/rails?market=EURUSD&subscriptions=orders,trades&ext=seq"


TICKER, OPEN = "/v1/market/ticker?symbol=EURUSD", "/api/v1/markets"


def wall():
    """At a whole minute when the test begins."""
    return 1_700_000_040.0 + trio.current_time()


class Servers:
    """A sequencer and two edges, which can be taken away."""

    def __init__(self, sequencer, nursery):
        self.sequencer, self.nursery = sequencer, nursery
        self._edges = {}

    async def join(self, name):
        scope = trio.CancelScope()

        async def run(task_status):
            with scope:
                async with open_edge(self.sequencer.link(name), self.sequencer.settings, wall) as edge:
                    task_status.started(edge)
                    await trio.sleep_forever()

        edge = await self.nursery.start(run)
        self._edges[edge] = scope, self.sequencer.streams[-1]
        return edge

    async def kill(self, edge):
        """As the end of its process does, which closes its sockets."""
        scope, stream = self._edges.pop(edge)
        scope.cancel()
        await stream.aclose()

    def token(self):
        keys = KeyStore(demo_entries(), clock=wall)
        key = self.sequencer.market.token_key
        issuer = TokenIssuer(keys, settings=Settings().tokens, signing_key=key, clock=wall)
        return issuer.issue(demo_entries()[0])


@asynccontextmanager
async def opened(settings=SETTINGS, script=None):
    async with open_sequencer(settings, script, clock=wall) as sequencer, trio.open_nursery() as nursery:
        servers = Servers(sequencer, nursery)
        servers.east, servers.west = [await servers.join(name) for name in ("east", "west")]
        yield servers
        nursery.cancel_scope.cancel()


@pytest.fixture
async def servers():
    async with opened(script=Script()) as servers:
        yield servers


async def come(server, path=PATH, **headers):
    """A new client, and the status of the answer."""
    client = server.connect()
    status, _ = await client.upgrade(path, **headers)
    return client, status


async def test_a_key_has_its_connections_at_all_servers_together(autojump_clock, servers):
    """Who leaves one may come to another half a second later, and to the same at once."""
    client, status = await come(servers.east)
    assert status == 101
    await trio.sleep(KNOWN)
    assert [(await come(one))[1] for one in (servers.west, servers.sequencer)] == [429, 429]
    await client.stream.aclose()
    await trio.sleep(KNOWN)
    client, status = await come(servers.sequencer)
    assert status == 101
    await trio.sleep(KNOWN)
    assert [(await come(one))[1] for one in (servers.west, servers.east)] == [429, 429]


async def test_the_connections_of_an_edge_that_is_killed_count_no_more(autojump_clock, servers):
    """The others know of it at once, not with the next that they are told."""
    _, status = await come(servers.east)
    assert status == 101
    await trio.sleep(KNOWN)
    assert (await come(servers.west))[1] == 429
    await servers.kill(servers.east)
    await trio.sleep(0.001)
    assert (await come(servers.west))[1] == 101


async def test_a_resume_is_not_refused_for_connections_elsewhere(autojump_clock, servers):
    """Such as those of an edge that hangs, which nobody knows to be dead."""
    protocol = {"Sec_WebSocket_Protocol": f"authorization#{servers.token()}"}
    _, status = await come(servers.east, RAILS, **protocol)
    assert status == 101
    await trio.sleep(KNOWN)
    assert (await come(servers.west, RAILS, **protocol))[1] == 403
    since = f"&since={servers.west.context.fanout.hub.position.text}"
    assert (await come(servers.west, RAILS + since, **protocol))[1] == 101
    assert (await come(servers.west, RAILS + since, **protocol))[1] == 403


async def test_requests_of_a_key_count_at_all_servers_together(autojump_clock, servers):
    """Those by HTTP; of an address each server counts its own."""

    async def left(server, path=TICKER, **headers):
        _, found, _ = await ask(server.connect(), path, **headers)
        return int(found["x-ratelimit-remaining"])

    await trio.sleep(1 - trio.current_time() % 1)
    assert [await left(servers.east, **API_KEY) for _ in range(3)] == [7, 6, 5]
    assert [await left(servers.east, OPEN) for _ in range(3)] == [7, 6, 5]
    await trio.sleep(KNOWN)
    assert await left(servers.west, **API_KEY) == 4
    assert await left(servers.west, OPEN) == 7
    await trio.sleep(0.5)
    assert await left(servers.west, **API_KEY) == 7


async def test_who_is_banned_by_one_is_banned_by_all(autojump_clock, servers):
    """A key that goes on after it was refused for the weight of its requests."""
    key = {"X_MBX_APIKEY": KEY}

    async def weigh(server):
        status, headers, _ = await ask(server.connect(), "/binance/api/v3/exchangeInfo", **key)
        return status, headers.get("retry-after")

    assert [(await weigh(servers.east))[0] for _ in range(2)] == [200, 200]
    await trio.sleep(KNOWN)
    assert (await weigh(servers.west))[0] == 429
    assert (await weigh(servers.west))[0] == 418
    await trio.sleep(KNOWN)
    assert (await weigh(servers.east))[0] == (await weigh(servers.sequencer))[0] == 418


async def test_a_market_waits_for_clients_of_all_servers(autojump_clock):
    """It starts with the second, though each server has one; those of a server that is gone do not count."""
    async with opened(Settings(seed=3, instruments=2, wait_clients=2)) as servers:
        control = servers.sequencer.market.source.control
        await servers.east.subscribed("EURUSD")
        await trio.sleep(KNOWN)
        await servers.kill(servers.east)
        await servers.west.subscribed("EURUSD")
        await trio.sleep(5)
        assert control.status().state.value == "waiting"
        await servers.sequencer.subscribed("EURUSD")
        await trio.sleep(0.01)
        assert control.status().state.value == "running"


async def test_a_client_of_an_edge_starts_the_market(autojump_clock):
    """As soon as its edge has said so."""
    async with opened(Settings(seed=3, instruments=2, wait_clients=1)) as servers:
        control = servers.sequencer.market.source.control
        await trio.sleep(5)
        assert control.status().state.value == "waiting"
        await servers.west.subscribed("EURUSD")
        await trio.sleep(KNOWN)
        assert control.status().state.value == "running"
