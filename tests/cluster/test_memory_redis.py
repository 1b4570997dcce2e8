import pytest
import trio
from memory_redis import MemoryRedis, doubts
from redis_servers import needs_redis, redis_server

from feed.cluster.redis.connection import RedisAway, RedisRefused
from feed.cluster.redis.script import APPEND, APPEND_AGAIN, LEAD, RENEW, RESIGN, RESTORE, run_script

LOG, HEAD, LEASE, TERM = "{m}:log", "{m}:head", "{m}:lease", "{m}:term"


async def _said(connection, *parts):
    try:
        return await connection.command(*parts)
    except RedisRefused as refused:
        return refused.text


async def _conversation(connection):
    """What a Redis says to all commands that a log needs."""
    said = []

    async def say(*parts):
        said.append((parts, await _said(connection, *parts)))

    async def script(which, *parts):
        said.append((parts, await run_script(connection, which, *parts)))

    for parts in [
        ("PING",),
        ("GET", "a"),
        ("SET", "a", b"1"),
        ("SET", "a", b"2", "NX", "PX", 5000),
        ("SET", "b", b"2", "NX", "PX", 5000),
        ("GET", "a"),
        ("DEL", "a", "b", "c"),
        ("HSET", "h", "one", b"1", "two", b"2"),
        ("HSET", "h", "one", b"3"),
        ("HGETALL", "h"),
        ("HGET", "h", "none"),
        ("HDEL", "h", "one", "three"),
        ("HDEL", "h", "two"),
        ("HGETALL", "h"),
        ("EXISTS", "h"),
        ("XADD", "s", "1-1", "f", b"\0\xff", "g", "2"),
        ("XADD", "s", "1-2", "f", "1"),
        ("XADD", "s", "2-900", "f", "1"),
        ("XLEN", "s"),
        ("XREAD", "COUNT", 2, "STREAMS", "s", "0-0"),
        ("XREAD", "COUNT", 2, "BLOCK", 10, "STREAMS", "s", "1-2"),
        ("XREAD", "BLOCK", 10, "STREAMS", "s", "$"),
        ("XREAD", "STREAMS", "none", "0-0"),
        ("XRANGE", "s", "-", "+"),
        ("XRANGE", "s", "(1-1", "1-5", "COUNT", 1),
        ("XREVRANGE", "s", "+", "-", "COUNT", 1),
        ("XTRIM", "s", "MINID", "=", "1-2"),
        ("XADD", "s", "MAXLEN", "=", 1, "3-1", "f", "1"),
        ("XLEN", "s"),
        ("XTRIM", "s", "MAXLEN", "=", 0),
        ("EXPIRE", "s", 100),
        ("PEXPIRE", "none", 100),
    ]:
        await say(*parts)
    await script(APPEND, LOG, HEAD, "0-0 0", "1-1", "5-0000abcd", b"body")
    await script(APPEND, LOG, HEAD, "0-0 0", "1-1", "5-0000abcd", b"body")
    await script(APPEND, LOG, HEAD, "0-0 0", "1-2", "7-0000abcd", b"other")
    await script(APPEND, LOG, HEAD, "1-1 5-0000abcd", "1-2", "7-0000abcd", b"other")
    await say("XRANGE", LOG, "-", "+")
    await say("GET", HEAD)
    await script(LEAD, LEASE, TERM, HEAD, "me", 60_000, 0)
    await script(LEAD, LEASE, TERM, HEAD, "me", 60_000, 0)
    await script(LEAD, LEASE, TERM, HEAD, "you", 60_000, 0)
    await script(RENEW, LEASE, "me", 60_000)
    await script(RENEW, LEASE, "you", 60_000)
    await script(RESIGN, LEASE, "you")
    await script(RESIGN, LEASE, "me")
    await script(RESIGN, LEASE, "me")
    await script(RENEW, LEASE, "me", 60_000)
    await script(RESTORE, LOG, HEAD, "0-0 0", "1-1 5-0000abcd")
    await script(RESTORE, LOG, HEAD, "1-2 7-0000abcd", "1-1 5-0000abcd")
    await script(RESTORE, LOG, HEAD, "1-2 7-0000abcd", "1-1 5-0000abcd")
    await say("XLEN", LOG)
    await script(APPEND, LOG, HEAD, "1-1 5-0000abcd", "1-2", "7-0000abcd", b"other")
    three = ("1-3", "8-0000abcd", b"3", "1-4", "8-0000abcd", b"", "2-1", "9-0000abcd", b"5")
    await script(APPEND_AGAIN, LOG, HEAD, "1-1 5-0000abcd", *three)
    await script(APPEND_AGAIN, LOG, HEAD, "1-2 7-0000abcd", *three)
    await say("XRANGE", LOG, "-", "+")
    await say("GET", HEAD)
    await say("XADD", LOG, "1-1", "f", "1")
    await say("SCAN", 0, "MATCH", "{m}:log*", "COUNT", 1000)
    await say("EVALSHA", "0" * 40, 0)
    await say("NOSUCH")
    return said


@pytest.mark.e2e
@needs_redis
async def test_the_redis_in_memory_says_what_a_real_one_says(tmp_path):
    """Each command and script that a log needs has the same reply, down to types and codes of errors."""
    async with MemoryRedis().connection() as connection:
        here = await _conversation(connection)
    with redis_server(tmp_path) as redis:
        async with redis.server.connection() as connection:
            real = await _conversation(connection)
    for (parts, mine), (_, its) in zip(here, real, strict=True):
        if isinstance(its, str):
            assert mine[:6] == its[:6], parts
        else:
            assert mine == its, parts


@pytest.mark.e2e
@needs_redis
async def test_a_full_redis_refuses_to_append_and_still_trims(tmp_path):
    """The refusal is known as such, also inside a script, and nothing of the script was done."""
    with redis_server(tmp_path, "--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as redis:
        for one in (redis.server, _full()):
            async with one.connection() as connection:
                head = b"0-0 0"
                full = False
                try:
                    for number in range(1, 100):
                        place = f"1-{number}"
                        reply = await run_script(
                            connection, APPEND, LOG, HEAD, head, place, "1-0", bytes(100_000)
                        )
                        head = reply[1]
                except RedisRefused as refused:
                    full = refused.full
                assert full
                assert await connection.command("GET", HEAD) == head
                assert (await connection.command("XREVRANGE", LOG, "+", "-", "COUNT", 1))[0][0] == (
                    head.split()[0]
                )
                await connection.command("XTRIM", LOG, "MAXLEN", "=", 1)
                number = int(head.split()[0].split(b"-")[1]) + 1
                reply = await run_script(connection, APPEND, LOG, HEAD, head, f"1-{number}", "1-0", b"x")
                assert reply[0] == b"OK"


def _full():
    redis = MemoryRedis()
    redis.data.most_bytes = 1_000_000
    return redis


async def test_a_blocked_read_hears_of_a_new_entry_and_ends_in_time(autojump_clock):
    """It waits as long as it says, and no longer than until something comes."""
    redis = MemoryRedis()
    async with redis.connection() as reader, redis.connection() as writer, trio.open_nursery() as nursery:
        began = trio.current_time()
        assert await reader.command("XREAD", "BLOCK", 500, "STREAMS", "s", "0-0") is None
        assert trio.current_time() - began == pytest.approx(0.5)

        async def write():
            await trio.sleep(0.2)
            await writer.command("XADD", "s", "1-1", "f", "v")

        nursery.start_soon(write)
        found = await reader.command("XREAD", "BLOCK", 500, "STREAMS", "s", "$")
        assert found == {b"s": [[b"1-1", [b"f", b"v"]]]}
        assert trio.current_time() - began == pytest.approx(0.7)


async def test_what_is_sent_to_a_stopped_redis_is_carried_out_when_it_wakes(autojump_clock):
    """The sender hears nothing and must not conclude from that: the connection is of no use any more."""
    redis = MemoryRedis()
    async with redis.connection() as connection:
        redis.stop()
        with pytest.raises(RedisAway):
            await connection.command("SET", "a", "1")
        with pytest.raises(RedisAway):
            await connection.command("GET", "a")
        with pytest.raises(RedisAway):
            async with redis.connection():
                pass
    redis.wake()
    async with redis.connection() as connection:
        assert await connection.command("GET", "a") == b"1"


async def test_of_commands_in_doubt_some_were_carried_out(autojump_clock):
    """Losing the answer is not losing the command."""
    redis = MemoryRedis(doubt=doubts(1, 0.5))
    heard = 0
    for number in range(100):
        try:
            async with redis.connection() as connection:
                await connection.command("XADD", "s", f"1-{number + 1}", "f", "v")
            heard += 1
        except RedisAway:
            pass
    assert 30 < heard < len(redis.stream("s")) < 95
