"""How many connections an account may have, and how often it may do a thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from feed.dialects.contract import AdmissionResult
from feed.model.elsewhere import NO_WINDOW, NOWHERE, TOGETHER, Elsewhere, Own

MINUTE: Final = 60.0  # seconds
_CONNECTIONS: Final = "connections"


class WindowCounter:
    """
    Counts in windows of fixed length, the same for all; what a window counted is forgotten.

    Args:
        seconds: Length of a window; windows begin on its multiples.
        most: Names that are counted apart in a window; further ones are counted together. None for all.
        name: By which other servers know the counter; empty where they do not.
        elsewhere: These servers, whose counts are added.
    """

    def __init__(
        self, seconds: float, *, most: int | None = None, name: str = "", elsewhere: Elsewhere = NOWHERE
    ) -> None:
        self._seconds = seconds
        self._most = most
        self._name = name
        self._elsewhere = elsewhere if name else NOWHERE
        self._window = -1
        self._counts: dict[str, int] = {}
        self._elsewhere.share(name, self._own)

    def take(self, who: str, limit: int, now: float) -> int:
        """
        Count one more of ``who``.

        Args:
            who: Name of a key, or an address.
            limit: No more than this and one are counted.
            now: Seconds, on a clock that never goes back; since the Unix epoch where other servers count too.
        Returns:
            How many there are in this window; ``limit`` and one when this was too many.
        """
        count = self.count(who, now)
        if count <= limit:
            name = self._counted(who)
            self._counts[name] = self._counts.get(name, 0) + 1
        return min(count, limit) + 1

    def count(self, who: str, now: float) -> int:
        """How many there are of ``who`` in this window."""
        window = int(now // self._seconds)
        if window != self._window:
            self._window = window
            self._counts = {}
        name = self._counted(who)
        return self._counts.get(name, 0) + self._elsewhere.count(self._name, name, window)

    def left(self, now: float) -> float:
        """Seconds until this window ends, and all is forgotten."""
        return self._seconds - now % self._seconds

    def __len__(self) -> int:
        return len(self._counts)

    def _counted(self, who: str) -> str:
        apart = self._most is None or who in self._counts or len(self._counts) < self._most
        return who if apart else TOGETHER

    def _own(self) -> Iterator[Own]:
        return ((who, self._window, count) for who, count in self._counts.items())


class MinuteCounters:
    """How often each may do a thing in a minute."""

    def __init__(self, clock: Callable[[], float], *, name: str = "", elsewhere: Elsewhere = NOWHERE) -> None:
        """
        Begin with nothing counted.

        Args:
            clock: Seconds, see :meth:`WindowCounter.take`.
            name: See :class:`WindowCounter`.
            elsewhere: See there.
        """
        self._clock = clock
        self._counter = WindowCounter(MINUTE, name=name, elsewhere=elsewhere)

    def take(self, who: str, per_minute: int) -> bool:
        """Count one more thing that ``who`` does; whether it is one of the first ``per_minute``."""
        return self._counter.take(who, per_minute, self._clock()) <= per_minute

    def wait(self) -> float:
        """Seconds until all is forgotten."""
        return self._counter.left(self._clock())


class ConnectionQuotas:
    """Who has how many connections open."""

    def __init__(self, clock: Callable[[], float], *, elsewhere: Elsewhere = NOWHERE) -> None:
        """
        Begin with none.

        Args:
            clock: Seconds, see :meth:`WindowCounter.take`.
            elsewhere: The other servers, whose connections count too.
        """
        self._rates = MinuteCounters(clock, name=f"{_CONNECTIONS} in a minute", elsewhere=elsewhere)
        self._elsewhere = elsewhere
        self._taken: dict[str, int] = {}
        elsewhere.share(_CONNECTIONS, self._own)

    def enter(self, who: str, at_once: int, per_minute: int, *, resuming: bool = False) -> AdmissionResult:
        """
        Count one more connection of ``who``, unless there are too many; every try counts in its minute.

        Args:
            who: By which name connections are counted.
            at_once: How many there may be.
            per_minute: How many may be tried in a minute.
            resuming: Whether it goes on where another one ended. Of that one another server may not know yet
                that it has ended, so that only connections to this server count.
        """
        if not self._rates.take(who, per_minute):
            return AdmissionResult.TOO_OFTEN
        taken = self._taken.get(who, 0) if resuming else self.taken(who)
        if taken >= at_once:
            return AdmissionResult.TOO_MANY
        self._taken[who] = self._taken.get(who, 0) + 1
        return AdmissionResult.OPEN

    def taken(self, who: str) -> int:
        """How many connections ``who`` has open, here and elsewhere."""
        return self._taken.get(who, 0) + self._elsewhere.count(_CONNECTIONS, who, NO_WINDOW)

    def leave(self, who: str) -> None:
        """One connection of ``who`` is over."""
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]

    def _own(self) -> Iterator[Own]:
        return ((who, NO_WINDOW, count) for who, count in self._taken.items())


class ConnectionQuota:
    """
    What one connection counts towards, given back when it ends.

    Attributes:
        resuming: See :meth:`ConnectionQuotas.enter`.
    """

    def __init__(self, quotas: ConnectionQuotas) -> None:
        self.resuming = False
        self._quotas = quotas
        self._taken: list[str] = []

    def enter(self, who: str, at_once: int, per_minute: int) -> AdmissionResult:
        """Count this connection, see :meth:`ConnectionQuotas.enter`."""
        entry = self._quotas.enter(who, at_once, per_minute, resuming=self.resuming)
        if entry is AdmissionResult.OPEN:
            self._taken.append(who)
        return entry

    def end(self) -> None:
        """The connection is over."""
        while self._taken:
            self._quotas.leave(self._taken.pop())
