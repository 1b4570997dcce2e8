"""The log in a real Redis, which is killed, stopped, filled and led by two: one history, nothing lost."""

import shutil

import pytest
import trio
import trustme
from blocks import START, blocks_after
from ports import free_port
from redis_histories import history_of, leading
from redis_servers import needs_redis, redis_server

from feed.cluster.redis.connection import CoredisServer
from feed.cluster.redis.format import Names, parse_head
from feed.cluster.redis.joining import fields_of
from feed.cluster.redis.lease import RedisLease
from feed.cluster.redis.log import Fenced
from feed.cluster.redis.url import parse_redis_url
from feed.errors import FeedError

pytestmark = [pytest.mark.e2e, needs_redis]

NAMES = Names("market")


async def _history(server):
    async with server.connection() as connection:
        found = await connection.command("XRANGE", NAMES.log, "-", "+")
    return history_of((identifier, fields_of(flat)) for identifier, flat in found)


async def until(happened):
    """Wait for something that nobody tells of."""
    with trio.fail_after(60):
        while not happened():  # noqa: ASYNC110 - nobody sets an event
            await trio.sleep(0.01)


async def appended(log, number):
    await until(lambda: log.place[1] >= number)


async def test_what_becomes_of_redis_shows_in_no_history(tmp_path):
    """It is killed, loses everything, stands still and loses connections while somebody appends."""
    blocks = blocks_after(START, 400, size=3)
    with redis_server(tmp_path) as redis:
        async with leading(redis.server, retain_bytes=1 << 24) as log, trio.open_nursery() as nursery:

            async def append():
                for block in blocks:
                    await log.append(block)
                    await trio.sleep(0.002)

            nursery.start_soon(append)
            await appended(log, 50)
            redis.kill()
            await trio.sleep(0.2)
            redis.start()
            await appended(log, 150)
            redis.kill()
            shutil.rmtree(tmp_path / "appendonlydir")
            redis.start()
            await appended(log, 250)
            assert log.emptied == 1
            assert log.restored > 100
            redis.stop()
            await trio.sleep(2.5)  # longer than a command may take
            redis.wake()
            for number in range(300, 400, 40):
                await appended(log, number)
                redis.cli("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
            await appended(log, 400)
        assert log.repeated
        assert await _history(redis.server) == blocks


async def test_an_append_waits_while_it_is_full(tmp_path):
    """Nothing is lost, and it goes on by itself once there is room."""
    blocks = blocks_after(START, 400, size=500)
    needed, asked = [], []

    def make_room():
        asked.extend(needed)
        return needed[0] if needed else None

    with redis_server(tmp_path, "--maxmemory-policy", "noeviction") as redis:
        async with leading(redis.server, make_room=make_room) as log:
            await log.append(blocks[0])
            used = next(
                line.split(":")[1].strip()
                for line in redis.cli("INFO", "memory").splitlines()
                if line.startswith("used_memory:")
            )
            redis.cli("CONFIG", "SET", "maxmemory", str(int(used) + 400_000))
            async with trio.open_nursery() as nursery:

                async def append():
                    for block in blocks[1:]:
                        await log.append(block)
                    nursery.cancel_scope.cancel()

                nursery.start_soon(append)
                await until(lambda: "OOM" in log.waits)
                # What Redis uses goes down by itself, as its buffers do: one more block might find room.
                redis.cli("CONFIG", "SET", "maxmemory", str(int(used) + 200_000))
                stands = log.place
                needed.append(stands)
                await until(lambda: asked and log.place > stands)
                redis.cli("CONFIG", "SET", "maxmemory", "0")
        async with redis.server.connection() as connection:
            left = await connection.command("XRANGE", NAMES.log, "-", "+")
        assert left[0][0] == b"%d-%d" % stands
        assert left[-1][0] == b"1-400"
        assert len(left) == 400 - stands[1] + 1


async def test_who_slept_while_another_took_over_appends_nothing(tmp_path):
    """The lease of the one runs out, the other opens a term, and the first wakes up."""
    blocks = blocks_after(START, 6)
    with redis_server(tmp_path) as redis:
        server = redis.server
        async with leading(server) as old, server.connection() as connection:
            first, second = (RedisLease(server, connection, owner=name) for name in ("first", "second"))
            # Long enough for a busy machine to come to the next line; then it runs out.
            assert await first.take_lease(60) == 1
            assert await second.take_lease(60) is None
            assert await connection.command("PEXPIRE", NAMES.lease, 300)
            for block in blocks[:3]:
                await old.append(block)
            term = await second.take_when_free(60, 60)
            after = await second.newest()
            assert (term, after) == (2, ((1, 3), blocks[2].ends))
            await old.append(blocks[3])  # it may as long as the other has not appended
            async with leading(server, term=term, after=after) as early:
                with pytest.raises(Fenced) as fenced:
                    await early.append(blocks[3])
            async with leading(server, term=term, after=parse_head(fenced.value.head)) as new:
                await new.append(blocks[4])
                with pytest.raises(Fenced):
                    await old.append(blocks[4])
                await new.append(blocks[5])
            assert not await first.renew_lease(0.3)
        assert await _history(server) == blocks


async def test_password_database_and_tls_of_the_url_are_those_of_the_connection(tmp_path, monkeypatch):
    """And a wrong password, a missing database or an unknown certificate is told in one line, without it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    pem = str(tmp_path / "server.pem")
    port = free_port()
    encrypted = ("--tls-port", str(port), "--tls-cert-file", pem, "--tls-key-file", pem)
    more = ("--tls-ca-cert-file", str(tmp_path / "ca.pem"), "--tls-auth-clients", "no")
    only = ("--requirepass", "hush hush", "--databases", "4")
    with redis_server(tmp_path, *encrypted, *more, *only) as redis:

        async def said(url):
            try:
                async with CoredisServer(parse_redis_url(url)).connection() as connection:
                    await connection.command("SET", "a", url)
                    return await connection.command("CLIENT", "INFO")
            except FeedError as problem:
                return str(problem)

        right = "default:hush%20hush@"
        assert b" db=3 " in await said(f"redis://{right}127.0.0.1:{redis.port}/3/m")
        for url in (
            f"redis://default:wrong@127.0.0.1:{redis.port}/m",
            f"redis://127.0.0.1:{redis.port}/m",
            f"redis://{right}127.0.0.1:{redis.port}/9/m",
            f"rediss://{right}localhost:{port}/m",
        ):
            problem = await said(url)
            assert isinstance(problem, str), url
            assert "hush" not in problem
            assert "\n" not in problem
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert b" db=1 " in await said(f"rediss://{right}localhost:{port}/1/m")
