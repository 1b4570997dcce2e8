"""
Order entry: what becomes of the requests of accounts.

What a request does is told in rows: first what becomes of the request itself, then what it did to the
book, each trade followed by the fills of the accounts that it concerns.
"""

from __future__ import annotations

from typing import Final

import attrs

from feed.model.accounts import Position
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import OrderChanged, Row, Side
from feed.model.orders import Ack, CancelOrder, NewOrder, Reject, TimeInForce
from feed.model.requests import KEEP, Cancel, CancelMany, Create, Modify, Request, SetExits
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger, caseless, packed, unpacked
from feed.sim.clearing import Clearing
from feed.sim.order_checks import OrderChecks, lasts

_REJECTED = {Reject.WOULD_CROSS: Reason.WOULD_CROSS, Reject.CANNOT_FILL: Reason.CANNOT_FILL}


class OrderEntry:
    """
    Lets requests act.

    Args:
        clearing: Keeps the accounts.

    Attributes:
        checks: Looks at orders before they act.
    """

    def __init__(self, clearing: Clearing) -> None:
        self.checks: Final = OrderChecks(clearing)
        self._clearing = clearing
        self._accounts = clearing.accounts

    def act(self, request: Request) -> list[Row]:
        """Let a request act now."""
        self.look(request)
        match request:
            case Create():
                return self._create(request)
            case Cancel():
                order = self._own(request, request.order, request.created)
                return (
                    self.refused(request, RequestKind.CANCEL)
                    if order is None
                    else self._cancel(request, order)
                )
            case CancelMany():
                return self._cancel_many(request)
            case Modify():
                return self._modify(request)
        raise TypeError(request)

    def look(self, request: Request) -> None:
        """Take over what has to be known before a request acts."""
        self._clearing.look(request.instrument)
        self._clearing.tiers[request.account] = request.tier

    def enter(self, order: OrderChanged, *, reason: Reason = Reason.NONE) -> list[Row]:
        """
        Let an order act that was received, or has been triggered.

        Args:
            order: As it was received; without an id the next one is taken.
            reason: Why it acts, where that is no request.
        """
        clearing, market = self._clearing, self._clearing.market
        if order.type is Pricing.MARKET:
            order = attrs.evolve(order, price=self.checks.worst_price(order))
        ack, rows = market.submit(
            NewOrder(
                account=order.account,
                instrument=order.instrument,
                side=order.side,
                size=order.left,
                price=order.price,
                time_in_force=lasts(order),
                post_only=order.post_only,
                order=order.order,
            )
        )
        said: list[Row] = []
        if order.state is OrderState.PENDING:
            order = attrs.evolve(order, order=ack.order or market.exchange.next_order())
            said += clearing.say(order)
        active = attrs.evolve(
            order, ts=market.now, verb=RequestKind.CREATE, state=OrderState.ACTIVE, reason=reason
        )
        said += clearing.say(active)
        if ack.reject is not None:
            return said + clearing.say(_rejected(active, ack))
        said += clearing.told(rows, Reason.SELF_TRADE)
        rest = self._accounts.find(order.account).orders.get(order.order)
        if rest is None:
            return said
        if lasts(order) is not TimeInForce.GTC and not ack.resting:
            return said + clearing.say(attrs.evolve(rest, state=OrderState.CANCELLED, reason=Reason.UNFILLED))
        return said + self.keep_reducing(order.account, order.instrument)

    def trigger(self, order: OrderChanged) -> list[Row]:
        """Let an order act whose trigger was reached, or reject it."""
        if order.reduce_only:
            closable = self.checks.closable(order, rests=False)
            order = attrs.evolve(order, left=min(order.left, closable) or order.left)
        reason = self.checks.entering(order, instead_of=order)
        if reason is Reason.NONE:
            return self.enter(order, reason=Reason.TRIGGERED)
        now = self._clearing.market.now
        rejected = attrs.evolve(
            order, ts=now, verb=RequestKind.CREATE, state=OrderState.REJECTED, reason=reason
        )
        return self._clearing.say(rejected)

    def remove(self, order: OrderChanged, reason: Reason) -> list[Row]:
        """Cancel an open order that nobody has asked to cancel."""
        rows = self._withdraw(order)
        cancelled = attrs.evolve(
            order,
            ts=self._clearing.market.now,
            verb=RequestKind.CREATE,
            state=OrderState.CANCELLED,
            reason=reason,
        )
        return rows + self._clearing.say(cancelled)

    def keep_reducing(self, account: int, instrument: int) -> list[Row]:
        """
        Cancel the orders that may only make a position smaller, and no longer would.

        While one of them rests, all orders that rest on its side together are not more than the position:
        whichever of them is filled first, none of them can turn it around.
        """
        found = self._accounts.find(account)
        lots = self.checks.lots(account, instrument)
        closing = Side.SELL if lots > 0 else Side.BUY
        here = [order for order in found.orders.values() if order.instrument == instrument]
        over = [order for order in here if order.reduce_only and (not lots or order.side is not closing)]
        resting = [order for order in here if order.state is OrderState.ACTIVE and order.side is closing]
        left = sum(order.left for order in resting)
        for order in reversed(resting):
            if left > abs(lots) and order.reduce_only and order not in over:
                over.append(order)
                left -= order.left
        return [row for order in over for row in self.remove(order, Reason.REDUCE_ONLY)]

    # --- requests ------------------------------------------------------------------------------------

    def _create(self, request: Create) -> list[Row]:
        clearing = self._clearing
        if caseless(request.request) in self._accounts.find(request.account).requests:
            return self.refused(request, RequestKind.CREATE, Reason.DUPLICATE)
        now, waits = clearing.market.now, request.trigger is not Trigger.NONE
        order = OrderChanged(
            seq=0,
            ts=now,
            instrument=request.instrument,
            account=request.account,
            request=request.request,
            verb=RequestKind.CREATE,
            state=OrderState.PENDING,
            reason=Reason.NONE,
            order=0,
            side=request.side,
            type=request.type,
            price=request.price if request.type is Pricing.LIMIT else 0,
            left=request.size,
            filled=0,
            value=0,
            leverage=request.leverage,
            post_only=request.post_only,
            created=now,
            time_in_force=request.time_in_force,
            reduce_only=request.reduce_only,
            slippage=request.slippage,
            trigger=request.trigger,
            trigger_price=request.trigger_price if waits else 0,
            stop_loss=request.stop_loss,
            take_profit=request.take_profit,
        )
        if request.type is Pricing.MARKET and not waits:
            order = attrs.evolve(order, price=self.checks.worst_price(order))
        reason = self.checks.waiting(order) if waits else self.checks.entering(order)
        if reason is not Reason.NONE:
            return self.reject(order, reason)
        return self._wait(order) if waits else self.enter(order)

    def reject(self, order: OrderChanged, reason: Reason) -> list[Row]:
        """Answer a request for an order that cannot act."""
        order = attrs.evolve(order, order=self._clearing.market.exchange.next_order())
        return self._clearing.say(order, attrs.evolve(order, state=OrderState.REJECTED, reason=reason))

    def _cancel(self, request: Request, order: OrderChanged) -> list[Row]:
        say = self._clearing.say
        asked = attrs.evolve(
            order,
            ts=self._clearing.market.now,
            request=request.request,
            verb=RequestKind.CANCEL,
            reason=Reason.NONE,
        )
        rows = say(attrs.evolve(asked, state=OrderState.CANCELLING))
        rows += self._withdraw(order)
        return rows + say(attrs.evolve(asked, state=OrderState.CANCELLED))

    def _cancel_many(self, request: CancelMany) -> list[Row]:
        chosen = [
            order
            for order in self._accounts.find(request.account).orders.values()
            if (request.everywhere or order.instrument == request.instrument)
            and request.price in (0, order.price)
            and request.side in (-1, order.side)
        ]
        if not chosen:
            return self.refused(request, RequestKind.CANCEL)
        rows: list[Row] = []
        for at, order in enumerate(chosen):
            name = packed(f"{unpacked(request.request)}#{at}") if request.request else 0
            rows += self._cancel(attrs.evolve(request, request=name), order)
        return rows

    def _modify(self, request: Modify) -> list[Row]:
        old = self._own(request, request.order, request.created)
        if old is None:
            return self.refused(request, RequestKind.MODIFY)
        now, say = self._clearing.market.now, self._clearing.say
        waits = old.state is OrderState.UNTRIGGERED
        asked = attrs.evolve(
            old, ts=now, request=request.request, verb=RequestKind.MODIFY, reason=Reason.NONE
        )
        new = attrs.evolve(
            asked,
            state=OrderState.PENDING,
            order=0,
            price=(request.price or old.price) if old.type is Pricing.LIMIT else old.price,
            left=request.size or old.left,
            filled=0,
            value=0,
            created=now,
            trigger_price=request.trigger_price or old.trigger_price,
            **exits_after(request, old),
        )
        if request.trigger_price and not waits:
            reason = Reason.NOT_WAITING
        else:
            reason = self.checks.waiting(new, old) if waits else self.checks.entering(new, instead_of=old)
        if reason is not Reason.NONE:
            return say(attrs.evolve(asked, state=OrderState.REFUSED, reason=reason))
        rows = say(attrs.evolve(asked, state=OrderState.MODIFYING))
        rows += self._withdraw(old)
        rows += say(attrs.evolve(asked, state=OrderState.MODIFIED))
        return rows + (self._wait(new) if waits else self.enter(new))

    # --- what they share -----------------------------------------------------------------------------

    def _wait(self, order: OrderChanged) -> list[Row]:
        """Keep a new order until its trigger is reached."""
        order = attrs.evolve(order, order=self._clearing.market.exchange.next_order())
        waiting = attrs.evolve(order, verb=RequestKind.CREATE, state=OrderState.UNTRIGGERED)
        return self._clearing.say(order, waiting)

    def _withdraw(self, order: OrderChanged) -> list[Row]:
        if order.state is OrderState.UNTRIGGERED:
            return []
        command = CancelOrder(account=order.account, instrument=order.instrument, order=order.order)
        return self._clearing.market.submit(command)[1]

    def _own(self, request: Request, order: int, created: int) -> OrderChanged | None:
        """The open order that a request names; another account's is none, and so is another market's."""
        found = self._accounts.find(request.account).orders.get(order)
        if found is None or found.instrument != request.instrument:
            return None
        return found if found.created // NS_PER_MILLISECOND == created else None

    def refused(
        self, request: Request, verb: RequestKind, reason: Reason = Reason.UNKNOWN_ORDER
    ) -> list[Row]:
        """A request did nothing, and there is no order to show."""
        now = self._clearing.market.now
        return self._clearing.say(
            OrderChanged(
                seq=0,
                ts=now,
                instrument=request.instrument,
                account=request.account,
                request=request.request,
                verb=verb,
                state=OrderState.REFUSED,
                reason=reason,
                order=0,
                side=Side.BUY,
                type=Pricing.LIMIT,
                price=0,
                left=0,
                filled=0,
                value=0,
                leverage=1,
                post_only=False,
                created=now,
            )
        )


def exits_after(request: Modify | SetExits, held: OrderChanged | Position) -> dict[str, int]:
    """Where something ends once ``request`` has acted."""
    return {
        "stop_loss": held.stop_loss if request.stop_loss == KEEP else request.stop_loss,
        "take_profit": held.take_profit if request.take_profit == KEEP else request.take_profit,
    }


def _rejected(order: OrderChanged, ack: Ack) -> OrderChanged:
    reason = _REJECTED.get(ack.reject, Reason.NOT_TRADING) if ack.reject is not None else Reason.NONE
    return attrs.evolve(order, state=OrderState.REJECTED, reason=reason)
