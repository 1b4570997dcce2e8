"""A connection to Redis that is made again whenever it is lost."""

from __future__ import annotations

from typing import Final

import structlog
import trio

from feed.cluster.redis.connection import RedisAway, RedisConnection, RedisRefused, RedisServer, Reply

log = structlog.get_logger("feed.log")

_AGAIN_SECONDS: Final = 0.1  # between two attempts to connect


class KeptConnection:
    """
    A :class:`feed.cluster.redis.connection.RedisConnection` that outlives its connections.

    A command waits until there is one, however long that is: its caller owns the deadline. It is never sent
    twice by itself.

    Args:
        server: Whom it connects to.
        what: What it is for, for the log.

    Attributes:
        made: How many connections there were.
        problem: Why there is none; empty while there is one.
        away_since: When the last one was lost, seconds on Trio's clock; None while there is one.
    """

    def __init__(self, server: RedisServer, what: str) -> None:
        self.made = 0
        self.problem = "it was not connected yet"
        self.away_since: float | None = trio.current_time()
        self._server = server
        self._what = what
        self._connection: RedisConnection | None = None
        self._lost = trio.Event()
        self._there = trio.lowlevel.ParkingLot()
        self._told = False  # whether the log says that it is away

    async def run(self) -> None:
        """Keep it connected, until cancelled."""
        while True:
            try:
                async with self._server.connection() as connection:
                    self._open(connection)
                    await self._lost.wait()
            except RedisAway as away:
                self._close(away.reason)
            except RedisRefused as refused:
                self._close(refused.text)
            finally:
                self._connection = None
            await trio.sleep(_AGAIN_SECONDS)

    async def command(self, *parts: bytes | str | int, seconds: float | None = None) -> Reply:
        """See :class:`feed.cluster.redis.connection.RedisConnection`."""
        while (connection := self._connection) is None:
            await self._there.park()
        try:
            return await connection.command(*parts, seconds=seconds)
        except RedisAway as away:
            if self._connection is connection:
                self._close(away.reason)
            raise

    def _open(self, connection: RedisConnection) -> None:
        self._connection, self._lost = connection, trio.Event()
        self.made += 1
        self.problem, self.away_since = "", None
        if self._told:
            log.info("Redis is there again", where=self._server.where, what=self._what)
        self._told = False
        self._there.unpark_all()

    def _close(self, reason: str) -> None:
        self._connection = None
        self._lost.set()
        self.problem = reason
        if self.away_since is None:
            self.away_since = trio.current_time()
        if not self._told:
            log.warning("Redis is away", where=self._server.where, what=self._what, reason=reason)
        self._told = True
