"""How many requests a client sends."""

from __future__ import annotations

import attrs


@attrs.frozen
class Quota:
    """
    What a client may still do.

    Attributes:
        limit: Requests in a second.
        remaining: Of these, how many are left; -1 when this one was too many.
        reset: Seconds until there are ``limit`` again.
    """

    limit: int
    remaining: int
    reset: int = 1

    @property
    def exceeded(self) -> bool:
        """Whether this request was one too many."""
        return self.remaining < 0

    def headers(self) -> dict[str, str]:
        """As the published documents name them."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(self.reset),
        }


class Quotas:
    """Counts requests in windows of one second, the same for all; what a window counted is forgotten."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._window = -1
        self._counts: dict[str, int] = {}

    def take(self, who: str, now: float) -> Quota:
        """
        Count one more request.

        Args:
            who: Name of a key, or an address.
            now: Seconds, on a clock that never goes back.
        """
        if int(now) != self._window:
            self._window = int(now)
            self._counts = {}
        count = min(self._counts.get(who, 0), self._per_second) + 1
        self._counts[who] = count
        return Quota(self._per_second, self._per_second - count)
