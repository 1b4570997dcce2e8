"""An order in the exchange's words: its type, flags, status, and how it is described."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from feed.dialects.kraken.names import Pair
from feed.model.events import ExecutionReport
from feed.model.executions import Charge
from feed.model.kinds import Side
from feed.model.trading import OrderState, Pricing, Reason, Trigger, unpacked

_REFERENCE_BITS: Final = 33
_LEAST_REFERENCE: Final = -(2**31)


@attrs.frozen
class OrderType:
    """
    A type of order.

    Attributes:
        name: In requests and answers.
        words: In descriptions.
        pricing: Whether it has a limit.
        trigger: What it waits for.
    """

    name: str
    words: str
    pricing: Pricing
    trigger: Trigger


_ALL: Final = (
    OrderType("limit", "limit", Pricing.LIMIT, Trigger.NONE),
    OrderType("market", "market", Pricing.MARKET, Trigger.NONE),
    OrderType("stop-loss", "stop loss", Pricing.MARKET, Trigger.STOP),
    OrderType("take-profit", "take profit", Pricing.MARKET, Trigger.TAKE_PROFIT),
    OrderType("stop-loss-limit", "stop loss", Pricing.LIMIT, Trigger.STOP),
    OrderType("take-profit-limit", "take profit", Pricing.LIMIT, Trigger.TAKE_PROFIT),
)
TYPES: Final[Mapping[str, OrderType]] = {kind.name: kind for kind in _ALL}
_KINDS: Final = {(kind.pricing, kind.trigger): kind for kind in _ALL}
SIDES: Final = {Side.BUY: "buy", Side.SELL: "sell"}
_REASONS: Final = {
    Reason.NONE: "User requested",
    Reason.CANNOT_FILL: "Insufficient liquidity",
    Reason.DELISTED: "Market closed",
    Reason.EXPIRED: "Order expired",
    Reason.NO_FUNDS: "Insufficient funds",
    Reason.NO_PRICE: "Insufficient liquidity",
    Reason.SELF_TRADE: "Self trade prevention",
    Reason.STARTED_ANEW: "Market closed",
    Reason.TIMER: "Cancel all orders after timeout",
    Reason.UNFILLED: "Insufficient liquidity",
    Reason.WOULD_CROSS: "Post only order",
}


@attrs.frozen(kw_only=True)
class Flags:
    """
    The flags of an order, and the client's own number of it.

    Attributes:
        post_only: Whether it must rest.
        charge: In which asset fees are paid.
        unprotected: Whether a market order asked for no protection of its price; there is none in any case.
        in_quote: Whether its volume is an amount of the quote asset.
        reference: The client's own number, which several orders may have; None for none.
    """

    post_only: bool = False
    charge: Charge = Charge.QUOTE
    unprotected: bool = False
    in_quote: bool = False
    reference: int | None = None

    @classmethod
    def of(cls, item: ExecutionReport) -> Flags:
        """Those of an order."""
        number = item.tag & ((1 << _REFERENCE_BITS) - 1)
        return cls(
            post_only=item.post_only,
            charge=item.charge,
            unprotected=bool(item.tag >> _REFERENCE_BITS),
            in_quote=bool(item.quote_size),
            reference=number - 1 + _LEAST_REFERENCE if number else None,
        )

    @property
    def tag(self) -> int:
        """What of it the market carries along without looking at it."""
        number = 0 if self.reference is None else self.reference - _LEAST_REFERENCE + 1
        return (int(self.unprotected) << _REFERENCE_BITS) | number

    @property
    def text(self) -> str:
        """As requests and answers have them, joined by commas."""
        named = {
            "fcib" if self.charge is Charge.RECEIVED else "fciq": True,
            "post": self.post_only,
            "nompp": self.unprotected,
            "viqc": self.in_quote,
        }
        return ",".join(name for name, there in named.items() if there)


def order_type(item: ExecutionReport) -> OrderType:
    """Such as a limit order."""
    return _KINDS[item.type, item.trigger]


def client_text(item: ExecutionReport) -> str | None:
    """The client's own id; None for none."""
    return unpacked(item.client) if item.client else None


def status(item: ExecutionReport) -> str:
    """Where an order stands after a report of it: open, closed, canceled or expired."""
    if item.open:
        return "open"
    if item.state is OrderState.FILLED:
        return "closed"
    return "expired" if item.reason is Reason.EXPIRED else "canceled"


def reason(item: ExecutionReport) -> str | None:
    """Why it was cancelled; None for an order that was not."""
    return None if item.open or item.state is OrderState.FILLED else _REASONS.get(item.reason, "Canceled")


def described(pair: Pair, side: Side, kind: OrderType, volume: str, *, price: int, trigger: int) -> str:
    """
    An order in a few words, which programs take apart at its spaces.

    Args:
        pair: Of what.
        side: Which side.
        kind: Its type.
        volume: Of the base asset, or of the quote asset.
        price: Limit, ticks; 0 without one.
        trigger: What it waits for, ticks; 0 without.
    """
    words = [SIDES[side], volume, pair.altname, "@", kind.words]
    if trigger:
        words.append(pair.price_text(trigger))
        words += ["->", "limit"] if price else []
    if price:
        words.append(pair.price_text(price))
    return " ".join(words)
