"""The number of the last message about a product, which the feed and the answers of REST share."""

from __future__ import annotations

from feed.state.market_state import MarketState


def sequence(state: MarketState, instrument: int) -> int:
    """
    It rises with every message, and is a function of the market's events alone.

    Args:
        state: The market's state.
        instrument: Index into the listing.
    """
    trade = state.trade(instrument)
    return max(state.book_seq(instrument), 0 if trade is None else trade.seq)
