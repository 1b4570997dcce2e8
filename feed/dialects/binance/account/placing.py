"""Requests that ask the market for something: to place an order, to cancel one or all, to amend one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.account.balances import NO_DISCOUNT, Discount, rate_text
from feed.dialects.binance.account.checks import Sized, checked
from feed.dialects.binance.account.client_ids import client_id, order_of
from feed.dialects.binance.account.drafts import Draft, draft
from feed.dialects.binance.account.rejections import not_amended, not_cancelled, not_placed
from feed.dialects.binance.account.shapes import Amendment, Cancelled, Placed
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.symbols import Symbol
from feed.dialects.execution import Execution
from feed.dialects.outcome import Outcome
from feed.model.events import Event, ExecutionReport
from feed.model.spot_requests import (
    AmendSpotOrder,
    CancelSpotOrder,
    CancelSpotOrders,
    Only,
    PlaceSpotOrder,
)
from feed.model.trading import OrderState, Reason, RequestKind

RESTRICTIONS: Final = {"ONLY_NEW": Only.UNFILLED, "ONLY_PARTIALLY_FILLED": Only.PARTLY_FILLED}


class MakerTaker(Shape):
    """
    Shares of what is traded.

    Attributes:
        maker: Of an order that rests.
        taker: Of one that takes.
    """

    maker: str
    taker: str


class Tested(Shape):
    """
    An order could be placed, and what it would cost, where that was asked for.

    Attributes:
        standardCommissionForOrder: The exchange's own.
        specialCommissionForOrder: None.
        taxCommissionForOrder: None.
        discount: None.
    """

    standardCommissionForOrder: MakerTaker | UnsetType = UNSET  # noqa: N815 - as published, here and below
    specialCommissionForOrder: MakerTaker | UnsetType = UNSET  # noqa: N815
    taxCommissionForOrder: MakerTaker | UnsetType = UNSET  # noqa: N815
    discount: Discount | UnsetType = UNSET


# --- one order ---------------------------------------------------------------------------------------


def place(view: AccountView, fields: Fields) -> Execution:
    """Buy or sell."""
    symbol = fields.symbol(view.market.symbols)
    order = draft(fields, symbol)
    request = PlaceSpotOrder(**terms(view, order, checked(order, view)))
    return Execution(request=request, answer=partial(_placed, view, order))


def test(view: AccountView, fields: Fields) -> Tested:
    """Whether an order could be placed, as far as can be told without placing it."""
    symbol = fields.symbol(view.market.symbols)
    computed = fields.flag("computeCommissionRates", default=False)
    checked(draft(fields, symbol), view)
    if not computed:
        return Tested()
    nothing = MakerTaker(maker=rate_text(0), taker=rate_text(0))
    return Tested(
        standardCommissionForOrder=MakerTaker(
            maker=rate_text(view.maker_rate), taker=rate_text(view.taker_rate)
        ),
        specialCommissionForOrder=nothing,
        taxCommissionForOrder=nothing,
        discount=NO_DISCOUNT,
    )


def cancel(view: AccountView, fields: Fields) -> Execution:
    """Cancel one order."""
    symbol = fields.symbol(view.market.symbols)
    order, client = named_order(fields, "orderId", "origClientOrderId")
    request = CancelSpotOrder(
        account=view.account,
        instrument=symbol.index,
        tier=view.grant.tier,
        request=client_id(fields, "newClientOrderId"),
        order=order,
        client=client,
        only=restriction(fields),
    )
    return Execution(request=request, answer=partial(_cancelled, view, symbol))


def cancel_all(view: AccountView, fields: Fields) -> Execution:
    """Cancel every open order in a symbol."""
    symbol = fields.symbol(view.market.symbols)
    request = CancelSpotOrders(account=view.account, instrument=symbol.index, tier=view.grant.tier)
    return Execution(request=request, answer=partial(_all_cancelled, view, symbol))


def amend(view: AccountView, fields: Fields) -> Execution:
    """Let an order be for less, in its place in the queue."""
    symbol = fields.symbol(view.market.symbols)
    order, client = named_order(fields, "orderId", "origClientOrderId")
    fields.needed("newQty")
    amount = fields.amount("newQty")
    lots = symbol.lots(amount or 0)
    if not lots:
        raise errors.FILTER_FAILURE.error("LOT_SIZE")
    request = AmendSpotOrder(
        account=view.account,
        instrument=symbol.index,
        tier=view.grant.tier,
        order=order,
        client=client,
        size=lots,
        shrink_only=True,
        new_client=client_id(fields, "newClientOrderId"),
    )
    before = view.wallet(symbol).order(order, client)
    return Execution(request=request, answer=partial(_amended, view, symbol, before))


def named_order(fields: Fields, number: str, client: str) -> tuple[int, int]:
    """
    Number and packed client's id of the order that two parameters name; it must go by both that are not 0.

    Raises:
        BinanceError: Neither was sent.
    """
    order, own = fields.whole(number), client_id(fields, client)
    if not own:
        if order is None:
            raise errors.MISSING_BOTH.error(client, number)
        return order, 0
    made = order_of(own)
    if made and order in (None, made):
        return made, 0
    return order or 0, own


# --- requests ----------------------------------------------------------------------------------------


def terms(view: AccountView, order: Draft, sized: Sized) -> dict[str, Any]:
    """What every request to place an order has."""
    quote_digits = view.decimals(order.symbol)[1]
    return {
        "account": view.account,
        "instrument": order.symbol.index,
        "tier": view.grant.tier,
        "request": order.client,
        "side": order.side,
        "type": order.type.pricing,
        "size": sized.lots,
        "quote_size": order.quote_quantity * 10 ** (quote_digits - 8),
        "price": sized.price,
        "time_in_force": order.time_in_force,
        "post_only": order.type.post_only,
        "trigger": order.type.trigger,
        "trigger_price": sized.trigger,
        "self_trade": order.self_trade,
        "tag": order.tag,
        "maker_fee": view.market.policy.maker_commission,
        "taker_fee": view.market.policy.taker_commission,
    }


def restriction(fields: Fields) -> Only:
    """Which orders a cancellation is meant for."""
    name = fields.choice("cancelRestrictions", tuple(RESTRICTIONS), errors.BAD_CANCEL_RESTRICTIONS)
    return Only.ANY if name is None else RESTRICTIONS[name]


# --- answers -----------------------------------------------------------------------------------------


def outcome_of(events: Sequence[Event]) -> Outcome:
    """What a request did."""
    return Outcome(events, errors.UNEXPECTED_RESPONSE.error)


def _placed(view: AccountView, order: Draft, events: Sequence[Event]) -> Placed:
    outcome = outcome_of(events)
    if outcome.answer.reason is not Reason.NONE:
        raise not_placed(outcome.answer.reason)
    return response(view, order, outcome)


def response(view: AccountView, order: Draft, outcome: Outcome) -> Placed:
    """The answer to an order that was placed, as long as was asked for."""
    writer, number = view.writer(order.symbol), outcome.answer.order
    report = outcome.last(number)
    if order.response == "ACK":
        return writer.acknowledged(report)
    return writer.placed(report, outcome.trades(number) if order.response == "FULL" else None)


def _cancelled(view: AccountView, symbol: Symbol, events: Sequence[Event]) -> Cancelled:
    outcome = outcome_of(events)
    if outcome.answer.reason is not Reason.NONE:
        raise not_cancelled(outcome.answer.reason)
    return view.writer(symbol).cancelled(outcome.last(outcome.answer.order))


def _all_cancelled(view: AccountView, symbol: Symbol, events: Sequence[Event]) -> list[Cancelled]:
    outcome = outcome_of(events)
    writer = view.writer(symbol)
    over = [report for report in outcome.reports if report.verb is RequestKind.CANCEL and is_over(report)]
    if not over:
        raise not_cancelled(outcome.answer.reason)
    return [writer.cancelled(report) for report in over]


def _amended(
    view: AccountView, symbol: Symbol, before: ExecutionReport | None, events: Sequence[Event]
) -> Amendment:
    outcome = outcome_of(events)
    if outcome.answer.reason is not Reason.NONE:
        raise not_amended(outcome.answer.reason)
    report = outcome.last(outcome.answer.order)
    return view.writer(symbol).amendment(report, before or report)


def is_over(report: ExecutionReport) -> bool:
    """Whether it is the report of a cancellation."""
    return report.state is OrderState.CANCELLED
