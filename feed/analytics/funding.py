"""
Funding of a perpetual future: what longs pay to shorts, so that its price stays near the index.

The rate is the mean premium of the interval, drawn towards the interest rate by at most 0.05 %::

    rate = premium + clamp(interest - premium, -0.05 %, 0.05 %)

as Binance publishes it ("Introduction to Binance Futures Funding Rates"). All in units of 1e-8.
"""

from __future__ import annotations

from typing import Final

from feed.model.derivatives import RATE_ONE

CLAMP: Final = RATE_ONE // 2_000  # 0.05 %


def premium(price2: int, index2: int) -> int:
    """
    How far a price is above the index, in units of 1e-8 of the index.

    Args:
        price2: Twice the price of the future, integer ticks.
        index2: Twice the index price, integer ticks of the future.
    """
    return (price2 - index2) * RATE_ONE // index2


def funding_rate(premium_mean: int, interest: int, most: int) -> int:
    """
    The rate of an interval, in units of 1e-8.

    Args:
        premium_mean: Mean premium of the interval so far.
        interest: Rate of the interval while future and index are level.
        most: Bound on the rate, either way.
    """
    rate = premium_mean + max(-CLAMP, min(CLAMP, interest - premium_mean))
    return max(-most, min(most, rate))


class PremiumMean:
    """The mean of equally spaced premiums since an interval began."""

    __slots__ = ("_count", "_sum")

    def __init__(self) -> None:
        self._sum = 0
        self._count = 0

    def add(self, value: int) -> None:
        """Take the next premium into account, in units of 1e-8."""
        self._sum += value
        self._count += 1

    @property
    def value(self) -> int:
        """The mean, rounded down; 0 before the first."""
        return self._sum // self._count if self._count else 0
