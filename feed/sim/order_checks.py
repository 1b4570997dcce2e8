"""Order checks: what stands against an order before it acts."""

from __future__ import annotations

from feed.model.accounts import Position
from feed.model.events import OrderChanged, Side
from feed.model.instruments import Contract
from feed.model.orders import TimeInForce
from feed.model.requests import PARTS
from feed.model.trading import OrderState, Pricing, Reason
from feed.sim.clearing import Clearing


class OrderChecks:
    """
    Looks at orders before they act.

    Args:
        clearing: Keeps the accounts.
    """

    def __init__(self, clearing: Clearing) -> None:
        self._clearing = clearing
        self._accounts = clearing.accounts

    def entering(self, order: OrderChanged, *, instead_of: OrderChanged | None = None) -> Reason:
        """Why an order cannot act, now that ``instead_of`` would make way for it."""
        if order.price < 1 and order.type is Pricing.MARKET and not self.worst_price(order):
            return Reason.NO_PRICE
        reason = self._objection_to_terms(order, instead_of)
        if reason is not Reason.NONE:
            return reason
        if order.reduce_only:
            rests = lasts(order) is TimeInForce.GTC
            fits = order.left <= self.closable(order, rests=rests, instead_of=instead_of)
            return Reason.NONE if fits else Reason.REDUCE_ONLY
        return Reason.NONE if self._carries(order, instead_of) else Reason.NO_FUNDS

    def waiting(self, order: OrderChanged, instead_of: OrderChanged | None = None) -> Reason:
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
        if not self._clearing.market.exchange.statuses[order.instrument].takes_orders:
            return Reason.NOT_TRADING
        if order.leverage > trading.leverage or not (account.idle or order.leverage == account.leverage):
            return Reason.LEVERAGE
        if instead_of is None and len(account.orders) >= trading.open_orders:
            return Reason.TOO_MANY_ORDERS
        entry = order.trigger_price or (
            order.price if order.type is Pricing.LIMIT else self._clearing.mark(order.instrument)
        )
        if not apart(order.side, entry, order.stop_loss, order.take_profit):
            return Reason.BAD_EXIT
        return Reason.PRICE_BAND if self._astray(order) else Reason.NONE

    def _astray(self, order: OrderChanged) -> bool:
        """Whether a limit lets an order trade further from the mark price than anybody can mean."""
        mark = self._clearing.mark(order.instrument)
        if not mark or order.type is not Pricing.LIMIT:
            return False
        past = order.price - mark if order.side is Side.BUY else mark - order.price
        return past * PARTS > mark * self._clearing.trading.price_band

    def closable(self, order: OrderChanged, *, rests: bool, instead_of: OrderChanged | None = None) -> int:
        """How many lots an order can close of the account's position."""
        lots = self.lots(order.account, order.instrument)
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

    def lots(self, account: int, instrument: int) -> int:
        """What an account holds of an instrument, integer lots; negative when sold short."""
        position = self._accounts.find(account).positions.get(instrument)
        return 0 if position is None else position.lots

    def _carries(self, order: OrderChanged, instead_of: OrderChanged | None) -> bool:
        """Whether the account can carry an order: what is at stake stays within what it owns."""
        accounts, at = self._accounts, order.instrument
        scale, currency = accounts.money.scales[at], accounts.money.currencies[at]
        position = accounts.find(order.account).positions.get(at) or Position()
        worst = order.price if order.type is Pricing.LIMIT else self.worst_price(order)
        value = order.left * worst * scale
        freed = 0
        if instead_of is not None and instead_of.state is OrderState.ACTIVE:
            freed = instead_of.left * instead_of.price * scale
        bids, asks = (value - freed, 0) if order.side is Side.BUY else (0, value - freed)
        after = position.exposure_with(bids, asks)
        if after <= position.exposure:
            return True
        at_stake = accounts.exposure(order.account, currency) - position.exposure + after
        fee = value * self._clearing.trading.taker_fee // PARTS
        equity = accounts.equity(order.account, currency, self._clearing.mark)
        return at_stake <= (equity - fee) * order.leverage

    def worst_price(self, order: OrderChanged) -> int:
        """What a market order may trade at, ticks; 0 when there is nothing to trade with."""
        auction = self._clearing.market.exchange.auctions.get(order.instrument)
        book = self._clearing.book(order.instrument, order.account)
        bid, ask = (book.bid, book.ask) if auction is None else (auction.reference, auction.reference)
        if order.side is Side.BUY:
            return ask + ask * order.slippage // PARTS
        return max(1, bid - bid * order.slippage // PARTS) if bid else 0


def lasts(order: OrderChanged) -> TimeInForce:
    """How long an order waits: one without a limit never rests."""
    if order.type is Pricing.MARKET and order.time_in_force is TimeInForce.GTC:
        return TimeInForce.IOC
    return order.time_in_force


def apart(side: Side, price: int, stop_loss: int, take_profit: int) -> bool:
    """Whether what is bought or sold at ``price`` is worse off at its stop loss, and better off beyond."""
    worse, better = (stop_loss, take_profit) if side is Side.BUY else (take_profit, stop_loss)
    return (not worse or worse < price) and (not better or price < better)
