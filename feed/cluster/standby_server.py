"""A server that waits beside the one that leads a log in Redis, to go on with its market."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import SystemRandom
from typing import Final, Unpack

import structlog
import trio

from feed.checkpoint.engine import engine_digest
from feed.cluster.block import Missing, Place
from feed.cluster.computed import Differs, WholeMarket, read_market
from feed.cluster.edge_link import shared_token_key
from feed.cluster.log_header import LogHeader
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.redis.connection import CoredisServer, RedisServer
from feed.cluster.redis.format import Names
from feed.cluster.redis.joining import read_newest
from feed.cluster.redis.link import RedisLink
from feed.cluster.redis.server import serve_leading
from feed.cluster.redis.url import is_redis, parse_redis_url
from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshotting import StartProcess, process_beside
from feed.cluster.standing_by import StandingBy
from feed.cluster.taken_market import TakenMarket
from feed.dialects.discovery import dialects
from feed.errors import ConfigError, FeedError
from feed.server.bound_listeners import BoundListener, bind_listeners
from feed.server.serve import ServeOptions
from feed.settings import Settings

log = structlog.get_logger("feed.standby")

_OPTION: Final = "--standby"
_OWNER_BYTES: Final = 8
_AGAIN_SECONDS: Final = 0.25  # before it is looked again whether there is a market to begin with
_NOT_HERE: Final[tuple[tuple[str, Callable[[Settings], object]], ...]] = (
    ("--data", lambda it: it.durability.directory),
    ("--journal", lambda it: it.journal),
    ("--record", lambda it: it.record),
    ("--lockstep", lambda it: it.lockstep),
    ("--follow", lambda it: it.cluster.follow),
)
_LEFT: Final = Settings()


async def serve_standby(settings: Settings, **options: Unpack[ServeOptions]) -> None:
    """
    Compute along with the market of the log in Redis that ``settings.cluster.log`` names; once nobody else
    serves it, do so.

    Args:
        settings: Of this server; those of the market are the log's.
        options: See :func:`feed.server.serve.serve`.
    Raises:
        ConfigError: As there; or there is no such log, or what is computed here differs from it.
    """
    if settings.cluster.log is None or not is_redis(settings.cluster.log):
        raise ConfigError("it needs a log in Redis", where=_OPTION, hint="name it: --log redis://HOST/NAME")
    for option, given in _NOT_HERE:
        if given(settings) != given(_LEFT):
            raise ConfigError(f"it does not go with {option}", where=_OPTION, hint="leave one of them out")
    server = CoredisServer(parse_redis_url(settings.cluster.log, option="--log"), option="--log")
    await stand_by_in(server, settings, process=process_beside(settings.cluster), **options)


async def stand_by_in(
    server: RedisServer,
    settings: Settings,
    *,
    process: StartProcess | None = None,
    **options: Unpack[ServeOptions],
) -> None:
    """
    As :func:`serve_standby`.

    Args:
        server: Where the log is.
        settings: See there.
        process: Begins the one that makes snapshots, after a takeover; None for none.
        options: See there.
    """
    token_key = shared_token_key(settings, option="--log")
    link = RedisLink(
        server,
        edge=secrets.token_hex(_OWNER_BYTES),
        name=f"{socket.gethostname()}-standby-{os.getpid()}",
        token_key=token_key,
        settings=settings.cluster,
        random=SystemRandom().random,
    )
    stop = options.get("stop")
    if stop is None:
        stop = options["stop"] = trio.Event()
    dialects()  # they are imported now: clients would wait for it once nobody leads
    bound = await bind_listeners(settings)
    try:
        before: Place | None = None
        while (snapshot := await _stopped_or(stop, partial(begun, server, link, before))) is not None:
            before = snapshot.place
            standing = await _serve_from(
                snapshot, server, link, settings, bound=bound, process=process, **options
            )
            if standing.taken is not None or stop.is_set():
                return
            if standing.problem is None:
                break
            _tell(standing.problem)
        options.get("task_status", trio.TASK_STATUS_IGNORED).started([])
    finally:
        for _, sock in bound:
            sock.close()


def _tell(problem: FeedError) -> None:
    """
    Say why it begins anew.

    Raises:
        ConfigError: It cannot.
        FeedError: Likewise.
    """
    if isinstance(problem, Differs):
        told = f"{problem}: {problem.here} here, {problem.there} there"
        raise ConfigError(told, where=_OPTION, hint="report it with both servers' options")
    if not isinstance(problem, Missing):
        raise problem
    log.warning("begins anew", why=str(problem))


async def _serve_from(
    snapshot: Snapshot,
    server: RedisServer,
    link: RedisLink,
    settings: Settings,
    *,
    bound: Sequence[BoundListener],
    process: StartProcess | None,
    **options: Unpack[ServeOptions],
) -> StandingBy:
    """
    Stand by with a market, and serve it once it is taken over; where it never is, that is told.

    Args:
        snapshot: It.
        server: See :func:`stand_by_in`; likewise for the rest.
        link: To the log.
        settings: See there.
        bound: Where clients will connect.
        process: See there.
        options: See there.
    """
    settings = link.header.applied_to(settings)
    whole = read_market(snapshot, link.header, engine=engine_digest())
    standing = StandingBy(server, link, whole, settings, listeners=bound)
    market = market_of(standing, whole, link.header, settings, process=process)
    listeners = [(config, sock.dup()) for config, sock in bound]
    async with trio.open_nursery() as nursery:

        async def cancel_when_over() -> None:
            await standing.over.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(cancel_when_over)
        await serve_leading(standing.leads, server, market, settings, listeners=listeners, **options)
        nursery.cancel_scope.cancel()
    return standing


def market_of(
    standing: StandingBy,
    whole: WholeMarket,
    header: LogHeader,
    settings: Settings,
    *,
    process: StartProcess | None = None,
) -> SequencedMarket:
    """
    The market of a server that stands by; to open it takes until it is taken over.

    Args:
        standing: Takes it over.
        whole: With what that begins.
        header: Of its log.
        settings: Of this server, with what the header says applied.
        process: See :func:`stand_by_in`.
    """
    commits = LoggedCommits(wall=time.time_ns)
    market = TakenMarket(whole, header, settings, taken=standing.had, commits=commits)
    sequenced = SequencedMarket(
        settings, market, start=process, inputs=commits, succession=standing, simulation=whole.run
    )
    market.told = sequenced.outcome
    return sequenced


async def begun(server: RedisServer, link: RedisLink, before: Place | None) -> Snapshot:
    """
    The market to begin with.

    Args:
        server: Where the log is.
        link: To it.
        before: Place of the one that it began with before, behind which something was missing; None at first.
    Raises:
        ConfigError: There is no such log, or no newer market.
    """
    await link.snapshot()  # which looks whether release and key are the same, and which log it is
    snapshot = await _market_in(server, link)
    if before is not None and snapshot.place <= before:
        raise ConfigError(
            f"what follows the newest market at {link.where} is not there any more",
            where=_OPTION,
            hint="start it again later",
        )
    return snapshot


async def _market_in(server: RedisServer, link: RedisLink) -> Snapshot:
    """The newest market, as soon as there is one."""
    names = Names(server.name)
    while True:
        try:
            async with server.connection() as connection:
                snapshot = await read_newest(connection, names.market, link.header.history)
            if snapshot is not None:
                return snapshot
        except FeedError as problem:
            log.warning("no market to begin with", where=link.where, reason=str(problem))
        await trio.sleep(_AGAIN_SECONDS)


async def _stopped_or(stop: trio.Event, wait: Callable[[], Awaitable[Snapshot]]) -> Snapshot | None:
    """What is waited for; None where the server is stopped before."""
    found: Snapshot | None = None
    problem: FeedError | None = None
    async with trio.open_nursery() as nursery:

        async def cancel_when_stopped() -> None:
            await stop.wait()
            nursery.cancel_scope.cancel()

        nursery.start_soon(cancel_when_stopped)
        try:
            found = await wait()
        except FeedError as raised:
            problem = raised
        nursery.cancel_scope.cancel()
    if problem is not None:
        raise problem
    return found
