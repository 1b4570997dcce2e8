"""Who may try to lead a log: one at a time, and each with a term of its own."""

import pytest
import trio
from blocks import START
from memory_redis import MemoryRedis, doubts

from feed.cluster.redis.connection import RedisAway
from feed.cluster.redis.lease import RedisLease
from feed.errors import FeedError


async def test_one_holds_it_until_it_runs_out_or_is_given_up(autojump_clock):
    """Each that gets it has a higher term, and who asks again has the same."""
    redis = MemoryRedis()
    async with redis.connection() as connection:
        one, two = (RedisLease(redis, connection, owner=name) for name in ("one", "two"))
        assert await one.newest() is None
        assert await one.take_lease(2) == 1
        assert await one.take_lease(2) == 1
        assert await two.take_lease(2) is None
        assert not await two.renew_lease(2)
        await trio.sleep(1.5)
        assert await one.renew_lease(2)
        await trio.sleep(1.5)
        assert await two.take_lease(2) is None
        await trio.sleep(0.6)
        assert await two.take_lease(2) == 2
        assert not await one.renew_lease(2)
        await one.release_lease()  # it is not one's any more
        assert await one.take_lease(2) is None
        await two.release_lease()
        assert await one.take_lease(2) == 3


async def test_a_term_is_higher_than_that_of_any_block(autojump_clock):
    """Also where Redis has lost the number of terms."""
    redis = MemoryRedis()
    redis.data.values[b"{market}:head"] = b"7-12 " + START.text.encode()
    async with redis.connection() as connection:
        lease = RedisLease(redis, connection, owner="me")
        assert await lease.newest() == ((7, 12), START)
        assert await lease.take_lease(2) == 8


async def test_a_term_is_higher_than_one_that_redis_has_forgotten(autojump_clock):
    """Who asks knows of it still."""
    redis = MemoryRedis()
    async with redis.connection() as connection:
        assert await RedisLease(redis, connection, owner="me").take_lease(2, above=7) == 8


async def test_it_is_held_while_redis_comes_and_goes(autojump_clock):
    """Nobody else gets it, unless it runs out meanwhile."""
    redis = MemoryRedis()
    async with redis.connection() as mine, redis.connection() as others, trio.open_nursery() as nursery:
        me, other = RedisLease(redis, mine, owner="me"), RedisLease(redis, others, owner="other")
        assert await me.take_lease(2) == 1
        nursery.start_soon(me.hold, 2)
        for _ in range(50):
            await trio.sleep(0.3)
            assert await other.take_lease(2) is None
        redis.stop()
        await trio.sleep(1)
        redis.wake()
        nursery.cancel_scope.cancel()
    async with redis.connection() as connection:
        await trio.sleep(3)
        assert await RedisLease(redis, connection, owner="other").take_lease(2) == 2


async def test_who_comes_after_one_that_was_killed_waits_for_its_lease(autojump_clock):
    """And is refused where somebody keeps it."""
    redis = MemoryRedis()
    async with redis.connection() as connection:
        await RedisLease(redis, connection, owner="killed").take_lease(2)
        began = trio.current_time()
        heir = RedisLease(redis, connection, owner="heir")
        assert await heir.take_when_free(2, 3) == 2
        assert 1.9 < trio.current_time() - began < 2.3
        with pytest.raises(FeedError, match="another server leads the log at redis://memory/market"):
            await RedisLease(redis, connection, owner="third").take_when_free(2, 1)


@pytest.mark.parametrize("seed", range(4))
async def test_in_doubt_it_asks_again_and_has_one_term(autojump_clock, seed):
    """A term that was taken and not heard of is told again."""
    redis = MemoryRedis(doubt=doubts(seed, 0.5))
    terms = []
    for owner in range(10):
        while True:
            try:
                async with redis.connection() as connection:
                    terms.append(await RedisLease(redis, connection, owner=str(owner)).take_lease(0.5))
                break
            except RedisAway:
                pass
        await trio.sleep(1)
    assert terms == list(range(1, 11))
