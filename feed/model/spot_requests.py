"""
What an account asks of a spot venue, where it pays with assets that it holds there.

As all requests (:mod:`feed.model.requests`) they are stamped with market time and written down before they
act.
"""

from __future__ import annotations

import enum

import attrs
from attrs.validators import ge, le

from feed.model.executions import Charge
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.requests import PARTS, Request
from feed.model.trading import Pricing, Trigger


class Only(enum.IntEnum):
    """Which orders a request to cancel one is meant for."""

    ANY = 0
    UNFILLED = 1  # only one of which nothing has traded
    PARTLY_FILLED = 2  # only one of which something has


@attrs.frozen(kw_only=True)
class SpotRequest(Request):
    """
    One request about the assets that an account holds at the venue of the instrument.

    It is answered by one :class:`~feed.model.executions.RequestAnswered`.
    """


@attrs.frozen(kw_only=True)
class PlaceSpotOrder(SpotRequest):
    """
    Buy or sell. The client's own id of the order is that of the request.

    Attributes:
        side: Which of the two.
        type: How it is priced.
        size: Integer lots; 0 for a market order that has a ``quote_size``.
        quote_size: What a market order is to spend or bring in at most, units of the quote asset; else 0.
        price: Limit, integer ticks; 0 for market orders.
        time_in_force: How long it waits for a counterparty; a market order never rests.
        post_only: Rest or be refused; never take.
        trigger: What the price of the last trade must do first.
        trigger_price: The price that does it, integer ticks; 0 without a trigger.
        self_trade: What becomes of a trade of the account with itself, when this order is the taker.
        expires: Market time at which it is cancelled, nanoseconds; 0 for never.
        once: Refuse it if any order that is remembered has the client's own id, not only an open one.
        tag: A number for the protocol's own use.
        maker_fee: Of the value of a trade, where the order rested, millionths; the discount of the key's tier
            is still to come off.
        taker_fee: The same where the order took.
        charge: In which asset that is paid.
    """

    side: Side
    type: Pricing = Pricing.LIMIT
    size: int = attrs.field(default=0, validator=ge(0))
    quote_size: int = attrs.field(default=0, validator=ge(0))
    price: int = attrs.field(default=0, validator=ge(0))
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    trigger: Trigger = Trigger.NONE
    trigger_price: int = attrs.field(default=0, validator=ge(0))
    self_trade: SelfTrade = SelfTrade.CANCEL_RESTING
    expires: int = attrs.field(default=0, validator=ge(0))
    once: bool = False
    tag: int = attrs.field(default=0, validator=ge(0))
    maker_fee: int = attrs.field(default=0, validator=[ge(0), le(PARTS)])
    taker_fee: int = attrs.field(default=0, validator=[ge(0), le(PARTS)])
    charge: Charge = Charge.RECEIVED


@attrs.frozen(kw_only=True)
class CancelSpotOrder(SpotRequest):
    """
    Cancel one open order.

    Attributes:
        order: Its id; 0 where ``client`` alone names it. Where both are given, both must fit.
        client: The client's own id of it, packed; 0 where ``order`` alone names it.
        only: Which orders it is meant for.
    """

    order: int = attrs.field(default=0, validator=ge(0))
    client: int = attrs.field(default=0, validator=ge(0))
    only: Only = Only.ANY


@attrs.frozen(kw_only=True)
class CancelSpotOrders(SpotRequest):
    """
    Cancel every open order in the instrument.

    Attributes:
        everywhere: In all instruments of its venue instead.
    """

    everywhere: bool = False


@attrs.frozen(kw_only=True)
class CancelSpotOrdersAfter(SpotRequest):
    """
    Cancel every open order at the venue of the instrument some time from now, unless asked again before.

    Attributes:
        after: Nanoseconds of market time from now; 0 takes an earlier such request back.
    """

    after: int = attrs.field(validator=ge(0))


@attrs.frozen(kw_only=True)
class ReplaceSpotOrder(PlaceSpotOrder):
    """
    Cancel one open order, then place another.

    Attributes:
        cancel_order: Id of the one to cancel; 0 where ``cancel_client`` alone names it.
        cancel_client: The client's own id of it, packed; 0 where ``cancel_order`` alone names it.
        cancel_request: The client's own id of the cancellation, packed; 0 for none.
        cancel_only: Which orders the cancellation is meant for.
        allow_failure: Place the other even if nothing can be cancelled.
    """

    cancel_order: int = attrs.field(default=0, validator=ge(0))
    cancel_client: int = attrs.field(default=0, validator=ge(0))
    cancel_request: int = attrs.field(default=0, validator=ge(0))
    cancel_only: Only = Only.ANY
    allow_failure: bool = False


@attrs.frozen(kw_only=True)
class AmendSpotOrder(SpotRequest):
    """
    Change an open order. Where only its size shrinks it keeps its place in the queue.

    Attributes:
        order: Its id; 0 where ``client`` alone names it.
        client: The client's own id of it, packed; 0 where ``order`` alone names it.
        size: New size, what has traded included, integer lots; 0 leaves it.
        price: New limit, integer ticks; 0 leaves it.
        trigger_price: New trigger of one that waits for it, integer ticks; 0 leaves it.
        shrink_only: Change nothing but the size, and that only to a smaller one.
        post_only: Do nothing where the order would trade at its new price.
        new_client: The client's own id that it goes by from then on, packed; 0 leaves it.
    """

    order: int = attrs.field(default=0, validator=ge(0))
    client: int = attrs.field(default=0, validator=ge(0))
    size: int = attrs.field(default=0, validator=ge(0))
    price: int = attrs.field(default=0, validator=ge(0))
    trigger_price: int = attrs.field(default=0, validator=ge(0))
    shrink_only: bool = False
    post_only: bool = False
    new_client: int = attrs.field(default=0, validator=ge(0))


@attrs.frozen(kw_only=True)
class SpotBatch(SpotRequest):
    """
    Several requests of one account that act one after the other, with nobody else's between them.

    Each is answered by itself, in their order; the batch is not.

    Attributes:
        parts: The requests; none of them is a batch.
    """

    parts: tuple[SpotRequest, ...]
