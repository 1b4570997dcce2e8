"""
Inputs that are durable before they act, and where in market time they act: ahead of the present.

A request acts at its *place*, a market time. Input and place are written before anything is published that
depends on them. So that nobody waits for the disk meanwhile, the place lies as far ahead as writing has
taken lately: the market goes on to it, and has the input there.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import Final, Protocol

from feed.model.durations import NS_PER_SECOND
from feed.model.requests import Request

MARGIN: Final = 1.25
"""A place lies further ahead than writing has taken lately, by this factor."""
FIRST_SECONDS: Final = 0.002
"""That writing is taken to last before it was measured."""
_MOST_SECONDS: Final = 1.0  # of writing that a place allows for; the market waits for what takes longer
_WEIGHT: Final = 0.125  # of the newest measurement in the moving mean
_RATE_SECONDS: Final = 0.05  # over which it is measured how fast market time passes
# Market seconds per second that are counted with where there is no speed: a market without events passes a
# year in no time, and what is computed again after a crash is a part of it.
_MOST_RATE: Final = 100.0
# A speed is believed up to so many times what was measured: a machine may come nowhere near it.
_BELIEVED: Final = 4.0


class CommitState(enum.Enum):
    """What has become of inputs that were handed over."""

    WAITING = "waiting"
    DURABLE = "durable"
    REFUSED = "refused"


class Commit(Protocol):
    """Inputs on their way to the disk."""

    @property
    def state(self) -> CommitState:
        """What has become of them."""


class InputCommits(Protocol):
    """What makes inputs durable."""

    @property
    def horizon(self) -> int:
        """Market time up to which events may be published, nanoseconds; never goes back."""

    def extend(self, time: int) -> None:
        """Ask for a horizon that is at ``time`` or later."""

    def commit(self, place: int, requests: Sequence[Request]) -> Commit:
        """
        Begin to write requests.

        Args:
            place: Market time at which all of them act, in this order.
            requests: See above.
        """


class PlaceEstimate:
    """
    How far ahead of the present a place lies.

    Args:
        clock: Seconds, at the beginning; minus infinity where time has not begun to pass.
        market_time: Nanoseconds, at the beginning.
    """

    def __init__(self, clock: float, market_time: int) -> None:
        self._clock = clock
        self._market_time = market_time
        self._rate = 0.0  # market seconds per second, measured
        self._last = self._mean = FIRST_SECONDS

    def passed(self, clock: float, market_time: int) -> None:
        """Market time has come to ``market_time`` at ``clock``."""
        seconds = clock - self._clock
        if seconds >= _RATE_SECONDS:
            self._rate = (market_time - self._market_time) / (seconds * NS_PER_SECOND)
            self._clock, self._market_time = clock, market_time

    def took(self, seconds: float) -> None:
        """A commit has taken so long, from its beginning until its inputs could act."""
        self._last = min(seconds, _MOST_SECONDS)
        self._mean += (self._last - self._mean) * _WEIGHT

    def rate(self, speed: float) -> float:
        """Market seconds per second: the speed, or more while the market makes good for being late."""
        return max(self.reachable(speed), min(self._rate, _MOST_RATE))

    def reachable(self, speed: float) -> float:
        """Market seconds per second: the speed, or what a market that is nowhere near it may soon reach."""
        return min(speed, max(_MOST_RATE, _BELIEVED * self._rate))

    def distance(self, speed: float, behind: int | None = None) -> int:
        """
        Nanoseconds of market time from the present to the next place.

        Args:
            speed: Of the market.
            behind: For how much it is in haste, nanoseconds of market time; None where it always is.
        """
        seconds = MARGIN * max(self._last, self._mean)
        ahead = math.ceil(seconds * self.rate(speed) * NS_PER_SECOND)
        if behind is None:
            return ahead
        return min(ahead, behind + math.ceil(seconds * self.reachable(speed) * NS_PER_SECOND))
