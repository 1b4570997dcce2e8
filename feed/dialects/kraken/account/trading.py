"""
Requests that place orders and change them.

Source: "Trading" of the REST documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import attrs
from msgspec import UNSET, UnsetType

from feed.dialects.access import Shape
from feed.dialects.execution import Execution
from feed.dialects.kraken import errors
from feed.dialects.kraken.account import amending
from feed.dialects.kraken.account.drafts import SELF_TRADES, SIDES, TIMES, Draft, Terms, draft, reference_of
from feed.dialects.kraken.account.ids import amend_id, order_id, order_of
from feed.dialects.kraken.account.operations import OWN_ID, TXID, Operation, Sent, terms_of, text_parameter
from feed.dialects.kraken.account.orders import TYPES
from feed.dialects.kraken.account.placing import (
    accepted,
    open_order_named,
    open_orders_referred_to,
    outcome_of,
    place,
    together,
)
from feed.dialects.kraken.account.rejections import refusal
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.kraken.market_data.parameters import pair_parameter
from feed.dialects.parameters import Parameter
from feed.model.events import Event, ExecutionReport
from feed.model.grants import Scope
from feed.model.instruments import Listing
from feed.model.trading import Reason

LEAST_BATCH, MOST_BATCH = 2, 15
OF_BATCH: Final = ("pair", "validate")
"""What a batch has once for all its orders, and none of them by itself."""


class Words(Shape):
    """
    An order in words.

    Attributes:
        order: All of it in one line.
    """

    order: str


class Added(Shape):
    """
    An order was placed, or could be.

    Attributes:
        descr: What it is.
        txid: Its id; none where it was only looked at.
    """

    descr: Words
    txid: list[str] | UnsetType = UNSET


class BatchPart(Shape):
    """
    One order of several.

    Attributes:
        txid: Its id.
        descr: What it is.
        error: Why it was not placed.
    """

    txid: str | UnsetType = UNSET
    descr: Words | UnsetType = UNSET
    error: str | UnsetType = UNSET


class Batch(Shape):
    """
    Several orders were placed.

    Attributes:
        orders: What became of each, in their order.
    """

    orders: list[BatchPart]


class Amended(Shape):
    """
    An order was changed.

    Attributes:
        amend_id: Id of the change.
    """

    amend_id: str


class Edited(Shape):
    """
    An order was cancelled, and another one takes its place.

    Attributes:
        status: ok.
        txid: Id of the new one; none where it was only looked at.
        originaltxid: Id of the one before.
        volume: Of the new one.
        price: Of the new one.
        price2: Of the new one.
        orders_cancelled: 1.
        descr: What the new one is.
    """

    status: str
    txid: str | UnsetType
    originaltxid: str
    volume: str
    price: str
    price2: str
    orders_cancelled: int
    descr: Words


# --- placing -----------------------------------------------------------------------------------------


def add(view: AccountView, sent: Sent) -> Added | Execution:
    """Buy or sell."""
    if list(sent.lists):
        raise errors.invalid(next(iter(sent.lists)))
    _, pair = sent.pair(view.market.pairs)
    order = draft(Terms(terms_of(sent.sent)), pair, view)
    if order.validate:
        return Added(descr=Words(order.description))
    return Execution(request=place(order, view), answer=partial(_added, order))


def _added(order: Draft, events: Sequence[Event]) -> Added:
    return Added(descr=Words(order.description), txid=[order_id(accepted(events).answer.order)])


def add_batch(view: AccountView, sent: Sent) -> Batch | Execution:
    """Buy or sell several times in one pair; all of them must be well formed."""
    sent.only("orders", "pair", "deadline", "validate", "asset_class", "trading_agreement")
    _, pair = sent.pair(view.market.pairs)
    listed = sent.items("orders")
    if not LEAST_BATCH <= len(listed) <= MOST_BATCH or not all(isinstance(one, dict) for one in listed):
        raise errors.invalid("orders")
    common = {name: sent.sent[name] for name in ("deadline", "asset_class") if name in sent.sent}
    for name in OF_BATCH:  # one that is to be of another pair, or only looked at, is not like the others
        if any(name in one for one in listed):
            raise errors.invalid(name)
    drafts = [draft(Terms({**terms_of(one), **common}), pair, view) for one in listed]
    if sent.flag("validate"):
        return Batch([BatchPart(descr=Words(one.description)) for one in drafts])
    request = together(view, (place(one, view) for one in drafts))
    return Execution(request=request, answer=partial(_batch_added, drafts))


def _batch_added(drafts: Sequence[Draft], events: Sequence[Event]) -> Batch:
    answers = outcome_of(events).answers
    return Batch(
        [
            BatchPart(txid=order_id(answer.order), descr=Words(order.description))
            if answer.reason is Reason.NONE
            else BatchPart(error=refusal(answer.reason).code)
            for order, answer in zip(drafts, answers, strict=True)
        ]
    )


# --- changing ----------------------------------------------------------------------------------------


def amend(view: AccountView, sent: Sent) -> Execution:
    """Change an order, which keeps its id."""
    sent.only(*amending.TERMS)
    found = open_order_named(
        view, txid=sent.text("txid") or "", client="" if "txid" in sent.sent else sent.needed("cl_ord_id")
    )
    if "pair" in sent.sent and sent.pair(view.market.pairs)[1].index != found.instrument:
        raise errors.invalid("pair")
    request = amending.amendment(view, found, sent.sent)
    return Execution(request=request, answer=_amended)


def _amended(events: Sequence[Event]) -> Amended:
    outcome = accepted(events)
    changed = [one for one in outcome.reports if one.order == outcome.answer.order]
    return Amended(amend_id(changed[0].seq))


def edit(view: AccountView, sent: Sent) -> Edited | Execution:
    """Cancel an order, and place another one that differs in what is named."""
    named = sent.needed("txid")
    _, pair = sent.pair(view.market.pairs)
    if order_of(named):
        found = open_order_named(view, txid=named)
    else:
        number = reference_of(named)
        numbered = [] if number is None else open_orders_referred_to(view, number)
        if len(numbered) != 1:
            raise KrakenError(errors.UNKNOWN_ORDER)
        found = numbered[0]
    if found.instrument != pair.index:
        raise errors.invalid("pair")
    order = amending.replacement(view, found, sent.only(*amending.EDITED).sent)
    if order.validate:
        return _edited(found, order, UNSET)
    request = amending.replace(view, found, order)
    return Execution(request=request, answer=partial(_replaced, found, order))


def _replaced(found: ExecutionReport, order: Draft, events: Sequence[Event]) -> Edited:
    answer = outcome_of(events).answer
    if answer.reason is not Reason.NONE:
        raise refusal(answer.reason)
    return _edited(found, order, order_id(answer.order))


def _edited(found: ExecutionReport, order: Draft, txid: str | UnsetType) -> Edited:
    first, second = (order.trigger, order.price) if order.trigger else (order.price, 0)
    return Edited(
        status="ok",
        txid=txid,
        originaltxid=order_id(found.order),
        volume=order.pair.size_text(order.lots),
        price=order.pair.price_text(first),
        price2=order.pair.price_text(second) if second else "0",
        orders_cancelled=1,
        descr=Words(order.description),
    )


# --- the table ---------------------------------------------------------------------------------------


_DEADLINE: Final = text_parameter(
    "deadline", "RFC 3339; past it the request is refused, by any of the clocks."
)


def _order(pair: Parameter) -> tuple[Parameter, ...]:
    return (
        pair,
        text_parameter("type", "Which side.", needed=True, choices=tuple(SIDES), example="buy"),
        text_parameter("ordertype", "Type of the order.", needed=True, choices=tuple(TYPES), example="limit"),
        text_parameter(
            "volume", "In the base asset; with viqc in the quote asset.", needed=True, example="0.5"
        ),
        text_parameter("price", "Limit; of an order that waits, the price of the trade that it waits for."),
        text_parameter("price2", "Limit of an order that waits."),
        text_parameter("oflags", "Joined by commas: post, fciq or fcib, nompp, viqc."),
        text_parameter("timeinforce", "How long it waits.", choices=TIMES, example="GTC"),
        text_parameter(
            "expiretm", "When it expires: seconds since the Unix epoch in market time, or +seconds."
        ),
        _DEADLINE,
        text_parameter("validate", "Only look at it.", choices=("true", "false")),
        text_parameter("userref", "The client's number, which several orders may have: 32 bits with a sign."),
        OWN_ID,
        text_parameter(
            "stptype",
            "What becomes of trades of the account with itself.",
            choices=tuple(SELF_TRADES),
        ),
        text_parameter("trigger", "Which price sets it off.", choices=("last",)),
        text_parameter("starttm", "Taken where it is 0: orders begin at once."),
        text_parameter("leverage", "Taken where it is none: nothing can be borrowed."),
        text_parameter("reduce_only", "Refused where it is true: there are no positions."),
        text_parameter("trading_agreement", "Taken, and without effect."),
    )


def operations(listing: Listing) -> tuple[Operation, ...]:
    """
    Those of this module.

    Args:
        listing: The instruments of the market, for the documents.
    """
    pair = pair_parameter(listing)
    found = (
        Operation(
            name="AddOrder", summary="Place an order", parameters=_order(pair), answer=add, result=Added
        ),
        Operation(
            name="AddOrderBatch",
            summary="Place 2 to 15 orders in one pair, by a JSON body",
            parameters=(
                pair,
                text_parameter("orders", "A list of orders, each with the parameters of one.", needed=True),
                _DEADLINE,
                text_parameter("validate", "Only look at them.", choices=("true", "false")),
            ),
            answer=add_batch,
            result=Batch,
        ),
        Operation(
            name="AmendOrder",
            summary="Change an order; where only its quantity shrinks it keeps its place in the queue",
            parameters=(
                TXID,
                OWN_ID,
                text_parameter("order_qty", "New quantity, what has traded included."),
                text_parameter("limit_price", "New limit."),
                text_parameter("trigger_price", "New price that it waits for."),
                text_parameter("post_only", "Do nothing if it would trade.", choices=("true", "false")),
                _DEADLINE,
            ),
            answer=amend,
            result=Amended,
        ),
        Operation(
            name="EditOrder",
            summary="Cancel an order, and place another one in its stead",
            parameters=(
                text_parameter("txid", "Id of the order, or the client's number of it.", needed=True),
                pair,
                text_parameter("volume", "New quantity, what has traded included."),
                text_parameter("price", "New price."),
                text_parameter("price2", "New second price."),
                text_parameter("oflags", "New flags."),
                text_parameter("userref", "New number of the client's."),
                _DEADLINE,
                text_parameter("cancel_response", "Taken, and without effect."),
                text_parameter("validate", "Only look at it.", choices=("true", "false")),
            ),
            answer=edit,
            result=Edited,
        ),
    )
    return tuple(attrs.evolve(one, scope=Scope.TRADE, weight=0) for one in found)
