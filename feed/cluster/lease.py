"""
The lease of a log: who tries to append to it.

It decides nothing: of two who append behind the same block the log takes one, whatever their clocks say. The
lease is there so that one tries while the other is well, and soon after it is not.
"""

from __future__ import annotations

import math
from typing import Final

RENEWALS: Final = 8
"""
Of a lease in the time for which it lasts. Who renews it may stand still for all but one of these times, and
keeps it; who stands by has it that much sooner after the last one.
"""
FIRST_LEASES: Final = 3
"""
For so many times as long a lease is taken at first. Who has begun to lead has much to do at once: it writes
the market down, and builds its server where it has not stood by; so it may come late to renew it.
"""
POLL_SECONDS: Final = 0.1
"""Between two looks whether a lease can be had, and before one is renewed again that could not be."""


class Lease:
    """
    When a lease is to be renewed, and until when nobody else can have it.

    Args:
        seconds: That it holds without being renewed.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds: Final = seconds
        self._until = -math.inf
        self._next = -math.inf

    def held(self, now: float) -> bool:
        """Whether nobody else can have it, seconds on the clock by which it is renewed."""
        return now < self._until

    def wait(self, now: float) -> float:
        """Seconds until it is to be asked for again."""
        return max(0.0, self._next - now)

    def answered(self, asked: float, now: float, *, ours: bool) -> None:
        """
        Take note of an answer.

        Args:
            asked: When it was asked for: it counts from then on at the latest.
            now: When the answer came.
            ours: Whether it says that the lease is ours.
        """
        if ours:
            self._until = max(self._until, asked + self.seconds)
            self._next = asked + self.seconds / RENEWALS
        else:
            self._until = -math.inf
            self._next = now + POLL_SECONDS

    def unanswered(self, now: float) -> None:
        """Take note that no answer came; it is what it was."""
        self._next = now + POLL_SECONDS
