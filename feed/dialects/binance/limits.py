"""
Request limits: the table of exchangeInfo, the headers that tell what is used, 429, and bans with 418.

Source: "LIMITS" of the REST document. Where the exchange counts by address alone, a good key is counted by
itself here: whoever shares a machine with a program that is banned goes on.
"""

from __future__ import annotations

import math
import sys
from typing import Final, Literal

import attrs

from feed.dialects.access import Problem, Shape
from feed.dialects.binance import errors
from feed.dialects.binance.policy import BinancePolicy
from feed.dialects.metering import Bans, Charge, Limit, Meter, RequestCounter, Usage
from feed.model.elsewhere import NOWHERE, Elsewhere

_MINUTE: Final = 60  # seconds
_DAY: Final = 86_400  # seconds
_MS: Final = 1000  # in a second
# Who places too many orders is refused, and never banned.
_NO_BANS: Final = Bans(refusals=sys.maxsize, first_seconds=1, most_seconds=1)

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
        weight_limit(policy),
        *order_limits(policy),
        RateLimit("RAW_REQUESTS", "MINUTE", 5, policy.requests_per_5_minutes),
    ]


def weight_limit(policy: BinancePolicy) -> RateLimit:
    """That of request weights."""
    return RateLimit("REQUEST_WEIGHT", "MINUTE", 1, policy.weight_per_minute)


def order_limits(policy: BinancePolicy) -> list[RateLimit]:
    """Those of orders."""
    return [
        RateLimit("ORDERS", "SECOND", 10, policy.orders_per_10_seconds),
        RateLimit("ORDERS", "DAY", 1, policy.orders_per_day),
    ]


@attrs.define(eq=False)
class RequestLimits(Meter):
    """Counts the requests to one server, and the orders of each account."""

    _requests: RequestCounter
    _orders: RequestCounter

    @classmethod
    def of(cls, policy: BinancePolicy, most: int, elsewhere: Elsewhere = NOWHERE) -> RequestLimits:
        """
        With the limits of a policy.

        Args:
            policy: What the operator decides.
            most: Clients that are counted apart.
            elsewhere: Other servers, which count too.
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
        orders = (
            Limit(seconds=10, most=policy.orders_per_10_seconds),
            Limit(seconds=_DAY, most=policy.orders_per_day),
        )
        return cls(
            RequestCounter(limits, bans, most, name="binance requests", elsewhere=elsewhere),
            RequestCounter(orders, _NO_BANS, most, name="binance orders", elsewhere=elsewhere),
        )

    def charge(self, who: str, weight: int, now: float, *, ban_seconds: int = 0) -> Charge:
        """Count a request; see :class:`~feed.dialects.metering.Meter`."""
        problem: Problem | None
        if ban_seconds:
            counts, problem = self._requests.counts(who, now), banned(ban_seconds, now)
        else:
            usage = self._requests.charge(who, weight, now)
            counts, problem = usage.counts, _problem(usage, now)
        used = str(counts[0])
        headers = {"X-MBX-USED-WEIGHT": used, "X-MBX-USED-WEIGHT-1M": used}
        return Charge(counts=counts, headers=headers, problem=problem)

    def charge_orders(self, account: int, number: int, now: float) -> Charge:
        """Count orders of an account; see :class:`~feed.dialects.metering.Meter`."""
        who = f"account {account}"
        if not number:
            return Charge(counts=self._orders.counts(who, now))
        usage = self._orders.charge(who, number, now)
        shortly, today = usage.counts
        headers = {"X-MBX-ORDER-COUNT-10S": str(shortly), "X-MBX-ORDER-COUNT-1D": str(today)}
        problem = None
        if usage.exceeded is not None:
            window = "1 DAY" if usage.exceeded.seconds == _DAY else f"{usage.exceeded.seconds} SECOND"
            problem = errors.TOO_MANY_ORDERS.error(usage.exceeded.most, window)
        return Charge(counts=usage.counts, headers=headers, problem=problem)


def banned(seconds: int, now: float) -> errors.BinanceError:
    """The refusal of somebody who is banned for so many more seconds; ``now`` since the Unix epoch."""
    return errors.BANNED.error(int((now + seconds) * _MS), headers={"Retry-After": str(seconds)})


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
