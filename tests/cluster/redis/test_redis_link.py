"""An edge's way to a log in Redis: what it reads, what it misses, and what it says while Redis is away."""

import pytest
import structlog
import trio
from blocks import START, TOKEN_KEY, block_of, blocks_after, header_bytes, snapshot_at
from memory_redis import MemoryRedis, doubts
from redis_logs import RedisWriter, following, link_to

from feed.cluster.block import BrokenChain, Missing
from feed.cluster.redis.reading import AnotherLog
from feed.errors import ConfigError


@pytest.fixture
async def written():
    """A log without blocks."""
    writer = RedisWriter(MemoryRedis())
    await writer.begin()
    return writer


async def some(blocks, count):
    """So many of what a link brings."""
    with trio.fail_after(60):
        return [await anext(blocks) for _ in range(count)]


async def test_it_begins_with_the_newest_snapshot_and_reads_on(autojump_clock, written):
    """However large that is: it stands there in parts."""
    first = blocks_after(START, 3)
    await written.append(*first[:2], term=1)
    await written.snapshot(snapshot_at(first[1].ends, (1, 2), size=3_000_000))
    link = link_to(written.redis)
    async with following(link) as (snapshot, blocks):
        assert (snapshot.place, snapshot.position, len(snapshot.state)) == ((1, 2), first[1].ends, 3_000_000)
        await written.append(first[2])
        more = blocks_after(first[2].ends, 100)
        await written.append(*more)
        found = await some(blocks, 101)
        assert found == [((1, at), one) for at, one in enumerate([first[2], *more], 3)]
        assert link.state.connected
        assert link.state.seq == more[-1].ends.seq
    assert (link.header.history, link.token_key) == (b"h" * 16, TOKEN_KEY)


async def test_where_there_is_no_log_an_edge_does_not_start(autojump_clock):
    """Nor where there is no Redis; each is told in one line."""
    redis = MemoryRedis()
    with pytest.raises(ConfigError) as problem:
        await link_to(redis).snapshot()
    assert str(problem.value) == (
        "--follow: there is no log at redis://memory/market; start a server with --log and the same URL"
    )
    redis.down()
    with pytest.raises(ConfigError) as problem:
        await link_to(redis).snapshot()
    assert str(problem.value) == "--follow: redis://memory/market: Redis is away (Connection refused)"


async def test_another_release_and_another_key_are_refused(autojump_clock):
    """The key is in nobody's hands but those of who has the file."""
    writer = RedisWriter(MemoryRedis())
    await writer.begin()
    with pytest.raises(ConfigError) as problem:
        await link_to(writer.redis, token_key=bytes(32)).snapshot()
    assert str(problem.value) == (
        "--token-key: the key of access tokens is another one than that of the log at redis://memory/market; "
        "give every server of a log the same file"
    )
    await writer.header(header_bytes(by="0.1 abc"))
    with pytest.raises(ConfigError, match="another release serves there"):
        await link_to(writer.redis).snapshot()


async def test_a_snapshot_that_is_replaced_meanwhile_is_read_again(autojump_clock, written):
    """The parts of the old one go; who reads them begins with the new one."""
    await written.snapshot(snapshot_at(START, size=5_000_000))
    redis = written.redis
    gone = False
    first = written.names.snapshot_parts((0, 0), "x")

    def replace():
        nonlocal gone
        if not gone and any(parts[0] == "GET" and parts[1] == f"{first}:1" for parts in redis.commands):
            gone = True
            for index in range(9):
                redis.data.do(("DEL", f"{first}:{index}"), 0)
        return 0.001

    redis.delay = replace

    async def renew():
        await trio.sleep(1)
        await written.append(block_of([], START), term=1)
        await written.snapshot(snapshot_at(START, (1, 1), size=10))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(renew)
        with trio.fail_after(10):
            found = await link_to(redis).snapshot()
    assert gone
    assert found.place == (1, 1)


async def test_nothing_is_lost_or_doubled_by_connections_that_break(autojump_clock, written):
    """Again and again, at any command, and by a Redis that stands still for a while."""
    blocks = blocks_after(START, 300)
    redis = written.redis
    async with following(link_to(redis)) as (_, read), trio.open_nursery() as nursery:

        async def write():
            redis.doubt = doubts(1, 0.3)
            for at, block in enumerate(blocks):
                await written.append(block, term=1)
                if at % 50 == 0:
                    redis.kill()
                await trio.sleep(0.01)
            redis.doubt = lambda: ""

        nursery.start_soon(write)
        assert [block for _, block in await some(read, 300)] == blocks
    assert redis.opened > 20


async def test_what_was_trimmed_is_a_gap(autojump_clock, written):
    """Who was away for too long is told so, and can begin with the newest snapshot."""
    blocks = blocks_after(START, 9)
    link = link_to(written.redis)
    async with following(link) as (_, read):
        await written.append(*blocks[:2], term=1)
        await some(read, 2)
        written.redis.down()
        await trio.sleep(1)
        written.redis.up()
        await written.append(*blocks[2:])
        await written.snapshot(snapshot_at(blocks[5].ends, (1, 6)))
        await written.do("XTRIM", written.names.log, "MINID", "1-5")
        with pytest.raises(Missing) as gap:
            await some(read, 1)
        assert str(gap.value) == "a gap: the events from 5 to 8 cannot be had any more"
    async with following(link) as (snapshot, read):
        assert snapshot.place == (1, 6)
        assert [block for _, block in await some(read, 3)] == blocks[6:]


async def test_what_redis_has_lost_is_brought_again_and_told_once(autojump_clock, written):
    """The leader appends the same blocks once more; an edge that had them already goes on after them."""
    blocks = blocks_after(START, 6)
    async with following(link_to(written.redis)) as (_, read):
        await written.append(*blocks[:4], term=1)
        await some(read, 4)
        written.redis.down()
        written.redis.lose_tail(2)
        written.place, written.head = (1, 2), written.redis.data.values[written.names.head.encode()]
        written.redis.up()
        await trio.sleep(2)
        await written.append(*blocks[2:])
        assert await some(read, 2) == [((1, 5), blocks[4]), ((1, 6), blocks[5])]


async def test_a_takeover_goes_on_where_the_log_stands(autojump_clock, written):
    """Also where Redis had lost blocks that the edge knows."""
    blocks = blocks_after(START, 6)
    async with following(link_to(written.redis)) as (_, read):
        await written.append(*blocks[:4], term=1)
        await some(read, 4)
        written.redis.lose_tail(1)
        written.place, written.head = (1, 3), written.redis.data.values[written.names.head.encode()]
        await written.append(block_of([], blocks[2].ends, made=9.0), term=2)
        await written.append(*blocks[3:])
        assert await some(read, 2) == [((2, 3), blocks[4]), ((2, 4), blocks[5])]


async def test_another_history_is_not_followed(autojump_clock, written):
    """Neither another log of that name nor other blocks at the same places."""
    blocks = blocks_after(START, 3)
    redis = written.redis
    async with following(link_to(redis)) as (_, read):
        await written.append(*blocks, term=1)
        await some(read, 3)
        redis.down(lose=True)
        redis.up()
        other = RedisWriter(redis, history=b"o" * 16)
        await other.begin()
        with pytest.raises(AnotherLog, match="was begun anew"):
            await some(read, 1)
    redis.data.values.clear()
    again = RedisWriter(redis)
    await again.begin()
    async with following(link_to(redis)) as (_, read):
        await again.append(*blocks, term=1)
        await some(read, 3)
        redis.down(lose=True)
        redis.up()
        strange = RedisWriter(redis)
        await strange.begin()
        await strange.append(*blocks_after(START, 3, size=3), term=1)
        with pytest.raises(BrokenChain):
            await some(read, 1)


async def test_it_says_once_that_redis_is_away_and_that_it_is_back(autojump_clock, written):
    """However often it tries meanwhile."""
    tries = []
    with structlog.testing.capture_logs() as logged:
        async with following(link_to(written.redis)) as (_, read), trio.open_nursery() as nursery:
            block = block_of([], START)

            async def be_away():
                await trio.sleep(1)
                written.redis.down()
                written.redis.delay = lambda: tries.append(trio.current_time()) or 0.0
                await trio.sleep(30)
                written.redis.delay = lambda: 0.0
                written.redis.up()
                await written.append(block, term=1)

            nursery.start_soon(be_away)
            assert await some(read, 1) == [((1, 1), block)]
    told = [one["event"] for one in logged if one["event"].startswith("Redis")]
    assert told == ["Redis is away", "Redis is there again"]
    assert 40 < len(tries) < 120


async def test_a_sequencer_that_says_nothing_is_away(autojump_clock, written):
    """Although Redis is there: nobody acts on what is asked."""
    link = link_to(written.redis, lag_seconds=3)
    async with following(link) as (_, read):
        await written.append(block_of([], START), term=1)
        await some(read, 1)
        for at in range(20):
            await written.say(seq=at)
            await trio.sleep(0.5)
        assert link.state.connected
        assert link.state.seq == 19
        assert trio.current_time() - link.state.heard < 1
        await trio.sleep(4)
        assert not link.state.connected
        await written.say(seq=20)
        await trio.sleep(0.6)
        assert link.state.connected


async def test_the_end_of_a_market_is_not_that_of_its_blocks(autojump_clock, written):
    """What is changed then is told."""
    async with following(link_to(written.redis)) as (_, read):
        await written.append(block_of([], START, ended=True), term=1)
        await written.append(block_of([], START), term=1)
        assert [(place, one.ended) for place, one in await some(read, 2)] == [((1, 1), True), ((1, 2), False)]
