"""What a server knows of its market's stream at one event: the last events, and what they have said."""

from __future__ import annotations

import attrs

from feed.model.accounts import Accounts
from feed.model.instruments import Listing
from feed.model.stream_position import first_proof
from feed.model.wallets import Wallets
from feed.settings import Settings
from feed.state.market_state import MarketState
from feed.state.projections import Projections
from feed.stream.history import History


@attrs.frozen(kw_only=True)
class StreamState:
    """
    All that is a fold of the published events, after one of them.

    Attributes:
        history: The last events, for clients that resume.
        market_state: Where the market stands after the newest of them.
        projections: What is computed beside it.
    """

    history: History
    market_state: MarketState
    projections: Projections


def empty_history(listing: Listing, settings: Settings) -> History:
    """A history without events, with the bounds of ``settings``."""
    return History(
        instruments=len(listing),
        seconds=settings.flow.history_seconds,
        size=settings.flow.history_bytes,
        proof=first_proof(listing),
    )


def before_the_first_event(listing: Listing, settings: Settings, *, trading: bool) -> StreamState:
    """
    Where every stream begins.

    Args:
        listing: The instruments.
        settings: How much of the past is kept, and what accounts begin with.
        trading: Whether there are accounts that can trade.
    """
    history = empty_history(listing, settings)
    market_state = MarketState(len(listing), history.proof)
    projections = Projections(
        listing,
        market_state,
        most_trades=settings.web.most_rows,
        accounts=Accounts(listing, deposit=settings.trading.deposit) if trading else None,
        wallets=Wallets(listing, deposits=settings.trading.deposits, history=settings.trading.history),
    )
    return StreamState(history=history, market_state=market_state, projections=projections)
