"""The relation of market time to clock time."""

from __future__ import annotations

from feed.model.durations import NS_PER_SECOND


class Pace:
    """
    Market time as a linear function of clock time.

    Args:
        market: Market time at the start, nanoseconds.
        clock: Clock time at the start, seconds.
        speed: Market seconds per second; 0 for as fast as possible.
    """

    def __init__(self, *, market: int, clock: float, speed: float) -> None:
        self._market = market
        self._clock = clock
        self._speed = speed

    def market_time(self, clock: float) -> int | None:
        """Market time at clock time ``clock``, nanoseconds; None at unlimited speed."""
        if not self._speed:
            return None
        return self._market + int((clock - self._clock) * self._speed * NS_PER_SECOND)

    def clock_time(self, market: int) -> float:
        """Clock time of market time ``market``, seconds."""
        if not self._speed:
            return self._clock
        return self._clock + (market - self._market) / (self._speed * NS_PER_SECOND)
