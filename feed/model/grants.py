"""What a key allows."""

from __future__ import annotations

import enum

import attrs


class Scope(enum.Enum):
    """One thing a key may do."""

    READ = "read"  # market data and the account's own state
    TRADE = "trade"  # orders
    ADMIN = "admin"  # the clock, scenarios and faults


class Tier(enum.Enum):
    """Size of a customer; protocols with tiers derive their limits from it."""

    FREE = "free"
    BASIC = "basic"
    PRO = "pro"
    MAX = "max"


@attrs.frozen(kw_only=True)
class Grant:
    """
    What the holder of a key may do. Never holds the key.

    Attributes:
        name: What the operator called the key; safe to log.
        account: Number of the account it trades for; keys of one account share it.
        tier: Size of the customer.
        scopes: What the key may do.
        dialects: Protocols the key is good for; empty means all.
    """

    name: str
    account: int = 0
    tier: Tier = Tier.FREE
    scopes: tuple[Scope, ...] = (Scope.READ,)
    dialects: tuple[str, ...] = ()

    def allows(self, scope: Scope) -> bool:
        """Whether the key has ``scope``."""
        return scope in self.scopes
