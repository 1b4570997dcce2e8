"""A log that several servers may append to, of which one does."""

from __future__ import annotations

from typing import Protocol

from feed.cluster.block import Place
from feed.cluster.ports import BlockSink
from feed.model.stream_position import StreamPosition


class LogWriter(BlockSink, Protocol):
    """What appends to a log in one term."""

    async def run(self) -> None:
        """Be connected, until cancelled; nothing is appended otherwise."""
        ...


class SharedLog(Protocol):
    """
    What a server needs of a log that it may go on with.

    Attributes:
        where: Where it is, as it is shown.
    """

    @property
    def where(self) -> str:
        """See the class."""
        ...

    async def take_lease(self, seconds: float, *, above: int = 0) -> int | None:
        """
        Take the lease, if nobody has it, and a term with it; asked for again it is kept for as long again.

        Args:
            seconds: That it holds.
            above: A term that is known to have been, whether or not the log still knows.
        Returns:
            The term, larger than all before; None where another server has the lease.
        Raises:
            FeedError: The log does not answer.
        """
        ...

    async def release_lease(self) -> None:
        """
        Give it up, so that nobody need wait for its end.

        Raises:
            FeedError: The log does not answer.
        """
        ...

    async def run(self) -> None:
        """Be connected, until cancelled."""
        ...

    def writer(self, term: int, after: tuple[Place, StreamPosition]) -> LogWriter:
        """
        What appends behind a block. Where another block stands behind that one it raises
        :class:`feed.cluster.redis.log.Fenced`.

        Args:
            term: The one that came with the lease.
            after: Place and position of that block.
        """
        ...
