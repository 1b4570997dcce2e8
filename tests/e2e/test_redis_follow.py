"""Servers of one market over a real Redis, as operators have them."""

import pytest
from listening import SMALL, begin, figure, get, hear, listen, position, seq, until
from redis_servers import needs_redis, redis_server

pytestmark = [pytest.mark.e2e, needs_redis]


@pytest.fixture
def redis(tmp_path):
    """A Redis of this test's own."""
    folder = tmp_path / "redis"
    folder.mkdir()
    with redis_server(folder) as running:
        yield running


@pytest.fixture
def key(tmp_path):
    """What all servers sign access tokens with."""
    file = tmp_path / "token.key"
    file.write_bytes(bytes(range(48)))
    return ("--token-key", file)


def between(told, start, end):
    """Those of some messages that are after one event and up to another."""
    return [text for text in told if start < seq(text) <= end]


def test_two_edges_say_what_the_sequencer_says_and_outlive_redis_and_each_other(serve, redis, key):
    """Byte for byte; Redis is killed and comes back, one edge is killed: nobody misses anything."""
    _, direct = serve(*SMALL, *key, "--log", redis.url)
    one, first = serve(*key, "--follow", redis.url)
    two, second = serve(*key, "--follow", redis.url)
    with listen(direct) as at_sequencer, listen(first) as at_one, listen(second) as at_two:
        clients = (at_sequencer, at_one, at_two)
        began = [begin(hear(client, 300)) for client in clients]
        redis.kill()
        until(lambda: get(first, "/readyz")[0] == 503 or "Redis is away" in one.errors)
        assert get(first, "/v1/market/book?symbol=BTC-USD")[0] == 200
        redis.start()
        told = [texts + hear(client, 300) for (_, texts), client in zip(began, clients, strict=True)]
        end = max(seq(texts[-1]) for texts in told)
        told = [texts + hear(client, 0, end + 1) for texts, client in zip(told, clients, strict=True)]
        start = max(seq(texts[0]) for texts in told)
        parts = [between(texts, start, end) for texts in told]
        assert parts[0] == parts[1] == parts[2]
        assert len(parts[0]) > 300
        one.process.kill()
        (since, _), heard = began[1], told[1]
        with listen(second, since=position(heard[-1])) as again:
            heard = heard + hear(again, 200)
        with listen(direct, since=since) as whole:
            assert hear(whole, len(heard)) == heard
    until(lambda: "Redis is there again" in two.errors)
    assert figure(direct, "feed_redis_up") == 1


def test_what_does_not_go_is_told_in_one_line_without_the_password(feed, redis, key):
    """A log that is not there, and a password that is wrong."""
    for url, words in (
        (redis.url, "there is no log at redis://127.0.0.1:"),
        (redis.url.replace("redis://", "redis://nobody:hush@"), "invalid username-password pair"),
    ):
        process = feed("serve", "--port", 0, "--follow", url, *key)
        assert process.rest()[0] == 2, process.errors
        assert words in process.errors
        assert "hush" not in process.errors
        assert len(process.errors.splitlines()) == 1
