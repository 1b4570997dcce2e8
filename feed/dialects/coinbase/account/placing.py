"""Requests that ask the market for something: to place an order, to cancel some, to edit one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.coinbase.account.drafts import Draft, OrderRequest, draft, lots_of, ticks_of
from feed.dialects.coinbase.account.orders import SIDES, OrderWriter
from feed.dialects.coinbase.account.refusals import NO_PREVIEW_FAILURE, Refusal, not_edited, not_placed
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.errors import CoinbaseError, invalid
from feed.dialects.execution import Execution
from feed.dialects.outcome import Outcome
from feed.dialects.uuids import order_of_uuid, order_uuid
from feed.model.events import Event, ExecutionReport
from feed.model.kinds import Side
from feed.model.orders import TimeInForce
from feed.model.spot_requests import AmendSpotOrder, CancelSpotOrder, PlaceSpotOrder, SpotBatch
from feed.model.trading import Pricing, Reason, Trigger, unpacked

MOST_CANCELLED: Final = 100
"""Orders that one request may cancel."""


class PlacedOrder(Shape):
    """
    An order that was placed.

    Attributes:
        order_id: UUID of it.
        product_id: Of which product.
        side: BUY or SELL.
        client_order_id: The client's own id of it.
        attached_order_id: Empty.
    """

    order_id: str
    product_id: str
    side: str
    client_order_id: str
    attached_order_id: str


class OrderFailure(Shape):
    """
    Why no order was placed.

    Attributes:
        error: A fixed word.
        message: For people; may be empty.
        error_details: For people; may be empty.
        preview_failure_reason: A fixed word, by which programs go.
        new_order_failure_reason: A fixed word.
    """

    error: str
    message: str
    error_details: str
    preview_failure_reason: str
    new_order_failure_reason: str


class CreateAnswer(Shape):
    """
    Whether an order was placed.

    Attributes:
        success: Whether it was.
        success_response: It, if so.
        error_response: Why not, if not.
        order_configuration: Its terms, as they were sent.
    """

    success: bool
    success_response: PlacedOrder | UnsetType = UNSET
    error_response: OrderFailure | UnsetType = UNSET
    order_configuration: dict[str, Any] | UnsetType = UNSET


class CancelResult(Shape):
    """
    Whether an order was cancelled.

    Attributes:
        success: Whether it was.
        failure_reason: Why not.
        order_id: Which order.
    """

    success: bool
    failure_reason: str
    order_id: str


class CancelAnswer(Shape):
    """
    What became of each.

    Attributes:
        results: In the order of the request.
    """

    results: list[CancelResult]


class CancelRequest(msgspec.Struct, forbid_unknown_fields=True):
    """
    Orders to cancel.

    Attributes:
        order_ids: UUIDs of them.
    """

    order_ids: list[str]


class EditRequest(msgspec.Struct, forbid_unknown_fields=True):
    """
    An order to edit.

    Attributes:
        order_id: UUID of it.
        price: New limit.
        size: New quantity, what has traded included.
    """

    order_id: str
    price: str | None = None
    size: str | None = None


class EditedOrder(Shape):
    """
    An order that was edited.

    Attributes:
        order_id: UUID of it.
    """

    order_id: str


class EditFailure(Shape):
    """
    Why an order was not edited.

    Attributes:
        error_details: For people; may be empty.
        edit_order_failure_reason: A fixed word.
        preview_failure_reason: A fixed word.
    """

    error_details: str
    edit_order_failure_reason: str
    preview_failure_reason: str


class EditError(Shape):
    """
    One reason why an order cannot be edited.

    Attributes:
        edit_failure_reason: A fixed word.
        preview_failure_reason: A fixed word.
    """

    edit_failure_reason: str
    preview_failure_reason: str


class EditAnswer(Shape):
    """
    Whether an order was edited.

    Attributes:
        success: Whether it was.
        success_response: It, if so.
        error_response: Why not, if not.
        errors: The same.
    """

    success: bool
    success_response: EditedOrder | UnsetType = UNSET
    error_response: EditFailure | UnsetType = UNSET
    errors: list[EditError] | UnsetType = UNSET


# --- placing -----------------------------------------------------------------------------------------


def place(view: AccountView, body: OrderRequest) -> Execution | CreateAnswer:
    """Buy or sell. The client's own id stands for one order: who sends it again is told of that."""
    if not body.client_order_id:
        raise invalid("client_order_id is missing")
    try:
        order = draft(body, view)
    except Refusal as refusal:
        return _failed(body, refusal)
    return Execution(request=PlaceSpotOrder(**order.terms(view)), answer=partial(_placed, view, body, order))


def _placed(view: AccountView, body: OrderRequest, order: Draft, events: Sequence[Event]) -> CreateAnswer:
    answer = outcome(events).answer
    if answer.reason is Reason.DUPLICATE:
        known = view.order(answer.order)
        if known is not None:
            return _created(view, known, OrderWriter(view).configuration(known))
    if answer.reason is not Reason.NONE:
        rises = (order.trigger is Trigger.STOP) == (order.side is Side.BUY)
        return _failed(body, not_placed(answer.reason, rises=rises))
    return _created(view, outcome(events).last(answer.order), body.order_configuration)


def _created(view: AccountView, item: ExecutionReport, configuration: dict[str, Any]) -> CreateAnswer:
    placed = PlacedOrder(
        order_id=order_uuid(item.order),
        product_id=OrderWriter(view).product(item).id,
        side=SIDES[item.side],
        client_order_id=unpacked(item.client),
        attached_order_id="",
    )
    return CreateAnswer(success=True, success_response=placed, order_configuration=configuration)


def _failed(body: OrderRequest, refusal: Refusal) -> CreateAnswer:
    failure = OrderFailure(
        error=refusal.error,
        message=refusal.message,
        error_details="",
        preview_failure_reason=refusal.preview,
        new_order_failure_reason=refusal.error,
    )
    return CreateAnswer(success=False, error_response=failure, order_configuration=body.order_configuration)


# --- cancelling --------------------------------------------------------------------------------------


def cancel(view: AccountView, body: CancelRequest) -> Execution | CancelAnswer:
    """Cancel some orders, one after the other with nothing between them."""
    if not body.order_ids or len(body.order_ids) > MOST_CANCELLED:
        raise invalid(f"order_ids must name from 1 to {MOST_CANCELLED} orders")
    numbers = {text: _number(text) for text in body.order_ids}
    known = {text: view.order(number) for text, number in numbers.items()}
    parts = tuple(
        CancelSpotOrder(
            account=view.account, instrument=item.instrument, tier=view.grant.tier, order=item.order
        )
        for item in known.values()
        if item is not None
    )
    if not parts:
        return _cancelled(body, set())
    first = parts[0]
    batch = SpotBatch(account=view.account, instrument=first.instrument, tier=first.tier, parts=parts)
    return Execution(request=batch, answer=lambda events: _cancelled(body, _gone(events)))


def _gone(events: Sequence[Event]) -> set[str]:
    answers = outcome(events).answers
    return {order_uuid(one.order) for one in answers if one.reason is Reason.NONE}


def _cancelled(body: CancelRequest, gone: set[str]) -> CancelAnswer:
    results, done = [], set()
    for text in body.order_ids:
        again = text.lower() in done
        success = text.lower() in gone and not again
        done.add(text.lower())
        reason = "UNKNOWN_CANCEL_FAILURE_REASON" if success else "UNKNOWN_CANCEL_ORDER"
        results.append(CancelResult(success, "DUPLICATE_CANCEL_REQUEST" if again else reason, text))
    return CancelAnswer(results)


# --- editing -----------------------------------------------------------------------------------------


def edit(view: AccountView, body: EditRequest) -> Execution | EditAnswer:
    """Give an open order another limit, or another quantity, or both."""
    try:
        request = amendment(view, body)
    except Refusal as refusal:
        return _not_edited(refusal)
    return Execution(request=request, answer=partial(_edited, request))


def amendment(view: AccountView, body: EditRequest) -> AmendSpotOrder:
    """
    What is asked of the market.

    Raises:
        Refusal: The order cannot be edited so.
    """
    item = view.order(_number(body.order_id))
    if item is None:
        raise _refused("ORDER_NOT_FOUND", "order with this orderID was not found")
    if not item.open:
        raise _refused("ONLY_OPEN_ORDERS_CAN_BE_EDITED")
    plain = item.type is Pricing.LIMIT and item.trigger is Trigger.NONE
    if not plain or item.time_in_force is not TimeInForce.GTC:
        raise _refused("ONLY_LIMIT_ORDER_EDITS_SUPPORTED")
    if not body.price and not body.size:
        raise invalid("price or size is missing")
    product = OrderWriter(view).product(item)
    try:
        price = ticks_of(body.price, product) if body.price else 0
    except Refusal as refusal:
        raise Refusal(refusal.error, refusal.preview, edit="INVALID_EDITED_PRICE") from None
    try:
        size = lots_of(body.size, product) if body.size else 0
    except Refusal as refusal:
        raise Refusal(refusal.error, refusal.preview, edit="INVALID_EDITED_SIZE") from None
    if (price or item.price, size or item.size) == (item.price, item.size):
        raise _refused("EDIT_REQUEST_EQUAL_TO_ORIGINAL_REQUEST")
    if size and size <= item.filled:
        raise _refused("CANNOT_EDIT_TO_BELOW_FILLED_SIZE")
    return AmendSpotOrder(
        account=view.account,
        instrument=item.instrument,
        tier=view.grant.tier,
        order=item.order,
        size=size,
        price=price,
    )


def _edited(request: AmendSpotOrder, events: Sequence[Event]) -> EditAnswer:
    reason = outcome(events).answer.reason
    if reason is not Reason.NONE:
        return _not_edited(not_edited(reason))
    return EditAnswer(success=True, success_response=EditedOrder(order_uuid(request.order)), errors=[])


def _not_edited(refusal: Refusal) -> EditAnswer:
    failure = EditFailure(refusal.message, refusal.edit, refusal.preview)
    return EditAnswer(
        success=False, error_response=failure, errors=[EditError(refusal.edit, refusal.preview)]
    )


def _refused(reason: str, message: str = "") -> Refusal:
    return Refusal("", NO_PREVIEW_FAILURE, message, reason)


# --- what they share ---------------------------------------------------------------------------------


def outcome(events: Sequence[Event]) -> Outcome:
    """What a request did, as its account was told."""
    return Outcome(events, lambda: CoinbaseError(500, "internal_server_error", "outcome unknown"))


def _number(text: str) -> int:
    return order_of_uuid(text) or 0
