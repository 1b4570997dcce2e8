"""The number of the last message about a product, which the feed and the answers of REST share."""

from __future__ import annotations

from feed.state.market_state import MarketState


def sequence(state: MarketState, instrument: int) -> int:
    """
    It rises by one with every message of the channel of all orders, whoever listens.

    Args:
        state: The market's state.
        instrument: Index into the listing.
    """
    return state.order_steps(instrument)
