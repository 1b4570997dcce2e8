"""What an answer is made of: the market between two steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from feed.dialects.contract import SessionContext
from feed.dialects.kraken.names import Pair, Pairs, pairs
from feed.dialects.kraken.policy import KrakenPolicy
from feed.dialects.market_view import SpotMarketView, session_projections
from feed.dialects.rest import RestContext
from feed.model.disruption import UNDISRUPTED, Disruption
from feed.model.events import Row, Status

STATUS = {
    Status.TRADING: "online",
    Status.HALTED: "cancel_only",
    Status.DELISTED: "delisted",
    Status.AUCTION: "limit_only",
    Status.CLOSED: "cancel_only",
}


def _no_past(seq: int, most: int) -> Sequence[Row]:
    del seq, most
    return ()


@attrs.frozen(kw_only=True, slots=False)
class MarketView(SpotMarketView[KrakenPolicy]):
    """
    The market at one sequence number.

    Attributes:
        pairs: What is traded.
        oldest: Sequence number of the oldest event that is kept.
        past: Gives the events right after a sequence number, at most so many.
        maintenance: Whether it says that it is being maintained.
    """

    pairs: Pairs
    oldest: int = 1
    past: Callable[[int, int], Sequence[Row]] = _no_past
    maintenance: bool = False

    @classmethod
    def of_request(cls, context: RestContext, disruption: Disruption = UNDISRUPTED) -> MarketView:
        """As a request by HTTP sees it, with which that goes wrong."""
        return cls(
            pairs=pairs(context.listing),
            state=context.market_state,
            projections=context.projections,
            policy=context.settings.policies.kraken,
            oldest=context.oldest,
            past=context.past,
            clock_skew=disruption.clock_skew,
            maintenance=disruption.maintenance,
        )

    @classmethod
    def of_session(cls, context: SessionContext) -> MarketView:
        """As a session sees it: without what was before."""
        return cls(
            pairs=pairs(context.listing),
            state=context.market_state(),
            projections=session_projections(context),
            policy=context.policies.kraken,
        )

    def status(self, pair: Pair) -> str:
        """Whether a pair can be traded, in the exchange's words."""
        return STATUS[self.state.status(pair.index)]
