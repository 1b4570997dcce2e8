"""From an event to Rails' JSON text: what only one account is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, cast

import msgspec

from feed.dialects.messages import quoted
from feed.dialects.rails.decode import TRIGGERS
from feed.dialects.rails.encode import SIDES, named, response, shown_seq, split
from feed.dialects.resume import placed
from feed.dialects.times import milliseconds
from feed.model.events import FILL, ORDER, Event, OrderChanged, OrderFilled
from feed.model.ids import match_id, order_id, user_id
from feed.model.instruments import Contract, Instrument, decimal_text
from feed.model.orders import TimeInForce
from feed.model.stream_position import StreamPosition
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, unpacked
from feed.state.encoder import Encoder

# An order takes less than 500 bytes, and no client need take a message of a mebibyte.
PART_ORDERS: Final = 1000

_TYPES: Final = {Pricing.LIMIT: "limit", Pricing.MARKET: "market"}
_TRIGGERS: Final = {trigger: name for name, trigger in TRIGGERS.items()}
_ROLES: Final = {True: "taker", False: "maker"}

# Result type, status code and text of what is told, by what was asked for and what became of it.
_SAID: Final = {
    (RequestKind.CREATE, OrderState.PENDING): ("createOrder", 202, "order created, pending acceptance"),
    (RequestKind.CREATE, OrderState.ACTIVE): ("createOrder", 200, "order accepted"),
    (RequestKind.CREATE, OrderState.UNTRIGGERED): (
        "createOrder",
        200,
        "order accepted, waiting for its trigger",
    ),
    (RequestKind.CREATE, OrderState.REJECTED): ("rejectOrder", 400, ""),
    (RequestKind.CREATE, OrderState.CANCELLED): ("cancelOrder", 200, "order cancelled"),
    (RequestKind.CREATE, OrderState.REFUSED): ("createOrder", 409, ""),
    (RequestKind.CANCEL, OrderState.CANCELLING): ("cancelOrder", 202, "cancelling order"),
    (RequestKind.CANCEL, OrderState.CANCELLED): ("cancelOrder", 200, "order cancelled"),
    (RequestKind.CANCEL, OrderState.REFUSED): ("cancelOrder", 404, ""),
    (RequestKind.MODIFY, OrderState.MODIFYING): ("modifyOrder", 202, "modifying order"),
    (RequestKind.MODIFY, OrderState.MODIFIED): ("modifyOrder", 200, "original order modified"),
    (RequestKind.MODIFY, OrderState.PENDING): ("modifyOrder", 200, "new order created, pending acceptance"),
    (RequestKind.MODIFY, OrderState.REFUSED): ("modifyOrder", 400, ""),
}
_NOT_FOUND: Final = 404
# Each request uses one unit of the account's quota, and the first answer says so.
_QUOTA: Final = {"apiQuotaUsed": 1}

READ_ONLY: Final = "market takes no orders"
_WHY: Final = {
    Reason.NONE: "",
    Reason.UNKNOWN_ORDER: "order not found",
    Reason.DUPLICATE: "clientRequestId was used before",
    Reason.NOT_TRADING: "market is not trading",
    Reason.WOULD_CROSS: "post-only order would match immediately",
    Reason.NO_FUNDS: "insufficient balance",
    Reason.LEVERAGE: "leverage differs from the account's, or is too high",
    Reason.TOO_MANY_ORDERS: "too many open orders",
    Reason.NO_PRICE: "no order to match with",
    Reason.UNFILLED: "unfilled quantity cancelled",
    Reason.SELF_TRADE: "would match with an order of the same account",
    Reason.DELISTED: "market was delisted",
    Reason.STARTED_ANEW: "market has begun again",
    Reason.TRIGGERED: "trigger price reached",
    Reason.LIQUIDATION: "account is liquidated",
    Reason.REDUCE_ONLY: "reduceOnly order would not reduce the position",
    Reason.PRICE_BAND: "price is too far from the mark price",
    Reason.CANNOT_FILL: "quantity cannot be filled at once",
    Reason.WOULD_TRIGGER: "trigger price is reached already",
    Reason.NO_POSITION: "there is no such position",
    Reason.NOT_WAITING: "order waits for no trigger",
    Reason.BAD_EXIT: "stop loss or take profit is on the wrong side of the price",
}


class AccountOrders(Encoder):
    """
    The ``orders`` stream of one account in one market: what becomes of its requests, and of its orders.

    Source: page "Order Creation Stream" and its subpages.
    """

    kinds: Sequence[int] = (ORDER,)

    def __init__(self, instrument: Instrument, account: int, *, seq: bool = False) -> None:
        """Tell ``account`` of its orders, with sequence numbers where ``seq`` asks for them."""
        self._instrument = instrument
        self._account = account
        self._seq = seq

    def encode(self, item: Event) -> str | None:
        """The answer or the notification; None when it is another account's, or about what Rails has not."""
        order = cast("OrderChanged", item)
        if order.account != self._account or (order.verb, order.state) not in _SAID:
            return None
        kind, status, text = _SAID[order.verb, order.state]
        why = _WHY[order.reason]
        if order.reason is Reason.NOT_TRADING and self._instrument.contract is Contract.PREDICTION:
            why = READ_ONLY
        request = unpacked(order.request)
        data: dict[str, object]
        if order.state is OrderState.REFUSED:
            data = {"clientRequestId": request} if request else {}
            if order.reason is Reason.UNKNOWN_ORDER:
                status = _NOT_FOUND
            data |= {"statusCode": status, "body": why}
        else:
            data = {"statusCode": status, "body": ", ".join(filter(None, (text, why)))}
            data["order"] = order_object(self._instrument, order)
            data |= {"clientRequestId": request} if request else {}
            data |= _QUOTA if status == 202 else {}
        said = response(kind, data, self._instrument.symbol)
        return f"{said[:-1]}{shown_seq(item, shown=self._seq)}}}"


class AccountTrades(Encoder):
    """
    The ``trades`` stream of one account in one market: ``completedOrdersDelta``, one for each fill.

    Source: page "Trade Stream".
    """

    kinds: Sequence[int] = (FILL,)

    def __init__(self, instrument: Instrument, account: int, *, seq: bool = False) -> None:
        """Tell ``account`` of its fills, with sequence numbers where ``seq`` asks for them."""
        self._head = f'{{"resultType":"completedOrdersDelta","market":{quoted(instrument.symbol)},"data":'
        self._instrument = instrument
        self._account = account
        self._seq = seq

    def encode(self, item: Event) -> str | None:
        """The fill; None when it is another account's."""
        fill = cast("OrderFilled", item)
        if fill.account != self._account:
            return None
        return (
            f"{self._head}{_json([fill_object(self._instrument, fill)])}{shown_seq(item, shown=self._seq)}}}"
        )


def fill_object(instrument: Instrument, fill: OrderFilled) -> dict[str, object]:
    """A fill as every message shows it."""
    return {
        "market": instrument.symbol,
        "orderId": order_id(fill.created, fill.order),
        "matchId": match_id(instrument.symbol, fill.trade),
        "orderType": SIDES[fill.side],
        "tradeType": _TYPES[fill.type],
        "executionType": _ROLES[fill.taker],
        "fillType": "partial" if fill.left else "complete",
        "price": instrument.price_text(fill.price),
        "quantity": instrument.size_text(fill.size),
        "leverage": str(fill.leverage),
        "fees": decimal_text(fill.fee, instrument.price_decimals + instrument.size_decimals),
        "orderCreatedAt": milliseconds(fill.created),
        "orderFilledAt": milliseconds(fill.ts),
        "triggerType": _TRIGGERS[fill.trigger],
        "triggerPrice": instrument.price_text(fill.trigger_price) if fill.trigger else "0",
        "triggerCreatedAt": milliseconds(fill.created) if fill.trigger else 0,
    }


def order_object(instrument: Instrument, order: OrderChanged) -> dict[str, object]:
    """An order as every message shows it. ``quantity`` is what is left of it."""
    average = order.value // order.filled if order.filled else 0
    shown: dict[str, object] = {
        "market": instrument.symbol,
        "orderId": order_id(order.created, order.order),
        "userId": user_id(order.account),
        "orderType": SIDES[order.side],
        "tradeType": _TYPES[order.type],
        "orderStatus": order.state.name.lower(),
        "price": instrument.price_text(order.price),
        "quantity": instrument.size_text(order.left),
        "filledQuantity": instrument.size_text(order.filled),
        "avgFillPrice": instrument.price_text(average) if order.filled else "0",
        "leverage": str(order.leverage),
        "createdAt": milliseconds(order.created),
        "updatedAt": milliseconds(order.ts),
        "postOnly": order.post_only,
        "reduceOnly": order.reduce_only,
    }
    if order.time_in_force is not TimeInForce.GTC:
        shown["timeInForce"] = order.time_in_force.name
    if order.trigger:
        shown |= {
            "triggerType": _TRIGGERS[order.trigger],
            "triggerPrice": instrument.price_text(order.trigger_price),
        }
    return shown | ({"clientRequestId": unpacked(order.request)} if order.request else {})


def order_messages(
    instrument: Instrument,
    orders: Sequence[OrderChanged],
    *,
    now: int,
    request_id: str | None,
    at: StreamPosition | None,
) -> Iterator[str]:
    """Answers to ``emitOrders``, a request of ours: ``orders`` as they stand at ``now``, ``at`` to tell."""
    rows = [_json(order_object(instrument, order)) for order in orders]
    end = "}" + ("" if at is None else placed(at.seq, at))
    for part, parts in split(rows, PART_ORDERS):
        yield (
            f'{{"resultType":"orders","market":{quoted(instrument.symbol)},"data":{{"orders":'
            f'[{",".join(part)}],"statusCode":200,"ts":{milliseconds(now)}{named(request_id)}{parts}{end}}}'
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
