"""A server that others follow: as every server, and with a socket for them."""

from __future__ import annotations

from typing import Unpack

from feed.cluster.local_socket import listen_at, path_of
from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.snapshotting import process_beside
from feed.errors import ConfigError
from feed.server.playout import playing
from feed.server.serve import ServeOptions, serve_market
from feed.settings import Settings
from feed.stream.source import Source

_OPTION = "--log"


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
    assert settings.cluster.log is not None  # noqa: S101 - or it would not be asked to
    if settings.lockstep:
        # It would wait for its own clients alone, and promise what it does not do for those of others.
        raise ConfigError("--log does not go with --lockstep", where=_OPTION, hint="leave one of them out")
    local_socket = listen_at(path_of(settings.cluster.log), option=_OPTION)
    try:
        with playing(settings, source) as (played, playout):
            market = SequencedMarket(
                played,
                playout,
                listener=local_socket.sock,
                start=process_beside(settings.cluster),
            )
            await serve_market(played, market, **options)
    finally:
        local_socket.close()
