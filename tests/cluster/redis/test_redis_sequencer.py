"""A sequencer whose log is in Redis: what stands there, who may go on with it, and who may not."""

import json
import time
from contextlib import asynccontextmanager

import pytest
import structlog
import trio
from asking import API_KEY, ask
from block_logs import open_edge
from blocks import TOKEN_KEY
from memory_redis import MemoryRedis
from redis_logs import link_to
from scripts import Script, quote
from sequenced_servers import open_sequencer

from feed import Settings
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.redis.format import parse_head
from feed.cluster.redis.sequencer import RedisSequencer
from feed.cluster.redis.server import take_term
from feed.cluster.redis.term import Start
from feed.errors import ConfigError
from feed.settings import Cluster

SECOND = 1_000_000_000
SETTINGS = Settings(cluster=Cluster(lease_seconds=2))


def quotes(*numbers):
    return [quote(0, 108_400 + number, ts=number * SECOND) for number in numbers]


@asynccontextmanager
async def sequencer(redis, script, **start):
    """One that leads the log, until the block ends."""
    term = await take_term(redis, 2)
    outside_log = RedisSequencer(redis, term, SETTINGS.cluster, token_key=TOKEN_KEY, start=Start(**start))
    commits = LoggedCommits(wall=time.time_ns)
    async with (
        open_sequencer(SETTINGS, script, commits=commits, outside_log=outside_log) as server,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(outside_log.hold)
        server.outside_log = outside_log
        yield server
        nursery.cancel_scope.cancel()


def edge_of(redis, name="e1"):
    return open_edge(link_to(redis, edge=name, token_key=TOKEN_KEY), SETTINGS)


def head(redis):
    return parse_head(redis.data.values[b"{market}:head"])


async def test_an_edge_has_what_the_sequencer_has(autojump_clock):
    """Events, alerts made at either, and the answer to who made one is never older than it."""
    redis, script = MemoryRedis(), Script()
    async with sequencer(redis, script) as server:
        await trio.sleep(1)
        async with edge_of(redis) as edge:
            script.play(*quotes(1, 2, 3))
            await trio.sleep(1)
            assert edge.context.fanout.hub.position == server.context.fanout.hub.position
            body = {"condition": "price_above", "symbol": "EURUSD", "threshold": "1.08500"}
            for one in (server, edge):
                status, _, _ = await ask(
                    one.connect(),
                    "/guide/api/v1/alerts",
                    method="POST",
                    body=json.dumps(body).encode(),
                    **API_KEY,
                )
                assert status in (200, 201)
                assert len(edge.context.alerts.book.every()) >= 1
            await trio.sleep(1)
            assert len(edge.context.alerts.book.every()) == len(server.context.alerts.book.every()) == 2
            assert head(redis)[1] == edge.context.fanout.hub.position
            status, _, told = await ask(edge.connect(), "/readyz")
            assert (status, told["status"]) == (200, "ready")


async def test_nobody_is_told_of_what_is_not_in_the_log(autojump_clock):
    """Market time stands while Redis is away, and goes on by itself."""
    redis, script = MemoryRedis(), Script()
    async with sequencer(redis, script) as server:
        script.play(*quotes(1))
        await trio.sleep(1)
        before = server.context.fanout.hub.position
        redis.down()
        script.play(*quotes(2, 3))
        await trio.sleep(10)
        assert server.context.fanout.hub.position == before
        status, _, told = await ask(server.connect(), "/readyz")
        assert status == 503
        assert "market time stands still: Redis is away" in str(told)
        redis.up()
        await trio.sleep(2)
        assert server.context.fanout.hub.seq == before.seq + 2
        assert head(redis)[1] == server.context.fanout.hub.position
        assert (await ask(server.connect(), "/readyz"))[0] == 200


async def test_a_sequencer_is_ready_once_others_can_follow(autojump_clock):
    """Whoever starts edges then is not told that there is no log."""
    redis = MemoryRedis()
    async with sequencer(redis, Script()) as server:
        redis.down()
        assert b"{market}:snapshot" not in redis.data.values
        assert (await ask(server.connect(), "/readyz"))[0] == 503
        redis.up()
        await trio.sleep(3)
        assert b"{market}:snapshot" in redis.data.values
        assert (await ask(server.connect(), "/readyz"))[0] == 200


async def test_only_one_leads(autojump_clock):
    """While it is there nobody else may; and it gives the log up when it ends."""
    redis = MemoryRedis()
    async with sequencer(redis, Script()):
        await trio.sleep(10)
        with pytest.raises(ConfigError, match="another server leads the log at redis://memory/market"):
            await take_term(redis, 2)
    began = trio.current_time()
    assert (await take_term(redis, 2)).number == 2
    assert trio.current_time() == began


async def test_a_log_that_is_there_is_not_replaced_unasked(autojump_clock):
    """By a market that begins; with --new-history it is, and edges begin anew."""
    redis = MemoryRedis()
    async with sequencer(redis, script := Script()):
        script.play(*quotes(1, 2))
        await trio.sleep(1)
    with pytest.raises((ConfigError, ExceptionGroup)) as refused:
        async with sequencer(redis, Script()):
            pass
    assert "events that is not here" in str(_only(refused.value))
    assert head(redis)[0][0] == 1
    async with sequencer(redis, Script(), new_history=True) as server:
        await trio.sleep(1)
        assert head(redis)[0] == (3, 1)
        async with edge_of(redis) as edge:
            assert edge.context.fanout.hub.position == server.context.fanout.hub.position
        assert len([key for key in redis.data.values if b":snapshot:" in key]) == 1


def _only(error):
    while isinstance(error, ExceptionGroup):
        (error,) = error.exceptions
    return error


async def test_a_leader_that_another_has_followed_publishes_nothing_more(autojump_clock):
    """Also one whose market stands still finds it out, and says so once."""
    redis, script = MemoryRedis(), Script()
    with structlog.testing.capture_logs() as logged:
        async with sequencer(redis, script) as server:
            script.play(*quotes(1))
            await trio.sleep(1)
            before = server.context.fanout.hub.position
            redis.data.do(("SET", "{market}:head", "2-1 " + before.text), trio.current_time())
            await trio.sleep(3)
            assert server.outside_log.deposed.is_set()
            script.play(*quotes(2))
            await trio.sleep(3)
            assert server.context.fanout.hub.position == before
    told = [one for one in logged if "another server leads" in one["event"]]
    assert [one["reason"] for one in told] == ["the log is in term 2"]
