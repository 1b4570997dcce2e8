"""The last aggregate trades of an instrument."""

from __future__ import annotations

from collections import deque

from feed.model.aggregates import AggregateTrade


class LastAggregates:
    """
    A bounded number of aggregate trades; the oldest goes when another one comes.

    Args:
        most: How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._kept: deque[AggregateTrade] = deque(maxlen=most)

    def add(self, aggregate: AggregateTrade) -> None:
        """Take the next one into account, or more of the last one."""
        if self._kept and self._kept[-1].number == aggregate.number:
            self._kept.pop()
        self._kept.append(aggregate)

    def oldest_first(self) -> list[AggregateTrade]:
        """All that are kept; trades may yet be added to the last."""
        return list(self._kept)
