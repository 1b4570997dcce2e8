"""A server that others follow: as every server, and with a socket for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, Unpack

from feed.cluster.local_socket import listen_at, path_of
from feed.cluster.redis.server import serve_redis_sequencer
from feed.cluster.redis.url import is_redis
from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.snapshotting import process_beside
from feed.errors import ConfigError
from feed.server.playout import playing
from feed.server.serve import ServeOptions, serve_market
from feed.settings import Settings
from feed.stream.source import Source

_OPTION: Final = "--log"


async def serve_sequencer(
    settings: Settings,
    *,
    source: Source | None = None,
    **options: Unpack[ServeOptions],
) -> None:
    """
    Serve a market, and let other servers follow it at ``settings.cluster.log``.

    Args:
        settings: See :func:`feed.server.serve.serve`; likewise for the rest.
        source: See there.
        options: See there.

    Raises:
        ConfigError: As there, or nobody can be let in at that path.
    """
    if settings.cluster.log is not None and is_redis(settings.cluster.log):
        await serve_redis_sequencer(settings, source=source, **options)
        return
    with sequencing(settings, source, option=_OPTION) as (played, market):
        await serve_market(played, market, **options)


@contextmanager
def sequencing(
    settings: Settings, source: Source | None, *, option: str
) -> Iterator[tuple[Settings, SequencedMarket]]:
    """
    A market that can be followed, and the settings with which it is played.

    Args:
        settings: See :func:`serve_sequencer`.
        source: See there.
        option: That asks for it, for messages.
    Raises:
        ConfigError: See there.
    """
    if settings.lockstep:
        # It would wait for its own clients alone, and promise what it does not do for those of others.
        raise ConfigError(f"{option} does not go with --lockstep", where=option, hint="leave one of them out")
    with ExitStack() as open_sockets:
        listener = None
        if settings.cluster.log is not None:
            if is_redis(settings.cluster.log):
                raise ConfigError(
                    f"{option} does not go with a log in Redis",
                    where=option,
                    hint="start edges with --follow and the same URL",
                )
            local_socket = listen_at(path_of(settings.cluster.log), option=_OPTION)
            open_sockets.callback(local_socket.close)
            listener = local_socket.sock
        with playing(settings, source) as (played, playout):
            yield (
                played,
                SequencedMarket(played, playout, listener=listener, start=process_beside(settings.cluster)),
            )
