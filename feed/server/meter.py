"""How many messages a client sends."""

from __future__ import annotations


class Meter:
    """Counts messages in windows of one second, the first beginning with the first message."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._window = float("-inf")  # when it began, in seconds
        self._count = 0

    def exceeded(self, now: float) -> bool:
        """Count one more message at ``now``, in seconds; whether it is one too many."""
        if now - self._window >= 1:
            self._window, self._count = now, 0
        self._count += 1
        return self._count > self._per_second
