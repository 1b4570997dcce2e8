"""
Requests that cancel orders: one, several, all, or all unless it is asked again in time.

Source: "Trading" of the REST documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.execution import Execution
from feed.dialects.kraken import errors
from feed.dialects.kraken.account.amounts import parts_of
from feed.dialects.kraken.account.drafts import reference_of
from feed.dialects.kraken.account.operations import OWN_ID, TXID, Operation, Sent, text_parameter
from feed.dialects.kraken.account.placing import (
    cancel,
    cancel_all,
    cancel_all_after,
    cancelled,
    open_order_named,
    open_orders_referred_to,
    order_named,
    outcome_of,
)
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.times import iso
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Event, ExecutionReport
from feed.model.grants import Scope

MOST_CANCELLED: Final = 50
MOST_TIMEOUT: Final = 86_400
"""Seconds."""


class Count(Shape):
    """
    Orders were cancelled.

    Attributes:
        count: How many.
        pending: Whether some are still to be.
    """

    count: int
    pending: bool | UnsetType = UNSET


class Timer(Shape):
    """
    All orders are cancelled later, unless this is asked for again.

    Attributes:
        currentTime: Market time.
        triggerTime: When; 0 for never.
    """

    currentTime: str  # noqa: N815 - as published, here and below
    triggerTime: str  # noqa: N815


def cancel_one(view: AccountView, sent: Sent) -> Execution:
    """Cancel an order, or all with a number of the client's."""
    sent.only("txid", "cl_ord_id", "asset_class")
    text = sent.text("txid")
    own = sent.needed("cl_ord_id") if text is None else ""
    found = _named(view, text) if text is not None else [open_order_named(view, client=own)]
    if not found:
        raise KrakenError(errors.UNKNOWN_ORDER)
    return Execution(request=cancel(view, found), answer=_cancelled)


def cancel_batch(view: AccountView, sent: Sent) -> Execution:
    """Cancel several orders; those that are not open are passed over, unless none is."""
    sent.only("orders", "cl_ord_ids", "asset_class")
    names, own = sent.items("orders"), sent.items("cl_ord_ids")
    if not 1 <= len(names) + len(own) <= MOST_CANCELLED:
        raise errors.invalid("orders")
    found: dict[int, ExecutionReport] = {}
    for one in names:
        text = str(one.get("txid", "")) if isinstance(one, Mapping) else str(one)
        found.update({order.order: order for order in _named(view, text)})
    for one in own:
        order = order_named(view, client=str(one))
        if order is not None and order.open:
            found[order.order] = order
    if not found:
        raise KrakenError(errors.UNKNOWN_ORDER)
    return Execution(request=cancel(view, found.values()), answer=_cancelled)


def cancel_every(view: AccountView, sent: Sent) -> Execution:
    """Cancel all open orders."""
    sent.only()
    return Execution(request=cancel_all(view), answer=_all_cancelled)


def cancel_later(view: AccountView, sent: Sent) -> Execution:
    """Cancel all open orders some market time from now, unless asked again before."""
    sent.only("timeout")
    parts = parts_of(sent.needed("timeout"))
    if parts is None or parts[1] or parts[0] > MOST_TIMEOUT:
        raise errors.invalid("timeout")
    after = parts[0] * NS_PER_SECOND
    return Execution(request=cancel_all_after(view, after), answer=partial(_timed, after))


def _named(view: AccountView, text: str) -> list[ExecutionReport]:
    """The open orders of an id, or of a number of the client's."""
    found = order_named(view, txid=text)
    if found is not None:
        return [found] if found.open else []
    number = reference_of(text)
    return [] if number is None else open_orders_referred_to(view, number)


def _cancelled(events: Sequence[Event]) -> Count:
    over = cancelled(events)
    if not over:
        raise KrakenError(errors.UNKNOWN_ORDER)
    return Count(len(over), False)


def _all_cancelled(events: Sequence[Event]) -> Count:
    return Count(len(cancelled(events)), False)


def _timed(after: int, events: Sequence[Event]) -> Timer:
    now = outcome_of(events).answer.ts
    return Timer(_second(now), _second(now + after) if after else "0")


def _second(time: int) -> str:
    return f"{iso(time)[:19]}Z"


OPERATIONS: Final = (
    Operation(
        scope=Scope.TRADE,
        weight=0,
        name="CancelOrder",
        summary="Cancel an order, or those with one number of the client's",
        parameters=(TXID, OWN_ID),
        answer=cancel_one,
        result=Count,
    ),
    Operation(
        scope=Scope.TRADE,
        weight=0,
        name="CancelOrderBatch",
        summary="Cancel up to 50 orders, by a JSON body",
        parameters=(
            text_parameter("orders", "A list of ids, or of the client's numbers."),
            text_parameter("cl_ord_ids", "A list of the client's own ids."),
        ),
        answer=cancel_batch,
        result=Count,
    ),
    Operation(
        scope=Scope.TRADE,
        weight=0,
        name="CancelAll",
        summary="Cancel all open orders",
        answer=cancel_every,
        result=Count,
    ),
    Operation(
        scope=Scope.TRADE,
        weight=0,
        name="CancelAllOrdersAfter",
        summary="Cancel all open orders some market time from now, unless asked again before",
        parameters=(
            text_parameter("timeout", "Seconds, a day at most; 0 takes it back.", needed=True, example="60"),
        ),
        answer=cancel_later,
        result=Timer,
    ),
)
