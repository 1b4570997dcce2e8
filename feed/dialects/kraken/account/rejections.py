"""What the exchange calls the reasons for which the market refuses a request."""

from __future__ import annotations

from typing import Final

from feed.dialects.kraken import errors
from feed.dialects.kraken.errors import KrakenError
from feed.model.trading import Reason

_TEXTS: Final = {
    Reason.DUPLICATE: f"{errors.INVALID_ORDER}:cl_ord_id is in use",
    Reason.EXPIRED: f"{errors.INVALID_ARGUMENTS}:expiretm",
    Reason.INVALID: errors.INVALID_ARGUMENTS,
    Reason.NOT_ATTEMPTED: errors.UNKNOWN_ORDER,
    Reason.NOT_TRADING: errors.CANCEL_ONLY,
    Reason.NO_FUNDS: errors.INSUFFICIENT_FUNDS,
    Reason.NO_PRICE: f"{errors.INVALID_ORDER}:no market price",
    Reason.TOO_MANY_ORDERS: errors.ORDERS_LIMIT,
    Reason.TOO_SMALL: errors.MINIMUM_NOT_MET,
    Reason.UNKNOWN_ORDER: errors.UNKNOWN_ORDER,
    Reason.WOULD_CROSS: errors.POST_ONLY,
    Reason.WOULD_TRIGGER: errors.INVALID_PRICE,
}


def refusal(reason: Reason) -> KrakenError:
    """The refusal of a request that did nothing."""
    return KrakenError(_TEXTS.get(reason, errors.INVALID_ORDER))
