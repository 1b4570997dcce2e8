"""What edges say of themselves, at the server that they follow."""

from __future__ import annotations

from collections.abc import Callable

import trio

from feed.cluster.counts import SharedCounts
from feed.cluster.messages import Report


class EdgeReports:
    """
    Puts together what edges report, by edge.

    Args:
        listening: Told how many connections to edges listen to something, whenever that has changed.
    Attributes:
        counts: What they and this server have counted.
    """

    def __init__(self, listening: Callable[[int], object]) -> None:
        self.counts = SharedCounts()
        self._tell = listening
        self._listening: dict[str, int] = {}

    def reported(self, edge: str, report: Report) -> None:
        """Take over a report, whose counts are those that have changed since the last."""
        self.counts.take(edge, report.counts)
        self._listen(edge, report.listening)

    def left(self, edge: str) -> None:
        """Forget an edge that is gone."""
        self.counts.leave(edge)
        self._listen(edge, 0)

    async def run(self, seconds: float) -> None:
        """Take over what this server has counted, so often, until cancelled."""
        while True:
            self.counts.look()
            await trio.sleep(seconds)

    def _listen(self, edge: str, listening: int) -> None:
        if self._listening.get(edge, 0) == listening:
            return
        if listening:
            self._listening[edge] = listening
        else:
            del self._listening[edge]
        self._tell(sum(self._listening.values()))
