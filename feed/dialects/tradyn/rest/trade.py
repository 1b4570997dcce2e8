"""Orders and positions by request: what is sent, closed, modified and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Final, Literal, cast

import attrs
import msgspec

from feed.dialects.access import Problem, Shape
from feed.dialects.execution import Execution
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.times import milliseconds
from feed.dialects.tradyn.rest.access import BEARER_TRADE, GROUP, NOT_CONNECTED, Holder, holder
from feed.dialects.tradyn.rest.bodies import (
    CloseBody,
    ExitsBody,
    ModifyBody,
    PositionBody,
    Sent,
    SymbolBody,
    TicketBody,
    TradeBody,
    bad,
)
from feed.dialects.tradyn.rest.order_schema import order_schema
from feed.dialects.tradyn.shapes import WHY, OrderShape, PositionShape, order_shape, position_shape
from feed.model.events import Event, OrderChanged, OrderFilled, PositionChanged
from feed.model.instruments import Instrument, Listing
from feed.model.requests import Cancel, CancelMany
from feed.model.trading import OrderState, Reason

_MISSING: Final = (Reason.UNKNOWN_ORDER, Reason.NO_POSITION)


class TradeData(Shape):
    """
    An order that was accepted, as it stands.

    Attributes:
        success: Always.
        data: The order; what it has traded is in it.
    """

    success: Literal[True]
    data: OrderShape


class PositionData(Shape):
    """
    A position as it is now.

    Attributes:
        success: Always.
        data: The position.
    """

    success: Literal[True]
    data: PositionShape


class CancelledData(Shape):
    """
    Orders that were cancelled.

    Attributes:
        success: Always.
        data: The oldest first.
    """

    success: Literal[True]
    data: list[OrderShape]


def trade(context: RestContext, call: Call) -> Execution:
    """Send an order."""
    body, own = cast("TradeBody", call.body), holder(context, call)
    at, instrument = context.instrument(body.symbol)
    request = body.create(Sent(call.content), own, at, instrument)
    return Execution(request=request, answer=partial(_sent, own, instrument))


def close(context: RestContext, call: Call) -> Execution:
    """Close a position, or a part of it."""
    body, own = cast("CloseBody", call.body), holder(context, call)
    at, instrument = _position(context, own, body)
    request = body.close(Sent(call.content), own, at, instrument)
    return Execution(request=request, answer=partial(_sent, own, instrument))


def set_exits(context: RestContext, call: Call) -> Execution:
    """Say where a position ends."""
    body, own = cast("ExitsBody", call.body), holder(context, call)
    at, instrument = _position(context, own, body)
    request = body.set_exits(Sent(call.content), own, at, instrument)
    return Execution(request=request, answer=partial(_set, instrument))


def modify(context: RestContext, call: Call) -> Execution:
    """Put another order in the place of a pending one."""
    body, own = cast("ModifyBody", call.body), holder(context, call)
    order, instrument = _pending(context, own, body)
    request = body.modify(Sent(call.content), own, order, instrument)
    return Execution(request=request, answer=partial(_sent, own, instrument))


def cancel(context: RestContext, call: Call) -> Execution:
    """Cancel a pending order."""
    body, own = cast("TicketBody", call.body), holder(context, call)
    order, _ = _pending(context, own, body)
    request = Cancel(
        account=own.number,
        instrument=order.instrument,
        tier=own.tier,
        order=order.order,
        created=milliseconds(order.created),
    )
    return Execution(request=request, answer=partial(_cancelled, context.listing))


def cancel_all(context: RestContext, call: Call) -> Execution:
    """Cancel every pending order, or those of a symbol."""
    body, own = cast("SymbolBody", call.body), holder(context, call)
    at = 0 if body.symbol is None else context.instrument(body.symbol)[0]
    request = CancelMany(account=own.number, instrument=at, tier=own.tier, everywhere=body.symbol is None)
    return Execution(request=request, answer=partial(_all_cancelled, context.listing))


# --- what is meant -------------------------------------------------------------------------------


def _position(context: RestContext, own: Holder, body: PositionBody) -> tuple[int, Instrument]:
    """Index and instrument of a position, of which the market sees whether it is still there."""
    if body.symbol is not None:
        return context.instrument(body.symbol)
    if body.ticket is None:
        raise bad("ticket or symbol is missing")
    for at in own.accounts.holders.get(own.number, ()):
        if own.account.position(at).order == body.ticket:
            return at, context.listing[at]
    raise Problem(404, "not_found", WHY[Reason.NO_POSITION])


def _pending(context: RestContext, own: Holder, body: TicketBody) -> tuple[OrderChanged, Instrument]:
    order = own.account.orders.get(body.ticket)
    if order is None:
        raise Problem(404, "not_found", WHY[Reason.UNKNOWN_ORDER])
    return order, context.listing[order.instrument]


# --- what became of it ---------------------------------------------------------------------------


def _sent(own: Holder, instrument: Instrument, events: Sequence[Event]) -> TradeData:
    """The answer to a request for an order."""
    orders = _orders(events)
    _raise_refusal(orders)
    first = next((order for order in orders if order.state is OrderState.PENDING), None)
    if first is None:
        raise Problem(503, "unavailable", NOT_CONNECTED)
    order = _as_it_stands(first.order, events)
    if order.state is OrderState.REJECTED:
        why = WHY.get(order.reason, "The order was rejected")
        raise own.shortfall(why, order) if order.reason is Reason.NO_FUNDS else bad(why)
    if order.state is OrderState.CANCELLED and not order.filled:
        raise bad(WHY.get(order.reason, "The order was cancelled"))
    return TradeData(success=True, data=order_shape(instrument, order))


def _set(instrument: Instrument, events: Sequence[Event]) -> PositionData:
    _raise_refusal(_orders(events))
    told = [event for event in events if isinstance(event, PositionChanged)]
    if not told:
        raise Problem(503, "unavailable", NOT_CONNECTED)
    return PositionData(success=True, data=position_shape(instrument, told[-1]))


def _cancelled(listing: Listing, events: Sequence[Event]) -> TradeData:
    return TradeData(success=True, data=_all_cancelled(listing, events).data[0])


def _all_cancelled(listing: Listing, events: Sequence[Event]) -> CancelledData:
    orders = _orders(events)
    _raise_refusal(orders)
    over = [order for order in orders if order.state is OrderState.CANCELLED]
    if not over:
        raise Problem(503, "unavailable", NOT_CONNECTED)
    shapes = [order_shape(listing[order.instrument], order) for order in over]
    return CancelledData(success=True, data=shapes)


def _orders(events: Sequence[Event]) -> list[OrderChanged]:
    return [event for event in events if isinstance(event, OrderChanged)]


def _raise_refusal(orders: Sequence[OrderChanged]) -> None:
    for order in orders:
        if order.state is OrderState.REFUSED:
            why = WHY.get(order.reason, "The request was refused")
            raise Problem(404, "not_found", why) if order.reason in _MISSING else bad(why)


def _as_it_stands(ticket: int, events: Sequence[Event]) -> OrderChanged:
    """An order after all that was told of it."""
    order: OrderChanged | None = None
    for event in events:
        if isinstance(event, OrderChanged) and event.order == ticket:
            # What rests was told before it traded, and what is over after that.
            order = event
        elif isinstance(event, OrderFilled) and event.order == ticket and order is not None:
            order = attrs.evolve(
                order,
                ts=event.ts,
                state=order.state if event.left else OrderState.FILLED,
                left=event.left,
                filled=order.filled + event.size,
                value=order.value + event.price * event.size,
            )
    assert order is not None  # noqa: S101 - the first of these events names it
    return order


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""
    refusals = {
        400: "The market does not take it; the error says why, and nothing has happened.",
        403: "The key is not accepted, may not trade, or has no account.",
        404: "No such symbol, position or order.",
        503: f"{NOT_CONNECTED}, or it has not answered in time.",
    }
    table = (
        (
            "trade",
            "Send an order, at the market or pending",
            trade,
            Annotated[TradeBody, msgspec.Meta(extra_json_schema=order_schema())],
            TradeData,
        ),
        ("positions/close", "Close a position, or a part of it", close, CloseBody, TradeData),
        (
            "positions/modify",
            "Set sl and tp of a position",
            set_exits,
            ExitsBody,
            PositionData,
        ),
        ("orders/modify", "Put another order in the place of a pending one", modify, ModifyBody, TradeData),
        ("orders/cancel", "Cancel a pending order", cancel, TicketBody, TradeData),
        (
            "orders/cancel-all",
            "Cancel pending orders",
            cancel_all,
            SymbolBody,
            CancelledData,
        ),
    )
    return tuple(
        Endpoint(
            method="POST",
            path=f"/api/{path}",
            summary=summary,
            handle=handle,
            guarded=True,
            access=BEARER_TRADE,
            body=body,
            returns=returns,
            refusals=refusals,
            group=GROUP,
        )
        for path, summary, handle, body, returns in table
    )
