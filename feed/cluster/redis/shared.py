"""A log in Redis that several servers may append to, see :mod:`feed.cluster.shared_log`."""

from __future__ import annotations

from feed.cluster.block import Place
from feed.cluster.redis.connection import RedisServer
from feed.cluster.redis.kept import KeptConnection
from feed.cluster.redis.lease import RedisLease
from feed.cluster.redis.log import RedisLog
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition


class RedisShared:
    """
    Asks for the lease, on a connection of its own.

    Args:
        server: Where.
        owner: Who this server is; no other process is the same.
        retain_bytes: Of blocks that are kept by whoever appends.
    Attributes:
        where: See :class:`feed.cluster.shared_log.SharedLog`.
    """

    def __init__(self, server: RedisServer, *, owner: str, retain_bytes: int) -> None:
        self.where = server.where
        self._server = server
        self._retain_bytes = retain_bytes
        self._kept = KeptConnection(server, "the lease")
        self._lease = RedisLease(server, self._kept, owner=owner)

    async def run(self) -> None:
        """Be connected, until cancelled."""
        await self._kept.run()

    async def take_lease(self, seconds: float, *, above: int = 0) -> int | None:
        """See :class:`feed.cluster.shared_log.SharedLog`."""
        self._look()
        return await self._lease.take_lease(seconds, above=above)

    async def release_lease(self) -> None:
        """See :class:`feed.cluster.shared_log.SharedLog`."""
        self._look()
        await self._lease.release_lease()

    def writer(self, term: int, after: tuple[Place, StreamPosition]) -> RedisLog:
        """See :class:`feed.cluster.shared_log.SharedLog`."""
        return RedisLog(self._server, term=term, after=after, retain_bytes=self._retain_bytes)

    def _look(self) -> None:
        """Raise where there is no connection, instead of waiting for one."""
        if self._kept.problem:
            raise FeedError(f"{self.where}: {self._kept.problem}")
