"""A standby computes along and takes over: one history, whoever believes to lead."""

from contextlib import asynccontextmanager
from random import Random

import msgspec
import pytest
import trio
from leading_market import LeadingMarket
from memory_redis import MemoryRedis, doubts
from published_market import ENGINE, order
from redis_logs import RedisWriter, link_to

from feed.cluster.block import BEFORE_ALL, rows_of
from feed.cluster.computed import Computed, Differs, read_market
from feed.cluster.lease import Lease
from feed.cluster.log_header import release, write_header
from feed.cluster.redis.format import Names, unpack_block
from feed.cluster.redis.lease import RedisLease
from feed.cluster.redis.log import Fenced
from feed.cluster.redis.shared import RedisShared
from feed.cluster.standby import Standby
from feed.errors import FeedError

NAMES = Names("market")
MIB = 1 << 20
LEASE = 2.0


def shared(redis, owner):
    return RedisShared(redis, owner=owner, retain_bytes=MIB)


async def lead(redis, leading, *, renews=True, every=0.02, owner="leader"):
    """Append a market's blocks as who has the lease, until cancelled or fenced."""
    mine = shared(redis, owner)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(mine.run)
        await trio.sleep(0.01)
        term = await mine.take_lease(LEASE)
        assert term == 1
        log = mine.writer(term, (BEFORE_ALL, leading.blocks[0][1].begins))
        nursery.start_soon(log.run)

        async def renew():
            while renews:
                await trio.sleep(LEASE / 4)
                await mine.take_lease(LEASE)

        nursery.start_soon(renew)
        for _, block in leading.blocks:
            await log.append(block)
            leading.accepted = block
            await trio.sleep(every)
        await trio.sleep_forever()


@asynccontextmanager
async def standing_by(redis, leading, *, name="s1", snapshot=None):
    """A standby, which runs until the block ends."""
    link = link_to(redis, edge=name, token_key=bytes(32))
    await link.snapshot()
    market = read_market(snapshot or leading.first, leading.header, engine=ENGINE)
    its = shared(redis, name)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.run)
        nursery.start_soon(its.run)
        yield Standby(its, link, Computed(market), Lease(LEASE), wall=lambda: 1.5), nursery
        nursery.cancel_scope.cancel()


async def begun(leading, **more):
    redis = MemoryRedis(**more)
    writer = RedisWriter(redis, history=leading.header.history, token_key=bytes(32))
    header = write_header(leading.header, release=release())
    await writer.begin(leading.first, header)
    return redis


def history(redis, leading):
    """All events of the log, each block of which follows the one before; its places."""
    position = leading.blocks[0][1].begins
    rows, places = [], []
    for identifier, fields in redis.stream(NAMES.log):
        block = unpack_block(fields[b"b"])
        assert block.before == position.seq, "events twice"
        rows += rows_of(block, position)
        position = block.ends
        places.append(identifier)
    return rows, places


@pytest.fixture(scope="module")
def played():
    leading = LeadingMarket()
    leading.play(2)
    return leading


@pytest.mark.parametrize("seed", range(6))
async def test_it_takes_over_when_the_leader_is_gone(autojump_clock, played, seed):
    """Behind the last block that the log has, within the lease and a little; its market stands there."""
    redis = await begun(played)
    async with standing_by(redis, played) as (standby, nursery):
        scope = trio.CancelScope()

        async def leader():
            with scope:
                await lead(redis, played)

        nursery.start_soon(leader)
        killed = 0.2 + 1.5 * Random(seed).random()
        scope.deadline = trio.current_time() + killed
        taken = await standby.run()
        gone = trio.current_time() - scope.deadline
        assert LEASE / 2 < gone < LEASE + 0.3
        rows, places = history(redis, played)
        assert rows == played.rows[: len(rows)]
        assert 0 < len(rows) < len(played.rows)
        assert places[-1] == b"2-1"
        assert (taken.term, taken.last) == (2, played.accepted)
        assert taken.market.position == played.accepted.ends


async def test_a_leader_that_wakes_up_is_refused(autojump_clock, played):
    """It appends behind a block that is not the last one any more; nobody sees a second history."""
    redis = await begun(played)
    fenced = []
    async with standing_by(redis, played) as (standby, nursery):

        async def leader():
            try:
                await lead(redis, played, renews=False, every=0.05)
            except* Fenced as problems:
                fenced.extend(problems.exceptions)

        nursery.start_soon(leader)
        taken = await standby.run()
        await trio.sleep(1)
        assert len(fenced) == 1
        rows, places = history(redis, played)
        assert rows == played.rows[: len(rows)]
        assert places[-1] == b"2-1"
        assert (taken.term, taken.market.position.seq) == (2, played.blocks[0][1].before + len(rows))


async def test_while_the_leader_is_well_nobody_takes_over(autojump_clock, played):
    """However long."""
    redis = await begun(played)
    async with standing_by(redis, played) as (standby, nursery):
        nursery.start_soon(lead, redis, played)
        with trio.move_on_after(30):
            await standby.run()
            raise AssertionError
        assert standby.computed.position == played.market.position
        assert redis.data.values[NAMES.term.encode()] == b"1"


async def test_who_has_taken_over_has_time_to_begin(autojump_clock, played):
    """Another one that stands by does not try meanwhile; a renewal for less makes it no shorter."""
    redis = await begun(played)
    async with (
        standing_by(redis, played) as (first, _),
        standing_by(redis, played, name="s2") as (second, _),
        redis.connection() as connection,
    ):
        with trio.move_on_after(1):
            await lead(redis, played)
        assert (await first.run()).term == 2
        assert await RedisLease(redis, connection, owner="s1").renew_lease(LEASE)
        with trio.move_on_after(2 * LEASE):
            await second.run()
            raise AssertionError
        assert (await second.run()).term == 3


async def test_one_of_two_standbys_takes_over(autojump_clock, played):
    """The other goes on computing along, from the first's blocks."""
    redis = await begun(played)
    taken = []
    async with (
        standing_by(redis, played) as (first, nursery),
        standing_by(redis, played, name="s2") as (
            second,
            _,
        ),
    ):
        with trio.move_on_after(1):
            await lead(redis, played)

        async def stand(standby):
            taken.append(await standby.run())

        nursery.start_soon(stand, first)
        nursery.start_soon(stand, second)
        await trio.sleep(LEASE + 1)
        assert len(taken) == 1
        other = second if taken[0].market is first.computed.market else first
        assert other.computed.place == (2, 1)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("seed", range(4))
async def test_doubt_makes_no_second_history(autojump_clock, played, seed):
    """Commands and answers are lost at random, of the leader's and of the standby's."""
    redis = await begun(played)
    redis.doubt = doubts(seed, 0.05)
    async with standing_by(redis, played) as (standby, nursery):
        scope = trio.CancelScope(deadline=trio.current_time() + 3)

        async def leader():
            with scope:
                try:
                    await lead(redis, played)
                except* FeedError:
                    pass  # fenced, or it could not have the lease

        nursery.start_soon(leader)
        with trio.fail_after(60):
            taken = await standby.run()
        redis.doubt = lambda: ""
        rows, places = history(redis, played)
        assert rows == played.rows[: len(rows)]
        assert taken.market.position.seq == played.blocks[0][1].before + len(rows)
        assert places[-1].startswith(b"%d-" % taken.term)


async def test_a_market_that_is_not_the_leaders_never_takes_over(autojump_clock, played):
    """It says which event differs, and ends."""
    other = LeadingMarket()
    other.play(0.5)
    other.write(other.market.run.execute(order(3)))
    redis = await begun(other)
    async with standing_by(redis, other) as (standby, nursery):
        nursery.start_soon(lead, redis, other)
        with pytest.raises(Differs):
            await standby.run()


async def test_where_the_market_has_ended_nothing_is_taken_over(autojump_clock, played):
    """The last block says so."""
    leading = LeadingMarket()
    leading.play(0.1)
    place, last = leading.blocks[-1]
    leading.blocks[-1] = place, msgspec.structs.replace(last, ended=True)
    redis = await begun(leading)
    async with standing_by(redis, leading) as (standby, nursery):
        nursery.start_soon(lead, redis, leading)
        assert await standby.run() is None
