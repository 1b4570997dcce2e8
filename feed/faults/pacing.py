"""When the bytes of one connection are due on a link that is late, or narrow. Sans-I/O: time comes in."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import attrs

# A narrow link takes what it takes in so much time at once: less would be a write for every few bytes.
SLICE_SECONDS: Final = 0.05


@attrs.frozen(kw_only=True)
class LinkState:
    """
    How bad the way to one client is.

    Attributes:
        late: Gives the seconds by which the next write is late; None for a link that is in time.
        bytes_per_second: What it takes at most; None for all there is.
        stalled: Whether no byte passes in either direction, while the connection stays open.
    """

    late: Callable[[], float] | None = None
    bytes_per_second: int | None = None
    stalled: bool = False


GOOD: Final = LinkState()


class Pacing:
    """
    What is on the way, in its order: first late, then as fast as the link takes it.

    Attributes:
        late: See :class:`LinkState`.
        bytes_per_second: See there.
        bytes: On the way; what was taken counts until :meth:`arrived`.
    """

    def __init__(self) -> None:
        self.late: Callable[[], float] | None = None
        self.bytes_per_second: int | None = None
        self.bytes = 0
        self._waiting: deque[tuple[float, bytes | memoryview]] = deque()
        self._last = 0.0  # when the last write is due
        self._free_at = 0.0  # when the link has taken what it was given

    @property
    def needed(self) -> bool:
        """Whether what comes next has to go through here."""
        return bool(self.bytes) or self.late is not None or self.bytes_per_second is not None

    @property
    def writes(self) -> int:
        """How many wait: each takes memory of its own, however short it is."""
        return len(self._waiting)

    @property
    def due(self) -> float | None:
        """When the next piece is due, in seconds of the clock that ``now`` is of; None when there is none."""
        if not self._waiting:
            return None
        due = self._waiting[0][0]
        return due if self.bytes_per_second is None else max(due, self._free_at)

    def put(self, data: bytes, now: float) -> None:
        """Take ``data``, written at ``now``."""
        self._last = max(self._last, now + (0.0 if self.late is None else self.late()))
        self._waiting.append((self._last, data))
        self.bytes += len(data)

    def take(self, now: float) -> bytes | memoryview:
        """The next piece, which is due at ``now``."""
        due, data = self._waiting.popleft()
        rate = self.bytes_per_second
        if rate is None:
            return data
        size = max(1, int(rate * SLICE_SECONDS))
        if size < len(data):
            view = memoryview(data)
            self._waiting.appendleft((due, view[size:]))
            data = view[:size]
        self._free_at = now + len(data) / rate
        return data

    def arrived(self, size: int) -> None:
        """So many bytes that were taken are on the way no more."""
        self.bytes = max(0, self.bytes - size)  # they may have been forgotten meanwhile

    def clear(self) -> None:
        """Forget what is on the way."""
        self._waiting.clear()
        self.bytes = 0
