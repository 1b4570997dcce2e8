"""
What happens to the orders of one account: told to that account, and to nobody else.

=========  ========================================================================================
``Kind``   row
=========  ========================================================================================
``ORDER``  kind, instrument, ts, account, request, verb, state, reason, order, side, type, price,
           left, filled, value, leverage, post_only, created, time_in_force, reduce_only, slippage,
           trigger, trigger_price, stop_loss, take_profit
``FILL``   kind, instrument, ts, account, order, side, type, leverage, created, trade, taker,
           price, size, left, fee, trigger, trigger_price
=========  ========================================================================================

These rows stand in the one stream, between the rows of the book that they belong to, so that what an
account is told and what everybody is told are in one order. Rows of earlier recordings are shorter;
what they do not say is 0.
"""

from __future__ import annotations

import enum
from typing import ClassVar

import attrs

from feed.model.kinds import FILL, ORDER, RowEvent, Side, to_side
from feed.model.orders import TimeInForce


class RequestKind(enum.IntEnum):
    """What the account asked for."""

    CREATE = 1
    CANCEL = 2
    MODIFY = 3
    SET_EXITS = 4


class OrderState(enum.IntEnum):
    """Where an order stands, or what became of a request."""

    PENDING = 1  # received, not yet accepted
    ACTIVE = 2  # accepted: it trades or rests from here on
    CANCELLING = 3  # a request to cancel was received
    CANCELLED = 4  # over, what was left is off the book
    MODIFYING = 5  # a request to modify was received
    MODIFIED = 6  # over, another order takes its place
    REJECTED = 7  # over, it never traded or rested
    REFUSED = 8  # a request did nothing; there may be no order
    FILLED = 9  # over, all of it has traded; said by the last fill alone
    UNTRIGGERED = 10  # accepted: it waits for the mark price to reach its trigger


class Reason(enum.IntEnum):
    """Why an order is over or acts, or a request did nothing."""

    NONE = 0
    UNKNOWN_ORDER = 1
    DUPLICATE = 2
    NOT_TRADING = 3
    WOULD_CROSS = 4
    NO_FUNDS = 5
    LEVERAGE = 6
    TOO_MANY_ORDERS = 7
    NO_PRICE = 8
    UNFILLED = 9
    SELF_TRADE = 10
    DELISTED = 11
    INVALID = 12
    STARTED_ANEW = 13
    TRIGGERED = 14
    LIQUIDATION = 15
    REDUCE_ONLY = 16
    PRICE_BAND = 17
    CANNOT_FILL = 18
    WOULD_TRIGGER = 19
    TOO_SMALL = 20
    NOT_ATTEMPTED = 21
    EXPIRED = 22
    TIMER = 23
    NOT_SMALLER = 24
    RESTRICTED = 25
    NO_POSITION = 26
    BAD_EXIT = 27
    NOT_WAITING = 28


class Pricing(enum.IntEnum):
    """How an order is priced."""

    LIMIT = 0
    MARKET = 1


class Trigger(enum.IntEnum):
    """What the mark price must do before an order acts."""

    NONE = 0  # nothing: it acts at once
    STOP = 1  # go against whoever holds: rise to the price of a buy order, fall to that of a sell order
    TAKE_PROFIT = 2  # the other way

    def reached(self, side: Side, price: int, mark: int) -> bool:
        """Whether an order of ``side`` with a trigger at ``price`` acts at a mark price, ticks."""
        return mark >= price if (self is Trigger.STOP) == (side is Side.BUY) else mark <= price


@attrs.frozen
class OrderChanged(RowEvent):
    """
    An order of an account has another state, or a request about one did nothing.

    Attributes:
        account: Whose order.
        request: The client's own id of the request that this answers, see :func:`packed`; 0 for none.
        verb: What the request asked for; ``CREATE`` where the market acts by itself.
        state: Where the order stands now.
        reason: Why, where that is not plain.
        order: Id of the order; 0 when there is none.
        side: Side of the order.
        type: How it is priced.
        price: Limit, integer ticks; of a market order the worst price it may trade at.
        left: Integer lots not traded yet.
        filled: Integer lots traded.
        value: Sum of price times size of what was traded, ticks times lots.
        leverage: Of the account, as the order named it.
        post_only: Whether it was to rest or be rejected.
        created: Market time at which it was asked for, nanoseconds.
        time_in_force: How long it waits for a counterparty.
        reduce_only: Whether it may make a position smaller only.
        slippage: How far past the best price a market order may trade, millionths of that price.
        trigger: What it waits for, or has waited for.
        trigger_price: Mark price at which it acts, integer ticks; 0 without a trigger.
        stop_loss: Mark price at which what it opens is closed with a loss, integer ticks; 0 for none.
        take_profit: The same with a profit.
    """

    kind: ClassVar[int] = ORDER

    account: int
    request: int
    verb: RequestKind = attrs.field(converter=RequestKind)
    state: OrderState = attrs.field(converter=OrderState)
    reason: Reason = attrs.field(converter=Reason)
    order: int
    side: Side = attrs.field(converter=to_side)
    type: Pricing = attrs.field(converter=Pricing)
    price: int
    left: int
    filled: int
    value: int
    leverage: int
    post_only: bool = attrs.field(converter=bool)
    created: int
    time_in_force: TimeInForce = attrs.field(default=TimeInForce.GTC, converter=TimeInForce)
    reduce_only: bool = attrs.field(default=False, converter=bool)
    slippage: int = 0
    trigger: Trigger = attrs.field(default=Trigger.NONE, converter=Trigger)
    trigger_price: int = 0
    stop_loss: int = 0
    take_profit: int = 0


@attrs.frozen
class OrderFilled(RowEvent):
    """
    An order of an account traded. It follows the ``TRADE`` that it is one side of.

    Attributes:
        account: Whose order.
        order: Id of the order.
        side: Side of the order.
        type: How it is priced.
        leverage: As the order named it.
        created: Market time at which it was asked for, nanoseconds.
        trade: Id of the trade in its instrument.
        taker: Whether the order took; else it rested.
        price: Integer ticks.
        size: Integer lots.
        left: Integer lots of the order not traded yet; 0 when it is complete.
        fee: What it costs the account, in units of the instrument's price times size.
        trigger: What the order had waited for.
        trigger_price: Mark price at which it acted, integer ticks; 0 without a trigger.
    """

    kind: ClassVar[int] = FILL

    account: int
    order: int
    side: Side = attrs.field(converter=to_side)
    type: Pricing = attrs.field(converter=Pricing)
    leverage: int
    created: int
    trade: int
    taker: bool = attrs.field(converter=bool)
    price: int
    size: int
    left: int
    fee: int
    trigger: Trigger = attrs.field(default=Trigger.NONE, converter=Trigger)
    trigger_price: int = 0


def packed(request_id: str) -> int:
    """A client's id as an integer, which a row can carry: its ASCII bytes, most significant first."""
    return int.from_bytes(request_id.encode("ascii"), "big")


def caseless(request: int) -> int:
    """The same for all ids, packed, that differ in the case of their letters alone: UUIDs have none."""
    return packed(unpacked(request).lower())


def unpacked(request: int) -> str:
    """The text that :func:`packed` was given."""
    return request.to_bytes((request.bit_length() + 7) // 8, "big").decode("ascii")
