"""A histogram of durations in fixed buckets, as Prometheus has them."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import Final

# Seconds, as close together as tells a good median from a bad one.
BOUNDS: Final = (
    *(0.0001, 0.0002, 0.0003, 0.0005, 0.00075),
    *(0.001, 0.0015, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0),
)


class Histogram:
    """
    Durations counted in buckets.

    Attributes:
        total: Sum of all durations, seconds.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self._counts = [0] * (len(BOUNDS) + 1)

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self.total += seconds
        self._counts[bisect_left(BOUNDS, seconds)] += 1

    def quantile(self, share: float) -> float:
        """
        The bound in seconds that so much of all durations stayed within; 0 before the first, and the last
        bound where even that is too short.

        Args:
            share: From 0 to 1.
        """
        wanted = share * sum(self._counts)
        bounds = zip((*BOUNDS, BOUNDS[-1]), accumulate(self._counts), strict=True)
        return next((bound for bound, count in bounds if wanted and count >= wanted), 0.0)

    def cumulative(self) -> list[tuple[str, int]]:
        """Each bound in seconds, ``+Inf`` last, and how many durations were no longer."""
        return list(zip([*map(str, BOUNDS), "+Inf"], accumulate(self._counts), strict=True))
