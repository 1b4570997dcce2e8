"""
Request limits: the table of exchangeInfo, the headers that tell what is used, 429, and bans with 418.

Source: "LIMITS" of the REST document. Where the exchange counts by address alone, a good key is counted by
itself here: whoever shares a machine with a program that is banned goes on.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import attrs

from feed.dialects.access import Problem, Shape
from feed.dialects.binance import errors
from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.metering import Bans, Charge, Limit, Meter, RequestCounter, Usage

_MINUTE: Final = 60  # seconds
_MS: Final = 1000  # in a second

Kind = Literal["REQUEST_WEIGHT", "ORDERS", "RAW_REQUESTS"]
Interval = Literal["SECOND", "MINUTE", "DAY"]


class RateLimit(Shape):
    """
    One row of the table of limits.

    Attributes:
        rateLimitType: What is counted.
        interval: Unit of a window's length.
        intervalNum: How many of these it is long.
        limit: The most in a window.
    """

    rateLimitType: Kind  # noqa: N815 - as published
    interval: Interval
    intervalNum: int  # noqa: N815 - as published
    limit: int


def rate_limits(policy: BinancePolicy) -> list[RateLimit]:
    """The table, in the exchange's order."""
    return [
        RateLimit("REQUEST_WEIGHT", "MINUTE", 1, policy.weight_per_minute),
        RateLimit("ORDERS", "SECOND", 10, policy.orders_per_10_seconds),
        RateLimit("ORDERS", "DAY", 1, policy.orders_per_day),
        RateLimit("RAW_REQUESTS", "MINUTE", 5, policy.requests_per_5_minutes),
    ]


@attrs.define(eq=False)
class RequestLimits(Meter):
    """Counts the requests to one server."""

    _requests: RequestCounter

    @classmethod
    def of(cls, policy: BinancePolicy, most: int) -> RequestLimits:
        """
        With the limits of a policy.

        Args:
            policy: What the operator decides.
            most: Clients that are counted apart.
        """
        limits = (
            Limit(seconds=_MINUTE, most=policy.weight_per_minute),
            Limit(seconds=5 * _MINUTE, most=policy.requests_per_5_minutes, raw=True),
        )
        bans = Bans(
            refusals=policy.refusals_before_ban,
            first_seconds=policy.ban_seconds,
            most_seconds=policy.longest_ban_seconds,
        )
        return cls(RequestCounter(limits, bans, most))

    def charge(self, who: str, weight: int, now: float) -> Charge:
        """Count a request; see :class:`~feed.dialects.metering.Meter`."""
        usage = self._requests.charge(who, weight, now)
        used = str(usage.counts[0])
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        return Charge(counts=usage.counts, headers=headers, problem=_problem(usage, now))


def _problem(usage: Usage, now: float) -> Problem | None:
    if not usage.refused:
        return None
    retry = {"Retry-After": str(max(1, math.ceil(usage.until - now)))}
    if usage.banned:
        return errors.BANNED.error(int(usage.until * _MS), headers=retry)
    limit = usage.exceeded
    assert limit is not None  # noqa: S101 - refused, and not for a ban
    template = errors.TOO_MANY_REQUESTS if limit.raw else errors.TOO_MUCH_WEIGHT
    minutes = limit.seconds // _MINUTE
    return template.error(limit.most, f"{minutes} MINUTE", headers=retry)
