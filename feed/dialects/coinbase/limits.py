"""Request limits: so many a second of each key or address, told in headers. Source: "Rate Limits"."""

from __future__ import annotations

import math
import sys
from typing import Final

import attrs

from feed.dialects.coinbase.errors import CoinbaseError
from feed.dialects.coinbase.policy import CoinbasePolicy
from feed.dialects.metering import FREE, Bans, Charge, Limit, Meter, RequestCounter
from feed.model.elsewhere import NOWHERE, Elsewhere

# Who asks too often is refused, and never banned for it.
_NO_BANS: Final = Bans(refusals=sys.maxsize, first_seconds=1, most_seconds=1)


@attrs.define(eq=False)
class RequestLimits(Meter):
    """Counts the requests to one server."""

    _most: int
    _requests: RequestCounter

    @classmethod
    def of(cls, policy: CoinbasePolicy, most: int, elsewhere: Elsewhere = NOWHERE) -> RequestLimits:
        """
        With the limits of a policy.

        Args:
            policy: What the operator decides.
            most: Clients that are counted apart.
            elsewhere: Other servers, which count too.
        """
        limit = Limit(seconds=1, most=policy.requests_per_second)
        return cls(
            policy.requests_per_second,
            RequestCounter((limit,), _NO_BANS, most, name="coinbase requests", elsewhere=elsewhere),
        )

    def charge(self, who: str, weight: int, now: float, *, ban_seconds: int = 0) -> Charge:
        """Count a request; see :class:`~feed.dialects.metering.Meter`."""
        if ban_seconds:
            return self._charged(self._requests.counts(who, now), now + ban_seconds, now, refused=True)
        usage = self._requests.charge(who, weight, now)
        return self._charged(usage.counts, math.floor(now) + 1, now, refused=usage.refused)

    def charge_orders(self, account: int, number: int, now: float) -> Charge:
        """Nothing: orders are requests like any other."""
        del account, number, now
        return FREE

    def _charged(self, counts: tuple[int, ...], reset: float, now: float, *, refused: bool) -> Charge:
        seconds = str(max(1, math.ceil(reset - now)))
        headers = {
            "x-ratelimit-limit": str(self._most),
            "x-ratelimit-remaining": str(0 if refused else max(self._most - counts[0], 0)),
            "x-ratelimit-reset": seconds,
        }
        problem = CoinbaseError(429, "rate_limit_exceeded", "Too many requests") if refused else None
        return Charge(counts=counts, headers=headers, problem=problem)
