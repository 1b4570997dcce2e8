"""Requests to cancel one order and place another: both halves may fail, each for reasons of its own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.account.checks import checked
from feed.dialects.binance.account.client_ids import client_id
from feed.dialects.binance.account.drafts import Draft, draft
from feed.dialects.binance.account.placing import (
    is_over,
    named_order,
    outcome_of,
    response,
    restriction,
    terms,
)
from feed.dialects.binance.account.rejections import not_cancelled, not_placed
from feed.dialects.binance.account.shapes import Cancelled, Placed
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.errors import BinanceError, ErrorBody
from feed.dialects.binance.fields import Fields
from feed.dialects.execution import Execution
from feed.model.events import Event
from feed.model.spot_requests import ReplaceSpotOrder
from feed.model.trading import Reason

MODES: Final = ("STOP_ON_FAILURE", "ALLOW_FAILURE")


class Replacement(Shape):
    """
    One order was cancelled, and another placed.

    Attributes:
        cancelResult: SUCCESS.
        newOrderResult: SUCCESS.
        cancelResponse: Of the cancellation.
        newOrderResponse: Of the new order.
    """

    cancelResult: str  # noqa: N815
    newOrderResult: str  # noqa: N815
    cancelResponse: Cancelled  # noqa: N815
    newOrderResponse: Placed  # noqa: N815


class FailedReplacement(Shape):
    """
    What became of the halves of a replacement that has failed, all of it or half.

    Attributes:
        cancelResult: SUCCESS or FAILURE.
        newOrderResult: SUCCESS, FAILURE or NOT_ATTEMPTED.
        cancelResponse: Of the cancellation, or why there was none.
        newOrderResponse: Of the new order, or why there is none; null when it was not tried.
    """

    cancelResult: str  # noqa: N815
    newOrderResult: str  # noqa: N815
    cancelResponse: Cancelled | ErrorBody  # noqa: N815
    newOrderResponse: Placed | ErrorBody | None  # noqa: N815


class ReplacementErrorBody(ErrorBody):
    """
    A replacement that has failed, all of it or half.

    Attributes:
        data: Which half, and why.
    """

    data: FailedReplacement


class ReplacementError(BinanceError):
    """A replacement has failed, all of it or half; the body tells which."""

    def __init__(self, template: errors.Template, data: FailedReplacement) -> None:
        self._data = data
        super().__init__(template.number, template.text, template.status)

    @property
    def body(self) -> ReplacementErrorBody:
        """As it stands in an answer."""
        return ReplacementErrorBody(code=self.number, msg=self.message, data=self._data)


def replace(view: AccountView, fields: Fields) -> Execution:
    """Cancel one order, and place another."""
    symbol = fields.symbol(view.market.symbols)
    fields.needed("cancelReplaceMode")
    mode = fields.choice("cancelReplaceMode", MODES, errors.INVALID)
    old, client = named_order(fields, "cancelOrderId", "cancelOrigClientOrderId")
    order = draft(fields, symbol)
    request = ReplaceSpotOrder(
        **terms(view, order, checked(order, view)),
        cancel_order=old,
        cancel_client=client,
        cancel_request=client_id(fields, "cancelNewClientOrderId"),
        cancel_only=restriction(fields),
        allow_failure=mode == "ALLOW_FAILURE",
    )
    return Execution(request=request, answer=partial(_replaced, view, order))


def _replaced(view: AccountView, order: Draft, events: Sequence[Event]) -> Replacement:
    outcome = outcome_of(events)
    answer, writer = outcome.answer, view.writer(order.symbol)
    cancelled: Cancelled | ErrorBody
    placed: Placed | ErrorBody | None
    if answer.cancelled:
        over = next(one for one in outcome.reports if one.order == answer.cancelled and is_over(one))
        cancelled = writer.cancelled(over)
    else:
        cancelled = not_cancelled(answer.cancel_reason).body
    if answer.order:
        placed, new = response(view, order, outcome), "SUCCESS"
    elif answer.reason is Reason.NOT_ATTEMPTED:
        placed, new = None, "NOT_ATTEMPTED"
    else:
        placed, new = not_placed(answer.reason).body, "FAILURE"
    if isinstance(cancelled, Cancelled) and isinstance(placed, Placed):
        return Replacement("SUCCESS", "SUCCESS", cancelled, placed)
    data = FailedReplacement("SUCCESS" if answer.cancelled else "FAILURE", new, cancelled, placed)
    half = answer.cancelled or answer.order
    raise ReplacementError(
        errors.CANCEL_REPLACE_PARTLY_FAILED if half else errors.CANCEL_REPLACE_FAILED, data
    )
