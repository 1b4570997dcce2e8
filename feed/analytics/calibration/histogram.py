"""Counts of positive integers by size, in bounded memory."""

from __future__ import annotations

import math
from typing import Final

from feed.analytics.stylized_facts import quantiles

# Values above this many bits are told apart by their leading bits only: to 3 %.
_BITS: Final = 6


class Histogram:
    """
    How often each size occurred.

    Sizes below 64 are counted one by one, larger ones by their six leading bits, so that it has a few
    hundred entries at most, whatever it is given.

    Attributes:
        count: How many there were.
        total: Their sum.
    """

    def __init__(self) -> None:
        self.count = 0
        self.total = 0
        self._counts: dict[int, int] = {}

    def add(self, size: int) -> None:
        """Count one."""
        self.count += 1
        self.total += size
        if (beyond := size.bit_length() - _BITS) > 0:
            size = size >> beyond << beyond
        self._counts[size] = self._counts.get(size, 0) + 1

    @property
    def mean(self) -> float:
        """Arithmetic mean; nan of nothing."""
        return self.total / self.count if self.count else math.nan

    def quantile(self, share: float) -> float:
        """The least size that has this share of all at or below it, to 3 %; nan of nothing."""
        [found] = quantiles(self._counts, (share,))
        return found
