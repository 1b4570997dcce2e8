"""What an answer is made of: the market between two steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from feed.dialects.contract import SessionContext
from feed.dialects.kraken.names import Pair, Pairs, pairs
from feed.dialects.kraken.policy import KrakenPolicy
from feed.dialects.rest import RestContext
from feed.model.disruption import UNDISRUPTED, Disruption
from feed.model.events import Row, Status
from feed.state.market_state import MarketState
from feed.state.projections import Projections

STATUS = {Status.TRADING: "online", Status.HALTED: "cancel_only", Status.DELISTED: "delisted"}


def _no_past(seq: int, most: int) -> Sequence[Row]:
    del seq, most
    return ()


@attrs.frozen(kw_only=True)
class MarketView:
    """
    The market at one sequence number.

    Attributes:
        pairs: What is traded.
        state: Books, quotes, last trades.
        projections: What is computed beside it.
        policy: What the operator decides.
        oldest: Sequence number of the oldest event that is kept.
        past: Gives the events right after a sequence number, at most so many.
        disruption: What goes wrong on purpose with the request.
    """

    pairs: Pairs
    state: MarketState
    projections: Projections
    policy: KrakenPolicy
    oldest: int = 1
    past: Callable[[int, int], Sequence[Row]] = _no_past
    disruption: Disruption = UNDISRUPTED

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
            disruption=disruption,
        )

    @classmethod
    def of_session(cls, context: SessionContext) -> MarketView:
        """As a session sees it: without what was before."""
        if context.projections is None:
            raise ValueError("a session of this protocol needs projections")
        return cls(
            pairs=pairs(context.listing),
            state=context.market_state(),
            projections=context.projections,
            policy=context.policies.kraken,
        )

    def status(self, pair: Pair) -> str:
        """Whether a pair can be traded, in the exchange's words."""
        return STATUS[self.state.status(pair.index)]
