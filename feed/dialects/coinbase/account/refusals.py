"""
Why an order was not placed, edited or cancelled, in the exchange's words: in an answer that is good by HTTP.

Source: the enumerations ``NewOrderFailureReason``, ``PreviewFailureReason``, ``EditOrderFailureReason`` and
``CancelOrderFailureReason`` of the REST documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from feed.dialects.access import Problem
from feed.model.trading import Reason

UNKNOWN: Final = "UNKNOWN_FAILURE_REASON"
NO_PREVIEW_FAILURE: Final = "UNKNOWN_PREVIEW_FAILURE_REASON"
INSUFFICIENT: Final = "Insufficient balance in source account"
STOP_ABOVE_LAST: Final = "PREVIEW_STOP_PRICE_ABOVE_LAST_TRADE_PRICE"
STOP_BELOW_LAST: Final = "PREVIEW_STOP_PRICE_BELOW_LAST_TRADE_PRICE"


class Refusal(Problem):
    """
    No such order can be.

    Attributes:
        error: Why no order was placed.
        preview: Why none could be.
        edit: Why none was edited.
    """

    def __init__(self, error: str, preview: str, message: str = "", edit: str = "") -> None:
        self.error = error
        self.preview = preview
        self.edit = edit or "COMMANDER_REJECTED_EDIT_ORDER"
        super().__init__(200, error, message)


_PLACING: Final[Mapping[Reason, tuple[str, str, str]]] = {
    Reason.NOT_TRADING: ("ORDER_ENTRY_DISABLED", "PREVIEW_ORDER_ENTRY_DISABLED", ""),
    Reason.DELISTED: ("ORDER_ENTRY_DISABLED", "PREVIEW_ORDER_ENTRY_DISABLED", ""),
    Reason.WOULD_CROSS: ("INVALID_LIMIT_PRICE_POST_ONLY", "PREVIEW_INVALID_LIMIT_PRICE_POST_ONLY", ""),
    Reason.NO_FUNDS: ("INSUFFICIENT_FUND", "PREVIEW_INSUFFICIENT_FUND", INSUFFICIENT),
    Reason.NO_PRICE: ("INVALID_NO_LIQUIDITY", "PREVIEW_INVALID_NO_LIQUIDITY", ""),
    Reason.TOO_SMALL: (UNKNOWN, "PREVIEW_INVALID_QUOTE_SIZE_TOO_SMALL", ""),
    Reason.TOO_MANY_ORDERS: (UNKNOWN, NO_PREVIEW_FAILURE, "too many open orders"),
    Reason.EXPIRED: ("INVALID_REQUEST", NO_PREVIEW_FAILURE, "end_time must be in the future"),
}
_EDITING: Final[Mapping[Reason, str]] = {
    Reason.UNKNOWN_ORDER: "ORDER_NOT_FOUND",
    Reason.INVALID: "EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST",
    Reason.TOO_SMALL: "CANNOT_EDIT_TO_BELOW_FILLED_SIZE",
}


def not_placed(reason: Reason, *, rises: bool = False) -> Refusal:
    """
    Why the market has not placed an order.

    Args:
        reason: The market's own.
        rises: Of an order with a trigger, whether the price was to rise to it.
    """
    if reason is Reason.WOULD_TRIGGER:
        return Refusal(UNKNOWN, STOP_BELOW_LAST if rises else STOP_ABOVE_LAST)
    error, preview, message = _PLACING.get(reason, (UNKNOWN, NO_PREVIEW_FAILURE, ""))
    return Refusal(error, preview, message)


def not_edited(reason: Reason) -> Refusal:
    """Why the market has not edited an order."""
    error, preview, message = _PLACING.get(reason, (UNKNOWN, NO_PREVIEW_FAILURE, ""))
    return Refusal(error, preview, message, _EDITING.get(reason, ""))
