"""Which way an edge goes to the log that it follows."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from typing import Final

from feed.cluster.local_link import unix_link
from feed.cluster.ports import Link
from feed.cluster.redis.connection import CoredisServer
from feed.cluster.redis.link import RedisLink
from feed.cluster.redis.url import is_redis, parse_redis_url
from feed.errors import ConfigError
from feed.server.tokens import signing_key
from feed.settings import Settings

_OPTION: Final = "--follow"
_EDGE_BYTES: Final = 8


def link_of(settings: Settings, random: Callable[[], float]) -> Link:
    """
    A link to what ``settings.cluster.follow`` names.

    Args:
        settings: Of the edge.
        random: Draws from [0, 1), for waits.
    Raises:
        ConfigError: It is malformed, or goes with other settings.
    """
    place, cluster = settings.cluster.follow, settings.cluster
    assert place is not None  # noqa: S101 - or nobody would be followed
    name = f"edge-{os.getpid()}"
    if not is_redis(place):
        if settings.tokens.key is not None:
            raise ConfigError(
                f"it does not go with --token-key where {place} is followed",
                where=_OPTION,
                hint="say that where the market is",
            )
        return unix_link(place, name=name, settings=cluster, random=random)
    return RedisLink(
        CoredisServer(parse_redis_url(place, option=_OPTION), option=_OPTION),
        edge=secrets.token_hex(_EDGE_BYTES),
        name=f"{socket.gethostname()}-{name}",
        token_key=shared_token_key(settings, option=_OPTION),
        settings=cluster,
        random=random,
    )


def shared_token_key(settings: Settings, *, option: str) -> bytes:
    """
    The key of access tokens of a server of a log in Redis, by which servers cannot hand it to each other.

    Args:
        settings: Of one of them.
        option: That names the log, for messages.
    Raises:
        ConfigError: It is not told, or cannot be read.
    """
    if settings.tokens.key is None:
        raise ConfigError(
            "a log in Redis needs --token-key FILE",
            where=option,
            hint="give every server of the log the same file, of 32 random bytes or more",
        )
    return signing_key(settings.tokens.key, secrets.token_bytes)
