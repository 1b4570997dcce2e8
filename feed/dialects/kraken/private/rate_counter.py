"""
The rate counter of an account's orders in one pair, which rises with requests and falls with time.

Clients see what the exchange would count; orders are refused for it where the operator wants that.

Source: "Spot Trading Engine Rate Limits" of the guides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from feed.model.durations import NS_PER_SECOND
from feed.model.events import ExecutionReport
from feed.model.grants import Tier
from feed.model.trading import RequestKind
from feed.model.wallets import Wallet

WINDOW: Final = 600 * NS_PER_SECOND
"""What is longer ago is taken to have fallen to nothing, nanoseconds."""
DECIMALS: Final = 2
"""Of the count."""
_ONE: Final = 10**DECIMALS * NS_PER_SECOND
# By the age of the order, seconds: what is counted below it.
_AMENDED: Final = ((5, 3), (10, 2), (15, 1))
_CANCELLED: Final = ((5, 8), (10, 6), (15, 5), (45, 4), (90, 2), (300, 1))


@attrs.frozen
class CounterTier:
    """
    What a tier of customers may do.

    Attributes:
        most: Count from which on the exchange refuses orders.
        decay: What is taken off in a second, hundredths.
    """

    most: int
    decay: int


TIERS: Final = {
    Tier.FREE: CounterTier(60, 100),
    Tier.BASIC: CounterTier(125, 234),
    Tier.PRO: CounterTier(180, 375),
    Tier.MAX: CounterTier(180, 375),
}


def count(wallet: Wallet, item: ExecutionReport, tier: Tier) -> int:
    """
    The count after a report of an order, hundredths.

    Args:
        wallet: Of its account; it has taken the report into account.
        item: The report.
        tier: Of the key.
    """
    return count_at(wallet, item.instrument, item.ts, tier)


def exceeded(wallet: Wallet, instrument: int, now: int, tier: Tier) -> bool:
    """Whether the count is so high that the exchange takes no order; see :func:`count_at`."""
    return count_at(wallet, instrument, now, tier) >= TIERS[tier].most * 10**DECIMALS


def count_at(wallet: Wallet, instrument: int, now: int, tier: Tier) -> int:
    """
    The count at market time ``now``, hundredths.

    Args:
        wallet: Of the account.
        instrument: Index of the instrument.
        now: Nanoseconds since the Unix epoch.
        tier: Of the key.
    """
    found: list[ExecutionReport] = []
    for request in reversed(wallet.requests):
        if request.ts < now - WINDOW:
            break
        if request.instrument == instrument:
            found.append(request)
    units, last = 0, 0
    for request in reversed(found):
        units = _fallen(units, request.ts - last, tier) + _counted(request) * _ONE
        last = request.ts
    return _fallen(units, now - last, tier) // NS_PER_SECOND


def _fallen(units: int, after: int, tier: Tier) -> int:
    return max(units - max(after, 0) * TIERS[tier].decay, 0)  # a market may be taken back


def _counted(request: ExecutionReport) -> int:
    age = request.ts - request.created
    match request.verb:
        case RequestKind.CANCEL:
            return _young(_CANCELLED, age)
        case RequestKind.MODIFY:
            return 1 + _young(_AMENDED, age)
    return 1


def _young(table: Sequence[tuple[int, int]], age: int) -> int:
    return next((more for seconds, more in table if age < seconds * NS_PER_SECOND), 0)
