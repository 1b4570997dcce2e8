"""What trading costs: rates of commissions, and the discounts of tiers."""

from __future__ import annotations

from feed.model.grants import Tier
from feed.model.requests import PARTS
from feed.settings import Trading


def share_charged(tier: Tier, trading: Trading) -> int:
    """What a tier pays of a commission, millionths of it."""
    discounts = {
        Tier.FREE: 0,
        Tier.BASIC: trading.basic_discount,
        Tier.PRO: trading.pro_discount,
        Tier.MAX: trading.max_discount,
    }
    return PARTS - discounts[tier]


def rate_charged(rate: int, tier: Tier, trading: Trading) -> int:
    """A rate, millionths of a value, less the discount of a tier; rounded up."""
    return -(-rate * share_charged(tier, trading) // PARTS)
