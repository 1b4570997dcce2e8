"""What a request did that assets pay for, read of what its account was told in that step of the market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from feed.dialects.access import Problem
from feed.model.events import Event, ExecutionReport, RequestAnswered


class Outcome:
    """
    What a request did, as its account was told.

    Args:
        events: All that the account was told in that step of the market.
        unknown: Makes the protocol's refusal for a request that nobody knows the outcome of.

    Attributes:
        reports: Of its orders, in their order.
        answers: Of the request, or of each of a batch, in their order.
    """

    def __init__(self, events: Sequence[Event], unknown: Callable[[], Problem]) -> None:
        self.reports: Final = [event for event in events if isinstance(event, ExecutionReport)]
        self.answers: Final = [event for event in events if isinstance(event, RequestAnswered)]
        self._unknown: Final = unknown
        if not self.answers:
            raise unknown()

    @property
    def answer(self) -> RequestAnswered:
        """The last answer."""
        return self.answers[-1]

    def last(self, order: int) -> ExecutionReport:
        """The last report of an order."""
        found = [report for report in self.reports if report.order == order]
        if not found:
            raise self._unknown()
        return found[-1]

    def trades(self, order: int) -> list[ExecutionReport]:
        """The reports of its trades."""
        return [report for report in self.reports if report.order == order and report.trade]
