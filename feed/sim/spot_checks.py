"""What stands against an order that is to be paid for with assets, or against a change of one."""

from __future__ import annotations

from typing import Final

from feed.model.events import ExecutionReport, Side, Status
from feed.model.instruments import Contract
from feed.model.spot_requests import AmendSpotOrder
from feed.model.trading import OrderState, Pricing, Reason, Trigger
from feed.model.wallets import Balance, Wallet
from feed.sim.clearing import Clearing
from feed.sim.venue import TradedBook

# No price of any market comes near it, ticks.
_HIGHEST: Final = 1 << 62


class OrderChecks:
    """
    Says why an order cannot be, as the market stands.

    Args:
        clearing: Keeps the accounts.
    """

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing

    def new(self, order: ExecutionReport, wallet: Wallet) -> Reason:
        """What stands against a new order, whatever its account holds."""
        if not self._trades(order):
            return Reason.NOT_TRADING
        if len(wallet.orders) >= self._clearing.trading.open_orders:
            return Reason.TOO_MANY_ORDERS
        if order.expires and order.expires <= order.ts:
            return Reason.EXPIRED
        if not _well_formed(order):
            return Reason.INVALID
        if order.trigger is not Trigger.NONE:
            return self._trigger(order)
        return Reason.WOULD_CROSS if order.post_only and self._crosses(order) else Reason.NONE

    def change(self, order: ExecutionReport, after: ExecutionReport, request: AmendSpotOrder) -> Reason:
        """Why an open order cannot become ``after``, whatever its account holds."""
        if not self._trades(order):
            return Reason.NOT_TRADING
        moves = (after.price, after.trigger_price) != (order.price, order.trigger_price)
        if request.shrink_only and (moves or after.size >= order.size):
            return Reason.NOT_SMALLER
        if not _well_formed(after) or not (moves or after.size != order.size):
            return Reason.INVALID
        if after.left < 1:
            return Reason.TOO_SMALL
        if after.state is OrderState.UNTRIGGERED:
            return self._trigger(after)
        posts = moves and (order.post_only or request.post_only)
        return Reason.WOULD_CROSS if posts and self._crosses(after) else Reason.NONE

    def funds(self, order: ExecutionReport, wallet: Wallet) -> Reason:
        """Whether the account can pay for a new order."""
        spends = max(order.locked, order.quote_size) if order.side is Side.BUY else order.locked
        return Reason.NO_FUNDS if spends > self.payer(order, wallet).free else Reason.NONE

    def payer(self, order: ExecutionReport, wallet: Wallet) -> Balance:
        """The balance that an order spends."""
        item = self._clearing.listing[order.instrument]
        return wallet.balances[item.quote if order.side is Side.BUY else item.base]

    def _trigger(self, order: ExecutionReport) -> Reason:
        """Why an order cannot wait for its trigger."""
        price = self._book(order).last or self._clearing.market.mark(order.instrument)
        if not price:
            return Reason.NO_PRICE
        reached = order.trigger.reached(order.side, order.trigger_price, price)
        return Reason.WOULD_TRIGGER if reached else Reason.NONE

    def _trades(self, order: ExecutionReport) -> bool:
        if self._clearing.listing[order.instrument].contract is not Contract.SPOT:
            return False
        status = self._clearing.market.exchange.statuses[order.instrument]
        # What a market order would cost in a call auction, nobody can say before it ends.
        acts_later = order.type is Pricing.LIMIT or order.trigger is not Trigger.NONE
        return status is Status.TRADING or (status is Status.AUCTION and acts_later)

    def _crosses(self, order: ExecutionReport) -> bool:
        if order.instrument in self._clearing.market.exchange.auctions:
            return True  # whether it makes or takes depends on those who come later
        return not self._book(order).would_rest(int(order.side), order.price)

    def _book(self, order: ExecutionReport) -> TradedBook:
        return self._clearing.book(order.instrument, order.account)


def _well_formed(order: ExecutionReport) -> bool:
    if order.type is Pricing.LIMIT and not (order.size and 0 < order.price < _HIGHEST):
        return False
    if order.trigger is not Trigger.NONE and not (order.size and 0 < order.trigger_price < _HIGHEST):
        return False  # for what amount it would trade, nobody knows before it does
    return bool(order.size or order.quote_size)
