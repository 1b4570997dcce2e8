"""Requests that ask the market for something: to place an order, to cancel one or all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from msgspec import UNSET

from feed.dialects.coinbase_exchange.account.drafts import (
    PRODUCT_NOT_FOUND,
    Body,
    draft,
)
from feed.dialects.coinbase_exchange.account.orders import (
    SELF_TRADES,
    SIDES,
    TYPES,
    OrderInfo,
    order_info,
)
from feed.dialects.coinbase_exchange.account.view import AccountView
from feed.dialects.coinbase_exchange.errors import ExchangeError, bad
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.execution import Execution
from feed.dialects.outcome import Outcome
from feed.dialects.times import iso_microseconds
from feed.dialects.uuids import named_uuid, order_of_uuid, order_uuid, read_uuid
from feed.model.events import Event, ExecutionReport
from feed.model.orders import TimeInForce
from feed.model.spot_requests import CancelSpotOrder, CancelSpotOrders, PlaceSpotOrder, SpotBatch
from feed.model.trading import OrderState, Reason, RequestKind, packed, unpacked

ORDER_NOT_FOUND: Final = "order not found"
ALREADY_DONE: Final = "Order already done"
_CLIENT: Final = "client:"
_REFUSALS: Final = {
    Reason.DUPLICATE: "client_oid is in use",
    Reason.INVALID: "Invalid order",
    Reason.NOT_TRADING: "Cancel only mode",
    Reason.NO_FUNDS: "Insufficient funds",
    Reason.NO_PRICE: "There is no market price",
    Reason.TOO_MANY_ORDERS: "Maximum number of open orders reached",
    Reason.TOO_SMALL: "size is too small",
    Reason.WOULD_TRIGGER: "stop price is reached already",
}


def place(view: AccountView, fields: Fields, content: bytes) -> Execution:
    """Buy or sell."""
    del fields
    product, request = draft(view, content)
    return Execution(request=request, answer=partial(_placed, view, product, request))


def cancel(view: AccountView, fields: Fields, content: bytes) -> Execution:
    """Cancel one order."""
    item = named_order(view, fields, missing=ORDER_NOT_FOUND)
    product = view.pair(item)
    wanted = _wanted_product(view, fields, content)
    if product is None or (wanted is not None and wanted.index != product.index):
        raise ExchangeError(404, ORDER_NOT_FOUND)
    if not item.open:
        raise bad(ALREADY_DONE)
    request = CancelSpotOrder(
        account=view.account, instrument=item.instrument, tier=view.grant.tier, order=item.order
    )
    return Execution(request=request, answer=partial(_cancelled, item.order))


def cancel_all(view: AccountView, fields: Fields, content: bytes) -> Execution:
    """Cancel every open order, or every one in a product."""
    wanted = _wanted_product(view, fields, content)
    chosen = [wanted] if wanted is not None else _one_of_each_venue(view)
    parts = tuple(
        CancelSpotOrders(
            account=view.account,
            instrument=product.index,
            tier=view.grant.tier,
            everywhere=wanted is None,
        )
        for product in chosen
    )
    request = SpotBatch(account=view.account, instrument=0, tier=view.grant.tier, parts=parts)
    return Execution(request=request, answer=_all_cancelled)


def named_order(view: AccountView, fields: Fields, *, missing: str) -> ExecutionReport:
    """
    The order that the path names, by its id or after ``client:`` by the client's own.

    Args:
        view: Whose.
        fields: With the parts of the path.
        missing: What is said where there is none.

    Raises:
        ExchangeError: 400, it is no id; 404, there is no such order.
    """
    text = fields.text("order_id") or ""
    order, client = order_of_uuid(text), 0
    if text.startswith(_CLIENT):
        own = text.removeprefix(_CLIENT)
        order, client = (None, 0) if read_uuid(own) is None else (0, packed(own.lower()))
    if order is None:
        raise bad("Invalid order id")
    found = view.order(order, client) if order or client else None
    if found is None:
        raise ExchangeError(404, missing)
    return found


def _wanted_product(view: AccountView, fields: Fields, content: bytes) -> Product | None:
    """Of a cancellation: in the query, or in a body."""
    body = Body(content)
    body.only(("product_id", "profile_id"))
    name = fields.text("product_id") or body.text("product_id")
    if not name:
        return None
    product = view.market.products.named(name)
    if product is None:
        raise bad(PRODUCT_NOT_FOUND)
    return product


def _one_of_each_venue(view: AccountView) -> list[Product]:
    return list({product.instrument.venue: product for product in view.market.products}.values())


# --- answers -----------------------------------------------------------------------------------------


def _unknown() -> ExchangeError:
    return ExchangeError(503, "The outcome is not known")


def _placed(
    view: AccountView, product: Product, request: PlaceSpotOrder, events: Sequence[Event]
) -> OrderInfo:
    outcome = Outcome(events, _unknown)
    reason = outcome.answer.reason
    if reason is Reason.WOULD_CROSS:
        return _rejected(view, product, request, outcome.answer.ts, outcome.answer.seq)
    if reason is not Reason.NONE:
        raise bad(_REFUSALS.get(reason, "Invalid order"))
    report = outcome.last(outcome.answer.order)
    return order_info(view, product, view.order(report.order) or report)


def _rejected(view: AccountView, product: Product, request: PlaceSpotOrder, ts: int, seq: int) -> OrderInfo:
    """An order that would take and must not is answered as one, and never was one."""
    now, nothing = iso_microseconds(ts), view.quote_text(product, 0)
    return OrderInfo(
        id=named_uuid("rejected", view.account, seq),
        price=product.price_text(request.price),
        size=product.size_text(request.size),
        funds=UNSET,
        specified_funds=UNSET,
        product_id=product.id,
        profile_id=view.profile,
        side=SIDES[request.side],
        type=TYPES[request.type],
        stp=next(name for name, mode in SELF_TRADES.items() if mode is request.self_trade),
        time_in_force="GTT" if request.expires else TimeInForce(request.time_in_force).name,
        expire_time=iso_microseconds(request.expires) if request.expires else UNSET,
        post_only=True,
        created_at=now,
        done_at=UNSET,
        done_reason=UNSET,
        reject_reason="post only",
        fill_fees=nothing,
        filled_size=product.size_text(0),
        executed_value=nothing,
        market_type="spot",
        status="rejected",
        settled=False,
        stop=UNSET,
        stop_price=UNSET,
        client_oid=unpacked(request.request) if request.request else "",
    )


def _cancelled(order: int, events: Sequence[Event]) -> str:
    reason = Outcome(events, _unknown).answer.reason
    if reason is Reason.UNKNOWN_ORDER:  # it ended in the meantime
        raise bad(ALREADY_DONE)
    if reason is not Reason.NONE:
        raise bad(_REFUSALS.get(reason, "Invalid order"))
    return order_uuid(order)


def _all_cancelled(events: Sequence[Event]) -> list[str]:
    return [
        order_uuid(report.order)
        for report in Outcome(events, _unknown).reports
        if report.verb is RequestKind.CANCEL and report.state is OrderState.CANCELLED
    ]
