"""A worker: serves the clients of a server beside the process that has the market."""

from __future__ import annotations

from random import SystemRandom
from typing import Final, Unpack

import trio

from feed.cluster.edge import joined, serve_until_gap
from feed.cluster.local_link import Connect, LocalLink
from feed.cluster.snapshot import Snapshot
from feed.cluster.workers.setup import WorkerSetup, listeners_of, settings_of
from feed.errors import FeedError
from feed.server.serve import ServeOptions

_PARENT: Final = "the process that has the market"


class ParentGone(FeedError):
    """Nothing comes any more, and nobody is there to connect to."""

    def __init__(self) -> None:
        super().__init__(f"{_PARENT} has ended, or has left this one behind")


async def serve_worker(
    setup: WorkerSetup, stream: trio.abc.Stream, stop: trio.Event, /, **options: Unpack[ServeOptions]
) -> None:
    """
    Serve until it is stopped, the market is over, or its parent has gone; then all connections are closed.

    Args:
        setup: What to serve, and where.
        stream: The link to the parent.
        stop: Ends it gently.
        options: See :func:`feed.server.serve.serve`.
    Raises:
        ConfigError: The settings cannot be met any more.
        FeedError: What comes of the parent cannot be followed.
    """
    settings, random = settings_of(setup), SystemRandom()
    options["stop"], options["admin_key"] = stop, setup.admin_key
    listeners = listeners_of(setup, settings)
    link = LocalLink(_PARENT, _once(stream), name=setup.name, settings=settings.cluster, random=random.random)
    snapshot: Snapshot | None = None
    try:
        snapshot = await joined(link, stop)
    except* ParentGone:
        pass
    if snapshot is None:
        return
    gap = await serve_until_gap(link, snapshot, settings, listeners, worker=True, **options)
    if gap is not None and not isinstance(gap, ParentGone):
        raise gap


def _once(stream: trio.abc.Stream) -> Connect:
    """Gives a link once: a worker has no other."""
    left = [stream]

    async def connect() -> trio.abc.Stream:
        await trio.lowlevel.checkpoint()
        if not left:
            raise ParentGone
        return left.pop()

    return connect
