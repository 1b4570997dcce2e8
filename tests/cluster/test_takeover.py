"""A server goes on with the market of one that is gone: no event is missing, every request is answered."""

from random import Random

import attrs
import pytest
import trio
from block_logs import open_edge
from memory_redis import MemoryRedis
from redis_logs import link_to
from successions import SETTINGS, START, TOKEN_KEY, Successor, leader, new_market

from feed.cluster import standby_server
from feed.cluster.block import rows_of
from feed.cluster.redis.format import Names, unpack_block
from feed.dialects.discovery import dialects
from feed.durability.entries import REQUESTS, decode, requests_of
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Side
from feed.model.key_formats import DEMO_ACCOUNT
from feed.model.requests import Create, JournalEntry
from feed.model.stream_position import StreamPosition, first_proof
from feed.model.trading import Pricing
from feed.settings import Tokens
from feed.sim.simulation import StopCondition
from feed.stream.chain import chained

NAMES = Names("market")


def order(size):
    return Create(account=DEMO_ACCOUNT, instrument=0, side=Side.BUY, size=size, type=Pricing.MARKET)


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
    successor = Successor(redis, link)
    async with trio.open_nursery() as nursery:
        async with leader(redis) as first:
            await trio.sleep(5)
            edge = await nursery.start(_edge, edge_link)
            nursery.start_soon(successor.run)
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
        await successor.leads.wait()
        assert trio.current_time() - killed < 2.5
        second = successor.server
        await trio.sleep(1)
        for number in range(11, 20):
            asked.order(number)
            await trio.sleep(chance.random() * 0.3)
        await trio.sleep(1)
        second.market.source.control.pause()
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
        successor = Successor(redis, link)
        nursery.start_soon(successor.run)
        await successor.leads.wait()
        await trio.sleep(3)
        control = successor.server.market.source.control
        status = control.status()
        assert (status.state.value, status.speed, status.market_time) == ("paused", 4.0, stands)
        control.resume()
        await trio.sleep(2)
        assert control.now > stands + 7 * 10**9
        nursery.cancel_scope.cancel()


UNTIL = (StopCondition(time=START + 8 * NS_PER_SECOND), StopCondition(seq=3000))


@pytest.mark.parametrize("until", UNTIL, ids=("time", "seq"))
async def test_an_end_that_was_asked_for_holds_after_a_takeover(autojump_clock, until):
    """The market ends where --until of the first leader says, at that event; edges are told."""
    redis = MemoryRedis()
    edge_link, link = link_to(redis, token_key=TOKEN_KEY), link_to(redis, edge="s", token_key=TOKEN_KEY)
    successor = Successor(redis, link)
    async with trio.open_nursery() as nursery:
        async with leader(redis, until=until) as first:
            await trio.sleep(2)
            edge = await nursery.start(_edge, edge_link)
            nursery.start_soon(successor.run)
            await trio.sleep(1)
            first.nursery.cancel_scope.cancel()
        await successor.leads.wait()
        with trio.fail_after(20):
            await edge.market.ended.wait()
        control, hub = successor.server.market.source.control, successor.server.context.fanout.hub
        assert (control.now, hub.seq)[until.time is None] == (until.time or until.seq)
        assert edge.context.fanout.hub.position == hub.position
        nursery.cancel_scope.cancel()


async def test_a_redis_that_comes_back_empty_while_nobody_leads_loses_neither_terms_nor_edges(autojump_clock):
    """The standby goes on in a higher term than any edge has seen, though Redis knows of none."""
    redis = MemoryRedis()
    edge_link, link = link_to(redis, token_key=TOKEN_KEY), link_to(redis, edge="s", token_key=TOKEN_KEY)
    successor = Successor(redis, link)
    redis.data.values[NAMES.term.encode()] = b"6"
    async with trio.open_nursery() as nursery:
        async with leader(redis) as first:
            await trio.sleep(5)
            edge = await nursery.start(_edge, edge_link)
            nursery.start_soon(successor.run)
            await trio.sleep(2)
            redis.down(lose=True)
            first.nursery.cancel_scope.cancel()
        redis.up()
        await successor.leads.wait()
        assert successor.standing.had().term > 7
        second = successor.server
        await trio.sleep(2)
        asked = Asked(edge)
        asked.order(0)
        await trio.sleep(2)
        second.market.source.control.pause()
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

    async def begun(*_):
        imported.append(dialects.cache_info().currsize)

    key = tmp_path / "token.key"
    key.write_bytes(TOKEN_KEY)
    dialects.cache_clear()
    monkeypatch.setattr(standby_server, "begun", begun)
    await standby_server.stand_by_in(MemoryRedis(), attrs.evolve(SETTINGS, port=0, tokens=Tokens(key=key)))
    assert imported == [1]
