"""Snapshots in Redis: whole or not there, two of them, and no more of the log than they need."""

from contextlib import asynccontextmanager
from random import Random

import pytest
import trio
from blocks import START, TOKEN_KEY, blocks_after, header_bytes, snapshot_at
from memory_redis import MemoryRedis, doubts

from feed.cluster.redis.format import Names, pack_header, place_text
from feed.cluster.redis.joining import read_newest
from feed.cluster.redis.kept import KeptConnection
from feed.cluster.redis.log import RedisLog
from feed.cluster.redis.snapshots import SnapshotWriter, remove_log

NAMES = Names("market")
HISTORY = b"h" * 16
HEADER = pack_header(header_bytes(HISTORY), TOKEN_KEY)
SIZE = 3 << 20  # more than one part


class Writing:
    """A log, and who writes its snapshots."""

    def __init__(self, redis, term=1):
        self.redis = redis
        self.newest = None
        self.log = RedisLog(redis, term=term, after=None, retain_bytes=4000)
        self.kept = KeptConnection(redis, "snapshots")
        chance = Random(term)
        self.writer = SnapshotWriter(
            redis,
            self.kept,
            header=HEADER,
            history=HISTORY,
            newest=lambda: self.newest,
            oldest=lambda: self.log.retained.oldest,
            emptied=lambda: self.log.emptied,
            mark=lambda: f"{chance.getrandbits(32):08x}",
        )
        self._position = START

    async def append(self, count):
        for block in blocks_after(self._position, count):
            await self.log.append(block)
            self._position = block.ends

    async def snapshot(self, size=SIZE):
        """Have a newer one, and wait until it was looked at."""
        self.newest = snapshot_at(self._position, self.log.place, size=size)
        self.log.retained.keep(self.newest)
        await trio.sleep(1)


@asynccontextmanager
async def writing(redis, term=1):
    one = Writing(redis, term)
    async with trio.open_nursery() as nursery:
        for run in (one.log.run, one.kept.run, one.writer.run):
            nursery.start_soon(run)
        yield one
        nursery.cancel_scope.cancel()


async def _read(redis):
    async with redis.connection() as connection:
        return await read_newest(connection, NAMES.snapshot, HISTORY)


def _keys(redis):
    return [key for key in redis.data.values if key.startswith(b"{market}:snapshot:")]


async def test_the_newest_is_read_back_and_the_one_before_stays(autojump_clock):
    """Older ones are removed, and the header was there first."""
    redis = MemoryRedis()
    async with writing(redis) as one:
        for number in range(4):
            await one.append(3)
            await one.snapshot()
            assert await _read(redis) == one.newest
            assert one.writer.written == one.newest.place
            assert len(_keys(redis)) == 4 * min(2, number + 1)
    words = [parts for parts in redis.commands if parts[0] == "SET"]
    assert words[0][1:] == (NAMES.header, HEADER)


@pytest.mark.parametrize("seed", range(4))
async def test_whoever_reads_meanwhile_finds_a_whole_one(autojump_clock, seed):
    """Parts are there before anybody is pointed at them, and are removed after."""
    chance = Random(seed)
    redis = MemoryRedis(delay=lambda: chance.random() * 0.05)
    read = []
    async with writing(redis) as one, trio.open_nursery() as nursery:

        async def keep_reading():
            while True:
                read.append(await _read(redis))

        nursery.start_soon(keep_reading)
        for _ in range(5):
            await one.append(3)
            await one.snapshot()
        await trio.sleep(3)
        assert await _read(redis) == one.newest
        nursery.cancel_scope.cancel()
    whole = [snapshot for snapshot in read if snapshot is not None]
    assert len({snapshot.place for snapshot in whole}) > 2
    assert all(len(snapshot.state) == SIZE for snapshot in whole)


@pytest.mark.parametrize("seed", range(4))
async def test_one_that_was_lost_half_way_is_written_again(autojump_clock, seed):
    """Commands and connections are lost; nothing of a failed attempt stays."""
    redis = MemoryRedis(doubt=doubts(seed, 0.2))
    async with writing(redis) as one:
        for _ in range(4):
            await one.append(3)
            await one.snapshot()
            await trio.sleep(20)
        redis.doubt = lambda: ""
        await one.append(1)
        await one.snapshot()
        await trio.sleep(20)
        assert await _read(redis) == one.newest
        assert len(_keys(redis)) == 8


async def test_the_log_is_trimmed_to_what_the_older_snapshot_and_the_sequencer_need(autojump_clock):
    """Who begins with either finds all that follows it."""
    redis = MemoryRedis()
    async with writing(redis) as one:
        await one.append(30)
        await one.snapshot(10)
        assert len(redis.stream(NAMES.log)) == 30  # who reads one of the term before still needs it
        first = one.newest.place
        await one.append(30)
        await one.snapshot(10)
        left = [identifier for identifier, _ in redis.stream(NAMES.log)]
        assert one.log.retained.oldest > first
        assert left[0] == place_text(first).encode()
        assert left[-1] == place_text(one.log.place).encode()
        await one.append(3)
        await one.snapshot(10)
        left = redis.stream(NAMES.log)
        assert one.log.retained.oldest < (1, 60)  # Redis may lose something, and gets it again
        assert left[0][0] == place_text(one.log.retained.oldest).encode()


async def test_all_is_written_again_where_redis_has_lost_it(autojump_clock):
    """Header and snapshot, once the log is there again."""
    redis = MemoryRedis()
    async with writing(redis) as one:
        await one.append(3)
        await one.snapshot()
        redis.down(lose=True)
        redis.up()
        await one.append(1)
        await trio.sleep(2)
        assert redis.data.values[NAMES.header.encode()] == HEADER
        assert await _read(redis) == one.newest


async def test_who_leads_no_more_points_at_nothing(autojump_clock):
    """Those who come begin with a snapshot of the newer leader."""
    redis = MemoryRedis()
    async with writing(redis, term=1) as old:
        await old.append(3)
        await old.snapshot()
        async with writing(redis, term=2) as new:
            redis.data.values.pop(NAMES.head.encode())
            redis.data.values.pop(NAMES.log.encode())
            await new.append(5)
            await new.snapshot()
            await old.snapshot(10)
            assert await _read(redis) == new.newest
            async with writing(redis, term=1) as late:  # its very first one comes too late
                late.newest = snapshot_at(START, (1, 5), size=SIZE)
                await trio.sleep(1)
                assert await _read(redis) == new.newest
                assert not [key for key in _keys(redis) if b":1-5:" in key]


async def test_what_a_later_leader_writes_is_not_swept_away(autojump_clock):
    """One that is just being deposed removes what is left of its own term and of older ones alone."""
    redis = MemoryRedis()
    for term in (1, 2, 3):
        redis.data.values[b"{market}:snapshot:%d-1:x:0" % term] = b"part"
    async with writing(redis, term=2) as one:
        await one.append(1)
        await one.snapshot(10)
    assert [key for key in _keys(redis) if b":x:" in key] == [b"{market}:snapshot:3-1:x:0"]


async def test_a_full_redis_has_the_newest_alone(autojump_clock):
    """The one before makes room, and the operator is told."""
    redis = MemoryRedis()
    async with writing(redis) as one:
        await one.append(3)
        await one.snapshot()
        await one.append(3)
        await one.snapshot()
        assert len(_keys(redis)) == 8
        redis.full = True
        one.newest = snapshot_at(one.newest.position, (1, 7), size=SIZE)
        await trio.sleep(3)
        assert "OOM" in one.writer.problem
        assert len(_keys(redis)) == 4
        redis.full = False
        await trio.sleep(3)
        assert not one.writer.problem
        assert await _read(redis) == one.newest


async def test_a_log_is_removed_but_for_who_leads_it(autojump_clock):
    """The lease, the number of terms and the head stay, and so do other logs."""
    redis = MemoryRedis()
    async with redis.connection() as connection:
        for key in ("log", "head", "lease", "term", "header", "snapshot", "snapshot:1-1:a:0", "req", "edges"):
            await connection.command("SET", f"{{market}}:{key}", b"1")
        await connection.command("SET", "{other}:log", b"1")
        await remove_log(connection, NAMES)
        left = set(redis.data.values)
    assert left == {b"{market}:head", b"{market}:lease", b"{market}:term", b"{other}:log"}
