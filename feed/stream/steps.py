"""What surrounds the steps of the fan-out: a log before them, faults between their events, and figures."""

from __future__ import annotations

from typing import Protocol

import attrs

from feed.model.events import Row
from feed.stream.chain import Links


@attrs.define
class FanoutStatistics:
    """
    What went out since the start.

    Attributes:
        steps: Times that the waiting events were taken.
        events: Events taken.
        deliveries: Writes to members that owed nothing.
        slow: Of these, writes that the socket did not take whole.
        bytes: Bytes handed to these writes.
    """

    steps: int = 0
    events: int = 0
    deliveries: int = 0
    slow: int = 0
    bytes: int = 0


class FaultHook(Protocol):
    """What happens between two events, such as a fault."""

    def next(self, seq: int, rows: list[Row]) -> int | None:
        """How many of the next events, those after ``seq``, come before it; None when it is not due."""
        ...

    def act(self, seq: int, rows: list[Row]) -> None:
        """Let it happen: ``seq`` is the last event told, ``rows`` are the next ones."""
        ...


class StepLog(Protocol):
    """Where steps are written before anybody is told of them."""

    async def append(self, rows: list[Row], links: Links, *, made: float, stood: int) -> None:
        """
        Return once a step may be published; wait as long as it must not be.

        Args:
            rows: The next events, whole market steps; may be none.
            links: Of these.
            made: When the oldest was made, seconds on Trio's clock.
            stood: See :class:`feed.stream.source.Batch`.
        """
        ...
