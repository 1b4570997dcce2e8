"""A server that follows another: it serves clients with the bytes that the other would send them."""

from __future__ import annotations

import time
from collections.abc import Callable
from operator import attrgetter
from random import Random, SystemRandom
from typing import Final, Unpack

import structlog
import trio

from feed.checkpoint.engine import engine_digest
from feed.cluster.edge_link import link_of
from feed.cluster.edge_market import EdgeMarket
from feed.cluster.ports import Link
from feed.cluster.snapshot import Snapshot
from feed.errors import ConfigError, FeedError
from feed.server import close_reason
from feed.server.bound_listeners import BoundListener, bind_listeners
from feed.server.closing import close_connections
from feed.server.serve import ServeOptions, serve_market
from feed.settings import Settings

log = structlog.get_logger("feed.edge")

_AGAIN_SECONDS: Final = 1.0  # before it begins anew: what is wrong may be so still

# What only a server with a market of its own is told: the option, and how it is left.
_NOT_HERE: Final[tuple[tuple[str, Callable[[Settings], object]], ...]] = (
    ("--log", lambda it: it.cluster.log),
    ("--standby", lambda it: it.cluster.standby),
    ("--workers", lambda it: it.cluster.workers),
    ("--data", lambda it: it.durability.directory),
    ("--sync", lambda it: it.durability.sync),
    ("--downtime", lambda it: it.durability.downtime),
    ("--new-history", lambda it: it.durability.new_history),
    ("--scenario", lambda it: it.scenario),
    ("--record", lambda it: it.record),
    ("--journal", lambda it: it.journal),
    ("--seed", lambda it: it.seed),
    ("--start", lambda it: it.start),
    ("--until", lambda it: it.until),
    ("--instruments", lambda it: it.instruments),
    ("--sessions", lambda it: it.sessions),
    ("--lockstep", lambda it: it.lockstep),
    ("--wait-clients", lambda it: it.wait_clients),
    ("--speed", lambda it: it.speed),
    ("--at-end loop", lambda it: it.at_end == "loop"),
    ("--deposit", lambda it: it.trading.deposit),
    ("--recorded-orders", lambda it: it.trading.recorded_orders),
    ("--recorded-cancels", lambda it: it.trading.recorded_cancels),
    ("--webhook-allow", lambda it: it.webhooks.allow),
    ("--admin-key", lambda it: it.admin_key),
    ("--admin-anywhere", lambda it: it.web.admin_anywhere),
    ("--deflate", lambda it: it.deflate),
    # What a file or a program may say besides: these come with the log, or belong to who has the market.
    *(
        (f"settings of {name}", attrgetter(name))
        for name in ("trading", "policies", "alerts", "webhooks", "recording", "importing", "durability")
    ),
)
_LEFT: Final = Settings()


def check(settings: Settings) -> None:
    """
    Look whether a server can follow another with these settings.

    Raises:
        ConfigError: One of them is for a server with a market of its own.
    """
    for option, given in _NOT_HERE:
        if given(settings) != given(_LEFT):
            raise ConfigError(
                f"it does not go with {option}", where="--follow", hint="say that where the market is"
            )


async def serve_edge(
    settings: Settings,
    **options: Unpack[ServeOptions],
) -> None:
    """
    Serve the market of the server that ``settings.cluster.follow`` names.

    Args:
        settings: Of this server; what clients are told depends on those of the other alone.
        options: See :func:`feed.server.serve.serve`; ``tell`` is called again whenever it begins anew after a
            gap.

    Raises:
        ConfigError: As there, or nobody is to be followed, or another release.
    """
    check(settings)
    chance = options["chance"] = options.get("chance") or SystemRandom()
    await follow(link_of(settings, chance.random), settings, **options)


async def follow(link: Link, settings: Settings, **options: Unpack[ServeOptions]) -> None:
    """
    As :func:`serve_edge`, over a link.

    After a gap, which the log says, every connection is closed with 1012 and the server begins anew on the
    same ports: clients resume what they can.
    """
    stop = options.get("stop")
    if stop is None:
        stop = options["stop"] = trio.Event()
    options["chance"] = options.get("chance") or SystemRandom()
    bound = await bind_listeners(settings)
    try:
        while True:
            snapshot = await joined(link, stop)
            if snapshot is None:
                options.get("task_status", trio.TASK_STATUS_IGNORED).started([])
                return
            gap = await serve_until_gap(
                link, snapshot, settings, [(config, sock.dup()) for config, sock in bound], **options
            )
            options["task_status"] = trio.TASK_STATUS_IGNORED
            if isinstance(gap, ConfigError):
                raise gap
            if gap is None or stop.is_set():
                return
            with trio.move_on_after(_AGAIN_SECONDS):
                await stop.wait()
                return
    finally:
        for _, sock in bound:
            sock.close()


async def serve_until_gap(
    link: Link,
    snapshot: Snapshot,
    settings: Settings,
    listeners: list[BoundListener],
    *,
    worker: bool = False,
    **options: Unpack[ServeOptions],
) -> FeedError | None:
    """
    Serve what comes over a link after a snapshot, for as long as it comes without a gap.

    Args:
        link: Has given the snapshot.
        snapshot: It.
        settings: Of this server.
        listeners: Where clients connect; closed in the end.
        worker: Whether other processes accept clients there too.
        options: See :func:`feed.server.serve.serve`.
    Returns:
        Why it could not go on: every connection was closed with 1012. None where it was stopped, or the
        market has ended.
    """
    market = EdgeMarket(link, snapshot, settings, engine=engine_digest(), wall=time.time, worker=worker)
    chance = options["chance"] = options.get("chance") or SystemRandom()
    stop = options.get("stop")
    async with trio.open_nursery() as nursery:
        over = options["stop"] = trio.Event()
        if stop is not None:
            nursery.start_soon(_end_with, stop, over)
        nursery.start_soon(_end_after_gap, market, over, settings, chance)
        await serve_market(link.header.applied_to(settings), market, listeners=listeners, **options)
        nursery.cancel_scope.cancel()
    return market.gap


async def joined(link: Link, stop: trio.Event) -> Snapshot | None:
    """What to begin with, however long nobody is there to be followed; None where it was stopped before."""
    snapshot: Snapshot | None = None
    async with trio.open_nursery() as nursery:

        async def cancel_when_stopped() -> None:
            await stop.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(cancel_when_stopped)
        snapshot = await link.snapshot()
        nursery.cancel_scope.cancel()
    return snapshot


async def _end_with(stop: trio.Event, over: trio.Event) -> None:
    await stop.wait()
    over.set()


async def _end_after_gap(market: EdgeMarket, over: trio.Event, settings: Settings, chance: Random) -> None:
    """Close every connection, and end the server, once the market cannot be followed any further."""
    await market.lost.wait()
    registry = market.server.registry
    log.error("begins anew", why=str(market.gap), connections=len(registry.connections))
    seconds = settings.limits.shutdown_seconds
    await close_connections(registry, close_reason.RESTART, seconds=seconds, chance=chance)
    over.set()
