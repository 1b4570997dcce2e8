"""
What an account asks of the market: to place orders, to change them, to cancel them.

A request is answered at once, or made of what the market must do first, and answered then. Where several
orders are named, each has an answer of its own, or all have one, as the exchange has it.

Source: "User trading" of the second WebSocket API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from feed.dialects.execution import Execution
from feed.dialects.kraken.account import placing
from feed.dialects.kraken.account.drafts import Draft, draft
from feed.dialects.kraken.account.ids import order_id
from feed.dialects.kraken.account.orders import Flags
from feed.dialects.kraken.account.rejections import refusal
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.private.answers import Answer, Answers, Asked, worded
from feed.dialects.kraken.private.changing import amend_order, edit_order
from feed.dialects.kraken.private.parameters import Parameters, invalid
from feed.dialects.kraken.private.requests import Operation
from feed.dialects.kraken.private.terms import ORDER, WHOLE, order_terms
from feed.dialects.times import iso
from feed.model.durations import NS_PER_DAY, NS_PER_SECOND
from feed.model.events import Event, ExecutionReport
from feed.model.trading import Reason, unpacked

LEAST_BATCH: Final = 2
MOST_BATCH: Final = 15
"""Orders that are placed together."""
MOST_CANCELLED: Final = 50
"""Orders that are cancelled together."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,10}", re.ASCII)


def ask(view: AccountView, request: Operation) -> Asked:
    """
    Answer a request, or say what the market must do first.

    Raises:
        Refused: It is none, as it stands.
        KrakenError: It cannot be granted.
    """
    return _METHODS[request.method](view, request)


# --- placing -----------------------------------------------------------------------------------------


def _add_order(view: AccountView, request: Operation) -> Asked:
    asked = Parameters(request.method, request.params, (*ORDER, *WHOLE))
    pair = asked.pair(view.market.pairs)
    order = draft(order_terms(asked), pair, view)
    if order.validate:
        return [Answer(result=_placed(order))]

    def answer(events: Sequence[Event]) -> Answers:
        outcome = placing.accepted(events)
        return [Answer(result=_placed(order, outcome.answer.order))]

    return Execution(request=placing.place(order, view), answer=answer)


def _batch_add(view: AccountView, request: Operation) -> Asked:
    whole = Parameters(request.method, request.params, (*WHOLE, "orders"))
    pair, found = whole.pair(view.market.pairs), whole.objects("orders")
    if not LEAST_BATCH <= len(found) <= MOST_BATCH:
        raise invalid("orders")
    shared = {name: request.params[name] for name in ("validate", "deadline") if name in request.params}
    for one in found:
        Parameters(request.method, one, ORDER)  # what is said of all, no order says of itself
    orders = [
        draft(order_terms(Parameters(request.method, {**one, **shared}, (*ORDER, *shared))), pair, view)
        for one in found
    ]
    if whole.flag("validate"):
        return [Answer(result=[_placed(order) for order in orders])]

    def answer(events: Sequence[Event]) -> Answers:
        answers = placing.outcome_of(events).answers
        results = [
            _placed(order, one.order) if one.reason is Reason.NONE else {"error": worded(refusal(one.reason))}
            for order, one in zip(orders, answers, strict=True)
        ]
        return [Answer(result=results)]

    parts = [placing.place(order, view) for order in orders]
    return Execution(request=placing.together(view, parts), answer=answer)


def _placed(order: Draft, number: int = 0) -> dict[str, Any]:
    result: dict[str, Any] = {"order_id": order_id(number)} if number else {}
    if order.client:
        result["cl_ord_id"] = unpacked(order.client)
    if order.flags.reference is not None:
        result["order_userref"] = order.flags.reference
    return result


# --- cancelling --------------------------------------------------------------------------------------


def _cancel_order(view: AccountView, request: Operation) -> Asked:
    asked = Parameters(request.method, request.params, ("order_id", "cl_ord_id", "order_userref"))
    references = asked.wholes("order_userref")
    referred = _by_reference(view) if references else {}
    named: list[tuple[Mapping[str, object], list[ExecutionReport]]] = [
        *(({"order_id": name}, _open(view, txid=name)) for name in asked.texts("order_id")),
        *(({"cl_ord_id": name}, _open(view, client=name)) for name in asked.texts("cl_ord_id")),
        *(({"order_userref": one}, referred.get(one, [])) for one in references),
    ]
    if not named:
        raise invalid("order_id")
    found = {one.order: one for _, orders in named for one in orders}

    def answer(events: Sequence[Event]) -> Answers:
        gone = {report.order for report in placing.cancelled(events)} if found else set()
        return [_cancelled(name, [one for one in orders if one.order in gone]) for name, orders in named]

    if not found:
        return answer(())
    return Execution(request=placing.cancel(view, found.values()), answer=answer)


def _cancelled(name: Mapping[str, object], orders: Sequence[ExecutionReport]) -> Answer:
    if not orders:
        return Answer(error=worded(refusal(Reason.UNKNOWN_ORDER)), more=name)
    return Answer(result={"order_id": order_id(orders[0].order), **name})


def _open(view: AccountView, *, txid: str = "", client: str = "") -> list[ExecutionReport]:
    found = placing.order_named(view, txid=txid, client=client)
    return [] if found is None or not found.open else [found]


def _by_reference(view: AccountView) -> dict[int, list[ExecutionReport]]:
    """Open orders by the number that their client gave them."""
    found: dict[int, list[ExecutionReport]] = {}
    for order in placing.open_orders(view):
        reference = Flags.of(order).reference
        if reference is not None:
            found.setdefault(reference, []).append(order)
    return found


def _batch_cancel(view: AccountView, request: Operation) -> Asked:
    asked = Parameters(request.method, request.params, ("orders", "cl_ord_id"))
    names = asked.names("orders")
    clients = asked.texts("cl_ord_id")
    if not 1 <= len(names) + len(clients) <= MOST_CANCELLED:
        raise invalid("orders")
    found: dict[int, ExecutionReport] = {}
    referred = _by_reference(view)
    for name in names:
        known = referred.get(int(name), []) if _NUMBER.fullmatch(name) else _open(view, txid=name)
        found |= {one.order: one for one in known}
    for client in clients:
        found |= {one.order: one for one in _open(view, client=client)}
    if not found:
        raise refusal(Reason.UNKNOWN_ORDER)
    return Execution(
        request=placing.cancel(view, found.values()),
        answer=lambda events: [Answer(more={"orders_cancelled": len(placing.cancelled(events))})],
    )


def _cancel_all(view: AccountView, request: Operation) -> Asked:
    Parameters(request.method, request.params, ())
    return Execution(
        request=placing.cancel_all(view),
        answer=lambda events: [Answer(result={"count": len(placing.cancelled(events))})],
    )


def _cancel_all_orders_after(view: AccountView, request: Operation) -> Asked:
    asked = Parameters(request.method, request.params, ("timeout",))
    seconds = asked.whole("timeout")
    if seconds is None or not 0 <= seconds * NS_PER_SECOND <= NS_PER_DAY:
        raise invalid("timeout")
    after = seconds * NS_PER_SECOND

    def answer(events: Sequence[Event]) -> Answers:
        at = placing.outcome_of(events).answer.ts
        ends = _second(at + after) if after else "0"
        return [Answer(result={"currentTime": _second(at), "triggerTime": ends})]

    return Execution(request=placing.cancel_all_after(view, after), answer=answer)


def _second(time: int) -> str:
    return f"{iso(time).partition('.')[0]}Z"


_METHODS: Final[Mapping[str, Callable[[AccountView, Operation], Asked]]] = {
    "add_order": _add_order,
    "amend_order": amend_order,
    "edit_order": edit_order,
    "cancel_order": _cancel_order,
    "cancel_all": _cancel_all,
    "cancel_all_orders_after": _cancel_all_orders_after,
    "batch_add": _batch_add,
    "batch_cancel": _batch_cancel,
}
