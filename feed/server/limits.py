"""How many connections an account may have, and how often it may do a thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from feed.dialects.contract import AdmissionResult

MINUTE: Final = 60.0  # seconds
_TOGETHER: Final = ""  # the name of those that are counted together


class WindowCounter:
    """
    Counts in windows of fixed length, the same for all; what a window counted is forgotten.

    Args:
        seconds: Length of a window; windows begin on its multiples.
        most: Names that are counted apart in a window; further ones are counted together. None for all.
    """

    def __init__(self, seconds: float, *, most: int | None = None) -> None:
        self._seconds = seconds
        self._most = most
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
        count = min(self.count(who, now), limit) + 1
        self._counts[self._counted(who)] = count
        return count

    def count(self, who: str, now: float) -> int:
        """How many there are of ``who`` in this window."""
        window = now // self._seconds
        if window != self._window:
            self._window = window
            self._counts = {}
        return self._counts.get(self._counted(who), 0)

    def left(self, now: float) -> float:
        """Seconds until this window ends, and all is forgotten."""
        return self._seconds - now % self._seconds

    def __len__(self) -> int:
        return len(self._counts)

    def _counted(self, who: str) -> str:
        apart = self._most is None or who in self._counts or len(self._counts) < self._most
        return who if apart else _TOGETHER


class MinuteCounters:
    """How often each may do a thing in a minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Begin with nothing counted.

        Args:
            clock: Seconds that never go back.
        """
        self._clock = clock
        self._counter = WindowCounter(MINUTE)

    def take(self, who: str, per_minute: int) -> bool:
        """Count one more thing that ``who`` does; whether it is one of the first ``per_minute``."""
        return self._counter.take(who, per_minute, self._clock()) <= per_minute

    def wait(self) -> float:
        """Seconds until all is forgotten."""
        return self._counter.left(self._clock())


class ConnectionQuotas:
    """Who has how many connections open."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._rates = MinuteCounters(clock)
        self._taken: dict[str, int] = {}

    def enter(self, who: str, at_once: int, per_minute: int) -> AdmissionResult:
        """Count one more connection of ``who``, unless there are too many; every try counts in its minute."""
        if not self._rates.take(who, per_minute):
            return AdmissionResult.TOO_OFTEN
        if self._taken.get(who, 0) >= at_once:
            return AdmissionResult.TOO_MANY
        self._taken[who] = self._taken.get(who, 0) + 1
        return AdmissionResult.OPEN

    def taken(self, who: str) -> int:
        """How many connections ``who`` has open."""
        return self._taken.get(who, 0)

    def leave(self, who: str) -> None:
        """One connection of ``who`` is over."""
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]


class ConnectionQuota:
    """What one connection counts towards, given back when it ends."""

    def __init__(self, quotas: ConnectionQuotas) -> None:
        self._quotas = quotas
        self._taken: list[str] = []

    def enter(self, who: str, at_once: int, per_minute: int) -> AdmissionResult:
        """Count this connection, see :meth:`ConnectionQuotas.enter`."""
        entry = self._quotas.enter(who, at_once, per_minute)
        if entry is AdmissionResult.OPEN:
            self._taken.append(who)
        return entry

    def end(self) -> None:
        """The connection is over."""
        while self._taken:
            self._quotas.leave(self._taken.pop())
