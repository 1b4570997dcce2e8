"""
From the terms of an order, as a request states them, to what is asked of the market.

The names of terms are those of REST; the second WebSocket API has the same terms under other names, by which
its refusals call them.

Source: "Add Order" of the REST documents and of the second WebSocket API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import attrs

from feed.dialects.kraken import errors
from feed.dialects.kraken.account.amounts import exact_text, parts_of
from feed.dialects.kraken.account.client_ids import client_id
from feed.dialects.kraken.account.orders import TYPES, Flags, OrderType, described
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.kraken.market_data.general import COST_DECIMALS, COST_MINIMUM
from feed.dialects.kraken.names import Pair
from feed.dialects.kraken.private.rate_counter import exceeded
from feed.model.durations import NS_PER_SECOND
from feed.model.events import Status
from feed.model.executions import Charge
from feed.model.kinds import Side
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.requests import MOST_UNITS
from feed.model.trading import Pricing, Trigger

TERMS: Final = frozenset(
    (
        *("pair", "type", "ordertype", "volume", "price", "price2", "oflags", "timeinforce", "starttm"),
        *("expiretm", "deadline", "validate", "userref", "cl_ord_id", "stptype", "leverage", "reduce_only"),
        *("trigger", "displayvol", "asset_class", "trading_agreement"),
    )
)
"""All that an order may have; any other could be one that matters, and is refused."""
SIDES: Final = {"buy": Side.BUY, "sell": Side.SELL}
SELF_TRADES: Final = {
    "cancel-newest": SelfTrade.CANCEL_INCOMING,
    "cancel-oldest": SelfTrade.CANCEL_RESTING,
    "cancel-both": SelfTrade.CANCEL_BOTH,
}
TIMES: Final = ("GTC", "IOC", "GTD")
FLAGS: Final = ("post", "fcib", "fciq", "nompp", "viqc")
LEAST_REFERENCE, MOST_REFERENCE = -(2**31), 2**31 - 1
LONGEST_REFERENCE: Final = 10
"""Digits."""
_COST_MINIMUM: Final = parts_of(COST_MINIMUM) or (0, 0)
_FLAGS: Final = {"true": True, "1": True, "false": False, "0": False}


@attrs.frozen(kw_only=True)
class Draft:
    """
    An order that is asked for.

    Attributes:
        pair: Of what.
        side: Which side.
        type: Its type.
        lots: Integer lots; 0 where it is for an amount of the quote asset.
        cost: That amount, units of the quote asset; else 0.
        price: Limit, ticks; 0 without one.
        trigger: What it waits for, ticks; 0 without.
        time_in_force: How long it waits.
        flags: Its flags, and the client's number of it.
        expires: When it is cancelled, market time in nanoseconds; 0 for never.
        client: The client's own id, packed; 0 for none.
        self_trade: What becomes of trades of the account with itself.
        validate: Whether it is only looked at.
        description: In a few words, as the answer has it.
    """

    pair: Pair
    side: Side
    type: OrderType
    lots: int
    cost: int
    price: int
    trigger: int
    time_in_force: TimeInForce
    flags: Flags
    expires: int
    client: int
    self_trade: SelfTrade
    validate: bool
    description: str


class Terms:
    """
    The terms of one order.

    Args:
        sent: By the names of REST; empty ones are none.
        said: The name by which the client knows a term.
    """

    def __init__(self, sent: Mapping[str, str], said: Callable[[str], str] = str) -> None:
        self._sent: Final = {name: value for name, value in sent.items() if value}
        self._said: Final = said
        for name in self._sent:
            if name not in TERMS:
                raise self.invalid(name)

    def invalid(self, name: str) -> KrakenError:
        """That a term cannot be."""
        return errors.invalid(self._said(name))

    def text(self, name: str) -> str | None:
        """A term as it was sent; None when it was not."""
        return self._sent.get(name)

    def flag(self, name: str) -> bool:
        """One that is true or false; false when it was not sent."""
        value = self._sent.get(name, "false").lower()
        if value not in _FLAGS:
            raise self.invalid(name)
        return _FLAGS[value]

    def refuse(self, *names: str) -> None:
        """Refuse terms that change what an order is, and that there are none of here."""
        for name in names:
            if name in self._sent:
                raise self.invalid(name)

    def ticks(self, name: str, pair: Pair) -> int:
        """A price that must be there."""
        parts = parts_of(self._sent.get(name, ""))
        if parts is None or not parts[0]:
            raise self.invalid(name)
        return ticks_of(parts, pair)


def _check_status(status: Status, kind: OrderType) -> None:
    """Look whether an order of a type can be placed while a pair has a status. Raises KrakenError."""
    if not status.takes_orders:
        raise KrakenError(errors.CANCEL_ONLY)
    acts_at_once = kind.trigger is Trigger.NONE
    if status is Status.AUCTION and kind.pricing is Pricing.MARKET and acts_at_once:
        raise KrakenError(errors.LIMIT_ONLY)


def draft(terms: Terms, pair: Pair, view: AccountView) -> Draft:
    """
    The order that is asked for.

    Raises:
        KrakenError: A term is missing, or cannot be, or has no place in an order of this type.
    """
    side = SIDES.get(terms.text("type") or "")
    if side is None:
        raise terms.invalid("type")
    kind = TYPES.get(terms.text("ordertype") or "")
    if kind is None:
        raise terms.invalid("ordertype")
    _check_unsupported(terms)
    _check_status(view.market.state.status(pair.index), kind)
    if view.market.policy.order_counter and exceeded(
        view.wallet(pair), pair.index, view.now, view.grant.tier
    ):
        raise KrakenError(errors.ORDER_RATE_LIMIT)
    flags, post_only = _flags(terms, side, kind)
    price, trigger = _prices(terms, kind, pair)
    lots, cost, volume = _volume(terms, pair, view, in_quote=flags.in_quote)
    check_cost(pair, view, lots, cost, price or trigger)
    time, expires = _times(terms, view)
    check_deadline(terms.text("deadline"), view)
    mode = terms.text("stptype") or "cancel-newest"
    if mode not in SELF_TRADES:
        raise terms.invalid("stptype")
    own = terms.text("cl_ord_id")
    client = 0 if own is None else client_id(own)
    if own is not None and not client:
        raise terms.invalid("cl_ord_id")
    return Draft(
        pair=pair,
        side=side,
        type=kind,
        lots=lots,
        cost=cost,
        price=price,
        trigger=trigger,
        time_in_force=time,
        flags=attrs.evolve(flags, post_only=post_only, reference=_reference(terms)),
        expires=expires,
        client=client,
        self_trade=SELF_TRADES[mode],
        validate=terms.flag("validate"),
        description=described(pair, side, kind, volume, price=price, trigger=trigger),
    )


def ticks_of(parts: tuple[int, int], pair: Pair) -> int:
    """
    A price in ticks.

    Args:
        parts: An integer and a count of decimals.
        pair: Of what.

    Raises:
        KrakenError: It has too many decimals, or is between two ticks.
    """
    units, decimals = parts
    instrument = pair.instrument
    if decimals > instrument.price_decimals:
        raise errors.too_many_decimals(pair.wsname, instrument.price_decimals)
    units *= int(10 ** (instrument.price_decimals - decimals))
    if units % instrument.tick:
        raise KrakenError(errors.TICK_SIZE)
    if units // instrument.tick >= MOST_UNITS:
        raise KrakenError(errors.INVALID_PRICE)
    return units // instrument.tick


def lots_of(parts: tuple[int, int], pair: Pair) -> int | None:
    """
    A quantity of the base asset in lots; None where it is not a whole number of them.

    Raises:
        KrakenError: It is less than the smallest.
    """
    units, decimals = parts
    instrument = pair.instrument
    lot = instrument.lot * int(10 ** max(decimals - instrument.size_decimals, 0))
    units *= int(10 ** max(instrument.size_decimals - decimals, 0))
    if units < lot:
        raise KrakenError(errors.MINIMUM_NOT_MET)
    return None if units % lot or units // lot >= MOST_UNITS else units // lot


def check_deadline(text: str | None, view: AccountView) -> None:
    """
    Refuse what comes too late, by whichever clock its client may have.

    Raises:
        KrakenError: It does, or the deadline is no time.
    """
    if text is None:
        return
    try:
        found = datetime.fromisoformat(text)
        deadline = int(found.timestamp() * NS_PER_SECOND)
    except (ValueError, OverflowError):
        raise errors.invalid("deadline") from None
    if found.tzinfo is None:
        raise errors.invalid("deadline")
    if all(deadline < first for first, _ in view.clocks.good()):
        raise KrakenError(errors.DEADLINE_ELAPSED)


def placed(order: Draft, view: AccountView) -> dict[str, Any]:
    """What every request to place an order has."""
    return {
        "account": view.account,
        "instrument": order.pair.index,
        "tier": view.grant.tier,
        "request": order.client,
        "side": order.side,
        "type": order.type.pricing,
        "size": order.lots,
        "quote_size": order.cost,
        "price": order.price,
        "time_in_force": order.time_in_force,
        "post_only": order.flags.post_only,
        "trigger": order.type.trigger,
        "trigger_price": order.trigger,
        "self_trade": order.self_trade,
        "expires": order.expires,
        "tag": order.flags.tag,
        "maker_fee": view.market.policy.maker_fee,
        "taker_fee": view.market.policy.taker_fee,
        "charge": order.flags.charge,
    }


# --- terms -------------------------------------------------------------------------------------------


def _check_unsupported(terms: Terms) -> None:
    terms.refuse("displayvol")
    if terms.text("trigger") not in (None, "last"):
        raise KrakenError(f"{errors.INVALID_ARGUMENTS}:Index unavailable")
    if terms.text("asset_class") not in (None, "currency"):
        raise terms.invalid("asset_class")
    if terms.text("leverage") not in (None, "none", "0"):
        raise terms.invalid("leverage")
    if terms.text("starttm") not in (None, "0", "+0"):
        raise terms.invalid("starttm")
    if terms.flag("reduce_only"):
        raise KrakenError(errors.NO_POSITION)


def _flags(terms: Terms, side: Side, kind: OrderType) -> tuple[Flags, bool]:
    names = [one.strip() for one in (terms.text("oflags") or "").split(",") if one.strip()]
    if not set(names) <= set(FLAGS) or {"fcib", "fciq"} <= set(names):
        raise terms.invalid("oflags")
    plain_market = kind.pricing is Pricing.MARKET and kind.trigger is Trigger.NONE
    if "viqc" in names and not (plain_market and side is Side.BUY):
        raise terms.invalid("viqc")
    if "post" in names and not (kind.pricing is Pricing.LIMIT and kind.trigger is Trigger.NONE):
        raise terms.invalid("oflags")
    if "fcib" in names and side is Side.SELL:
        raise terms.invalid("oflags")  # what is sold pays for no fee here
    flags = Flags(
        charge=Charge.RECEIVED if "fcib" in names else Charge.QUOTE,
        unprotected="nompp" in names,
        in_quote="viqc" in names,
    )
    return flags, "post" in names


def _prices(terms: Terms, kind: OrderType, pair: Pair) -> tuple[int, int]:
    """Limit and trigger, ticks."""
    if kind.trigger is Trigger.NONE:
        terms.refuse("price2")
        if kind.pricing is Pricing.LIMIT:
            return terms.ticks("price", pair), 0
        if parts_of(terms.text("price") or "0") is None:
            raise terms.invalid("price")
        return 0, 0  # a market order has none, whatever is sent
    if kind.pricing is Pricing.LIMIT:
        return terms.ticks("price2", pair), terms.ticks("price", pair)
    terms.refuse("price2")
    return 0, terms.ticks("price", pair)


def _volume(terms: Terms, pair: Pair, view: AccountView, *, in_quote: bool) -> tuple[int, int, str]:
    """Lots, or else units of the quote asset; and the text of either."""
    parts = parts_of(terms.text("volume") or "")
    if parts is None or not parts[0]:
        raise terms.invalid("volume")
    if not in_quote:
        lots = lots_of(parts, pair)
        if lots is None:
            raise terms.invalid("volume")
        return lots, 0, pair.size_text(lots)
    units, decimals = parts
    if decimals > COST_DECIMALS or units >= MOST_UNITS:
        raise terms.invalid("volume")
    return (
        0,
        units * 10 ** (view.decimals(pair)[1] - decimals),
        exact_text(units, decimals, COST_DECIMALS),
    )


def check_cost(pair: Pair, view: AccountView, lots: int, cost: int, price: int) -> None:
    """An order must be worth something; one without a price, by the last trade."""
    decimals = view.decimals(pair)[1]
    if not cost:
        last = view.market.state.trade(pair.index)
        worth = price or (0 if last is None else last.price)
        if not worth:
            return
        cost = worth * lots * view.wallets.units.quote_scales[pair.index]
    least, digits = _COST_MINIMUM
    if cost * 10**digits < least * 10**decimals:
        raise KrakenError(errors.COST_MINIMUM_NOT_MET)


def _times(terms: Terms, view: AccountView) -> tuple[TimeInForce, int]:
    name, expiry = terms.text("timeinforce"), terms.text("expiretm") or "0"
    if name is not None and name.upper() not in TIMES:
        raise terms.invalid("timeinforce")
    parts = parts_of(expiry.removeprefix("+"))
    if parts is None:
        raise terms.invalid("expiretm")
    after = parts[0] * NS_PER_SECOND // 10 ** parts[1]
    if name is not None and (name.upper() == "GTD") is not bool(after):
        raise terms.invalid("expiretm")
    expires = view.now + after if after and expiry.startswith("+") else after
    if expires and not view.now < expires < 2**63:
        raise terms.invalid("expiretm")
    return TimeInForce.IOC if name is not None and name.upper() == "IOC" else TimeInForce.GTC, expires


def _reference(terms: Terms) -> int | None:
    text = terms.text("userref")
    found = None if text is None else reference_of(text)
    if text is not None and found is None:
        raise terms.invalid("userref")
    return found


def reference_of(text: str) -> int | None:
    """The client's number of its orders, of 32 bits with a sign; None for any other text."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_REFERENCE):
        return None
    return int(text) if LEAST_REFERENCE <= int(text) <= MOST_REFERENCE else None
