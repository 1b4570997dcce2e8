"""
The times by which clients may sign their requests: the wall clock's, the market's, and those they were told.

Many clients ask for the server's time once, and go on from there by a clock of their own. Where market time
does not go at the pace of the wall clock, what they sign with fits neither after a while: they stay ahead of
the wall clock by as much as the market was when they asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.model.durations import NS_PER_SECOND

Range = tuple[int, int]
"""The first and the last moment, nanoseconds since the Unix epoch."""


class Clocks:
    """
    The clocks of one server.

    Args:
        wall: Gives seconds since the Unix epoch.
        market: Gives market time, nanoseconds since the Unix epoch.
    """

    def __init__(self, wall: Callable[[], float], market: Callable[[], int]) -> None:
        self._wall: Final = wall
        self._market: Final = market
        self._told: Range | None = (
            None  # how far ahead of the wall clock the market's was, at least and at most
        )

    def tell(self) -> None:
        """Note that a client is being told market time."""
        ahead = self._market() - self._now()
        low, high = self._told or (ahead, ahead)
        self._told = min(low, ahead), max(high, ahead)

    def good(self, skew: int = 0) -> tuple[Range, ...]:
        """
        All that a client's clock may show that goes right.

        Args:
            skew: By how much the server's own clocks are ahead for now, nanoseconds.
        """
        now, market = self._now(), self._market()
        low, high = self._told or (market - now, market - now)
        told = (min(now + low, market) + skew, max(now + high, market) + skew)
        return (now + skew, now + skew), told

    def _now(self) -> int:
        return int(self._wall() * NS_PER_SECOND)
