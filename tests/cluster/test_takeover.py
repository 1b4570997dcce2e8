"""A server goes on with the market of one that is gone: no event is missing, every request is answered."""

from contextlib import asynccontextmanager
from random import Random

import attrs
import pytest
import trio
from block_logs import open_edge
from listed import listed
from memory_redis import MemoryRedis
from redis_logs import link_to
from sequenced_servers import open_market, open_sequencer

from feed import Settings
from feed.cluster import standby_server
from feed.cluster.block import rows_of
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.redis.format import Names, unpack_block
from feed.cluster.redis.sequencer import RedisSequencer
from feed.cluster.redis.server import take_term
from feed.cluster.redis.term import Start
from feed.cluster.standby_server import gone_on_with, until_taken
from feed.dialects.discovery import dialects
from feed.durability.entries import REQUESTS, decode, requests_of
from feed.model.events import Side
from feed.model.key_formats import DEMO_ACCOUNT
from feed.model.market import MarketSpec
from feed.model.requests import Create, JournalEntry
from feed.model.stream_position import StreamPosition, first_proof
from feed.model.trading import Pricing
from feed.settings import Cluster, Tokens, Trading
from feed.sim.clients import ClientMarket
from feed.sim.market import Market
from feed.sim.runner import MarketRunner
from feed.stream.chain import chained

START = 1_700_000_000 * 10**9
SPEC = MarketSpec(instruments=listed("BTC-USD", "EURUSD"))
SETTINGS = Settings(cluster=Cluster(lease_seconds=2, snapshot_seconds=2))
TOKEN_KEY = bytes(range(32))
NAMES = Names("market")


def order(size):
    return Create(account=DEMO_ACCOUNT, instrument=0, side=Side.BUY, size=size, type=Pricing.MARKET)


def new_market():
    return ClientMarket(Market(SPEC, seed=3, start=START), trading=Trading())


@asynccontextmanager
async def leader(redis):
    """One that leads the log until the block ends, as a kill does: it says no farewell."""
    run, commits = new_market(), LoggedCommits(wall=lambda: 0)
    source = MarketRunner(run, flow=SETTINGS.flow, speed=1.0, commits=commits, paced=commits.paced)
    outside_log = RedisSequencer(
        redis, await take_term(redis, 2), SETTINGS.cluster, token_key=TOKEN_KEY, start=Start()
    )
    outside_log._resign = trio.lowlevel.checkpoint
    async with (
        open_sequencer(SETTINGS, source, commits=commits, outside_log=outside_log, simulation=run) as server,
        trio.open_nursery() as nursery,
    ):
        commits.changed = source.committed
        nursery.start_soon(outside_log.hold)
        server.outside_log = outside_log
        yield server
        nursery.cancel_scope.cancel()


class Asked:
    """Orders by way of an edge, and what was said of each."""

    def __init__(self, edge):
        self.edge = edge
        self.told = {}

    def order(self, number):
        self.told[number] = []
        told = self.told[number]
        return self.edge.market.source.submit(
            order(number + 1), lambda: told.append("refused"), lambda rows, seq: told.append(len(rows))
        )


def log_of(redis):
    """All events of the log, and the requests in it with their places."""
    run = new_market()
    rows = run.opening()
    proof = chained(rows, first_proof(run.listing))[1][-1]
    position, entries, places = StreamPosition(len(rows), proof), [], []
    for identifier, fields in redis.stream(NAMES.log):
        block = unpack_block(fields[b"b"])
        assert block.before == position.seq, "events missing, or twice"
        rows += rows_of(block, position)
        position = block.ends
        for one in decode(block.entries) if block.entries else ():
            if one.kind == REQUESTS:
                entries += [JournalEntry(at=one.at, request=request) for request in requests_of(one)]
        places.append(identifier)
    return rows, entries, places


def undisturbed(rows, entries):
    """What a market says to the same requests that nobody ever took over."""
    run = new_market()
    run.take_entries(entries)
    found = run.opening()
    while len(found) < len(rows):
        found += run.advance(rows[-1][2], len(rows) - len(found))
    return found


@pytest.mark.parametrize("seed", range(2))
async def test_the_market_goes_on_as_if_nothing_had_happened(autojump_clock, seed):
    """Orders before, at the moment of the kill and after it act once each; an edge sees one stream."""
    chance = Random(seed)
    redis = MemoryRedis(delay=lambda: chance.choice((0.0, 0.002, 0.02)))
    edge_link, link = link_to(redis, token_key=TOKEN_KEY), link_to(redis, edge="s", token_key=TOKEN_KEY)
    taken, over = [], trio.Event()

    async def stand_by():
        taken.append(await until_taken(redis, SETTINGS, link, "s"))
        over.set()

    async with trio.open_nursery() as nursery:
        async with leader(redis) as first:
            await trio.sleep(2)
            edge = await nursery.start(_edge, edge_link)
            nursery.start_soon(stand_by)
            await trio.sleep(1)
            asked = Asked(edge)
            for number in range(10):
                asked.order(number)
                await trio.sleep(chance.random() * 0.3)
            asked.order(10)
            await trio.sleep(chance.choice((0, 0.001, 0.01, 0.03)))
            nursery_of_leader = first.nursery
            nursery_of_leader.cancel_scope.cancel()
        killed = trio.current_time()
        await over.wait()
        assert trio.current_time() - killed < 3
        (found,) = taken
        settings = link.header.applied_to(SETTINGS)
        outside_log, market = gone_on_with(found, redis, link, settings, owner="s")
        async with open_market(settings, market) as second:
            nursery.start_soon(outside_log.hold)
            await trio.sleep(1)
            for number in range(11, 20):
                asked.order(number)
                await trio.sleep(chance.random() * 0.3)
            await trio.sleep(1)
            market.source.control.pause()
            await trio.sleep(1)
            rows, entries, places = log_of(redis)
            assert rows == undisturbed(rows, entries)
            assert [len(told) for told in asked.told.values()] == [1] * 20
            acted = [told for told in asked.told.values() if told != ["refused"]]
            assert len(acted) == len(entries)
            assert len(acted) >= 19
            assert places[-1].startswith(b"2-")
            assert edge.context.fanout.hub.position == second.context.fanout.hub.position
            assert edge.market.gap is None
        nursery.cancel_scope.cancel()


async def _edge(link, task_status):
    async with open_edge(link, SETTINGS) as edge:
        task_status.started(edge)
        await trio.sleep_forever()


async def test_a_paused_market_stays_paused(autojump_clock):
    """With its speed, as the last command of its operator left it; it goes on when it is told to."""
    redis = MemoryRedis()
    link = link_to(redis, edge="s", token_key=TOKEN_KEY)
    async with trio.open_nursery() as nursery:
        async with leader(redis) as first:
            control = first.market.source.control
            await trio.sleep(2)
            control.set_speed(4.0)
            control.pause()
            await trio.sleep(2)
            stands = control.now
            first.nursery.cancel_scope.cancel()
        found = await until_taken(redis, SETTINGS, link, "s")
        settings = link.header.applied_to(SETTINGS)
        outside_log, market = gone_on_with(found, redis, link, settings, owner="s")
        async with open_market(settings, market):
            await trio.sleep(3)
            status = market.source.control.status()
            assert (status.state.value, status.speed, status.market_time) == ("paused", 4.0, stands)
            market.source.control.resume()
            await trio.sleep(2)
            assert market.source.control.now > stands + 7 * 10**9
            del outside_log
        nursery.cancel_scope.cancel()


async def test_a_redis_that_comes_back_empty_while_nobody_leads_loses_neither_terms_nor_edges(autojump_clock):
    """The standby goes on in a higher term than any edge has seen, though Redis knows of none."""
    redis = MemoryRedis()
    edge_link, link = link_to(redis, token_key=TOKEN_KEY), link_to(redis, edge="s", token_key=TOKEN_KEY)
    taken, over = [], trio.Event()

    async def stand_by():
        taken.append(await until_taken(redis, SETTINGS, link, "s"))
        over.set()

    redis.data.values[NAMES.term.encode()] = b"6"
    async with trio.open_nursery() as nursery:
        async with leader(redis) as first:
            await trio.sleep(2)
            edge = await nursery.start(_edge, edge_link)
            nursery.start_soon(stand_by)
            await trio.sleep(2)
            redis.down(lose=True)
            first.nursery.cancel_scope.cancel()
        redis.up()
        await over.wait()
        (found,) = taken
        assert found.term > 7
        settings = link.header.applied_to(SETTINGS)
        outside_log, market = gone_on_with(found, redis, link, settings, owner="s")
        async with open_market(settings, market) as second:
            nursery.start_soon(outside_log.hold)
            await trio.sleep(2)
            asked = Asked(edge)
            asked.order(0)
            await trio.sleep(2)
            market.source.control.pause()
            await trio.sleep(1)
            assert asked.told[0] not in ([], ["refused"])
            assert edge.context.fanout.hub.position == second.context.fanout.hub.position
            assert edge.market.gap is None
        nursery.cancel_scope.cancel()


async def test_a_standby_has_all_protocols_at_hand_before_it_takes_over(
    autojump_clock, monkeypatch, tmp_path
):
    """To import them takes a second, for which nobody would lead."""
    imported = []

    async def until_taken(*_):
        imported.append(dialects.cache_info().currsize)

    key = tmp_path / "token.key"
    key.write_bytes(TOKEN_KEY)
    dialects.cache_clear()
    monkeypatch.setattr(standby_server, "until_taken", until_taken)
    await standby_server.stand_by_in(MemoryRedis(), attrs.evolve(SETTINGS, tokens=Tokens(key=key)))
    assert imported == [1]
