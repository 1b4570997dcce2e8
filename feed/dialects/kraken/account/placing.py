"""
What is asked of the market for an account, and what came of it: for REST and the second WebSocket API alike.

Orders are named by their ids, by the client's own ids, or by the client's number of several of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from feed.dialects.kraken import errors
from feed.dialects.kraken.account.client_ids import client_id
from feed.dialects.kraken.account.drafts import Draft, placed
from feed.dialects.kraken.account.ids import order_of
from feed.dialects.kraken.account.orders import Flags
from feed.dialects.kraken.account.rejections import refusal
from feed.dialects.kraken.account.view import AccountView
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.outcome import Outcome
from feed.model.events import Event, ExecutionReport
from feed.model.spot_requests import (
    CancelSpotOrder,
    CancelSpotOrders,
    CancelSpotOrdersAfter,
    PlaceSpotOrder,
    SpotBatch,
    SpotRequest,
)
from feed.model.trading import OrderState, Reason, RequestKind


def outcome_of(events: Sequence[Event]) -> Outcome:
    """What a request did."""
    return Outcome(events, errors.unknown_outcome)


def accepted(events: Sequence[Event]) -> Outcome:
    """
    What a request did that did what was asked.

    Raises:
        KrakenError: It did nothing.
    """
    outcome = outcome_of(events)
    if outcome.answer.reason is not Reason.NONE:
        raise refusal(outcome.answer.reason)
    return outcome


# --- requests ----------------------------------------------------------------------------------------


def place(order: Draft, view: AccountView) -> PlaceSpotOrder:
    """Buy or sell."""
    return PlaceSpotOrder(**placed(order, view))


def together(view: AccountView, parts: Iterable[SpotRequest]) -> SpotBatch:
    """Several requests that act one after the other."""
    return SpotBatch(account=view.account, instrument=0, tier=view.grant.tier, parts=tuple(parts))


def cancel(view: AccountView, orders: Iterable[ExecutionReport]) -> SpotBatch:
    """Cancel some open orders."""
    return together(
        view,
        (
            CancelSpotOrder(
                account=view.account, instrument=one.instrument, tier=view.grant.tier, order=one.order
            )
            for one in orders
        ),
    )


def cancel_all(view: AccountView) -> SpotBatch:
    """Cancel every open order."""
    return together(
        view,
        (
            CancelSpotOrders(account=view.account, instrument=at, tier=view.grant.tier, everywhere=True)
            for at in _instruments(view)
        ),
    )


def cancel_all_after(view: AccountView, nanoseconds: int) -> SpotBatch:
    """Cancel every open order some market time from now, unless asked again before; 0 takes that back."""
    return together(
        view,
        (
            CancelSpotOrdersAfter(
                account=view.account, instrument=at, tier=view.grant.tier, after=nanoseconds
            )
            for at in _instruments(view)
        ),
    )


def _instruments(view: AccountView) -> list[int]:
    """One instrument of each venue."""
    return list({pair.instrument.venue: pair.index for pair in view.market.pairs}.values())


# --- what came of it ---------------------------------------------------------------------------------


def cancelled(events: Sequence[Event]) -> list[ExecutionReport]:
    """The last reports of the orders that requests to cancel have cancelled."""
    return [
        report
        for report in outcome_of(events).reports
        if report.verb is RequestKind.CANCEL and report.state is OrderState.CANCELLED
    ]


# --- orders by their names ---------------------------------------------------------------------------


def open_orders(view: AccountView) -> list[ExecutionReport]:
    """All of the account in the pairs, the oldest first."""
    found = (one for _, wallet in view.all_wallets() for one in wallet.orders.values())
    return sorted((one for one in found if view.pair(one) is not None), key=lambda one: one.order)


def order_named(view: AccountView, *, txid: str = "", client: str = "") -> ExecutionReport | None:
    """
    An order of the account in the pairs, open or among those remembered; None where there is none.

    Args:
        view: The account.
        txid: Its id; empty where the client's own names it.
        client: The client's own id; empty where ``txid`` names it.
    """
    order, own = order_of(txid), client_id(client)
    return view.order(order, own) if order or own else None


def open_order_named(view: AccountView, *, txid: str = "", client: str = "") -> ExecutionReport:
    """
    An open order of the account; see :func:`order_named`.

    Raises:
        KrakenError: There is none.
    """
    found = order_named(view, txid=txid, client=client)
    if found is None or not found.open:
        raise KrakenError(errors.UNKNOWN_ORDER)
    return found


def open_orders_referred_to(view: AccountView, reference: int) -> list[ExecutionReport]:
    """The open orders with a number that their client gave them."""
    return [one for one in open_orders(view) if Flags.of(one).reference == reference]
