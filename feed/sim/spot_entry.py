"""
Order entry of spot venues: what becomes of an order that is paid for with assets.

An order that cannot be paid for, or that the market does not take, never becomes one.
"""

from __future__ import annotations

from typing import Final

import attrs

from feed.model.commissions import rate_charged
from feed.model.events import ExecutionReport, Row, Side
from feed.model.orders import Ack, CancelOrder, ModifyOrder, NewOrder, Reject, SelfTrade, TimeInForce
from feed.model.spot_requests import AmendSpotOrder, PlaceSpotOrder
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger
from feed.model.wallets import Wallet
from feed.sim.clearing import Clearing
from feed.sim.spot_checks import OrderChecks
from feed.sim.spot_funds import Sweep, locked_by, swept
from feed.sim.venue import TradedBook

_REJECTED: Final = {Reject.CANNOT_FILL: Reason.CANNOT_FILL, Reject.WOULD_CROSS: Reason.WOULD_CROSS}
_STOPS_TAKER: Final = (SelfTrade.CANCEL_INCOMING, SelfTrade.CANCEL_BOTH)


class SpotOrderEntry:
    """
    Lets orders that assets pay for act.

    Args:
        clearing: Keeps the accounts.
    """

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._spot = clearing.spot
        self._units = clearing.spot.wallets.units
        self._checks = OrderChecks(clearing)

    def place(self, request: PlaceSpotOrder) -> tuple[list[Row], Reason, int]:
        """
        Let a new order act, or wait for its trigger.

        Returns:
            What it did; why it was refused, with ``NONE`` where it was not; and the order's id, or that of
            the order in its way.
        """
        wallet, client = self.wallet(request.account, request.instrument), request.request
        known = wallet.order(client=client) if client else None
        if known is not None and (known.open or request.once):
            return [], Reason.DUPLICATE, known.order
        order, sweep = self._received(request), None
        reason = self._checks.new(order, wallet)
        if reason is Reason.NONE:
            if order.type is Pricing.MARKET and order.trigger is Trigger.NONE:
                order, sweep = self._swept(order, wallet, most=order.quote_size or None)
            else:
                order = attrs.evolve(order, locked=locked_by(order, order.left, self._units))
            reason = self._checks.funds(order, wallet)
            if reason is Reason.NONE and not order.size and sweep is not None:
                reason = Reason.TOO_SMALL if sweep.worst else Reason.NO_PRICE
        if reason is not Reason.NONE:
            return [], reason, 0
        order = attrs.evolve(order, order=self._clearing.market.exchange.next_order())
        if order.trigger is Trigger.NONE:
            return self._enter(order, sweep), reason, order.order
        waiting = attrs.evolve(order, state=OrderState.UNTRIGGERED, working=0)
        return self._spot.say(waiting), reason, order.order

    def trigger(self, order: ExecutionReport) -> list[Row]:
        """Let an order act whose trigger was reached."""
        wallet, now, sweep = self.wallet(order.account, order.instrument), self._clearing.market.now, None
        acting = order.after(now, state=OrderState.ACTIVE, reason=Reason.TRIGGERED, working=now)
        if acting.type is Pricing.MARKET:
            # It may cost more than it has locked; what the account cannot pay is not traded.
            buys = acting.side is Side.BUY
            most = order.locked + self._checks.payer(order, wallet).free if buys else None
            acting, sweep = self._swept(acting, wallet, most=most)
        return self._enter(acting, sweep)

    def cancel(self, order: ExecutionReport, *, request: int = 0, reason: Reason = Reason.NONE) -> list[Row]:
        """
        Cancel an open order.

        Args:
            order: Which one.
            request: The client's own id of the request to cancel it.
            reason: Why, where no request asks for it.
        """
        market = self._clearing.market
        rows: list[Row] = []
        if order.state is OrderState.ACTIVE:
            command = CancelOrder(account=-order.account, instrument=order.instrument, order=order.order)
            rows = market.submit(command)[1]
        verb = RequestKind.CANCEL if reason is Reason.NONE else RequestKind.CREATE
        over = order.after(
            market.now, state=OrderState.CANCELLED, reason=reason, verb=verb, request=request, locked=0
        )
        return rows + self._spot.say(over)

    def amend(self, order: ExecutionReport, request: AmendSpotOrder) -> tuple[list[Row], Reason]:
        """
        Change an open order.

        Returns:
            What that did, and why it was refused, with ``NONE`` where it was not.
        """
        waits, size = order.state is OrderState.UNTRIGGERED, request.size or order.size
        wallet = self.wallet(order.account, order.instrument)
        known = wallet.order(client=request.new_client) if request.new_client else None
        if known is not None and known.open and known.order != order.order:
            return [], Reason.DUPLICATE
        after = order.after(
            self._clearing.market.now,
            request=request.request,
            verb=RequestKind.MODIFY,
            client=request.new_client or order.client,
            size=size,
            left=order.left + size - order.size,
            price=(request.price or order.price) if order.type is Pricing.LIMIT else 0,
            trigger_price=(request.trigger_price if waits else 0) or order.trigger_price,
        )
        reason = self._checks.change(order, after, request)
        if reason is not Reason.NONE:
            return [], reason
        after = attrs.evolve(after, locked=locked_by(after, after.left, self._units))
        if after.locked - order.locked > self._checks.payer(order, wallet).free:
            return [], Reason.NO_FUNDS
        said = self._spot.say(after)
        return (said if waits else said + self._move(after)), reason

    def wallet(self, account: int, instrument: int) -> Wallet:
        """The wallet that pays for orders of an account in an instrument."""
        return self._spot.wallets[account, self._clearing.listing[instrument].venue]

    # --- in the book ---------------------------------------------------------------------------------

    def _enter(self, order: ExecutionReport, sweep: Sweep | None) -> list[Row]:
        """Let an order trade, and rest if it may; a market order goes as far as ``sweep`` has seen."""
        clearing, market = self._clearing, self._clearing.market
        said = self._spot.say(order)
        price, size = order.price, order.left
        if sweep is not None:
            price, size = sweep.worst, sweep.lots if sweep.limited else order.left
            if not (price and size):
                reason = Reason.NO_FUNDS if price else Reason.NO_PRICE
                return said + self._spot.ended(order, market.now, reason)
        self._spot.taker = order.order
        ack, rows = market.submit(
            NewOrder(
                account=-order.account,
                instrument=order.instrument,
                side=order.side,
                size=size,
                price=price,
                time_in_force=order.time_in_force,
                post_only=order.post_only,
                order=order.order,
                self_trade=order.self_trade,
            )
        )
        if ack.reject is not None:
            reason = _REJECTED.get(ack.reject, Reason.NOT_TRADING)
            return said + self._spot.ended(order, market.now, reason)
        return said + clearing.told(rows, Reason.SELF_TRADE) + self._rest(order, ack)

    def _move(self, order: ExecutionReport) -> list[Row]:
        """Give an order in the book the price and size that it has been told to have."""
        self._spot.taker = self._spot.amended = order.order
        ack, rows = self._clearing.market.submit(
            ModifyOrder(
                account=-order.account,
                instrument=order.instrument,
                order=order.order,
                price=order.price,
                size=order.left,
                self_trade=order.self_trade,
            )
        )
        said = self._clearing.told(rows, Reason.SELF_TRADE)
        self._spot.amended = 0
        return said + self._rest(order, ack)

    def _rest(self, order: ExecutionReport, ack: Ack) -> list[Row]:
        """End an order that has neither traded all of its size nor come to rest."""
        left = self._spot.wallets.of_order(order.order)
        if left is None or ack.resting:
            return []
        if self._book(order).prevented and order.self_trade in _STOPS_TAKER:
            return self._spot.stopped(left, left.ts)
        return self._spot.ended(left, left.ts, Reason.UNFILLED)

    def _book(self, order: ExecutionReport) -> TradedBook:
        return self._clearing.book(order.instrument, order.account)

    # --- what they share -----------------------------------------------------------------------------

    def _received(self, request: PlaceSpotOrder) -> ExecutionReport:
        now, trading, limit = self._clearing.market.now, self._clearing.trading, request.type is Pricing.LIMIT
        rests = limit or request.time_in_force is TimeInForce.FOK
        return ExecutionReport(
            seq=0,
            ts=now,
            instrument=request.instrument,
            account=request.account,
            request=request.request,
            verb=RequestKind.CREATE,
            state=OrderState.ACTIVE,
            reason=Reason.NONE,
            order=0,
            client=request.request,
            side=request.side,
            type=request.type,
            price=request.price if limit else 0,
            size=request.size,
            left=request.size,
            filled=0,
            value=0,
            quote_size=0 if limit or request.size else request.quote_size,
            post_only=request.post_only,
            time_in_force=request.time_in_force if rests else TimeInForce.IOC,
            trigger=request.trigger,
            trigger_price=0 if request.trigger is Trigger.NONE else request.trigger_price,
            self_trade=request.self_trade,
            created=now,
            working=now,
            expires=request.expires,
            tag=request.tag,
            maker_fee=rate_charged(request.maker_fee, request.tier, trading),
            taker_fee=rate_charged(request.taker_fee, request.tier, trading),
            charge=request.charge,
            locked=0,
        )

    def _swept(
        self, order: ExecutionReport, wallet: Wallet, *, most: int | None
    ) -> tuple[ExecutionReport, Sweep]:
        """A market order with what it locks while it trades, and how far it will go for ``most`` at most."""
        sweep = swept(self._book(order), order, self._units, own=wallet.orders, budget=most)
        size = sweep.lots if order.quote_size else order.size
        left = size - order.filled - order.prevented
        locked = sweep.cost if order.side is Side.BUY else left * self._units.base_scales[order.instrument]
        return attrs.evolve(order, size=size, left=left, locked=locked), sweep
