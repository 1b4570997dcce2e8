"""Every request about an account, in the order of the exchange's documents."""

from __future__ import annotations

from feed.dialects.kraken.account import (
    balances,
    cancelling,
    funding,
    order_history,
    order_queues,
    trade_history,
    trading,
)
from feed.dialects.kraken.account.operations import Operation
from feed.model.instruments import Listing


def operations(listing: Listing) -> tuple[Operation, ...]:
    """
    All of them.

    Args:
        listing: The instruments of the market, for the documents.
    """
    return (
        *balances.operations(listing),
        *order_history.OPERATIONS,
        *trade_history.OPERATIONS,
        *trading.operations(listing),
        *cancelling.OPERATIONS,
        *funding.OPERATIONS,
        *order_queues.operations(listing),
    )
