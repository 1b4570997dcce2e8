"""
Order entry: what becomes of the requests of accounts.

What a request does is told in rows: first what becomes of the request itself, then what it did to the
book, each trade followed by the fills of the accounts that it concerns.
"""

from __future__ import annotations

import attrs

from feed.model.accounts import Position
from feed.model.durations import NS_PER_MILLISECOND
from feed.model.events import OrderChanged, Row, Side, Status
from feed.model.instruments import Contract
from feed.model.orders import Ack, CancelOrder, NewOrder, Reject, TimeInForce
from feed.model.requests import PARTS, Cancel, CancelMany, Create, Modify, Request
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger, caseless, packed, unpacked
from feed.sim.clearing import Clearing

_REJECTED = {Reject.WOULD_CROSS: Reason.WOULD_CROSS, Reject.CANNOT_FILL: Reason.CANNOT_FILL}


class OrderEntry:
    """
    Lets requests act.

    Args:
        clearing: Keeps the accounts.
    """

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._accounts = clearing.accounts

    def act(self, request: Request) -> list[Row]:
        """Let a request act now."""
        self._clearing.look(request.instrument)
        self._clearing.tiers[request.account] = request.tier
        match request:
            case Create():
                return self._create(request)
            case Cancel():
                order = self._own(request, request.order, request.created)
                return (
                    self._refused(request, RequestKind.CANCEL)
                    if order is None
                    else self._cancel(request, order)
                )
            case CancelMany():
                return self._cancel_many(request)
            case Modify():
                return self._modify(request)
        raise TypeError(request)

    def enter(self, order: OrderChanged, *, reason: Reason = Reason.NONE) -> list[Row]:
        """
        Let an order act that was received, or has been triggered.

        Args:
            order: As it was received; without an id the next one is taken.
            reason: Why it acts, where that is no request.
        """
        clearing, market = self._clearing, self._clearing.market
        if order.type is Pricing.MARKET:
            order = attrs.evolve(order, price=self._worst_price(order))
        ack, rows = market.submit(
            NewOrder(
                account=order.account,
                instrument=order.instrument,
                side=order.side,
                size=order.left,
                price=order.price,
                time_in_force=_lasts(order),
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
        if rest is not None and _lasts(order) is not TimeInForce.GTC:
            said += clearing.say(attrs.evolve(rest, state=OrderState.CANCELLED, reason=Reason.UNFILLED))
        return said

    def trigger(self, order: OrderChanged) -> list[Row]:
        """Let an order act whose trigger was reached, or reject it."""
        if order.reduce_only:
            closable = self._closable(order, rests=False)
            order = attrs.evolve(order, left=min(order.left, closable) or order.left)
        reason = self._objection(order, instead_of=order)
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
        lots = self._lots(account, instrument)
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
            return self._refused(request, RequestKind.CREATE, Reason.DUPLICATE)
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
        )
        if request.type is Pricing.MARKET and not waits:
            order = attrs.evolve(order, price=self._worst_price(order))
        reason = self._objection_to_trigger(order) if waits else self._objection(order)
        if reason is not Reason.NONE:
            order = attrs.evolve(order, order=clearing.market.exchange.next_order())
            return clearing.say(order, attrs.evolve(order, state=OrderState.REJECTED, reason=reason))
        return self._wait(order) if waits else self.enter(order)

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
            if order.instrument == request.instrument
            and request.price in (0, order.price)
            and request.side in (-1, order.side)
        ]
        if not chosen:
            return self._refused(request, RequestKind.CANCEL)
        rows: list[Row] = []
        for at, order in enumerate(chosen):
            name = packed(f"{unpacked(request.request)}#{at}") if request.request else 0
            rows += self._cancel(attrs.evolve(request, request=name), order)
        return rows

    def _modify(self, request: Modify) -> list[Row]:
        old = self._own(request, request.order, request.created)
        if old is None:
            return self._refused(request, RequestKind.MODIFY)
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
            trigger_price=(request.trigger_price if waits else 0) or old.trigger_price,
        )
        reason = self._objection_to_trigger(new, old) if waits else self._objection(new, instead_of=old)
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

    def _objection(self, order: OrderChanged, *, instead_of: OrderChanged | None = None) -> Reason:
        """Why an order cannot act, now that ``instead_of`` would make way for it."""
        if order.price < 1 and order.type is Pricing.MARKET and not self._worst_price(order):
            return Reason.NO_PRICE
        reason = self._objection_to_terms(order, instead_of)
        if reason is not Reason.NONE:
            return reason
        if order.reduce_only:
            rests = _lasts(order) is TimeInForce.GTC
            fits = order.left <= self._closable(order, rests=rests, instead_of=instead_of)
            return Reason.NONE if fits else Reason.REDUCE_ONLY
        return Reason.NONE if self._carries(order, instead_of) else Reason.NO_FUNDS

    def _objection_to_trigger(self, order: OrderChanged, instead_of: OrderChanged | None = None) -> Reason:
        """Why an order cannot wait for its trigger. Whether the account can carry it is seen when it acts."""
        reason = self._objection_to_terms(order, instead_of)
        if reason is not Reason.NONE:
            return reason
        mark = self._clearing.mark(order.instrument)
        if not mark:
            return Reason.NO_PRICE
        reached = order.trigger.reached(order.side, order.trigger_price, mark)
        return Reason.WOULD_TRIGGER if reached else Reason.NONE

    def _objection_to_terms(self, order: OrderChanged, instead_of: OrderChanged | None) -> Reason:
        """What stands against an order whatever the account owns."""
        account, trading = self._accounts.find(order.account), self._clearing.trading
        # There is no claim on the outcome of a prediction that an account could hold.
        if self._clearing.listing[order.instrument].contract is Contract.PREDICTION:
            return Reason.NOT_TRADING
        if self._clearing.market.exchange.statuses[order.instrument] is not Status.TRADING:
            return Reason.NOT_TRADING
        if order.leverage > trading.leverage or not (account.idle or order.leverage == account.leverage):
            return Reason.LEVERAGE
        if instead_of is None and len(account.orders) >= trading.open_orders:
            return Reason.TOO_MANY_ORDERS
        return Reason.PRICE_BAND if self._astray(order) else Reason.NONE

    def _astray(self, order: OrderChanged) -> bool:
        """Whether a limit lets an order trade further from the mark price than anybody can mean."""
        mark = self._clearing.mark(order.instrument)
        if not mark or order.type is not Pricing.LIMIT:
            return False
        past = order.price - mark if order.side is Side.BUY else mark - order.price
        return past * PARTS > mark * self._clearing.trading.price_band

    def _closable(self, order: OrderChanged, *, rests: bool, instead_of: OrderChanged | None = None) -> int:
        """How many lots an order can close of the account's position."""
        lots = self._lots(order.account, order.instrument)
        if lots == 0 or (lots > 0) == (order.side is Side.BUY):
            return 0
        if not rests:
            return abs(lots)
        # What rests on the same side may be filled first.
        others = sum(
            other.left
            for other in self._accounts.find(order.account).orders.values()
            if other.instrument == order.instrument
            and other.side is order.side
            and other.state is OrderState.ACTIVE
            and (instead_of is None or other.order != instead_of.order)
        )
        return max(0, abs(lots) - others)

    def _lots(self, account: int, instrument: int) -> int:
        position = self._accounts.find(account).positions.get(instrument)
        return 0 if position is None else position.lots

    def _carries(self, order: OrderChanged, instead_of: OrderChanged | None) -> bool:
        """Whether the account can carry an order: what is at stake stays within what it owns."""
        accounts, at = self._accounts, order.instrument
        scale, currency = accounts.money.scales[at], accounts.money.currencies[at]
        position = accounts.find(order.account).positions.get(at) or Position()
        worst = order.price if order.type is Pricing.LIMIT else self._worst_price(order)
        value = order.left * worst * scale
        freed = 0
        if instead_of is not None and instead_of.state is OrderState.ACTIVE:
            freed = instead_of.left * instead_of.price * scale
        bids, asks = (value - freed, 0) if order.side is Side.BUY else (0, value - freed)
        after = max(0, position.cost + position.bids + bids, position.asks + asks - position.cost)
        if after <= position.exposure:
            return True
        at_stake = accounts.exposure(order.account, currency) - position.exposure + after
        fee = value * self._clearing.trading.taker_fee // PARTS
        equity = accounts.equity(order.account, currency, self._clearing.mark)
        return at_stake <= (equity - fee) * order.leverage

    def _worst_price(self, order: OrderChanged) -> int:
        """What a market order may trade at, ticks; 0 when there is nothing to trade with."""
        book = self._clearing.market.exchange.books[order.instrument]
        if order.side is Side.BUY:
            return book.ask + book.ask * order.slippage // PARTS
        return max(1, book.bid - book.bid * order.slippage // PARTS) if book.bid else 0

    def _refused(
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


def _lasts(order: OrderChanged) -> TimeInForce:
    """How long an order waits: one without a limit never rests."""
    if order.type is Pricing.MARKET and order.time_in_force is TimeInForce.GTC:
        return TimeInForce.IOC
    return order.time_in_force


def _rejected(order: OrderChanged, ack: Ack) -> OrderChanged:
    reason = _REJECTED.get(ack.reject, Reason.NOT_TRADING) if ack.reject is not None else Reason.NONE
    return attrs.evolve(order, state=OrderState.REJECTED, reason=reason)
