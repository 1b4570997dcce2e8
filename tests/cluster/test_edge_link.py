"""Which way an edge goes, and what it is told where that goes not with other settings."""

import pytest

from feed import Settings
from feed.cluster.edge_link import link_of
from feed.cluster.local_link import LocalLink
from feed.cluster.redis.link import RedisLink
from feed.cluster.redis.server import serve_redis_sequencer
from feed.cluster.sequencer_server import sequencing
from feed.errors import ConfigError
from feed.settings import Cluster, Tokens

REDIS = "redis://me:hush@127.0.0.1:1/market"


@pytest.fixture
def key(tmp_path):
    file = tmp_path / "token.key"
    file.write_bytes(bytes(range(48)))
    return Tokens(key=file)


def link(place, **settings):
    return link_of(Settings(cluster=Cluster(follow=place), **settings), lambda: 0.0)


async def test_the_place_says_which_way(key):
    """A path of a socket, or the URL of a Redis, whose servers share a key."""
    assert isinstance(link("unix:/run/feed.sock"), LocalLink)
    there = link(REDIS, tokens=key)
    assert isinstance(there, RedisLink)
    assert (there.where, there.token_key) == ("redis://127.0.0.1:1/market", bytes(range(48)))


async def test_what_goes_not_together_is_told(key):
    """In one line, without the password."""
    for place, tokens, words in (
        ("unix:/run/feed.sock", key, "--follow: it does not go with --token-key"),
        (REDIS, Tokens(), "--follow: a log in Redis needs --token-key FILE"),
        ("redis://me:hush@127.0.0.1", key, "--follow: the URL of Redis must end in the name of the log"),
    ):
        with pytest.raises(ConfigError) as problem:
            link(place, tokens=tokens)
        assert str(problem.value).startswith(words)
        assert "hush" not in str(problem.value)


async def test_what_a_sequencer_is_not_started_with_is_told(key):
    """No key, or lockstep; and no workers, which would need a socket."""
    leads = Cluster(log=REDIS)
    for settings, words in (
        (Settings(cluster=leads), "--log: a log in Redis needs --token-key FILE"),
        (Settings(cluster=leads, tokens=key, lockstep=True), "--log: --log does not go with --lockstep"),
    ):
        with pytest.raises(ConfigError) as problem:
            await serve_redis_sequencer(settings)
        assert str(problem.value).startswith(words)
        assert "hush" not in str(problem.value)
    with (
        pytest.raises(ConfigError, match="--workers does not go with a log in Redis"),
        sequencing(Settings(cluster=leads), None, option="--workers"),
    ):
        pass
