"""
How often a key may ask about its account: a count that goes down all the time.

Source: "Spot REST Rate Limits" of the guides.
"""

from __future__ import annotations

from feed.dialects.kraken import errors
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.kraken.policy import KrakenPolicy
from feed.dialects.metering import FREE, Charge, DecayingCounter, Meter

_MILLIONTHS = 1_000_000


class CallLimit(Meter):
    """
    Counts the private calls to one server.

    Args:
        policy: What the operator decides.
        most: Keys that are counted apart.
    """

    def __init__(self, policy: KrakenPolicy, most: int) -> None:
        self._counter = (
            DecayingCounter(policy.private_calls, policy.private_calls_decay / _MILLIONTHS, most)
            if policy.private_calls
            else None
        )

    def charge(self, who: str, weight: int, now: float, *, ban_seconds: int = 0) -> Charge:
        """Count a call; see :class:`~feed.dialects.metering.Meter`."""
        del ban_seconds
        if self._counter is None or self._counter.charge(who, weight, now):
            return FREE
        return Charge(problem=KrakenError(errors.RATE_LIMIT))

    def charge_orders(self, account: int, number: int, now: float) -> Charge:
        """Orders are counted by nobody."""
        del account, number, now
        return FREE
