"""Orders and trades of an account, as they are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from feed.dialects.coinbase_exchange.account.orders import (
    DONE,
    RESTS,
    STATUSES,
    OrderInfo,
    fill_info,
    order_info,
    status,
)
from feed.dialects.coinbase_exchange.account.placing import named_order
from feed.dialects.coinbase_exchange.account.view import AccountView
from feed.dialects.coinbase_exchange.errors import NOT_FOUND, ExchangeError, bad
from feed.dialects.coinbase_exchange.fields import Fields
from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.queries import Page
from feed.dialects.uuids import order_of_uuid
from feed.model.events import ExecutionReport

ROWS: Final = 100
MOST_ROWS: Final = 1000
_ALL: Final = "all"
_SORTINGS: Final = ("desc", "asc")


def order(view: AccountView, fields: Fields, content: bytes) -> OrderInfo:
    """One order as it stands."""
    del content
    item = named_order(view, fields, missing=NOT_FOUND)
    product = view.pair(item)
    if product is None:
        raise ExchangeError(404, NOT_FOUND)
    return order_info(view, product, item)


def orders(view: AccountView, fields: Fields, content: bytes) -> Page:
    """
    Those that are open, or of other statuses; the newest first unless the oldest are asked for.

    Cursors are numbers of orders.
    """
    del content
    wanted = _statuses(fields)
    product = _product(view, fields)
    start, end = fields.time("start_date"), fields.time("end_date")
    sorting = fields.text("sorting") or _SORTINGS[0]
    if sorting not in _SORTINGS:
        raise bad("Invalid sorting")
    if (fields.text("sortedBy") or "created_at") != "created_at":
        raise bad("Invalid sortedBy")
    before, after, limit = fields.whole("before"), fields.whole("after"), fields.limit(ROWS, MOST_ROWS)
    known = sorted(view.orders(), key=lambda one: one.order, reverse=sorting == _SORTINGS[0])
    chosen = (
        one
        for one in known
        if status(one) in wanted
        and (product is None or one.instrument == product.index)
        and (start is None or one.created >= start)
        and (end is None or one.created <= end)
        and (before is None or one.order > before)
        and (after is None or one.order < after)
    )
    found = list(islice(chosen, limit))
    rows = [order_info(view, at, one) for one in found if (at := view.pair(one)) is not None]
    return _page(rows, [one.order for one in found])


def fills(view: AccountView, fields: Fields, content: bytes) -> Page:
    """Trades in a product, or of an order, the newest first. Cursors are ids of trades."""
    del content
    product, name = _product(view, fields), fields.text("order_id")
    number = None if name is None else order_of_uuid(name)
    if name is not None and number is None:
        raise bad("Invalid order id")
    if product is None and name is None:
        raise bad("Either order_id or product_id is required")
    start, end = fields.time("start_date"), fields.time("end_date")
    before, after, limit = fields.whole("before"), fields.whole("after"), fields.limit(ROWS, MOST_ROWS)
    chosen = (
        one
        for one in view.trades()
        if number in (None, one.order)
        and (product is None or one.instrument == product.index)
        and (start is None or one.ts >= start)
        and (end is None or one.ts <= end)
        and (before is None or one.trade > before)
        and (after is None or one.trade < after)
    )
    found: list[ExecutionReport] = list(islice(chosen, limit))
    rows = [fill_info(view, at, one) for one in found if (at := view.pair(one)) is not None]
    return _page(rows, [one.trade for one in found])


def _page(rows: object, cursors: Sequence[int]) -> Page:
    ends = (str(cursors[0]), str(cursors[-1])) if cursors else ("", "")
    return Page(rows=rows, before=ends[0], after=ends[1])


def _statuses(fields: Fields) -> Sequence[str]:
    named = [one for text in fields.all("status") for one in text.split(",")]
    for one in named:
        if one not in (_ALL, *STATUSES):
            raise bad(f"{one[:20]} is not a valid status")
    if _ALL in named:
        return STATUSES
    found = [DONE if one == "settled" else one for one in named]
    return found or RESTS


def _product(view: AccountView, fields: Fields) -> Product | None:
    name = fields.text("product_id")
    if name is None:
        return None
    product = view.market.products.named(name)
    if product is None:
        raise ExchangeError(404, NOT_FOUND)
    return product
