"""
Margin: what backs the positions and open orders of an account, and where that ends.

One margin for all instruments of a currency (cross margin). Margins are rounded up, to the account's
disadvantage.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from feed.model.accounts import Accounts, Position
from feed.model.kinds import Side
from feed.model.requests import PARTS
from feed.model.statements import BalanceChanged, Cause, PositionChanged


@attrs.frozen(kw_only=True)
class Margin:
    """
    Where an account stands in one currency, all in units of money.

    Attributes:
        cash: What it owns apart from profit that is not realised.
        equity: What it would own if it closed everything at mark prices.
        initial: What backs its positions and open orders, at its leverage.
        maintenance: The least equity with which its positions stay open.
    """

    cash: int
    equity: int
    initial: int
    maintenance: int

    @property
    def available(self) -> int:
        """What can back further orders, units of money; never negative."""
        return max(0, self.equity - self.initial)


@attrs.frozen(kw_only=True)
class Valuation:
    """
    What accounts hold and own, at some mark prices.

    Attributes:
        accounts: What they own and owe.
        mark: Gives the mark price of an instrument, ticks; 0 when there is none.
        maintenance: Share of the value of its positions that an account must own, millionths.
    """

    accounts: Accounts
    mark: Callable[[int], int]
    maintenance: int

    def margin(self, account: int, currency: str) -> Margin:
        """Where an account stands in a currency."""
        accounts, money, mark = self.accounts, self.accounts.money, self.mark
        found = accounts.find(account)
        value = sum(
            abs(found.positions[at].lots) * mark(at) * money.scales[at]
            for at in accounts.holders.get(account, ())
            if money.currencies[at] == currency
        )
        return Margin(
            cash=accounts.cash(account, currency),
            equity=accounts.equity(account, currency, mark),
            initial=-(-accounts.exposure(account, currency) // found.leverage),
            maintenance=-(-value * self.maintenance // PARTS),
        )

    def required(self, account: int, instrument: int, side: Side, value: int, leverage: int) -> int:
        """Margin that one more open order would take, ``value`` and margin in units of money."""
        position = self.accounts.find(account).positions.get(instrument) or Position()
        bids, asks = (value, 0) if side is Side.BUY else (0, value)
        return -(-(position.exposure_with(bids, asks) - position.exposure) // leverage)

    def position(self, account: int, instrument: int, ts: int) -> PositionChanged:
        """What an account holds of an instrument, at market time ``ts``."""
        money, mark = self.accounts.money, self.mark(instrument)
        held = self.accounts.find(account).positions.get(instrument) or Position()
        currency = money.currencies[instrument]
        margin = self.margin(account, currency)
        spare = margin.equity - margin.maintenance
        scale = money.scales[instrument]
        return PositionChanged(
            seq=0,
            ts=ts,
            instrument=instrument,
            account=account,
            lots=held.lots,
            cost=held.cost,
            realised=held.realised,
            funding=held.funding,
            mark=mark,
            liquidation=liquidation_price(held.lots, mark, scale, spare, self.maintenance),
            decimals=money.decimals[currency],
            order=held.order,
            opened=held.opened,
            stop_loss=held.stop_loss,
            take_profit=held.take_profit,
        )

    def balance(
        self, account: int, instrument: int, ts: int, cause: Cause, amount: int = 0
    ) -> BalanceChanged:
        """What an account owns of the quote currency of an instrument, ``amount`` of the cause included."""
        money = self.accounts.money
        currency = money.currencies[instrument]
        margin = self.margin(account, currency)
        return BalanceChanged(
            seq=0,
            ts=ts,
            instrument=instrument,
            account=account,
            cause=cause,
            amount=amount,
            cash=margin.cash + amount,
            equity=margin.equity + amount,
            initial=margin.initial,
            maintenance=margin.maintenance,
            leverage=self.accounts.find(account).leverage,
            decimals=money.decimals[currency],
        )


def liquidation_price(lots: int, mark: int, scale: int, spare: int, maintenance: int) -> int:
    """
    The mark price at which an account no longer owns the margin that it must keep, if nothing else changes.

    Args:
        lots: Of one of its positions; negative when sold short.
        mark: Mark price now, integer ticks.
        scale: Units of money in one tick times one lot.
        spare: What it owns beyond that margin now, units of money.
        maintenance: Share of the value of its positions that it must own, millionths.
    Returns:
        Integer ticks, the first at which it is so; 0 where it never is.
    """
    if not lots or not mark:
        return 0
    # One tick against a long takes the profit of it, less what its margin shrinks by.
    share = PARTS - maintenance if lots > 0 else PARTS + maintenance
    ticks = -(-max(0, spare) * PARTS // (abs(lots) * scale * share)) if share else mark
    return max(0, mark - ticks) if lots > 0 else mark + ticks
