"""What a server that stands by says and does as long as another one leads, and where it never leads."""

import attrs
import pytest
import structlog
import trio
from asking import ask
from memory_redis import MemoryRedis
from redis_logs import link_to
from successions import SETTINGS, START, TOKEN_KEY, Successor, leader

from feed.cluster.standby_server import stand_by_in
from feed.model.durations import NS_PER_SECOND
from feed.model.grants import Grant
from feed.server.keyedit import add_entry
from feed.server.keys import entry_for, new_key
from feed.settings import Tokens
from feed.sim.simulation import StopCondition


@pytest.fixture
def settings(tmp_path):
    """Of a server by itself, on a free port."""
    key = tmp_path / "token.key"
    key.write_bytes(TOKEN_KEY)
    return attrs.evolve(SETTINGS, port=0, tokens=Tokens(key=key))


async def test_all_of_it_is_built_while_another_leads(autojump_clock, nursery):
    """And its server has every event that the leader has told: it goes on at the next one."""
    redis = MemoryRedis()
    successor = Successor(redis, link_to(redis, edge="s", token_key=TOKEN_KEY))
    async with leader(redis) as first:
        await trio.sleep(2)
        nursery.start_soon(successor.run)
        await successor.built.wait()
        await trio.sleep(1)
        hub = successor.server.context.fanout.hub
        assert not successor.leads.is_set()
        first.market.source.control.pause()
        await trio.sleep(1)
        assert (hub.seq, hub.position) == (hub.position.seq, first.context.fanout.hub.position)
        first.nursery.cancel_scope.cancel()
    nursery.cancel_scope.cancel()


async def test_it_says_that_it_stands_by(autojump_clock, nursery):
    """To a load balancer; it is well, and its figures are there, as long as it does."""
    redis = MemoryRedis()
    successor = Successor(redis, link_to(redis, edge="s", token_key=TOKEN_KEY))
    async with leader(redis) as first:
        await trio.sleep(2)
        nursery.start_soon(successor.run)
        await successor.built.wait()
        await trio.sleep(1)
        client = successor.server.connect()
        status, _, ready = await ask(client, "/readyz")
        problem = {"code": "not_ready", "message": "This server is standing by"}
        assert (status, ready) == (503, {"error": problem, "state": "standing by"})
        status, _, alive = await ask(client, "/healthz")
        assert (status, alive) == (200, {"status": "ok"})
        status, _, figures = await ask(client, "/metrics")
        assert (status, b"feed_standby_lag_events 0.0\n" in figures) == (200, True)
        first.nursery.cancel_scope.cancel()
    await successor.leads.wait()
    await trio.sleep(1)
    status, _, ready = await ask(successor.server.connect(), "/readyz")
    assert (status, ready["state"]) == (200, "running")
    nursery.cancel_scope.cancel()


async def test_it_begins_with_the_keys_of_now(autojump_clock, nursery, tmp_path, monkeypatch):
    """Not with those of the file as it was when this server was started, however long ago."""

    async def at_once(function, *args):
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr("feed.server.keywatch._in_a_thread", at_once)
    redis, path = MemoryRedis(), tmp_path / "keys.toml"
    old, new = (new_key("tk_test_", bytes([at]) * 16) for at in range(2))
    add_entry(path, entry_for(old, Grant(name="old")))
    settings = attrs.evolve(SETTINGS, keys=path, keys_seconds=3600)
    successor = Successor(redis, link_to(redis, edge="s", token_key=TOKEN_KEY), settings)
    async with leader(redis) as first:
        await trio.sleep(2)
        nursery.start_soon(successor.run)
        await successor.built.wait()
        await trio.sleep(1)
        add_entry(path, entry_for(new, Grant(name="new")))
        first.nursery.cancel_scope.cancel()
    await successor.leads.wait()
    nursery.start_soon(successor.server.context.key_watch.run)
    await trio.sleep(1)
    client = successor.server.connect()
    status, _, _ = await ask(client, "/v1/market/ticker?symbol=EURUSD", X_API_Key=new)
    assert status == 200
    nursery.cancel_scope.cancel()


async def test_where_the_market_ends_it_says_so_and_ends(autojump_clock, settings):
    """It ended as its operator had asked for, by --until: nobody goes on beyond that."""
    redis, told = MemoryRedis(), []
    until = StopCondition(time=START + 5 * NS_PER_SECOND)
    async with trio.open_nursery() as nursery, leader(redis, until=until):
        await trio.sleep(2)
        with structlog.testing.capture_logs() as logs:
            told += await nursery.start(stand_by_in, redis, settings)
        assert trio.current_time() < 12
        nursery.cancel_scope.cancel()
    assert not told
    assert "the market has ended: there is nothing to stand by for" in [one["event"] for one in logs]
