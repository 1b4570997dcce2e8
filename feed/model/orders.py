"""
What a client may ask of the market, and what the market answers.

A command is a value: it is sequenced and stamped with market time before it acts, so that the
market stays a pure function of (market, seed, commands).
"""

from __future__ import annotations

import enum

import attrs

from feed.model.kinds import Side


class OrderType(enum.Enum):
    """How an order is priced."""

    LIMIT = "limit"
    MARKET = "market"


class TimeInForce(enum.IntEnum):
    """How long an order waits for a counterparty."""

    GTC = 0  # until it is filled or cancelled
    IOC = 1  # fill what can be filled now, cancel the rest
    FOK = 2  # fill all of it now, or nothing


class SelfTrade(enum.IntEnum):
    """What happens when both sides of a trade would be one account."""

    ALLOW = 0
    CANCEL_RESTING = 1
    CANCEL_INCOMING = 2
    CANCEL_BOTH = 3
    DECREMENT = 4  # make both smaller by what they would have traded; whichever is nothing then is cancelled


class Reject(enum.Enum):
    """Why a command did nothing."""

    UNKNOWN_INSTRUMENT = "unknown instrument"
    NOT_TRADING = "instrument is not trading"
    BAD_PRICE = "price must be at least one tick"
    BAD_SIZE = "size must be at least one lot"
    WOULD_CROSS = "post-only order would trade"
    CANNOT_FILL = "not enough to fill the whole order"
    UNKNOWN_ORDER = "no such resting order"


@attrs.frozen(kw_only=True)
class NewOrder:
    """
    Buy or sell.

    Attributes:
        account: Whose order; 0 belongs to nobody and is exempt from self-trade prevention.
        instrument: Index into the market's listing.
        price: Integer ticks; ignored for market orders.
        size: Integer lots.
        post_only: Rest or be rejected; never take.
        order: Its id, where it has one already; 0 takes the next.
        self_trade: What happens when it would trade with an order of the same account; None goes by the
            rule of the exchange.
    """

    account: int
    instrument: int
    side: Side
    size: int
    price: int = 0
    type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    order: int = 0
    self_trade: SelfTrade | None = None


@attrs.frozen(kw_only=True)
class CancelOrder:
    """Take a resting order of ``account`` off the book."""

    account: int
    instrument: int
    order: int


@attrs.frozen(kw_only=True)
class ModifyOrder:
    """
    Change a resting order of ``account``.

    Attributes:
        price: New price, integer ticks.
        size: New size still to fill, integer lots. At the same price a smaller size keeps the
            order's place in the queue; anything else sends it to the back.
        self_trade: What happens when it would trade with an order of the same account; None goes by the
            rule of the exchange.
    """

    account: int
    instrument: int
    order: int
    price: int
    size: int
    self_trade: SelfTrade | None = None


Command = NewOrder | CancelOrder | ModifyOrder


@attrs.frozen(kw_only=True)
class Ack:
    """
    What became of a command.

    Attributes:
        order: Id of the order; 0 when a new order was rejected.
        filled: Integer lots traded at once.
        resting: Integer lots on the book afterwards.
        reject: Why nothing happened; None when it did.
    """

    order: int
    filled: int = 0
    resting: int = 0
    reject: Reject | None = None
