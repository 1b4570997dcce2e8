"""Position entry: what becomes of the requests of accounts that are about what they hold."""

from __future__ import annotations

import attrs

from feed.model.accounts import Position
from feed.model.events import OrderChanged, Row, Side
from feed.model.orders import TimeInForce
from feed.model.requests import Close, Request, SetExits
from feed.model.trading import OrderState, Pricing, Reason, RequestKind, Trigger
from feed.sim.clearing import Clearing
from feed.sim.order_checks import apart
from feed.sim.order_entry import OrderEntry, exits_after


class PositionEntry:
    """
    Closes positions, and keeps where they end.

    Args:
        clearing: Keeps the accounts.
        entry: Lets orders act.
    """

    def __init__(self, clearing: Clearing, entry: OrderEntry) -> None:
        self._clearing = clearing
        self._accounts = clearing.accounts
        self._entry = entry

    def act(self, request: Request) -> list[Row]:
        """Let a request act now, whatever it is about."""
        match request:
            case Close():
                self._entry.look(request)
                return self._close(request)
            case SetExits():
                self._entry.look(request)
                return self._set_exits(request)
        return self._entry.act(request)

    def exit(self, account: int, instrument: int, exits: Trigger) -> list[Row]:
        """Close a position, one of whose exits is reached; what nobody trades with stays open."""
        found, market = self._accounts.find(account), self._clearing.market
        position = found.positions[instrument]
        order = attrs.evolve(
            self._market_order(account, instrument, -position.lots, self._clearing.trading.slippage),
            state=OrderState.ACTIVE,
            trigger=exits,
            trigger_price=position.stop_loss if exits is Trigger.STOP else position.take_profit,
        )
        if not self._entry.checks.worst_price(order):
            return []
        return self._entry.enter(
            attrs.evolve(order, order=market.exchange.next_order()), reason=Reason.TRIGGERED
        )

    def _close(self, request: Close) -> list[Row]:
        account, at = request.account, request.instrument
        position = self._position(request, request.position)
        if position is None or request.size > abs(position.lots):
            reason = Reason.NO_POSITION if position is None else Reason.REDUCE_ONLY
            return self._entry.refused(request, RequestKind.CREATE, reason)
        lots = request.size or abs(position.lots)
        order = self._market_order(account, at, -lots if position.lots > 0 else lots, request.slippage)
        order = attrs.evolve(order, request=request.request, price=self._entry.checks.worst_price(order))
        reason = self._entry.checks.entering(order, instead_of=order)
        return self._entry.enter(order) if reason is Reason.NONE else self._entry.reject(order, reason)

    def _set_exits(self, request: SetExits) -> list[Row]:
        position = self._position(request, request.position)
        if position is None:
            return self._entry.refused(request, RequestKind.SET_EXITS, Reason.NO_POSITION)
        now = self._clearing.market.now
        asked = attrs.evolve(
            self._clearing.values.position(request.account, request.instrument, now),
            **exits_after(request, position),
        )
        mark = self._clearing.mark(request.instrument)
        side = Side.BUY if position.lots > 0 else Side.SELL
        if mark and not apart(side, mark, asked.stop_loss, asked.take_profit):
            return self._entry.refused(request, RequestKind.SET_EXITS, Reason.BAD_EXIT)
        return self._clearing.say(asked)

    def _market_order(self, account: int, instrument: int, lots: int, slippage: int) -> OrderChanged:
        """What closes ``lots`` of a position at the market, as it is received; negative sells."""
        now = self._clearing.market.now
        return OrderChanged(
            seq=0,
            ts=now,
            instrument=instrument,
            account=account,
            request=0,
            verb=RequestKind.CREATE,
            state=OrderState.PENDING,
            reason=Reason.NONE,
            order=0,
            side=Side.SELL if lots < 0 else Side.BUY,
            type=Pricing.MARKET,
            price=0,
            left=abs(lots),
            filled=0,
            value=0,
            leverage=self._accounts.find(account).leverage,
            post_only=False,
            created=now,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
            slippage=slippage,
        )

    def _position(self, request: Request, opened_by: int) -> Position | None:
        """The position that a request is about; None where there is no such one."""
        found = self._accounts.find(request.account).positions.get(request.instrument)
        return found if found is not None and found.lots and opened_by in (0, found.order) else None
