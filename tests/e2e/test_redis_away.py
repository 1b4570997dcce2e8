"""What clients of a server see whose log is in Redis, while that stands still, is full, or is another's."""

import signal

import pytest
from listening import ALERT, ALERTS, SMALL, begin, get, hear, listen, until
from redis_servers import needs_redis, redis_server
from websockets.exceptions import ConnectionClosed

pytestmark = [pytest.mark.e2e, needs_redis]


@pytest.fixture
def redis(tmp_path):
    """A Redis of this test's own."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server(folder, "--maxmemory-policy", "noeviction") as running:
        yield running


@pytest.fixture
def key(tmp_path):
    """What all servers sign access tokens with."""
    file = tmp_path / "token.key"
    file.write_bytes(bytes(range(48)))
    return ("--token-key", file)


def used_memory(redis):
    lines = redis.cli("INFO", "memory").splitlines()
    return int(next(line for line in lines if line.startswith("used_memory:")).split(":")[1])


def test_market_time_stands_while_redis_does_and_nobody_misses_anything(serve, redis, key):
    """What is asked is answered from what is known; what would be changed is refused; then it goes on."""
    _, server = serve(*SMALL, *key, "--log", redis.url)
    with listen(server) as client:
        since, told = begin(hear(client, 300))
        redis.stop()
        until(lambda: get(server, "/readyz")[0] == 503)
        assert "market time stands still" in get(server, "/readyz")[1]
        assert get(server, "/v1/market/book?symbol=BTC-USD")[0] == 200
        assert get(server, ALERTS, ALERT)[0] == 503
        redis.wake()
        until(lambda: get(server, "/readyz")[0] == 200)
        told += hear(client, 300)
        redis.cli("CONFIG", "SET", "maxmemory", str(used_memory(redis)))
        until(lambda: get(server, "/readyz")[0] == 503)
        assert "OOM" in get(server, "/readyz")[1]
        assert get(server, "/v1/market/book?symbol=BTC-USD")[0] == 200
        redis.cli("CONFIG", "SET", "maxmemory", "0")
        until(lambda: get(server, "/readyz")[0] == 200)
        told += hear(client, 300)
    with listen(server, since=since) as whole:
        assert hear(whole, len(told)) == told


def test_a_leader_that_slept_while_another_took_over_tells_nobody_anything_more(serve, redis, key):
    """It closes its clients with 1012 and ends; what it would have told next is nowhere."""
    first, server = serve(*SMALL, *key, "--log", redis.url)
    with listen(server) as client:
        hear(client, 100)
        first.process.send_signal(signal.SIGSTOP)
        until(lambda: redis.cli("GET", "{market}:lease") == "")  # it has run out
        _, other = serve(*SMALL, *key, "--log", redis.url, "--new-history")
        assert redis.cli("GET", "{market}:head").startswith("2-")
        first.process.send_signal(signal.SIGCONT)
        with pytest.raises(ConnectionClosed):
            hear(client, 1_000_000)
        assert client.close_code == 1012
    code, _ = first.rest()
    assert code != 0
    assert "another server leads" in first.errors
    assert "Traceback" not in first.errors
    assert redis.cli("GET", "{market}:head").startswith("2-")
    with listen(other) as client:
        hear(client, 100)


def test_a_sequencer_with_a_folder_goes_on_unless_another_has_led_since(feed, serve, redis, key, tmp_path):
    """Killed and started again it has the same history; after another server it must not lead."""
    mine = (*SMALL, *key, "--log", redis.url, "--data", tmp_path / "data")
    first, server = serve(*mine)
    with listen(server) as client:
        since, told = begin(hear(client, 200))
        first.process.kill()
    first, server = serve(*mine)
    assert redis.cli("GET", "{market}:head").startswith("2-")
    with listen(server, since=since) as again:
        assert hear(again, len(told)) == told
    first.process.kill()
    other, _ = serve(*SMALL, *key, "--log", redis.url, "--new-history")
    other.process.kill()
    late = feed("serve", "--port", 0, *mine)
    assert late.rest()[0] == 2
    assert f"redis://127.0.0.1:{redis.port}/market" in late.errors
    assert "--new-history" in late.errors
    assert redis.cli("GET", "{market}:head").startswith("3-")
