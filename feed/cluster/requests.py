"""Requests of accounts that come from edges: they act in one order with those of own clients."""

from __future__ import annotations

from collections.abc import Callable

from feed.cluster.block import REFUSED, Outcome
from feed.cluster.origins import Origins
from feed.model.events import Row
from feed.model.requests import Request
from feed.stream.source import Source, TakesOrders


class EdgeRequests:
    """
    Lets requests of edges act, and tells what became of them.

    Args:
        source: The market.
        tell: Is told of each before its events are published.
        origins: Where is noted which edge each came from; None where nobody else goes on with the market.
    """

    def __init__(
        self, source: Source, tell: Callable[[Outcome], object], origins: Origins | None = None
    ) -> None:
        self._orders = source if isinstance(source, TakesOrders) else None
        self._tell = tell
        self._origins = origins

    def take(self, edge: str, number: int, request: Request) -> None:
        """
        Let a request act when its turn comes; it is refused at once where none will.

        Args:
            edge: Who sent it.
            number: Which of its requests.
            request: It.
        """
        origins = self._origins
        if origins is not None:
            origins.note(request, edge, number)

        def refused() -> None:
            if origins is not None:
                origins.forget(request)
            self._tell(Outcome(edge=edge, number=number, seq=0, events=REFUSED))

        def executed(rows: list[Row], seq: int) -> None:
            self._tell(Outcome(edge=edge, number=number, seq=seq, events=len(rows)))

        if self._orders is None or not self._orders.submit(request, refused, executed):
            refused()
