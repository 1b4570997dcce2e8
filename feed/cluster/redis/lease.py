"""
Who leads a log in Redis: a lease that somebody holds, and the number of terms so far.

A lease only says who tries. That there is one history is the doing of each append, see
:mod:`feed.cluster.redis.script`: it fails where another one has appended, whatever the lease says.
"""

from __future__ import annotations

from typing import Final

import structlog
import trio

from feed.cluster.block import Place
from feed.cluster.lease import POLL_SECONDS, RENEWALS
from feed.cluster.redis.connection import RedisAway, RedisConnection, RedisRefused, RedisServer, reply_as
from feed.cluster.redis.format import Names, parse_head
from feed.cluster.redis.joining import found
from feed.cluster.redis.script import HELD, LEAD, OK, RENEW, RESIGN, run_script
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition

log = structlog.get_logger("feed.log")

_MILLISECONDS: Final = 1000


class RedisLease:
    """
    The lease of a log.

    Args:
        server: Which log.
        connection: To it.
        owner: Who asks; no other process has this name.
    """

    def __init__(self, server: RedisServer, connection: RedisConnection, *, owner: str) -> None:
        self.where: Final = server.where
        self.name: Final = owner
        self._connection = connection
        self._names = Names(server.name)

    async def take_lease(self, seconds: float, *, above: int = 0) -> int | None:
        """
        Take the lease if nobody holds it, and with it the next term.

        Asked again, such as in doubt, whoever holds it is told the same term.

        Args:
            seconds: For which it lasts.
            above: A term that is known to have been, whether or not Redis still knows.
        Returns:
            The term; None where another one holds it.
        Raises:
            RedisAway: Redis is away; it may have been taken.
            RedisRefused: Redis is full, or not ours to write to.
        """
        keys = self._names.lease, self._names.term, self._names.head
        reply = await run_script(self._connection, LEAD, *keys, self.name, _milliseconds(seconds), above)
        answer, term = reply_as(reply, tuple[bytes, bytes])
        return None if answer == HELD else int(term)

    async def renew_lease(self, seconds: float) -> bool:
        """
        Keep it for as long again; False where another one holds it.

        Raises:
            RedisAway: See :meth:`take_lease`.
            RedisRefused: See there.
        """
        reply = await run_script(
            self._connection, RENEW, self._names.lease, self.name, _milliseconds(seconds)
        )
        return reply_as(reply, tuple[bytes, bytes])[0] == OK

    async def release_lease(self) -> None:
        """
        Give it up.

        Raises:
            RedisAway: See :meth:`take_lease`.
            RedisRefused: See there.
        """
        await run_script(self._connection, RESIGN, self._names.lease, self.name)

    async def newest(self) -> tuple[Place, StreamPosition] | None:
        """
        The head of the log; None where it has no block.

        Raises:
            RedisAway: See :meth:`take_lease`.
            FeedError: It is malformed.
        """
        head = await self._connection.command("GET", self._names.head)
        return parse_head(found(head, bytes))

    async def hold(self, seconds: float) -> None:
        """Renew it, until cancelled: that others do not try while this one is there."""
        held = True
        while True:
            await trio.sleep(seconds / RENEWALS)
            try:
                still = await self.renew_lease(seconds)
            except (RedisAway, RedisRefused):
                continue  # the head decides; that Redis is away is told by whoever appends
            if held and not still:
                log.warning("another server has taken the lease", where=self.where)
            held = still

    async def take_when_free(self, seconds: float, patience: float, *, above: int = 0) -> int:
        """
        Take it as soon as nobody holds it.

        Args:
            seconds: For which it lasts.
            patience: How long another one is waited for, such as one that was killed.
            above: See :meth:`take_lease`.
        Returns:
            The term.
        Raises:
            FeedError: Another one holds it still, or Redis is away.
        """
        until = trio.current_time() + patience
        while (term := await self.take_lease(seconds, above=above)) is None:
            if trio.current_time() >= until:
                raise FeedError(f"another server leads the log at {self.where}")
            await trio.sleep(POLL_SECONDS)
        return term


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * _MILLISECONDS))
