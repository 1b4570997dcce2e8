"""
What an account asks of its own past: orders, open and over, and fills.

Source: "List Orders", "List Fills".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from feed.dialects.coinbase.account.orders import (
    SIDES,
    STATUSES,
    TIMES,
    TYPES,
    OrderWriter,
    order_type,
    status,
    time_in_force,
    trade_uuid,
)
from feed.dialects.coinbase.account.shapes import FillList, OneOrder, OrderList
from feed.dialects.coinbase.account.view import AccountView
from feed.dialects.coinbase.errors import CoinbaseError, invalid
from feed.dialects.coinbase.fields import Fields
from feed.dialects.coinbase.market_data.listing import TYPES as PRODUCT_TYPES
from feed.dialects.uuids import order_of_uuid
from feed.model.events import ExecutionReport

ORDERS: Final = 100
"""In an answer, where nobody says how many."""
MOST_ORDERS: Final = 1000
FILLS: Final = 100
MOST_FILLS: Final = 3000
SORTS: Final = ("UNKNOWN_SORT_BY", "LIMIT_PRICE", "LAST_FILL_TIME", "LAST_UPDATE_TIME")
FILL_SORTS: Final = ("UNKNOWN_SORT_BY", "PRICE", "TRADE_TIME")
SOURCES: Final = ("UNKNOWN_PLACEMENT_SOURCE", "RETAIL_SIMPLE", "RETAIL_ADVANCED")
_SIDES: Final = ("UNKNOWN_ORDER_SIDE", *SIDES.values())
Item = TypeVar("Item")


def one_order(view: AccountView, fields: Fields) -> OneOrder:
    """One order as it stands, by its id or, where an id of its own is sent, by that."""
    found = view.order(order_of_uuid(fields.part("order_id")) or 0)
    if found is None:
        raise CoinbaseError(404, "NOT_FOUND", "order with this orderID was not found")
    return OneOrder(OrderWriter(view).order(found))


def list_orders(view: AccountView, fields: Fields) -> OrderList:
    """Orders that fit all that is asked for."""
    fits = _order_filter(view, fields)
    found = sorted((one for one in view.orders() if fits(one)), key=lambda one: -one.order)
    match fields.choice("sort_by", SORTS, SORTS[0]):
        case "LIMIT_PRICE":
            found.sort(key=lambda one: -one.price)
        case "LAST_FILL_TIME" | "LAST_UPDATE_TIME":
            found.sort(key=lambda one: -one.ts)
    told, cursor = _page(found, fields, fields.whole("limit", ORDERS, MOST_ORDERS), lambda one: one.order)
    writer = OrderWriter(view)
    return OrderList([writer.order(one) for one in told], "0", bool(cursor), cursor)


def list_fills(view: AccountView, fields: Fields) -> FillList:
    """Trades of the account that fit all that is asked for."""
    fits = _fill_filter(view, fields)
    found = sorted((one for one in view.fills() if fits(one)), key=lambda one: -one.seq)
    match fields.choice("sort_by", FILL_SORTS, FILL_SORTS[0]):
        case "PRICE":
            found.sort(key=lambda one: -one.last_price)
        case "TRADE_TIME":
            found.sort(key=lambda one: -one.ts)
    told, cursor = _page(found, fields, fields.whole("limit", FILLS, MOST_FILLS), lambda one: one.seq)
    writer = OrderWriter(view)
    return FillList([writer.fill(one) for one in told], cursor)


def _order_filter(view: AccountView, fields: Fields) -> Callable[[ExecutionReport], bool]:
    numbers = {order_of_uuid(text) for text in fields.texts("order_ids")}
    products = _products(view, fields)
    states = set(fields.choices("order_status", STATUSES))
    types = set(fields.choices("order_types", TYPES))
    times = set(fields.choices("time_in_forces", ("UNKNOWN_TIME_IN_FORCE", *TIMES)))
    assets = {text.upper() for text in fields.texts("asset_filters")}
    side = fields.choice("order_side", _SIDES, _SIDES[0])
    start, end = fields.moment("start_date"), fields.moment("end_date")
    others = _elsewhere(view, fields)

    def fits(one: ExecutionReport) -> bool:
        product = view.market.products.at(one.instrument)
        return (
            not others
            and (not numbers or one.order in numbers)
            and (products is None or one.instrument in products)
            and (not states or status(one) in states)
            and (not types or order_type(one) in types)
            and (not times or time_in_force(one) in times)
            and (not assets or (product is not None and bool(assets & {product.base, product.quote})))
            and side in (_SIDES[0], SIDES[one.side])
            and (start is None or one.created >= start)
            and (end is None or one.created < end)
        )

    return fits


def _fill_filter(view: AccountView, fields: Fields) -> Callable[[ExecutionReport], bool]:
    numbers = {order_of_uuid(text) for text in fields.texts("order_ids", "order_id")}
    trades = {text.lower() for text in fields.texts("trade_ids")}
    products = _products(view, fields)
    start, end = fields.moment("start_sequence_timestamp"), fields.moment("end_sequence_timestamp")
    others = _elsewhere(view, fields)

    def fits(one: ExecutionReport) -> bool:
        return (
            not others
            and (not numbers or one.order in numbers)
            and (not trades or trade_uuid(one) in trades)
            and (products is None or one.instrument in products)
            and (start is None or one.ts >= start)
            and (end is None or one.ts <= end)
        )

    return fits


def _products(view: AccountView, fields: Fields) -> set[int] | None:
    """Indexes of the products that are asked for; None for all of them."""
    ids = fields.texts("product_ids", "product_id")
    return {view.market.product(one).index for one in ids} or None


def _elsewhere(view: AccountView, fields: Fields) -> bool:
    """Whether what is asked for is something that no order here is."""
    portfolio = fields.text("retail_portfolio_id")
    return (
        portfolio not in (None, view.portfolio_id)
        or fields.choice("product_type", PRODUCT_TYPES, "SPOT") == "FUTURE"
        or fields.choice("order_placement_source", SOURCES, "RETAIL_ADVANCED") == "RETAIL_SIMPLE"
    )


def _page(
    items: Sequence[Item], fields: Fields, limit: int, name: Callable[[Item], int]
) -> tuple[Iterable[Item], str]:
    """So many after the one that the cursor names, and the cursor for the next ones."""
    cursor, first = fields.text("cursor"), 0
    if cursor is not None:
        at = next((at for at, one in enumerate(items) if str(name(one)) == cursor), None)
        if at is None:
            raise invalid("cursor is that of no earlier answer")
        first = at + 1
    told = items[first : first + limit]
    return told, str(name(told[-1])) if told and first + limit < len(items) else ""
