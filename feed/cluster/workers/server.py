"""A server that has one process for the market, and others for its clients."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from random import SystemRandom
from typing import Final, Unpack

import trio

from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.sequencer_server import sequencing
from feed.cluster.workers.process import process_starter
from feed.cluster.workers.setup import doors_of
from feed.cluster.workers.supervisor import Workers
from feed.server.adminkey import admin_key as made_up
from feed.server.bound_listeners import BoundListener, bind_listeners
from feed.server.certificates import self_signed
from feed.server.serve import ServeOptions, serve_market
from feed.settings import Settings
from feed.stream.source import Source

_OPTION: Final = "--workers"
_MORE_SECONDS: Final = 1.0  # that a worker may take to end once its connections are closed


async def serve_with_workers(
    settings: Settings,
    *,
    command: Sequence[str],
    reloads: Callable[[Callable[[], object]], object],
    source: Source | None = None,
    **options: Unpack[ServeOptions],
) -> None:
    """
    Serve a market with ``settings.cluster.workers`` processes that accept clients; this one accepts none.

    Clients may connect as soon as the market is open, and wait until the first worker has loaded.

    Args:
        settings: See :func:`feed.server.serve.serve`; likewise for the rest.
        command: That runs a worker, see :func:`feed.cluster.workers.process.process_starter`.
        reloads: Given what lets workers read the keys file again.
        source: See there.
        options: See there.

    Raises:
        ConfigError: As there, or no worker can be run.
    """
    with sequencing(settings, source, option=_OPTION) as (played, market):
        key = options.get("admin_key") or made_up(settings.admin_key, secrets.token_bytes)
        certificate = self_signed(played) if played.tls.wanted and played.tls.cert is None else b""
        bound = await bind_listeners(played, certificate)
        workers = Workers(
            played.cluster.workers,
            process_starter(played, command, doors_of(bound), certificate=certificate, admin_key=key),
            partial(_serve_link, market),
            seconds=played.limits.shutdown_seconds + _MORE_SECONDS,
            random=SystemRandom().random,
        )
        reloads(workers.reload)
        options["admin_key"] = key
        try:
            await _serve(played, market, workers, bound, **options)
        finally:
            for _, sock in bound:
                sock.close()


async def _serve(
    settings: Settings,
    market: SequencedMarket,
    workers: Workers,
    bound: list[BoundListener],
    **options: Unpack[ServeOptions],
) -> None:
    """Serve until stopped: workers end first, so that their clients miss nothing up to their last message."""
    stop, over = options.get("stop"), trio.Event()
    if stop is None:
        stop = trio.Event()
    options["stop"] = over
    started = options.pop("task_status", trio.TASK_STATUS_IGNORED)
    ended = trio.Event()  # of all workers

    async def have_workers() -> None:
        await workers.run()
        ended.set()
        over.set()

    opened = False

    async def end() -> None:
        await stop.wait()
        workers.stop()
        if not opened:  # such as while it computes what has happened since its data folder was left
            over.set()
            return
        for _, sock in bound:
            sock.close()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(end)
        async with trio.open_nursery() as serving:
            addresses = await serving.start(
                partial(serve_market, settings, market, listeners=bound, accepts=False, **options)
            )
            if not addresses:  # it was stopped before anybody could connect
                started.started([])
                return
            opened = True
            nursery.start_soon(have_workers)
            started.started(addresses)
        # Stopped, or the market is over: then it is so for workers too, which know by themselves what to do.
        workers.expect_end()
        await ended.wait()
        nursery.cancel_scope.cancel()


async def _serve_link(
    market: SequencedMarket, stream: trio.abc.Stream, follows: Callable[[], object]
) -> None:
    assert market.log is not None  # noqa: S101 - it was opened
    await market.log.serve_link(stream, worker=True, follows=follows)
