"""Why the market did not do what an account asked for, in the exchange's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feed.dialects.binance import errors
from feed.dialects.binance.errors import BinanceError, Template
from feed.model.trading import Reason

_INSUFFICIENT: Final = "Account has insufficient balance for requested action."
_CLOSED: Final = "Market is closed."
_PLACING: Final[Mapping[Reason, tuple[Template, str]]] = {
    Reason.DUPLICATE: (errors.ORDER_REJECTED, "Duplicate order sent."),
    Reason.NOT_TRADING: (errors.INVALID_MESSAGE, _CLOSED),
    Reason.DELISTED: (errors.INVALID_MESSAGE, _CLOSED),
    Reason.WOULD_CROSS: (errors.ORDER_REJECTED, "Order would immediately match and take."),
    Reason.NO_FUNDS: (errors.ORDER_REJECTED, _INSUFFICIENT),
    Reason.TOO_MANY_ORDERS: (errors.FILTER_FAILURE, "EXCHANGE_MAX_NUM_ORDERS"),
    Reason.NO_PRICE: (
        errors.ORDER_REJECTED,
        "Order book liquidity is less than symbol minimum quantity.",
    ),
    Reason.TOO_SMALL: (errors.FILTER_FAILURE, "LOT_SIZE"),
    Reason.WOULD_TRIGGER: (errors.ORDER_REJECTED, "Stop price would trigger immediately."),
}
_CANCELLING: Final[Mapping[Reason, tuple[Template, str]]] = {
    Reason.RESTRICTED: (
        errors.CANCEL_REJECTED,
        "Order was not canceled due to cancel restrictions.",
    ),
}
_AMENDING: Final[Mapping[Reason, tuple[Template, str]]] = {
    Reason.UNKNOWN_ORDER: (errors.AMEND_REJECTED, "Unknown order sent."),
    Reason.NOT_SMALLER: (
        errors.AMEND_REJECTED,
        "Order amend (quantity increase) is not supported.",
    ),
}


def not_placed(reason: Reason) -> BinanceError:
    """Why an order was not placed."""
    template, text = _PLACING.get(reason, (errors.ORDER_REJECTED, "Unsupported order combination"))
    return template.error(text)


def not_cancelled(reason: Reason) -> BinanceError:
    """Why an order was not cancelled."""
    template, text = _CANCELLING.get(reason, (errors.CANCEL_REJECTED, "Unknown order sent."))
    return template.error(text)


def not_amended(reason: Reason) -> BinanceError:
    """Why an order was not amended."""
    template, text = _AMENDING.get(reason) or _PLACING.get(
        reason, (errors.AMEND_REJECTED, "Order amend is not supported.")
    )
    return template.error(text)
