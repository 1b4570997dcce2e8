"""How many connections an account may have, and how often it may do a thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.dialects.contract import AdmissionResult

WINDOW_SECONDS: Final = 60.0


class WindowCounter:
    """
    Counts in windows of fixed length, the same for all; what a window counted is forgotten.

    Args:
        seconds: Length of a window; windows begin on its multiples.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._window = -1.0
        self._counts: dict[str, int] = {}

    def take(self, who: str, limit: int, now: float) -> int:
        """
        Count one more of ``who``.

        Args:
            who: Name of a key, or an address.
            limit: No more than this and one are counted.
            now: Seconds, on a clock that never goes back.
        Returns:
            How many there are in this window; ``limit`` and one when this was too many.
        """
        window = now // self._seconds
        if window != self._window:
            self._window = window
            self._counts = {}
        count = min(self._counts.get(who, 0), limit) + 1
        self._counts[who] = count
        return count


class MinuteCounters:
    """How often each may do a thing in a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Begin with nothing counted.

        Args:
            clock: Seconds that never go back.
        """
        self._clock = clock
        self._counter = WindowCounter(WINDOW_SECONDS)

    def take(self, who: str, per_minute: int) -> bool:
        """Count one more thing that ``who`` does; whether it is one of the first ``per_minute``."""
        return self._counter.take(who, per_minute, self._clock()) <= per_minute

    def wait(self) -> float:
        """Seconds until all is forgotten."""
        return WINDOW_SECONDS - self._clock() % WINDOW_SECONDS


class ConnectionQuotas:
    """Who has how many connections open."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._rates = MinuteCounters(clock)
        self._taken: dict[str, int] = {}

    def enter(self, who: str, at_once: int, per_minute: int) -> AdmissionResult:
        """Take a seat for ``who``, unless there is none left; every try counts towards the minute."""
        if not self._rates.take(who, per_minute):
            return AdmissionResult.TOO_OFTEN
        if self._taken.get(who, 0) >= at_once:
            return AdmissionResult.TOO_MANY
        self._taken[who] = self._taken.get(who, 0) + 1
        return AdmissionResult.OPEN

    def taken(self, who: str) -> int:
        """How many seats ``who`` has."""
        return self._taken.get(who, 0)

    def leave(self, who: str) -> None:
        """Give one seat back."""
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]


class ConnectionQuota:
    """The seats that one connection takes, given back together when it ends."""

    def __init__(self, quotas: ConnectionQuotas) -> None:
        self._quotas = quotas
        self._taken: list[str] = []

    def enter(self, who: str, at_once: int, per_minute: int) -> AdmissionResult:
        """Take a seat for this connection, see :meth:`ConnectionQuotas.enter`."""
        entry = self._quotas.enter(who, at_once, per_minute)
        if entry is AdmissionResult.OPEN:
            self._taken.append(who)
        return entry

    def end(self) -> None:
        """The connection is over."""
        while self._taken:
            self._quotas.leave(self._taken.pop())
