"""
What happens to orders that are paid for with assets: told to their account, and to nobody else.

On a spot venue an account holds *assets*, and its orders lock what they may spend. Such orders stand in the
same books as everybody's; what becomes of them has rows of its own.

=============  ======================================================================================
``Kind``       row
=============  ======================================================================================
``EXECUTION``  kind, instrument, ts, account, request, verb, state, reason, order, client, side,
               type, price, size, left, filled, value, quote_size, post_only,
               time_in_force, trigger, trigger_price, self_trade, created, working, expires, tag,
               maker_fee, taker_fee, charge, locked, trade, taker, last_price, last_size,
               commission, commission_leg, counter, prevented
``WALLET``     kind, instrument, ts, account, base_free, base_locked, quote_free, quote_locked,
               base_decimals, quote_decimals
``ANSWER``     kind, instrument, ts, account, verb, request, reason, order, cancel_reason, cancelled
=============  ======================================================================================

These rows stand in the one stream: an ``EXECUTION`` of a trade follows the ``TRADE`` that it is one side of,
each change of a balance is told by a ``WALLET`` right after the ``EXECUTION`` that it comes of, and all that
a request does stands before its ``ANSWER``. Amounts of assets are integers in units of ``10 ** -decimals``,
see :class:`feed.model.wallets.AssetUnits`.
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar, Final

import attrs

from feed.model.kinds import ANSWER, EXECUTION, WALLET, RowEvent, Side, to_side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger


class Leg(enum.IntEnum):
    """One of the two assets of an instrument."""

    BASE = 0
    QUOTE = 1


class Charge(enum.IntEnum):
    """In which asset a trade's commission is paid."""

    RECEIVED = 0  # in what the trade brings in: base for who buys, quote for who sells
    QUOTE = 1  # in the quote asset, beside the price for who buys

    def leg(self, side: Side) -> Leg:
        """The asset of the commission of an order of ``side``."""
        return Leg.BASE if self is Charge.RECEIVED and side is Side.BUY else Leg.QUOTE


@attrs.frozen
class ExecutionReport(RowEvent):
    """
    An order that assets pay for has changed: the whole order after it.

    It is about a trade where ``trade`` is not 0, and about a prevented trade, of an account with itself,
    where ``counter`` is not 0.

    Attributes:
        account: Whose order.
        request: The client's own id of the request that this comes of, see
            :func:`feed.model.trading.packed`; 0 for none, or where the market acts by itself.
        verb: What it asked for; ``CREATE`` where the market acts by itself.
        state: Where the order stands now.
        reason: Why, where that is not plain. A ``CANCELLED`` order without one was cancelled by its account.
        order: Id of the order.
        client: The client's own id of the order, packed; 0 for none.
        side: Side of the order.
        type: How it is priced.
        price: Limit, integer ticks; 0 for a market order.
        size: Integer lots that it is for; of an order for a quote amount, what that is enough for.
        left: Integer lots neither traded nor prevented yet.
        filled: Integer lots traded.
        value: Sum of price times size of what was traded, ticks times lots.
        quote_size: What a market order is to spend or bring in at most, units of the quote asset; 0 where it
            has a size instead.
        post_only: Whether it was to rest or be refused.
        time_in_force: How long it waits for a counterparty.
        trigger: What it waits for, or has waited for.
        trigger_price: Price of a trade at which it acts, integer ticks; 0 without a trigger.
        self_trade: What becomes of a trade of its account with itself when this order is the taker.
        created: Market time at which it was asked for, nanoseconds.
        working: Market time since which it can trade, nanoseconds; 0 while it waits for its trigger.
        expires: Market time at which it is cancelled, nanoseconds; 0 for never.
        tag: A number that the client's protocol gave it; the market does not look at it.
        maker_fee: Of the value of a trade, where the order rested, millionths.
        taker_fee: The same where the order took.
        charge: In which asset that is paid.
        locked: What it holds back still: units of quote for a buy order, of base for a sell order.
        trade: Id of the trade in its instrument; 0 when this tells of none.
        taker: Whether the order took in that trade, or would have in the prevented one; else it rested.
        last_price: Of that trade, or of the prevented one, integer ticks.
        last_size: Of that trade, or of the prevented one, integer lots.
        commission: Of that trade, units of its asset.
        commission_leg: Its asset.
        counter: Id of the other order of a prevented trade; 0 for none.
        prevented: Integer lots of prevented trades, all together.
    """

    kind: ClassVar[int] = EXECUTION

    account: int
    request: int
    verb: RequestKind = attrs.field(converter=RequestKind)
    state: OrderState = attrs.field(converter=OrderState)
    reason: Reason = attrs.field(converter=Reason)
    order: int
    client: int
    side: Side = attrs.field(converter=to_side)
    type: Pricing = attrs.field(converter=Pricing)
    price: int
    size: int
    left: int
    filled: int
    value: int
    quote_size: int
    post_only: bool = attrs.field(converter=bool)
    time_in_force: TimeInForce = attrs.field(converter=TimeInForce)
    trigger: Trigger = attrs.field(converter=Trigger)
    trigger_price: int
    self_trade: SelfTrade = attrs.field(converter=SelfTrade)
    created: int
    working: int
    expires: int
    tag: int
    maker_fee: int
    taker_fee: int
    charge: Charge = attrs.field(converter=Charge)
    locked: int
    trade: int = 0
    taker: bool = attrs.field(default=False, converter=bool)
    last_price: int = 0
    last_size: int = 0
    commission: int = 0
    commission_leg: Leg = attrs.field(default=Leg.BASE, converter=Leg)
    counter: int = 0
    prevented: int = 0

    @property
    def open(self) -> bool:
        """Whether the order rests or waits, and so may still trade."""
        return self.state in (OrderState.ACTIVE, OrderState.UNTRIGGERED)

    def after(self, ts: int, **changes: Any) -> ExecutionReport:
        """
        The next report of the order, at market time ``ts``.

        What concerned the last one alone, such as a trade, is not in it, unless ``changes`` say so.
        """
        return attrs.evolve(self, **{**_OF_ONE_REPORT, "ts": ts, **changes})


_OF_ONE_REPORT: Final = {
    "request": 0,
    "verb": RequestKind.CREATE,
    "reason": Reason.NONE,
    "trade": 0,
    "taker": False,
    "last_price": 0,
    "last_size": 0,
    "commission": 0,
    "commission_leg": Leg.BASE,
    "counter": 0,
}


@attrs.frozen(kw_only=True)
class PreventedTrade:
    """
    A trade of an account with itself that did not come about.

    Attributes:
        number: Sequence number of the event that told of it first.
        instrument: Index of the instrument.
        ts: Market time, nanoseconds.
        taker: Id of the order that came in.
        maker: Id of the order that it met.
        mode: That of the order that came in.
        price: Of the order that it met, integer ticks.
        taker_lots: Lots of the order that came in that will not trade for this; 0 for none.
        maker_lots: The same of the other order.
    """

    number: int
    instrument: int
    ts: int
    taker: int
    maker: int
    mode: SelfTrade
    price: int
    taker_lots: int = 0
    maker_lots: int = 0


@attrs.frozen
class WalletChanged(RowEvent):
    """
    What an account holds of the two assets of an instrument, at the venue of it, has changed.

    Attributes:
        account: Whose.
        base_free: Of the base asset, not locked by orders, units of it.
        base_locked: Locked by orders, units of it.
        quote_free: Of the quote asset, not locked by orders, units of it.
        quote_locked: Locked by orders, units of it.
        base_decimals: Of the unit of the base asset.
        quote_decimals: Of the unit of the quote asset.
    """

    kind: ClassVar[int] = WALLET

    account: int
    base_free: int
    base_locked: int
    quote_free: int
    quote_locked: int
    base_decimals: int
    quote_decimals: int


@attrs.frozen
class RequestAnswered(RowEvent):
    """
    A request has acted, or did nothing: all that it did stands before this.

    Attributes:
        account: Who asked.
        verb: What was asked for; ``CREATE`` of a request that cancels and creates.
        request: The client's own id of the request, packed; 0 for none.
        reason: Why it did nothing; ``NONE`` when it did what was asked.
        order: Id of the order that it created, cancelled or changed; 0 for none, or several. Of a refused
            ``DUPLICATE`` the order that has the client's own id already.
        cancel_reason: Of a request that cancels and creates: why nothing was cancelled.
        cancelled: Id of the order that such a request has cancelled; 0 for none.
    """

    kind: ClassVar[int] = ANSWER

    account: int
    verb: RequestKind = attrs.field(converter=RequestKind)
    request: int
    reason: Reason = attrs.field(converter=Reason)
    order: int
    cancel_reason: Reason = attrs.field(default=Reason.NONE, converter=Reason)
    cancelled: int = 0
