"""
What an account asks of the market: values that can be kept, and asked again.

A request is stamped with market time and written down before it acts, so that a market stays a pure
function of (specification, seed, requests).
"""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, in_, le

from feed.model.grants import Tier
from feed.model.kinds import Side
from feed.model.orders import TimeInForce
from feed.model.trading import Pricing, Trigger

PARTS: int = 1_000_000
"""Slippage, fees and shares are counted in millionths."""

MOST_UNITS: int = 10**15
"""Ticks of a price, lots of a size: far beyond any market, and small enough for every program to count in."""

KEEP: int = -1
"""In place of a stop loss or a take profit: as it is."""


@attrs.frozen(kw_only=True)
class Request:
    """
    One request of an account.

    Attributes:
        account: Who asks; from 1.
        instrument: Index into the market's listing.
        request: The client's own id of it, see :func:`feed.model.trading.packed`; 0 for none.
        tier: Of the key that asks; fees go by it from then on.
    """

    account: int = attrs.field(validator=gt(0))
    instrument: int = attrs.field(validator=ge(0))
    request: int = attrs.field(default=0, validator=ge(0))
    tier: Tier = Tier.FREE


@attrs.frozen(kw_only=True)
class Create(Request):
    """
    Buy or sell.

    Attributes:
        side: Which of the two.
        size: Integer lots.
        type: How it is priced.
        price: Limit, integer ticks; ignored for market orders.
        slippage: How far past the best price a market order may trade, millionths of that price.
        post_only: Rest or be rejected; never take.
        leverage: That the account works with.
        time_in_force: How long it waits for a counterparty; a market order never rests.
        reduce_only: Make a position smaller, or be rejected.
        trigger: What the mark price must do first.
        trigger_price: The mark price that does it, integer ticks; ignored without a trigger.
        stop_loss: Mark price at which a position that it opens, or adds to, is closed with a loss, integer
            ticks; 0 leaves that of the position.
        take_profit: The same with a profit.
    """

    side: Side
    size: int = attrs.field(validator=gt(0))
    type: Pricing = Pricing.LIMIT
    price: int = attrs.field(default=0, validator=ge(0))
    slippage: int = attrs.field(default=0, validator=ge(0))
    post_only: bool = False
    leverage: int = attrs.field(default=1, validator=ge(1))
    time_in_force: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    trigger: Trigger = Trigger.NONE
    trigger_price: int = attrs.field(default=0, validator=ge(0))
    stop_loss: int = attrs.field(default=0, validator=ge(0))
    take_profit: int = attrs.field(default=0, validator=ge(0))


@attrs.frozen(kw_only=True)
class Cancel(Request):
    """
    Take one order off the book.

    Attributes:
        order: Id of the order.
        created: Market time in milliseconds that the client says it was created at.
    """

    order: int = attrs.field(validator=ge(0))
    created: int = attrs.field(validator=ge(0))


@attrs.frozen(kw_only=True)
class CancelMany(Request):
    """
    Take every order of the instrument off the book, or some.

    Attributes:
        price: Only those at this price, integer ticks; 0 for any.
        side: Only those of this side, 0 or 1; -1 for both.
        everywhere: Those of all other instruments as well.
    """

    price: int = attrs.field(default=0, validator=ge(0))
    side: int = attrs.field(default=-1, validator=in_((-1, 0, 1)))
    everywhere: bool = False


@attrs.frozen(kw_only=True)
class Modify(Request):
    """
    Put another order in the place of one that rests.

    Attributes:
        order: Id of the order.
        created: Market time in milliseconds that the client says it was created at.
        price: New limit, integer ticks; 0 leaves it.
        size: New size still to fill, integer lots; 0 leaves it.
        trigger_price: New trigger, integer ticks; 0 leaves it. An order that waits for none is not modified.
        stop_loss: New stop loss of what it opens, integer ticks; 0 removes it, :data:`KEEP` leaves it.
        take_profit: New take profit, in the same way.
    """

    order: int = attrs.field(validator=ge(0))
    created: int = attrs.field(validator=ge(0))
    price: int = attrs.field(default=0, validator=ge(0))
    size: int = attrs.field(default=0, validator=ge(0))
    trigger_price: int = attrs.field(default=0, validator=ge(0))
    stop_loss: int = attrs.field(default=KEEP, validator=ge(KEEP))
    take_profit: int = attrs.field(default=KEEP, validator=ge(KEEP))


@attrs.frozen(kw_only=True)
class Close(Request):
    """
    Close a position, or a part of it, at the market.

    Attributes:
        position: Id of the order that opened it; 0 for whichever is open.
        size: Integer lots; 0 for all that is held when its turn comes.
        slippage: How far past the best price it may trade, millionths of that price.
    """

    position: int = attrs.field(default=0, validator=ge(0))
    size: int = attrs.field(default=0, validator=ge(0))
    slippage: int = attrs.field(default=0, validator=ge(0))


@attrs.frozen(kw_only=True)
class SetExits(Request):
    """
    Say at which mark prices a position is closed.

    Attributes:
        position: Id of the order that opened it; 0 for whichever is open.
        stop_loss: Integer ticks; 0 removes it, :data:`KEEP` leaves it.
        take_profit: The same.
    """

    position: int = attrs.field(default=0, validator=ge(0))
    stop_loss: int = attrs.field(default=KEEP, validator=ge(KEEP))
    take_profit: int = attrs.field(default=KEEP, validator=ge(KEEP))


@attrs.frozen(kw_only=True)
class FillOrder(Request):
    """
    Not the account's own: let somebody trade with its oldest order on the book of the instrument.

    Whatever stands before that order is traded with, too, as anybody else would have to.

    Attributes:
        share: Of what is left of it, millionths; at least one lot.
    """

    share: int = attrs.field(default=PARTS // 2, validator=[gt(0), le(PARTS)])


def share_of(fraction: float) -> int:
    """A fraction above 0 in millionths, at least one."""
    return max(1, round(fraction * PARTS))


@attrs.frozen(kw_only=True)
class JournalEntry:
    """
    A request as the journal has it.

    Attributes:
        at: Market time at which it acts, nanoseconds since the Unix epoch: after everything that the
            market does by itself up to and including then.
        request: What was asked.
    """

    at: int
    request: Request
