"""The log in Redis as its leader writes it: one history, nothing accepted is missing, whatever Redis does."""

from random import Random

import pytest
import trio
from blocks import START, blocks_after
from memory_redis import MemoryRedis, doubts
from redis_histories import chained, history_of, leading

from feed.cluster.block import Missing, rows_of
from feed.cluster.redis.format import NO_HEAD, Names, parse_head
from feed.cluster.redis.log import Fenced

NAMES = Names("market")


def entries(redis):
    """The entries of a log; the head is that of the last."""
    found = chained(redis.stream(NAMES.log))
    if found:
        identifier, block = found[-1]
        assert redis.data.values[NAMES.head.encode()] == identifier + b" " + block.ends.text.encode()
    return found


def history(redis):
    """The blocks of a log, each of which must follow the one before."""
    return history_of(redis.stream(NAMES.log))


async def test_what_is_appended_stands_there_behind_the_head_before_it(autojump_clock):
    """Each block has its place as identifier, and names the head before it."""
    redis = MemoryRedis()
    blocks = blocks_after(START, 3, size=200)
    async with leading(redis, term=4) as log:
        assert [await log.append(one) for one in blocks] == [(4, 1), (4, 2), (4, 3)]
        assert log.place == (4, 3)
    assert history(redis) == blocks
    assert [one for one, _ in entries(redis)] == [b"4-1", b"4-2", b"4-3"]
    assert redis.stream(NAMES.log)[0][1][b"p"] == NO_HEAD
    assert log.head == redis.data.values[NAMES.head.encode()]
    assert (log.appends, log.repeated, log.restored) == (3, 0, 0)


@pytest.mark.parametrize("seed", range(5))
async def test_an_append_in_doubt_is_sent_again_until_it_is_known(autojump_clock, seed):
    """Commands and answers are lost, connections die: each block is there once, in order."""
    chance = Random(seed)
    redis = MemoryRedis(doubt=doubts(seed, 0.3), delay=lambda: chance.choice([0.0, 0.001, 0.4]))
    blocks = blocks_after(START, 60)
    async with leading(redis) as log, trio.open_nursery() as nursery:

        async def kill():
            while True:
                await trio.sleep(chance.random() * 5)
                redis.kill()

        nursery.start_soon(kill)
        for number, block in enumerate(blocks, 1):
            assert await log.append(block) == (1, number)
        nursery.cancel_scope.cancel()
    assert history(redis) == blocks
    assert log.repeated > 10


async def test_a_redis_that_stood_still_has_an_append_once(autojump_clock):
    """What reached it meanwhile is carried out when it wakes, and the same again is a duplicate."""
    redis = MemoryRedis()
    first, second, third = blocks_after(START, 3)
    async with leading(redis) as log, trio.open_nursery() as nursery:
        await log.append(first)
        redis.stop()
        nursery.start_soon(log.append, second)
        await trio.sleep(7)
        assert log.waits
        assert log.place == (1, 1)
        redis.wake()
        await trio.sleep(1)
        assert log.place == (1, 2)
        assert not log.waits
        await log.append(third)
    assert history(redis) == [first, second, third]


@pytest.mark.parametrize("known", [0, 2])
async def test_a_redis_that_lost_everything_is_given_what_is_kept(autojump_clock, known):
    """With the same identifiers and heads: who has read it goes on, and sees neither a gap nor a double."""
    redis = MemoryRedis()
    blocks = blocks_after(START, 8)
    after = ((1, known), blocks[known - 1].ends) if known else None
    async with leading(redis, term=2, after=after) as log:
        if known:
            redis.data.values[NAMES.head.encode()] = b"1-%d " % known + blocks[known - 1].ends.text.encode()
        for block in blocks[known:6]:
            await log.append(block)
        before = redis.stream(NAMES.log)
        redis.down(lose=True)
        redis.up()
        await log.append(blocks[6])
        assert redis.stream(NAMES.log)[:-1] == before
        await log.append(blocks[7])
        assert [block for _, block in entries(redis)] == blocks[known:]
        assert log.emptied == 1
        assert log.restored == 6 - known


async def test_what_is_kept_no_more_is_a_gap_that_is_seen(autojump_clock):
    """The log begins later then: who has not read so far sees that something is missing."""
    redis = MemoryRedis()
    blocks = blocks_after(START, 40)
    async with leading(redis, retain_bytes=600) as log:
        for block in blocks[:39]:
            await log.append(block)
        oldest = log.retained.oldest
        assert oldest > (1, 1)
        redis.down(lose=True)
        redis.up()
        await log.append(blocks[39])
    found = entries(redis)
    assert [block for _, block in found] == blocks[oldest[1] - 1 :]
    with pytest.raises(Missing):
        rows_of(found[0][1], START)


@pytest.mark.parametrize("seed", [None, 1, 2])
async def test_a_redis_that_lost_the_last_blocks_gets_them_again(autojump_clock, seed):
    """Also while answers are lost."""
    redis = MemoryRedis(doubt=doubts(seed, 0.2 if seed else 0))
    blocks = blocks_after(START, 9)
    async with leading(redis) as log:
        for block in blocks[:8]:
            await log.append(block)
        before = redis.stream(NAMES.log)
        redis.lose_tail(5)
        await log.append(blocks[8])
    assert redis.stream(NAMES.log)[:-1] == before
    assert history(redis) == blocks
    assert log.restored >= (5 if seed is None else 1)


@pytest.mark.parametrize("most", [1 << 18, 8192])
async def test_lost_blocks_are_appended_again_many_at_a_time(autojump_clock, monkeypatch, most):
    """Hundreds that wait for a round trip each would be market time that stands still."""
    monkeypatch.setattr("feed.cluster.redis.log._AGAIN_BYTES", most)
    redis = MemoryRedis()
    blocks = blocks_after(START, 400)
    async with leading(redis) as log:
        for block in blocks[:399]:
            await log.append(block)
        redis.down(lose=True)
        redis.up()
        redis.delay = lambda: 0.1
        began = trio.current_time()
        await log.append(blocks[399])
        assert trio.current_time() - began < 5
    assert history(redis) == blocks
    assert log.restored == 399


async def test_who_leads_no_more_is_told_and_appends_nothing(autojump_clock):
    """Neither its next block nor, after a loss, its earlier ones come behind those of another."""
    redis = MemoryRedis()
    blocks = blocks_after(START, 5)
    async with leading(redis, term=1) as old:
        await old.append(blocks[0])
        await old.append(blocks[1])
        async with leading(redis, term=2, after=parse_head(old.head)) as new:
            await new.append(blocks[2])
            with pytest.raises(Fenced) as fenced:
                await old.append(blocks[2])
            assert fenced.value.head == new.head
            redis.down(lose=True)
            redis.up()
            await new.append(blocks[3])
            with pytest.raises(Fenced):
                await old.append(blocks[3])
            await new.append(blocks[4])
    assert [block for _, block in entries(redis)] == blocks[2:]
    assert redis.stream(NAMES.log)[0][1][b"p"] == b"1-2 " + blocks[1].ends.text.encode()


@pytest.mark.parametrize("seed", range(20))
async def test_however_many_believe_to_lead_there_is_one_history(autojump_clock, seed):
    """
    Each takes over where it likes, in the middle of the others' appends, on a bad network: the blocks in
    Redis follow one another, and all that anybody was told to be accepted is among them.
    """
    chance = Random(seed)
    redis = MemoryRedis(doubt=doubts(seed, 0.2), delay=lambda: chance.choice([0.0, 0.002, 0.02]))
    accepted, refused = [], 0

    async def lead(term):
        nonlocal refused
        for _ in range(8):
            await trio.sleep(chance.random())
            head = parse_head(redis.data.values.get(NAMES.head.encode()))
            number = 10 * term + refused * 100 + len(accepted) * 1000  # a term of its own
            if head is not None:
                number = max(number, head[0][0] + 1)
            async with leading(redis, term=number, after=head) as log:
                position = START if head is None else head[1]
                try:
                    for block in blocks_after(position, chance.randint(1, 12), size=chance.randint(1, 3)):
                        accepted.append((await log.append(block), block))  # noqa: PERF401 - one by one
                except Fenced:
                    refused += 1

    async with trio.open_nursery() as nursery:
        for term in range(3):
            nursery.start_soon(lead, term)
    found = history(redis)
    told = dict(entries(redis))
    assert len(found) == len(told) > 20
    for place, block in accepted:
        assert told[b"%d-%d" % place] == block
    assert refused


async def test_an_append_waits_while_redis_is_full_and_room_is_made(autojump_clock):
    """What nobody needs is trimmed, the append goes on, and the operator is told why it waited."""
    redis = MemoryRedis()
    needed = []
    blocks = blocks_after(START, 30, size=100)
    async with leading(redis, make_room=lambda: needed[0] if needed else None) as log:
        redis.data.most_bytes = 3_000
        with trio.move_on_after(10):
            for block in blocks:
                await log.append(block)
        stands = log.place
        assert stands[1] < 30
        assert "OOM" in log.waits
        needed.append((1, stands[1] - 3))
        for block in blocks[stands[1] :]:
            await log.append(block)
            needed[0] = (1, log.place[1] - 3)
        assert not log.waits
    assert [block for _, block in entries(redis)][-3:] == blocks[-3:]
