"""Orders of an account: open, over, or by their ids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import UNSET

from feed.dialects.kraken import errors
from feed.dialects.kraken.account.drafts import reference_of
from feed.dialects.kraken.account.ids import order_id
from feed.dialects.kraken.account.operations import Operation, Sent
from feed.dialects.kraken.account.orders import Flags, client_text
from feed.dialects.kraken.account.pages import PARAMETERS, named, page
from feed.dialects.kraken.account.placing import open_orders, order_named
from feed.dialects.kraken.account.shapes import ClosedOrders, OpenOrders, OrderInfo
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.account.writing import TradesByOrder, order_info
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.parameters import Parameter
from feed.model.events import ExecutionReport

_TIMES: Final = ("open", "close", "both")


def opened(view: AccountView, sent: Sent) -> OpenOrders:
    """Open orders, the newest first."""
    return OpenOrders(_shown(view, sent, _chosen(sent, reversed(open_orders(view)))))


def closed(view: AccountView, sent: Sent) -> ClosedOrders:
    """Orders that are over, the last one first."""
    by = sent.choice("closetime", _TIMES, "both")
    over = (one for _, wallet in view.all_wallets() for one in wallet.finished.values() if view.pair(one))
    chosen = sorted(_chosen(sent, over), key=lambda one: (one.ts, one.order), reverse=True)

    def when(item: ExecutionReport) -> int:
        return item.created if by == "open" else item.ts

    def of_id(text: str) -> int | None:
        found = order_named(view, txid=text)
        return None if found is None else when(found)

    found, count = page(sent, chosen, when, of_id)
    return ClosedOrders(_shown(view, sent, found), UNSET if sent.flag("without_count") else count)


def by_ids(view: AccountView, sent: Sent) -> dict[str, OrderInfo]:
    """The orders that are named, whatever has become of them."""
    found = [one for text in named(sent, "txid") if (one := order_named(view, txid=text)) is not None]
    if not found:
        raise KrakenError(errors.UNKNOWN_ORDER)
    return _shown(view, sent, _chosen(sent, found))


def _chosen(sent: Sent, orders: Iterable[ExecutionReport]) -> list[ExecutionReport]:
    """Those with the client's number, or the client's own id, that is asked for."""
    text, own = sent.text("userref"), sent.text("cl_ord_id")
    wanted = None if text is None else reference_of(text)
    if text is not None and wanted is None:
        raise errors.invalid("userref")
    return [
        one
        for one in orders
        if (wanted is None or Flags.of(one).reference == wanted) and (own is None or client_text(one) == own)
    ]


def _shown(view: AccountView, sent: Sent, orders: Sequence[ExecutionReport]) -> dict[str, OrderInfo]:
    listed, trades = sent.flag("trades"), TradesByOrder(view)
    return {order_id(one.order): order_info(view, one, trades[one.order], listed=listed) for one in orders}


_CHOICE: Final = (
    Parameter(
        name="trades",
        meaning="Whether to name their trades.",
        most=None,
        default="false",
        choices=("true", "false"),
    ),
    Parameter(name="userref", meaning="With this number of the client's.", most=None, optional=True),
    Parameter(name="cl_ord_id", meaning="With this id of the client's.", most=None, optional=True),
)
OPERATIONS: Final = (
    Operation(
        name="OpenOrders",
        summary="Open orders",
        parameters=_CHOICE,
        answer=opened,
        result=OpenOrders,
    ),
    Operation(
        name="ClosedOrders",
        weight=2,
        summary="Orders that are over",
        parameters=(
            *_CHOICE,
            *PARAMETERS,
            Parameter(
                name="closetime",
                meaning="Which time start and end are about.",
                most=None,
                default="both",
                choices=_TIMES,
            ),
        ),
        answer=closed,
        result=ClosedOrders,
    ),
    Operation(
        name="QueryOrders",
        summary="Orders by their ids",
        parameters=(
            Parameter(name="txid", meaning="Ids of orders, joined by commas; 50 at most.", most=None),
            *_CHOICE,
        ),
        answer=by_ids,
        result=dict[str, OrderInfo],
    ),
)
