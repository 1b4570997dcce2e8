"""
Risk: triggers, funding, margin calls and liquidations of accounts, by the rules of the market.

All of it is looked at together, as often as the engine of a perpetual future looks at its positions, and
after everything else that happens at that time.
"""

from __future__ import annotations

import attrs

from feed.model.derivatives import RATE_ONE
from feed.model.events import OrderChanged, Row, Side, Status
from feed.model.margin import Margin
from feed.model.orders import TimeInForce
from feed.model.requests import PARTS
from feed.model.statements import Cause
from feed.model.trading import OrderState, Pricing, Reason, RequestKind
from feed.sim.clearing import Clearing
from feed.sim.order_entry import OrderEntry
from feed.sim.position_entry import PositionEntry


class RiskEngine:
    """
    Watches what accounts hold and wait for.

    Args:
        clearing: Keeps the accounts.
        entry: Lets orders act.
        positions: Closes positions.
    """

    def __init__(self, clearing: Clearing, entry: OrderEntry, positions: PositionEntry) -> None:
        self._clearing = clearing
        self._entry = entry
        self._positions = positions
        # Account and currency of those who were told already.
        self._called: dict[tuple[int, str], None] = {}
        self._failed: dict[tuple[int, str], None] = {}

    def check(self) -> list[Row]:
        """Pay funding, let orders act whose triggers are reached, and close what has to be closed."""
        self._clearing.look()
        rows = self._fund()
        rows += self._trigger()
        rows += self.settle()
        rows += self._exit()
        rows += self.settle()
        for account in list(self._clearing.accounts.holders):
            rows += self._check_margin(account)
        self._forget()
        return rows + self.settle()

    def settle(self) -> list[Row]:
        """State what has changed, and cancel the orders that no longer make a position smaller."""
        rows, changed = self._clearing.settle()
        for account, instrument in changed:
            rows += self._entry.keep_reducing(account, instrument)
        return rows

    def _fund(self) -> list[Row]:
        clearing = self._clearing
        rows: list[Row] = []
        for account, held in list(clearing.accounts.holders.items()):
            for at in list(held):
                due = clearing.market.funding(at)
                if due is None:
                    continue
                rate, mark = due
                lots = clearing.accounts.find(account).positions[at].lots
                # Rounded up: what longs pay is no less than what shorts receive.
                amount = -(lots * mark * clearing.accounts.money.scales[at] * rate) // RATE_ONE
                rows += clearing.balance(account, at, Cause.FUNDING, amount)
                rows += clearing.position(account, at)
        return rows

    def _trigger(self) -> list[Row]:
        clearing, accounts = self._clearing, self._clearing.accounts
        rows: list[Row] = []
        for number in list(accounts.waiting):
            if number not in accounts.waiting:
                continue  # another one has closed the position that it was to make smaller
            order = accounts.find(accounts.waiting[number]).orders[number]
            status = clearing.market.exchange.statuses[order.instrument]
            if status is Status.DELISTED:
                rows += self._entry.remove(order, Reason.DELISTED)
                continue
            mark = clearing.mark(order.instrument)
            if status is not Status.TRADING or not mark:
                continue
            if order.trigger.reached(order.side, order.trigger_price, mark):
                rows += self._entry.trigger(order)
                rows += self.settle()
        return rows

    def _exit(self) -> list[Row]:
        """Close the positions whose stop loss or take profit is reached."""
        clearing = self._clearing
        rows: list[Row] = []
        for account, held in list(clearing.accounts.holders.items()):
            for at in list(held):
                position, mark = clearing.accounts.find(account).position(at), clearing.mark(at)
                if not (position.stop_loss or position.take_profit) or not mark or not position.lots:
                    continue
                exits = position.reached(mark)
                if exits and clearing.market.exchange.statuses[at] is Status.TRADING:
                    rows += self._positions.exit(account, at, exits)
        return rows

    def _check_margin(self, account: int) -> list[Row]:
        clearing, money = self._clearing, self._clearing.accounts.money
        rows: list[Row] = []
        held = clearing.accounts.holders.get(account, {})
        for currency in dict.fromkeys(money.currencies[at] for at in held):
            margin, who = clearing.values.margin(account, currency), (account, currency)
            if margin.equity * PARTS >= margin.maintenance * clearing.trading.margin_call:
                self._called.pop(who, None)
            elif who not in self._called:
                self._called[who] = None
                largest = self._largest(account, currency)[0]
                rows += clearing.balance(account, largest, Cause.MARGIN_CALL)
            if margin.equity < margin.maintenance:
                rows += self._liquidate(account, currency)
            else:
                self._failed.pop(who, None)
        return rows

    def _liquidate(self, account: int, currency: str) -> list[Row]:
        """Cancel all orders in a currency, then close positions, the largest first, until margin suffices."""
        clearing, accounts = self._clearing, self._clearing.accounts
        rows: list[Row] = []
        last = self._largest(account, currency)[0]
        if (account, currency) not in self._failed:
            self._failed[account, currency] = None
            rows += clearing.balance(account, last, Cause.LIQUIDATION)
        for order in list(accounts.find(account).orders.values()):
            if accounts.money.currencies[order.instrument] == currency:
                rows += self._entry.remove(order, Reason.LIQUIDATION)
        for at in self._largest(account, currency):
            if self._suffices(clearing.values.margin(account, currency)):
                break
            if clearing.market.exchange.statuses[at] is Status.TRADING:
                last = at
                rows += self._close(account, at)
        rows += self.settle()
        owned = accounts.cash(account, currency)
        if owned < 0 and not self._largest(account, currency):
            rows += clearing.balance(account, last, Cause.INSURANCE, -owned)
        return rows

    def _suffices(self, margin: Margin) -> bool:
        return margin.equity >= margin.maintenance

    def _close(self, account: int, instrument: int) -> list[Row]:
        """Close a position with an order of the market."""
        clearing, market = self._clearing, self._clearing.market
        found = clearing.accounts.find(account)
        lots = found.positions[instrument].lots
        side = Side.SELL if lots > 0 else Side.BUY
        order = OrderChanged(
            seq=0,
            ts=market.now,
            instrument=instrument,
            account=account,
            request=0,
            verb=RequestKind.CREATE,
            state=OrderState.ACTIVE,
            reason=Reason.LIQUIDATION,
            order=market.exchange.next_order(),
            side=side,
            type=Pricing.MARKET,
            price=market.worst(instrument, side),
            left=abs(lots),
            filled=0,
            value=0,
            leverage=found.leverage,
            post_only=False,
            created=market.now,
            time_in_force=TimeInForce.IOC,
            reduce_only=True,
        )
        rows = clearing.say(order)
        closed = market.liquidate(instrument, side, abs(lots), order.order, account)
        rows += clearing.told(closed, Reason.SELF_TRADE)
        rest = found.orders.get(order.order)
        if rest is not None:
            rows += clearing.say(attrs.evolve(rest, state=OrderState.CANCELLED, reason=Reason.UNFILLED))
        return rows

    def _largest(self, account: int, currency: str) -> list[int]:
        """Instruments that an account holds of a currency, the greatest value at mark prices first."""
        clearing, money = self._clearing, self._clearing.accounts.money
        found = clearing.accounts.find(account)

        def value(at: int) -> int:
            return abs(found.positions[at].lots) * clearing.mark(at) * money.scales[at]

        held = clearing.accounts.holders.get(account, {})
        here = sorted(at for at in held if money.currencies[at] == currency)
        return sorted(here, key=value, reverse=True)

    def _forget(self) -> None:
        """Whoever holds nothing any more can be told anew."""
        for known in (self._called, self._failed):
            for account, currency in list(known):
                if not self._largest(account, currency):
                    del known[account, currency]
