"""
Orders by request: one of them, those that have traded, and cancelling them all.

Source: pages "Get Order By ID", "Get Account Open Order By ID", "Get Account Completed Orders" and "Cancel
Orders". Orders are created on the socket alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice
from typing import Any, Final

import attrs

from feed.dialects.access import Problem, Shape
from feed.dialects.execution import Execution
from feed.dialects.parameters import Parameter
from feed.dialects.rails.decode import is_request_id
from feed.dialects.rails.private import fill_object, order_object
from feed.dialects.rails.rest.account import GROUP, TOKEN, account_of
from feed.dialects.rest import Call, Endpoint, RestContext, example_symbol
from feed.dialects.times import milliseconds
from feed.model.accounts import Account
from feed.model.durations import NS_PER_HOUR
from feed.model.events import Event, OrderChanged
from feed.model.grants import Scope
from feed.model.ids import parse_order_id
from feed.model.instruments import Listing
from feed.model.requests import CancelMany
from feed.model.symbols import LONGEST_SYMBOL
from feed.model.trading import OrderState, caseless, packed

EVERY_MARKET: Final = "all"
MOST_FILLS: Final = 100  # in one answer
KEPT_NS: Final = NS_PER_HOUR  # an order that is over can be asked for that long
_LONGEST_ID: Final = 64  # characters
_LATEST: Final = 10**15  # milliseconds
# Of the Trade Stream's fields, those that this page does not show.
_NOT_SHOWN: Final = ("leverage", "orderCreatedAt", "orderFilledAt", "triggerCreatedAt")

TRADE_TOKEN: Final = attrs.evolve(TOKEN, scope=Scope.TRADE)


class OneOrder(Shape):
    """
    An order.

    Attributes:
        order: As the Order Creation Stream shows it.
    """

    order: dict[str, Any]


class OneOpenOrder(Shape):
    """
    An open order.

    Attributes:
        openOrder: As the Order Creation Stream shows it.
    """

    openOrder: dict[str, Any]  # noqa: N815 - as published


class CompletedOrders(Shape):
    """
    Fills of the account.

    Attributes:
        completedOrders: The newest first, 100 at most.
        last: To be sent as ``start`` for those after; empty when there are none.
    """

    completedOrders: list[dict[str, Any]]  # noqa: N815 - as published
    last: str


class Cancelled(Shape):
    """
    Orders were cancelled.

    Attributes:
        message: How many, and where.
    """

    message: str


def order(context: RestContext, call: Call) -> OneOrder:
    """An order that is open, or was until an hour ago."""
    found, at = _account(context, call), context.instrument(call.text("market"))[0]
    over = context.market_state.now - KEPT_NS
    recent = (it for it in reversed(found.finished) if it.ts >= over)
    known = [it for it in (*found.orders.values(), *recent) if it.instrument == at]
    return OneOrder(order=order_object(context.listing[at], _wanted(call, known)))


def open_order(context: RestContext, call: Call) -> OneOpenOrder:
    """An order that is open."""
    found, at = _account(context, call), context.instrument(call.text("market"))[0]
    known = [it for it in found.orders.values() if it.instrument == at]
    return OneOpenOrder(openOrder=order_object(context.listing[at], _wanted(call, known)))


def completed_orders(context: RestContext, call: Call) -> CompletedOrders:
    """Fills of all markets."""
    begins, ends, start = call.number("startDate"), call.number("endDate"), call.text("start")
    fills = (it for it in reversed(_account(context, call).fills) if begins <= milliseconds(it.ts) <= ends)
    shown = [
        {name: value for name, value in found.items() if name not in _NOT_SHOWN}
        | {"filledAt": found["orderFilledAt"]}
        for found in (fill_object(context.listing[fill.instrument], fill) for fill in fills)
    ]
    names = [_name(one) for one in shown]
    if start and start not in names:
        raise Problem(400, "bad_request", "start is not the last of an answer")
    first = names.index(start) + 1 if start else 0
    page = list(islice(shown, first, first + MOST_FILLS))
    more = len(shown) > first + MOST_FILLS
    return CompletedOrders(completedOrders=page, last=_name(page[-1]) if more else "")


def cancel_orders(context: RestContext, call: Call) -> Execution:
    """Cancel every order of a market, or of all."""
    _, number, _ = account_of(context, call)
    name, request = call.text("market"), call.text("clientRequestId")
    if request and not is_request_id(request):
        raise Problem(400, "bad_request", "clientRequestId must be a UUID")
    everywhere = name.lower() == EVERY_MARKET
    at, where = 0, "across all markets"
    if not everywhere:
        at, instrument = context.instrument(name)
        where = f"for market {instrument.symbol}"
    assert call.grant is not None  # noqa: S101 - an account has a key
    wanted = CancelMany(
        account=number,
        instrument=at,
        request=packed(request),
        tier=call.grant.tier,
        everywhere=everywhere,
    )
    return Execution(request=wanted, answer=partial(_cancelled, where))


def _cancelled(where: str, events: Sequence[Event]) -> Cancelled:
    orders = [it.state for it in events if isinstance(it, OrderChanged)]
    if not orders:
        raise Problem(503, "unavailable", "the market takes no requests now")
    count = orders.count(OrderState.CANCELLING)
    return Cancelled(
        message=f"Cancelling {count} order{'' if count == 1 else 's'} {where} without any errors"
    )


def _account(context: RestContext, call: Call) -> Account:
    return account_of(context, call)[2]


def _wanted(call: Call, known: Sequence[OrderChanged]) -> OrderChanged:
    """The one that is asked for by its id, or by the client's own."""
    by_id, by_request = call.text("order-id"), call.text("client-request-id")
    if bool(by_id) == bool(by_request):
        raise Problem(400, "bad_request", "either order-id or client-request-id is needed, and not both")
    found: OrderChanged | None = None
    if by_request and is_request_id(by_request):
        named = caseless(packed(by_request))
        found = next((it for it in known if caseless(it.request) == named), None)
    elif by_id:
        try:
            created, number = parse_order_id(by_id)
        except ValueError:
            raise Problem(400, "bad_request", "order-id must be the ULID of an order") from None
        found = next((it for it in known if it.order == number and milliseconds(it.created) == created), None)
    if found is None:
        raise Problem(404, "not_found", "order not found")
    return found


def _name(fill: dict[str, object]) -> str:
    return f"{fill['market']}#{fill['orderId']}#{fill['matchId']}"


def endpoints(listing: Listing) -> tuple[Endpoint[RestContext], ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    market = Parameter(
        name="market",
        meaning="Symbol of an instrument.",
        most=LONGEST_SYMBOL,
        example=example_symbol(listing),
    )
    ids = (
        Parameter(name="order-id", meaning="Its id.", default="", most=_LONGEST_ID),
        Parameter(
            name="client-request-id",
            meaning="The client's own id of the request that created it, in place of order-id.",
            default="",
            most=_LONGEST_ID,
        ),
    )
    no_account = "The key has no account."
    missing = {400: "No id, or two.", 403: no_account, 404: "No such market or order, or no accounts here."}
    return (
        Endpoint(
            path="/api/v1/order",
            summary="An order that is open, or was until an hour ago",
            handle=order,
            guarded=True,
            access=TOKEN,
            parameters=(market, *ids),
            returns=OneOrder,
            refusals=missing,
            group=GROUP,
        ),
        Endpoint(
            path="/api/v1/open-order",
            summary="An order that is open",
            handle=open_order,
            guarded=True,
            access=TOKEN,
            parameters=(market, *ids),
            returns=OneOpenOrder,
            refusals=missing,
            group=GROUP,
        ),
        Endpoint(
            path="/api/v1/completed-orders",
            summary="The account's last fills in all markets, the newest first",
            handle=completed_orders,
            guarded=True,
            access=TOKEN,
            parameters=(
                Parameter(
                    name="startDate",
                    meaning="Only fills from then on, milliseconds since the Unix epoch.",
                    default=0,
                    least=0,
                    most=_LATEST,
                ),
                Parameter(
                    name="endDate",
                    meaning="Only fills up to then, milliseconds since the Unix epoch.",
                    default=_LATEST,
                    least=0,
                    most=_LATEST,
                ),
                Parameter(name="start", meaning="What last was in the answer before.", default="", most=200),
            ),
            returns=CompletedOrders,
            refusals={403: no_account, 404: "No accounts here."},
            group=GROUP,
        ),
        Endpoint(
            method="DELETE",
            path="/api/v1/orders",
            summary="Cancel the account's open orders",
            handle=cancel_orders,
            guarded=True,
            access=TRADE_TOKEN,
            parameters=(
                attrs.evolve(market, meaning=f"Symbol of an instrument, or {EVERY_MARKET}."),
                Parameter(
                    name="clientRequestId",
                    meaning="The client's own id of this request, a UUID.",
                    default="",
                    most=_LONGEST_ID,
                ),
            ),
            returns=Cancelled,
            refusals={
                400: "The id is no UUID.",
                403: "The key has no account, or may not trade.",
                404: "No such market, or no accounts here.",
                503: "The market takes no requests now.",
            },
            group=GROUP,
        ),
    )
