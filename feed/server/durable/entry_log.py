"""Where a server records what must outlive it, as entries of a log; see :mod:`feed.durability`."""

from __future__ import annotations

from typing import Any, Final, Protocol

from feed.errors import FeedError


class Refused(FeedError):
    """
    The disk takes no entries now; nothing of the refused one is kept.

    Attributes:
        answer: What a client is told of it.
    """

    answer = "The disk takes nothing now; nothing was changed"


class EntryLog(Protocol):
    """
    Takes entries, which become durable a little later, in the order in which they came.

    What it has taken it keeps until it is durable, however often the disk fails meanwhile.
    """

    def record(self, kind: str, data: Any, *, hurry: bool = True) -> None:
        """
        Let an entry join the next batch, at the market time of the present.

        Args:
            kind: Tells whoever reads it what ``data`` are.
            data: Of types that JSON has.
            hurry: Whether a batch begins for its sake; if not, it waits for what comes next.

        Raises:
            Refused: The disk takes nothing now.
        """
        ...

    async def durable(self) -> None:
        """Wait until everything that was recorded so far is durable, for ever if the disk takes it never."""
        ...


class _NotKept:
    """Where a server keeps nothing."""

    def record(self, kind: str, data: Any, *, hurry: bool = True) -> None:
        """Nothing is recorded."""

    async def durable(self) -> None:
        """There is nothing to wait for."""


NOT_KEPT: Final[EntryLog] = _NotKept()
"""The log of a server that ends with its process."""
