"""A server whose log is in Redis: as every sequencer, for as long as it leads."""

from __future__ import annotations

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random, SystemRandom
from typing import Final, Unpack

import trio

from feed.cluster.edge_link import shared_token_key
from feed.cluster.lease import FIRST_LEASES
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.redis.connection import CoredisServer, RedisServer
from feed.cluster.redis.lease import RedisLease
from feed.cluster.redis.sequencer import RedisSequencer
from feed.cluster.redis.term import Start, Term
from feed.cluster.redis.url import parse_redis_url
from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.snapshotting import StartProcess, process_beside
from feed.errors import ConfigError, FeedError
from feed.server import close_reason
from feed.server.bound_listeners import BoundListener
from feed.server.closing import close_connections
from feed.server.durable.durable_market import DurableMarket
from feed.server.playout import playing
from feed.server.serve import ServeOptions, serve_market
from feed.server.server_context import ServerContext
from feed.settings import Settings
from feed.stream.source import Source

_OPTION: Final = "--log"
_OWNER_BYTES: Final = 8
_PATIENCE_SECONDS: Final = 1.0  # that a lease is waited for beyond its time, since clocks differ


async def serve_redis_sequencer(
    settings: Settings, *, source: Source | None = None, **options: Unpack[ServeOptions]
) -> None:
    """
    Serve a market, and let other servers follow it by the log in Redis that ``settings.cluster.log`` names.

    Args:
        settings: See :func:`feed.server.serve.serve`; likewise for the rest.
        source: See there.
        options: See there.
    Raises:
        ConfigError: As there, or there is no Redis, or another server leads, from the start or later.
    """
    assert settings.cluster.log is not None  # noqa: S101 - or it would not be asked to
    if settings.lockstep:
        raise ConfigError("--log does not go with --lockstep", where=_OPTION, hint="leave one of them out")
    url = parse_redis_url(settings.cluster.log, option=_OPTION)
    server = CoredisServer(url, option=_OPTION)
    await sequence_in(server, settings, source=source, process=process_beside(settings.cluster), **options)


async def sequence_in(
    server: RedisServer,
    settings: Settings,
    *,
    source: Source | None = None,
    process: StartProcess | None = None,
    **options: Unpack[ServeOptions],
) -> None:
    """
    As :func:`serve_redis_sequencer`.

    Args:
        server: Where the log is.
        settings: See there.
        source: See there.
        process: Begins the one that makes snapshots; None for none.
        options: See there.
    """
    token_key = shared_token_key(settings, option=_OPTION)
    commits = LoggedCommits(wall=time.time_ns)
    with playing(settings, source, commits) as (played, playout):
        start = _start(server, played, playout.durable)
        term = await take_term(server, settings.cluster.lease_seconds, above=start.led or 0)
        outside_log = RedisSequencer(server, term, settings.cluster, token_key=token_key, start=start)
        market = SequencedMarket(
            played,
            playout,
            start=process,
            inputs=commits,
            outside_log=outside_log,
            simulation=playout.simulation,
        )

        async def leads() -> RedisSequencer:
            return outside_log

        await serve_leading(leads, server, market, played, **options)


async def serve_leading(
    leads: Callable[[], Awaitable[RedisSequencer]],
    server: RedisServer,
    market: SequencedMarket,
    settings: Settings,
    *,
    listeners: Sequence[BoundListener] | None = None,
    **options: Unpack[ServeOptions],
) -> None:
    """
    Serve a market for as long as this server leads its log.

    Args:
        leads: Waits until it does, and gives the way to the log.
        server: Where that is.
        market: It.
        settings: Of the server.
        listeners: See :func:`feed.server.serve.serve_market`.
        options: See :func:`feed.server.serve.serve`.
    Raises:
        ConfigError: Another server leads, after this one did.
    """
    stop = options.get("stop")
    if stop is None:
        stop = trio.Event()
    chance = options["chance"] = options.get("chance") or SystemRandom()
    contexts: list[ServerContext] = []
    led: list[RedisSequencer] = []
    tell = options.get("tell")

    def told(context: ServerContext) -> None:
        contexts.append(context)
        if tell is not None:
            tell(context)

    over = options["stop"] = trio.Event()
    options["tell"] = told

    async def lead() -> None:
        led.append(await leads())
        nursery.start_soon(led[0].hold)
        nursery.start_soon(_end_deposed, led[0], contexts, over, settings, chance)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(_end_with, stop, over)
        nursery.start_soon(lead)
        await serve_market(settings, market, listeners=listeners, **options)
        nursery.cancel_scope.cancel()
    if led and led[0].deposed.is_set():
        raise ConfigError(f"another server leads the log at {server.where} now", where=_OPTION)


def _start(server: RedisServer, settings: Settings, durable: DurableMarket | None) -> Start:
    """How a market comes to a log: a folder knows when it has led it."""
    new_history = settings.durability.new_history
    if durable is None:
        return Start(new_history=new_history)
    return Start(
        folder=str(settings.durability.directory),
        led=durable.led(server.where),
        new_history=new_history,
        leads=partial(durable.set_led, server.where),
    )


async def take_term(server: RedisServer, lease_seconds: float, *, above: int = 0) -> Term:
    """
    Take the lease, and with it a term; wait as long as the lease of one who was killed may last.

    Args:
        server: Where the log is.
        lease_seconds: How long a lease lasts.
        above: A term that is known to have been.
    Raises:
        ConfigError: There is no Redis, or another server leads.
    """
    owner = secrets.token_hex(_OWNER_BYTES)
    try:
        async with server.connection() as connection:
            lease = RedisLease(server, connection, owner=owner)
            first = FIRST_LEASES * lease_seconds
            number = await lease.take_when_free(first, first + _PATIENCE_SECONDS, above=above)
            return Term(number=number, owner=owner, after=await lease.newest())
    except FeedError as problem:
        raise ConfigError(f"{server.where}: {problem}", where=_OPTION) from None


async def _end_with(stop: trio.Event, over: trio.Event) -> None:
    await stop.wait()
    over.set()


async def _end_deposed(
    outside_log: RedisSequencer,
    contexts: list[ServerContext],
    over: trio.Event,
    settings: Settings,
    chance: Random,
) -> None:
    """Close every connection, and end the server, once another one has appended."""
    await outside_log.deposed.wait()
    seconds = settings.limits.shutdown_seconds
    for context in contexts:
        await close_connections(context.registry, close_reason.RESTART, seconds=seconds, chance=chance)
    over.set()
