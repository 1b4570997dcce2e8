"""Changes of open orders: in their place, or by another order that takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from feed.dialects.kraken import errors
from feed.dialects.kraken.account.amounts import exact_text, parts_of
from feed.dialects.kraken.account.drafts import (
    SELF_TRADES,
    Draft,
    Terms,
    check_cost,
    check_deadline,
    draft,
    lots_of,
    placed,
    ticks_of,
)
from feed.dialects.kraken.account.orders import SIDES, Flags, order_type
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.kraken.names import Pair
from feed.model.durations import NS_PER_SECOND
from feed.model.events import ExecutionReport
from feed.model.orders import TimeInForce
from feed.model.spot_requests import AmendSpotOrder, ReplaceSpotOrder
from feed.model.trading import OrderState, Pricing, Trigger

TERMS: Final = (
    *("txid", "cl_ord_id", "order_qty", "limit_price", "trigger_price", "post_only", "deadline", "pair"),
    "display_qty",
)
"""All that a change of an order may have."""
EDITED: Final = (
    *("txid", "pair", "volume", "price", "price2", "oflags", "userref", "deadline", "cancel_response"),
    *("validate", "displayvol", "asset_class"),
)
"""All that may be sent of an order that takes the place of another one."""
_NOT_TERMS: Final = ("txid", "pair", "cancel_response")
_TRUE: Final = ("true", "1")
_FALSE: Final = ("false", "0")
_NANO_DIGITS: Final = len(str(NS_PER_SECOND)) - 1


def amendment(
    view: AccountView,
    item: ExecutionReport,
    sent: Mapping[str, str],
    said: Callable[[str], str] = str,
) -> AmendSpotOrder:
    """
    A change of an open order, in its place.

    Args:
        view: Its account.
        item: The order.
        sent: Any of :data:`TERMS`.
        said: The name by which the client knows a term.

    Raises:
        KrakenError: It cannot be changed so.
    """
    pair = _pair(view, item)
    if sent.get("display_qty"):
        raise errors.invalid(said("display_qty"))
    check_deadline(sent.get("deadline") or None, view)
    post_only = (sent.get("post_only") or "false").lower()
    if post_only not in (*_TRUE, *_FALSE):
        raise errors.invalid(said("post_only"))

    def units(name: str, convert: Callable[[tuple[int, int], Pair], int | None]) -> int:
        text = sent.get(name)
        if not text:
            return 0
        parts = parts_of(text)
        found = convert(parts, pair) if parts is not None and parts[0] else None
        if found is None:
            raise errors.invalid(said(name))
        return found

    size = units("order_qty", lots_of)
    price, trigger = units("limit_price", ticks_of), units("trigger_price", ticks_of)
    if price and item.type is Pricing.MARKET:
        raise errors.invalid(said("limit_price"))
    if trigger and item.state is not OrderState.UNTRIGGERED:
        raise errors.invalid(said("trigger_price"))
    if size and size <= item.filled:
        raise errors.invalid(said("order_qty"))
    if size:
        check_cost(pair, view, size, 0, price or item.price or item.trigger_price)
    return AmendSpotOrder(
        account=view.account,
        instrument=item.instrument,
        tier=view.grant.tier,
        order=item.order,
        size=size,
        price=price,
        trigger_price=trigger,
        post_only=post_only in _TRUE,
    )


def replacement(view: AccountView, item: ExecutionReport, sent: Mapping[str, str]) -> Draft:
    """
    The order that takes the place of an open one: the same, but for what is named.

    What the other has traded is not traded again.

    Args:
        view: Its account.
        item: The order.
        sent: Any of :data:`EDITED`.

    Raises:
        KrakenError: There cannot be such an order.
    """
    pair = _pair(view, item)
    flags, kind = Flags.of(item), order_type(item)
    waits = item.trigger is not Trigger.NONE
    first, second = (item.trigger_price, item.price) if waits else (item.price, 0)
    terms = {
        "type": SIDES[item.side],
        "ordertype": kind.name,
        "volume": pair.size_text(item.size),
        "price": pair.price_text(first) if first else "",
        "price2": pair.price_text(second) if second else "",
        "oflags": flags.text,
        "userref": "" if flags.reference is None else str(flags.reference),
        "timeinforce": "IOC" if item.time_in_force is TimeInForce.IOC else "",
        "expiretm": exact_text(item.expires, _NANO_DIGITS, 0) if item.expires else "",
        "stptype": next(name for name, mode in SELF_TRADES.items() if mode is item.self_trade),
    }
    terms |= {name: value for name, value in sent.items() if name in EDITED and name not in _NOT_TERMS}
    wanted = parts_of(terms["volume"])
    lots = None if wanted is None or not wanted[0] else lots_of(wanted, pair)
    if lots is None or lots <= item.filled:
        raise errors.invalid("volume")
    return draft(Terms({**terms, "volume": pair.size_text(lots - item.filled)}), pair, view)


def replace(view: AccountView, item: ExecutionReport, order: Draft) -> ReplaceSpotOrder:
    """What is asked of the market: cancel one order, then place another."""
    return ReplaceSpotOrder(**placed(order, view), cancel_order=item.order)


def _pair(view: AccountView, item: ExecutionReport) -> Pair:
    pair = view.pair(item)
    if pair is None:
        raise KrakenError(errors.UNKNOWN_ORDER)
    return pair
