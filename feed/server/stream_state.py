"""What a server knows of its market's stream at one event: the last events, and what they have said."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from feed.model.accounts import Accounts
from feed.model.events import Row
from feed.model.instruments import Listing
from feed.model.stream_position import first_proof
from feed.model.wallets import Wallets
from feed.server.durable.service_state import ServiceState
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


def carry_on(stream: StreamState, services: ServiceState, rows: Sequence[Row]) -> None:
    """
    Take the next events into account, as a server does that publishes them.

    Args:
        stream: Where the stream stands.
        services: What is known beside it.
        rows: The events.
    """
    history, market_state = stream.history, stream.market_state
    project = stream.projections.apply
    seq = history.seq
    services.published(seq, rows)
    for row, proof in zip(rows, history.append(rows), strict=True):
        seq += 1
        if market_state.apply(seq, row, proof):
            project(seq, row, proof)
    history.mark(market_state)
