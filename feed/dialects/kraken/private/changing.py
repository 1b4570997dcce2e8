"""
What an account asks of its open orders: to be amended where they stand, or edited, which makes them new ones.

Source: "Amend Order" and "Edit Order" of the second WebSocket API.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from feed.dialects.execution import Execution
from feed.dialects.kraken import errors
from feed.dialects.kraken.account import placing
from feed.dialects.kraken.account.amounts import parts_of
from feed.dialects.kraken.account.drafts import Draft, Terms, check_deadline, draft, lots_of, placed, ticks_of
from feed.dialects.kraken.account.ids import amend_id, order_id
from feed.dialects.kraken.account.orders import SIDES, Flags, client_text, order_type
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.private.answers import Answer, Answers, Asked
from feed.dialects.kraken.private.parameters import Parameters, invalid
from feed.dialects.kraken.private.requests import Operation
from feed.dialects.kraken.private.terms import FEES, NS_DIGITS, TRIGGERS, check_static, said_of
from feed.model.events import Event, ExecutionReport
from feed.model.executions import Charge
from feed.model.instruments import decimal_text
from feed.model.spot_requests import AmendSpotOrder, ReplaceSpotOrder
from feed.model.trading import OrderState, Pricing, Trigger

_AMENDED: Final = (
    *("order_id", "cl_ord_id", "symbol", "order_qty", "display_qty", "limit_price", "limit_price_type"),
    *("post_only", "trigger_price", "trigger_price_type", "deadline"),
)
_EDITED: Final = (
    *("order_id", "symbol", "order_qty", "display_qty", "limit_price", "triggers", "post_only", "no_mpp"),
    *("fee_preference", "reduce_only", "order_userref", "validate", "deadline"),
)


def amend_order(view: AccountView, request: Operation) -> Asked:
    """Change size, limit or trigger of an order, which keeps its id."""
    asked = Parameters(request.method, request.params, _AMENDED)
    order, pair = _named(view, asked)
    for name in ("limit_price_type", "trigger_price_type"):
        check_static(asked, name)
    if "display_qty" in asked:
        raise invalid("display_qty")
    if "limit_price" in asked and order.type is not Pricing.LIMIT:
        raise invalid("limit_price")
    if "trigger_price" in asked and order.state is not OrderState.UNTRIGGERED:
        raise invalid("trigger_price")
    if not any(name in asked for name in ("order_qty", "limit_price", "trigger_price")):
        raise invalid("order_qty")
    _check_deadline(asked, view)
    change = AmendSpotOrder(
        account=view.account,
        instrument=order.instrument,
        tier=view.grant.tier,
        order=order.order,
        size=_lots(asked, pair),
        price=_ticks(asked, "limit_price", pair),
        trigger_price=_ticks(asked, "trigger_price", pair),
        post_only=asked.flag("post_only"),
    )

    def answer(events: Sequence[Event]) -> Answers:
        report = placing.accepted(events).reports[0]  # what it trades at its new price is told after it
        result = {"amend_id": amend_id(report.seq), "order_id": order_id(order.order)}
        named = client_text(report)
        return [Answer(result=result if named is None else result | {"cl_ord_id": named})]

    return Execution(request=change, answer=answer)


def edit_order(view: AccountView, request: Operation) -> Asked:
    """Cancel an order, and place it anew with other terms; what it has traded is left to the old one."""
    asked = Parameters(request.method, request.params, _EDITED)
    old, pair = _named(view, asked)
    if old.trigger is not Trigger.NONE and old.state is not OrderState.UNTRIGGERED:
        raise KrakenError(errors.INVALID_ORDER)
    order = draft(_terms(asked, old, pair), pair, view)
    left = order.lots - old.filled
    if left < 1:
        raise invalid("order_qty")
    if order.validate:
        return [Answer(result={"original_order_id": order_id(old.order)})]
    new = placed(order, view) | {"size": left}

    def answer(events: Sequence[Event]) -> Answers:
        number = placing.accepted(events).answer.order
        return [Answer(result=_edited(order, number, old))]

    return Execution(request=ReplaceSpotOrder(**new, cancel_order=old.order), answer=answer)


def _edited(order: Draft, number: int, old: ExecutionReport) -> dict[str, Any]:
    reference = order.flags.reference
    named = {} if reference is None else {"order_userref": reference}
    return {"order_id": order_id(number), **named, "original_order_id": order_id(old.order)}


def _terms(asked: Parameters, old: ExecutionReport, pair: Pair) -> Terms:
    """Those of the new order: what is not named stays as it was, but for the client's own id."""
    if "display_qty" in asked:
        raise invalid("display_qty")
    flags, kind = Flags.of(old), order_type(old)
    triggered = kind.trigger is not Trigger.NONE
    sent = {
        "type": SIDES[old.side],
        "ordertype": kind.name,
        "volume": asked.number("order_qty") or pair.size_text(old.size),
        "validate": "true" if asked.flag("validate") else "",
        "reduce_only": "true" if asked.flag("reduce_only") else "",
    }
    if kind.pricing is Pricing.LIMIT:
        sent["price2" if triggered else "price"] = asked.number("limit_price") or pair.price_text(old.price)
    elif "limit_price" in asked:
        raise invalid("limit_price")
    if triggered:
        triggers = Parameters(asked.method, asked.object("triggers"), TRIGGERS)
        check_static(triggers, "price_type")
        sent["price"] = triggers.number("price") or pair.price_text(old.trigger_price)
        sent["trigger"] = triggers.text("reference", "last")
    elif "triggers" in asked:
        raise invalid("triggers")
    if "deadline" in asked:
        sent["deadline"] = asked.text("deadline")
    if old.expires:
        sent |= {"timeinforce": "GTD", "expiretm": decimal_text(old.expires, NS_DIGITS)}
    reference = asked.whole("order_userref")
    if reference is None:
        reference = flags.reference
    if reference is not None:
        sent["userref"] = str(reference)
    fees = FEES[asked.choice("fee_preference", tuple(FEES))] if "fee_preference" in asked else None
    chosen = (
        fees or ("fcib" if flags.charge is Charge.RECEIVED else "fciq"),
        "post" if asked.flag("post_only", default=flags.post_only) else "",
        "nompp" if asked.flag("no_mpp", default=flags.unprotected) else "",
    )
    sent["oflags"] = ",".join(flag for flag in chosen if flag)
    return Terms(sent, lambda name: said_of(name, triggered=triggered))


def _named(view: AccountView, asked: Parameters) -> tuple[ExecutionReport, Pair]:
    """The open order that a request names, and its pair."""
    if ("order_id" in asked) is ("cl_ord_id" in asked):
        raise invalid("order_id")
    if "order_id" in asked:
        order = placing.open_order_named(view, txid=asked.text("order_id"))
    else:
        order = placing.open_order_named(view, client=asked.text("cl_ord_id"))
    pair = view.pair(order)
    if pair is None:
        raise KrakenError(errors.UNKNOWN_ORDER)
    if "symbol" in asked and asked.pair(view.market.pairs) is not pair:
        raise invalid("symbol")
    return order, pair


def _lots(asked: Parameters, pair: Pair) -> int:
    """A new size; 0 for none."""
    text = asked.number("order_qty")
    if text is None:
        return 0
    parts = parts_of(text)
    lots = lots_of(parts, pair) if parts is not None else None
    if lots is None:
        raise invalid("order_qty")
    return lots


def _ticks(asked: Parameters, name: str, pair: Pair) -> int:
    """A new price; 0 for none."""
    text = asked.number(name)
    if text is None:
        return 0
    parts = parts_of(text)
    if parts is None or not parts[0]:
        raise invalid(name)
    return ticks_of(parts, pair)


def _check_deadline(asked: Parameters, view: AccountView) -> None:
    check_deadline(asked.text("deadline") if "deadline" in asked else None, view)
