"""A server that waits beside the one that leads a log in Redis, to go on with its market."""

from __future__ import annotations

import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import Final, Unpack

import structlog
import trio

from feed.checkpoint.engine import engine_digest
from feed.cluster.block import Missing, Place
from feed.cluster.computed import Computed, Differs, read_market, write_market
from feed.cluster.edge_link import shared_token_key
from feed.cluster.lease import Lease
from feed.cluster.logged_commits import LoggedCommits
from feed.cluster.redis.connection import CoredisServer, RedisServer
from feed.cluster.redis.format import Names
from feed.cluster.redis.joining import read_newest
from feed.cluster.redis.kept import KeptConnection
from feed.cluster.redis.link import RedisLink
from feed.cluster.redis.log import RedisLog
from feed.cluster.redis.market import MarketWriter
from feed.cluster.redis.sequencer import RedisSequencer
from feed.cluster.redis.server import serve_leading
from feed.cluster.redis.shared import RedisShared
from feed.cluster.redis.term import TakenOver, Term
from feed.cluster.redis.url import is_redis, parse_redis_url
from feed.cluster.sequenced_market import SequencedMarket
from feed.cluster.snapshot import Snapshot
from feed.cluster.snapshotting import StartProcess, process_beside
from feed.cluster.standby import Standby, Taken
from feed.cluster.taken_market import TakenMarket
from feed.dialects.discovery import dialects
from feed.errors import ConfigError, FeedError
from feed.model.durations import NS_PER_SECOND
from feed.server.serve import ServeOptions
from feed.settings import Settings
from feed.sim.run_status import RunState

log = structlog.get_logger("feed.standby")

_OPTION: Final = "--standby"
_OWNER_BYTES: Final = 8
_AGAIN_SECONDS: Final = 0.25  # before it is looked again whether there is a market to begin with
_SHARE: Final = 10  # to write a market down takes at most this part of the time
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
    owner = secrets.token_hex(_OWNER_BYTES)
    link = RedisLink(
        server,
        edge=owner,
        name=f"{socket.gethostname()}-standby-{os.getpid()}",
        token_key=token_key,
        settings=settings.cluster,
        random=SystemRandom().random,
    )
    stop = options.get("stop")
    if stop is None:
        stop = options["stop"] = trio.Event()
    dialects()  # they are imported now: clients would wait for it once nobody leads
    found = await _stopped_or(stop, lambda: until_taken(server, settings, link, owner))
    if found is None:
        options.get("task_status", trio.TASK_STATUS_IGNORED).started([])
        return
    settings = link.header.applied_to(settings)
    outside_log, market = gone_on_with(found, server, link, settings, owner=owner, process=process)
    await serve_leading(outside_log, server, market, settings, **options)


def gone_on_with(
    found: Taken,
    server: RedisServer,
    link: RedisLink,
    settings: Settings,
    *,
    owner: str,
    process: StartProcess | None = None,
) -> tuple[RedisSequencer, SequencedMarket]:
    """
    The market that was taken over, ready to be served, and the way to its log.

    Args:
        found: What was taken over.
        server: Where the log is.
        link: By which it was read.
        settings: Of this server, with what the header says applied.
        owner: Who has the lease.
        process: See :func:`stand_by_in`.
    """
    commits = LoggedCommits(wall=time.time_ns)
    last, header = found.last, link.header
    market = TakenMarket(
        found.market,
        header,
        settings,
        phase=RunState.RUNNING if last is None else RunState(last.phase),
        passed=lambda: trio.current_time() - found.heard,
        commits=commits,
    )
    assert isinstance(found.writer, RedisLog)  # noqa: S101 - that is what RedisShared gives
    taken = TakenOver(
        log=found.writer,
        header=header,
        packed_header=link.packed_header,
        read="" if last is None else last.read,
        decided=found.market.decided,
    )
    outside_log = RedisSequencer(
        server,
        Term(number=found.term, owner=owner, after=None),
        settings.cluster,
        token_key=link.token_key,
        taken=taken,
    )
    sequenced = SequencedMarket(
        settings,
        market,
        start=process,
        inputs=commits,
        outside_log=outside_log,
        simulation=found.market.run,
    )
    market.told = sequenced.outcome
    return outside_log, sequenced


async def until_taken(server: RedisServer, settings: Settings, link: RedisLink, owner: str) -> Taken | None:
    """
    Compute along, and take over; None where the market has ended.

    Raises:
        ConfigError: There is no such log, or what is computed here differs from it.
    """
    before: Place | None = None
    while True:
        await link.snapshot()  # which looks whether release and key are the same, and which log it is
        snapshot = await _market_in(server, link)
        if before is not None and snapshot.place <= before:
            raise ConfigError(
                f"what follows the newest market at {link.where} is not there any more",
                where=_OPTION,
                hint="start it again later",
            )
        before = snapshot.place
        try:
            return await _computing_along(server, settings, link, owner, snapshot)
        except Missing as problem:
            log.warning("begins anew", why=str(problem))
        except Differs as problem:
            told = f"{problem}: {problem.here} here, {problem.there} there"
            raise ConfigError(told, where=_OPTION, hint="report it with both servers' options") from None


async def _computing_along(
    server: RedisServer, settings: Settings, link: RedisLink, owner: str, snapshot: Snapshot
) -> Taken | None:
    cluster = settings.cluster
    shared = RedisShared(server, owner=owner, retain_bytes=cluster.retain_bytes)
    market = read_market(snapshot, link.header, engine=engine_digest())
    writes = KeptConnection(server, "the market")
    writer = MarketWriter(
        server,
        writes,
        history=link.header.history,
        emptied=lambda: 0,
        mark=lambda: secrets.token_hex(_OWNER_BYTES),
    )
    keeping = _Keeping(writer, seconds=cluster.snapshot_seconds, since=market.market_time)
    standby = Standby(
        shared, link, market, Lease(cluster.lease_seconds), wall=time.time, taken_in=keeping.look
    )
    log.info("stands by", where=link.where, seq=market.position.seq)
    taken: Taken | None = None
    problem: FeedError | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.run)
        nursery.start_soon(shared.run)
        nursery.start_soon(writes.run)
        nursery.start_soon(writer.run)
        try:
            taken = await standby.run()
        except FeedError as found:
            problem = found
        nursery.cancel_scope.cancel()
    if problem is not None:
        raise problem
    return taken


class _Keeping:
    """Writes the market down now and then, for standbys that come later."""

    def __init__(self, writer: MarketWriter, *, seconds: float, since: int) -> None:
        self._writer = writer
        self._every = round(seconds * NS_PER_SECOND)
        self._since = since
        self._rests_until = -1.0

    def look(self, computed: Computed) -> None:
        market, now = computed.market, trio.current_time()
        if market.market_time - self._since < self._every or now < self._rests_until:
            return
        began = time.perf_counter()
        self._since = market.market_time
        self._writer.newest = write_market(market, engine=engine_digest(), wall=time.time_ns())
        self._rests_until = now + _SHARE * (time.perf_counter() - began)


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


async def _stopped_or(stop: trio.Event, wait: Callable[[], Awaitable[Taken | None]]) -> Taken | None:
    """What is waited for; None where the server is stopped before."""
    found: Taken | None = None
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
