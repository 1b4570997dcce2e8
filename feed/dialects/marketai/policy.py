"""What the operator decides where the document of Market.ai leaves it open: ``[policies.marketai]``."""

from __future__ import annotations

from typing import Final

import attrs
from attrs.validators import ge

from feed.model.grants import Grant, Tier
from feed.model.key_formats import DemoKey

# As the published documents print it, dots and all.
DEMO_KEYS: Final = (
    DemoKey(key="mk_live_abc123...", grant=Grant(name="demo-basic", tier=Tier.BASIC, dialects=("marketai",))),
)


@attrs.frozen(kw_only=True)
class TierLimits:
    """
    How much a customer of one tier may have.

    Attributes:
        connections: Open at once with one key; past it HTTP 429.
        symbols: Different ones subscribed on one connection, ``*`` counted as one; 0 for any number.
        requests_per_day: HTTP requests with one key from midnight to midnight UTC; past it HTTP 429.
            0 for any number.
    """

    connections: int = attrs.field(validator=ge(1))
    symbols: int = attrs.field(validator=ge(0))
    requests_per_day: int = attrs.field(validator=ge(0))


@attrs.frozen(kw_only=True)
class MarketAiPolicy:
    """
    The tiers of Market.ai's documents, and what they leave open.

    Attributes:
        free: Limits of this tier.
        basic: Limits of this tier.
        pro: Limits of this tier.
        max: Limits of this tier.
        connections_per_minute: New ones with one key; past it HTTP 429.
        wildcard_symbols: As how many symbols ``*`` counts.
    """

    free: TierLimits = TierLimits(connections=1, symbols=5, requests_per_day=500)
    basic: TierLimits = TierLimits(connections=5, symbols=25, requests_per_day=10_000)
    pro: TierLimits = TierLimits(connections=15, symbols=100, requests_per_day=100_000)
    max: TierLimits = TierLimits(connections=50, symbols=0, requests_per_day=0)
    connections_per_minute: int = attrs.field(default=6000, validator=ge(1))
    wildcard_symbols: int = attrs.field(default=1, validator=ge(0))


POLICY: Final = MarketAiPolicy()
