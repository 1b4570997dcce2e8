"""The market as the requests to an exchange see it, between two steps."""

from __future__ import annotations

from typing import Generic, TypeVar

import attrs

from feed.dialects.contract import SessionContext
from feed.state.market_state import MarketState
from feed.state.projections import Projections

PolicyT = TypeVar("PolicyT")
"""What the operator decides, of one protocol."""


@attrs.frozen(kw_only=True, slots=False)
class SpotMarketView(Generic[PolicyT]):
    """
    The market at one sequence number.

    Attributes:
        state: Books, quotes, last trades.
        projections: What is computed beside it.
        policy: What the operator decides.
        clock_skew: How far the clock by which it tells the time is ahead on purpose, nanoseconds.
    """

    state: MarketState
    projections: Projections
    policy: PolicyT
    clock_skew: int = 0

    @property
    def now(self) -> int:
        """Market time, nanoseconds since the Unix epoch."""
        return self.state.now

    @property
    def server_time(self) -> int:
        """By which clients set their clocks: market time, nanoseconds, or what a fault makes of it."""
        return self.state.now + self.clock_skew


def session_projections(context: SessionContext) -> Projections:
    """
    What is computed beside the market's state, of a session that cannot do without.

    Raises:
        ValueError: It has been opened without.
    """
    if context.projections is None:
        raise ValueError("a session of this protocol needs projections")
    return context.projections
