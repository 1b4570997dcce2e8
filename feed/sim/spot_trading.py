"""
Trading on spot venues, where accounts pay with assets that they hold: requests, triggers, times.

Stop orders act on prices of trades, right after the action of the market that had them and before the next
one; what they trade may set off others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

import attrs

from feed.model.events import TRADE, ExecutionReport, RequestAnswered, Row, Status
from feed.model.spot_requests import (
    AmendSpotOrder,
    CancelSpotOrder,
    CancelSpotOrders,
    CancelSpotOrdersAfter,
    Only,
    PlaceSpotOrder,
    ReplaceSpotOrder,
    SpotBatch,
    SpotRequest,
)
from feed.model.trading import OrderState, Reason, RequestKind
from feed.sim.clearing import Clearing
from feed.sim.spot_entry import SpotOrderEntry


@attrs.frozen(kw_only=True)
class _Outcome:
    """What a request did: its rows, why it did nothing, and the id of its order."""

    rows: list[Row] = attrs.field(factory=list)
    reason: Reason = Reason.NONE
    order: int = 0


class SpotTrading:
    """
    Lets requests about assets act, and what they have left to wait for.

    Args:
        clearing: Keeps the accounts.
    """

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._spot: Final = clearing.spot
        self._entry: Final = SpotOrderEntry(clearing)
        # Market time at which all orders of an account at a venue are cancelled.
        self._timers: Final[dict[tuple[int, str], int]] = {}

    @property
    def busy(self) -> bool:
        """Whether anything that the market does, or its time, could mean something to an order."""
        return bool(self._spot.wallets.orders) or bool(self._timers)

    @property
    def waiting(self) -> bool:
        """Whether any order waits for the price of a trade."""
        return bool(self._spot.stops)

    @property
    def next_time(self) -> int:
        """Market time at which an order is cancelled, nanoseconds; 0 where none is."""
        expiry = self._spot.expiries.next_time
        return min([*self._timers.values(), *([expiry] if expiry else [])], default=0)

    def act(self, request: SpotRequest) -> list[Row]:
        """Let a request act now: what it did, then its answer."""
        if isinstance(request, SpotBatch):
            return [row for part in request.parts for row in self.act(part)]
        verb, before = RequestKind.CREATE, _Outcome()
        match request:
            case ReplaceSpotOrder():
                before = self._cancel_one(
                    request,
                    request.cancel_order,
                    request.cancel_client,
                    only=request.cancel_only,
                    name=request.cancel_request,
                )
                failed = before.reason is not Reason.NONE and not request.allow_failure
                done = _Outcome(reason=Reason.NOT_ATTEMPTED) if failed else self._place(request)
            case PlaceSpotOrder():
                done = self._place(request)
            case CancelSpotOrder():
                verb = RequestKind.CANCEL
                done = self._cancel_one(
                    request, request.order, request.client, only=request.only, name=request.request
                )
            case CancelSpotOrders():
                verb = RequestKind.CANCEL
                done = self._cancel_many(request)
            case CancelSpotOrdersAfter():
                verb = RequestKind.CANCEL
                done = self._cancel_later(request)
            case AmendSpotOrder():
                verb = RequestKind.MODIFY
                done = self._amend(request)
            case _:
                raise TypeError(request)
        answer = RequestAnswered(
            seq=0,
            ts=self._clearing.market.now,
            instrument=request.instrument,
            account=request.account,
            verb=verb,
            request=request.request,
            reason=done.reason,
            order=done.order,
            cancel_reason=before.reason,
            cancelled=before.order if before.reason is Reason.NONE else 0,
        )
        return [*before.rows, *done.rows, answer.row()]

    def triggers(self, rows: list[Row]) -> bool:
        """Whether a trade among some rows reaches a trigger."""
        stops = self._spot.stops
        return any(row[0] == TRADE and stops.reached(row[1], row[5]) for row in rows)

    def follow(self, rows: list[Row]) -> list[Row]:
        """The same rows, and after them what they set off: orders whose triggers were reached, in turn."""
        if not self._spot.stops:
            return rows
        due = deque(self._reached(rows))
        said = rows
        while due:
            order = self._spot.wallets.of_order(due.popleft())
            if order is None or order.state is not OrderState.UNTRIGGERED:
                continue
            if self._clearing.market.exchange.statuses[order.instrument] is Status.TRADING:
                acted = self._entry.trigger(order)
                due += self._reached(acted)
                said = said + acted
        return said

    def end_due(self) -> list[Row]:
        """Cancel the orders whose time has come."""
        now, rows = self._clearing.market.now, []
        for number in self._spot.expiries.due(now):
            order = self._spot.wallets.of_order(number)
            if order is not None:
                rows += self._entry.cancel(order, reason=Reason.EXPIRED)
        for (account, venue), time in list(self._timers.items()):
            if time <= now:
                del self._timers[account, venue]
                for order in list(self._spot.wallets[account, venue].orders.values()):
                    rows += self._entry.cancel(order, reason=Reason.TIMER)
        return rows

    # --- requests ------------------------------------------------------------------------------------

    def _place(self, request: PlaceSpotOrder) -> _Outcome:
        rows, reason, order = self._entry.place(request)
        return _Outcome(rows=rows, reason=reason, order=order)

    def _cancel_one(
        self, request: SpotRequest, order: int, client: int, *, only: Only, name: int
    ) -> _Outcome:
        found = self._own(request, order, client)
        if found is None:
            return _Outcome(reason=Reason.UNKNOWN_ORDER)
        if only is not Only.ANY and (only is Only.PARTLY_FILLED) is not bool(found.filled):
            return _Outcome(reason=Reason.RESTRICTED, order=found.order)
        return _Outcome(rows=self._entry.cancel(found, request=name), order=found.order)

    def _cancel_many(self, request: CancelSpotOrders) -> _Outcome:
        wallet = self._entry.wallet(request.account, request.instrument)
        chosen = [
            order
            for order in wallet.orders.values()
            if request.everywhere or order.instrument == request.instrument
        ]
        if not chosen:
            return _Outcome(reason=Reason.UNKNOWN_ORDER)
        rows = [row for order in chosen for row in self._entry.cancel(order, request=request.request)]
        return _Outcome(rows=rows)

    def _cancel_later(self, request: CancelSpotOrdersAfter) -> _Outcome:
        where = request.account, self._clearing.listing[request.instrument].venue
        if request.after:
            self._timers[where] = self._clearing.market.now + request.after
        else:
            self._timers.pop(where, None)
        return _Outcome()

    def _amend(self, request: AmendSpotOrder) -> _Outcome:
        found = self._own(request, request.order, request.client)
        if found is None:
            return _Outcome(reason=Reason.UNKNOWN_ORDER)
        rows, reason = self._entry.amend(found, request)
        return _Outcome(rows=rows, reason=reason, order=found.order)

    def _own(self, request: SpotRequest, order: int, client: int) -> ExecutionReport | None:
        """The open order that a request names; another account's is none, and so is another instrument's."""
        found = self._entry.wallet(request.account, request.instrument).order(order, client)
        if found is None or not found.open or found.instrument != request.instrument:
            return None
        return found

    def _reached(self, rows: Iterable[Row]) -> list[int]:
        """Ids of the orders whose triggers the trades of some rows reach, by trade, then the oldest first."""
        stops = self._spot.stops
        return [order for row in rows if row[0] == TRADE for order in stops.reached(row[1], row[5])]
