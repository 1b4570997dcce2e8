"""How many requests a client sends."""

from __future__ import annotations

import attrs

from feed.model.elsewhere import ADDRESS, NOWHERE, Elsewhere
from feed.model.grants import Grant
from feed.server.limits import WindowCounter


def asker(grant: Grant | None, address: str) -> str:
    """Who is counted: the key where there is a good one, else the address."""
    return f"{ADDRESS}{address}" if grant is None else f"key {grant.name}"


@attrs.frozen(kw_only=True)
class Quota:
    """
    What a client may still do.

    Attributes:
        limit: Requests in a window.
        remaining: Of these, how many are left; -1 when this one was too many.
        wait: Seconds until there are ``limit`` again.
        reset: The same as the published documents tell it.
        refusal: One sentence for whom this was too many.
    """

    limit: int
    remaining: int
    wait: int
    reset: int
    refusal: str

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


@attrs.frozen(kw_only=True)
class Window:
    """
    How requests are counted.

    Attributes:
        seconds: Length; windows begin on its multiples.
        dated: Whether clients are told when a window ends rather than in how many seconds.
        refusal: One sentence for whom a request was too many.
    """

    seconds: int
    dated: bool = False
    refusal: str


SECOND = Window(seconds=1, refusal="Too many requests; slow down")
DAY = Window(seconds=86_400, dated=True, refusal="Daily rate limit exceeded")


class Quotas:
    """Counts requests in windows."""

    def __init__(self, window: Window, *, elsewhere: Elsewhere = NOWHERE) -> None:
        self._window = window
        name = f"requests in {window.seconds} s"
        self._counter = WindowCounter(window.seconds, name=name, elsewhere=elsewhere)

    def take(self, who: str, limit: int, now: float) -> Quota:
        """
        Count one more request.

        Args:
            who: Name of a key, or an address.
            limit: How many ``who`` may send in a window.
            now: Seconds, on a clock that never goes back; since the Unix epoch where windows are dated, or
                other servers count too.
        """
        window = self._window
        count = self._counter.take(who, limit, now)
        end = (int(now) // window.seconds + 1) * window.seconds
        wait = end - int(now)
        return Quota(
            limit=limit,
            remaining=limit - count,
            wait=wait,
            reset=end if window.dated else wait,
            refusal=window.refusal,
        )
