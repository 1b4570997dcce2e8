"""What an account asks of its own past: orders, open and over, and trades."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from feed.dialects.binance import errors
from feed.dialects.binance.account.placing import named_order
from feed.dialects.binance.account.shapes import AccountTrade, Order, PreventedMatch
from feed.dialects.binance.account.view import AccountView
from feed.dialects.binance.fields import Fields
from feed.model.durations import NS_PER_DAY
from feed.model.events import ExecutionReport

DEFAULT_LIMIT: Final = 500
MOST_LIMIT: Final = 1000
_HOURS: Final = 24
Item = TypeVar("Item")


def order(view: AccountView, fields: Fields) -> Order:
    """One order as it stands."""
    symbol = fields.symbol(view.market.symbols)
    number, client = named_order(fields, "orderId", "origClientOrderId")
    found = view.wallet(symbol).order(number, client)
    if found is None or found.instrument != symbol.index:
        raise errors.NO_SUCH_ORDER.error()
    return view.writer(symbol).order(found)


def open_orders(view: AccountView, fields: Fields) -> list[Order]:
    """Open orders of one symbol, or of all."""
    found: Iterable[ExecutionReport]
    if "symbol" in fields:
        symbol = fields.symbol(view.market.symbols)
        found = (one for one in view.wallet(symbol).orders.values() if one.instrument == symbol.index)
    else:
        found = (
            one
            for _, wallet in view.all_wallets()
            for one in wallet.orders.values()
            if view.market.symbols.at(one.instrument) is not None
        )
    return [view.writer(view.symbol(one)).order(one) for one in sorted(found, key=lambda one: one.order)]


def all_orders(view: AccountView, fields: Fields) -> list[Order]:
    """Orders of a symbol, whatever has become of them."""
    symbol = fields.symbol(view.market.symbols)
    first, limit = fields.whole("orderId"), fields.limit(DEFAULT_LIMIT, MOST_LIMIT)
    start, end = _between(fields)
    found = [
        one
        for one in view.wallet(symbol).history(symbol.index)
        if (first is None or one.order >= first) and _within(one.created, start, end)
    ]
    writer = view.writer(symbol)
    return [
        writer.order(one) for one in _cut(found, limit, from_start=first is not None or start is not None)
    ]


def my_trades(view: AccountView, fields: Fields) -> list[AccountTrade]:
    """Trades of the account in a symbol."""
    symbol = fields.symbol(view.market.symbols)
    number, first = fields.whole("orderId"), fields.whole("fromId")
    limit = fields.limit(DEFAULT_LIMIT, MOST_LIMIT)
    start, end = _between(fields)
    if first is not None and (start is not None or end is not None):
        raise errors.BAD_COMBINATION.error()
    found = [
        one
        for one in view.wallet(symbol).trades
        if one.instrument == symbol.index
        and (number is None or one.order == number)
        and (first is None or one.trade >= first)
        and _within(one.ts, start, end)
    ]
    writer = view.writer(symbol)
    return [
        writer.trade(one) for one in _cut(found, limit, from_start=first is not None or start is not None)
    ]


def my_prevented_matches(view: AccountView, fields: Fields) -> list[PreventedMatch]:
    """Trades of the account with itself that were prevented."""
    symbol = fields.symbol(view.market.symbols)
    number, order_id = fields.whole("preventedMatchId"), fields.whole("orderId")
    first, limit = fields.whole("fromPreventedMatchId"), fields.limit(DEFAULT_LIMIT, MOST_LIMIT)
    if number is None and order_id is None:
        raise errors.MISSING_BOTH.error("preventedMatchId", "orderId")
    if number is not None and (order_id is not None or first is not None):
        raise errors.BAD_COMBINATION.error()
    found = [
        one
        for one in view.wallet(symbol).prevented
        if one.instrument == symbol.index
        and number in (None, one.number)
        and order_id in (None, one.taker, one.maker)
        and (first is None or one.number >= first)
    ]
    writer = view.writer(symbol)
    return [writer.prevented(one, view.account) for one in found[:limit]]


def _between(fields: Fields) -> tuple[int | None, int | None]:
    start, end = fields.time("startTime"), fields.time("endTime")
    if start is not None and end is not None:
        if end < start:
            raise errors.INVALID.error("startTime")
        if end - start > NS_PER_DAY:
            raise errors.TOO_MANY_HOURS.error(_HOURS)
    return start, end


def _within(time: int, start: int | None, end: int | None) -> bool:
    return (start is None or time >= start) and (end is None or time <= end)


def _cut(items: list[Item], limit: int, *, from_start: bool) -> list[Item]:
    """The first ones from where a beginning was asked for, else the last ones."""
    return items[:limit] if from_start else items[-limit:]
