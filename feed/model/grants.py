"""What an API key permits."""

from __future__ import annotations

import enum

import attrs


class Scope(enum.Enum):
    """One permission of a key."""

    READ = "read"  # market data and the account's own state
    TRADE = "trade"  # orders
    ADMIN = "admin"  # the clock, scenarios and faults


class Tier(enum.Enum):
    """The customer tier of a key, from which protocols with tiers derive their limits."""

    FREE = "free"
    BASIC = "basic"
    PRO = "pro"
    MAX = "max"


@attrs.frozen(kw_only=True)
class Grant:
    """
    The permissions of a key, without the key itself.

    Attributes:
        name: The operator's name for the key; safe to log.
        account: Number of the account it trades for; keys of one account share it.
        tier: The customer tier.
        scopes: Its permissions.
        dialects: Protocols that the key is valid for; empty means all.
    """

    name: str
    account: int = 0
    tier: Tier = Tier.FREE
    scopes: tuple[Scope, ...] = (Scope.READ,)
    dialects: tuple[str, ...] = ()

    def allows(self, scope: Scope) -> bool:
        """Whether the key has ``scope``."""
        return scope in self.scopes
