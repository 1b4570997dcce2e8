import pytest

from feed.cluster.redis.url import RedisUrl, is_redis, parse_redis_url
from feed.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("redis://h/market", RedisUrl(host="h", name="market")),
        ("redis://h:7000/market", RedisUrl(host="h", port=7000, name="market")),
        ("redis://h/3/market", RedisUrl(host="h", database=3, name="market")),
        ("rediss://h/market", RedisUrl(host="h", name="market", encrypted=True)),
        ("redis://u:p%40ss@h/m.1_a-b", RedisUrl(host="h", name="m.1_a-b", user="u", password="p@ss")),
        ("redis://:secret@[::1]:1/m", RedisUrl(host="::1", port=1, name="m", password="secret")),
    ],
)
def test_the_path_ends_in_the_name_and_a_number_before_it_is_the_database(text, url):
    """Host, port, credentials, database and name are read."""
    assert parse_redis_url(text) == url
    assert is_redis(text)


@pytest.mark.parametrize(
    "text",
    [
        "redis://hunter2@/m",
        "redis://u:hunter2@h",
        "redis://u:hunter2@h/",
        "redis://u:hunter2@h/a b",
        "redis://u:hunter2@h/{m}",
        "redis://u:hunter2@h/x/m",
        "redis://u:hunter2@h/1/2/m",
        "redis://u:hunter2@h:port/m",
        "redis://u:hunter2@h/m?x=1",
        "redis://u:hunter2@h/m#1",
        "http://u:hunter2@h/m",
        "redis://u:hunter2@h/" + "m" * 65,
    ],
)
def test_what_is_no_such_url_is_refused_and_not_repeated(text):
    """A message says what to write, names the option, and never what was given: it may hold a password."""
    with pytest.raises(ConfigError) as found:
        parse_redis_url(text, option="--log")
    assert "hunter2" not in str(found.value)
    assert str(found.value).startswith("--log: ")
    assert "redis://" in found.value.hint


def test_a_password_is_never_shown():
    """Neither where the log is shown nor in a repr."""
    url = parse_redis_url("rediss://u:hunter2@h:1/2/m")
    assert "hunter2" not in repr(url)
    assert url.where == "rediss://h:1/2/m"
    assert parse_redis_url("redis://[::1]/m").where == "redis://[::1]/m"
