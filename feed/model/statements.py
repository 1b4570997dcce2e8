"""
What one account holds and owns, told to that account after it has changed.

============  =====================================================================================
``Kind``      row
============  =====================================================================================
``POSITION``  kind, instrument, ts, account, lots, cost, realised, funding, mark, liquidation, decimals,
              order, opened, stop_loss, take_profit
``BALANCE``   kind, instrument, ts, account, cause, amount, cash, equity, initial, maintenance,
              leverage, decimals
============  =====================================================================================

Money is integers in the unit of the quote currency, ``10 ** -decimals`` of it: see
:class:`feed.model.accounts.MoneyUnits`. Rows of earlier recordings are shorter; what they do not say is 0.
A statement follows the fills that it sums up, at the latest when
margins are looked at next.
"""

from __future__ import annotations

import enum
from typing import ClassVar

import attrs

from feed.model.kinds import BALANCE, POSITION, RowEvent


class Cause(enum.IntEnum):
    """Why an account is told its balance."""

    TRADE = 1  # it has traded
    FUNDING = 2  # it has paid for a perpetual future, or was paid
    MARGIN_CALL = 3  # little more is left than the margin that it must keep
    LIQUIDATION = 4  # less is left: its orders are cancelled and its positions closed
    INSURANCE = 5  # that left a debt, which the market bears


@attrs.frozen
class PositionChanged(RowEvent):
    """
    An account holds something else than before.

    Attributes:
        account: Whose position.
        lots: Integer lots; negative when sold short, 0 when the position is closed.
        cost: What was paid for them, units of money; negative when it was received.
        realised: Profit of all that has been closed in this instrument, units of money, fees apart.
        funding: What was received for holding it, units of money; negative when it was paid.
        mark: Mark price, integer ticks; 0 when there is none.
        liquidation: Mark price at which the account is liquidated, if nothing else changes, integer
            ticks; 0 for none.
        decimals: Of the unit of money.
        order: Id of the order that opened it, which is the id of the position; 0 when it is closed.
        opened: Market time at which it was opened, nanoseconds; 0 when it is closed.
        stop_loss: Mark price at which it is closed with a loss, integer ticks; 0 for none.
        take_profit: The same with a profit.
    """

    kind: ClassVar[int] = POSITION

    account: int
    lots: int
    cost: int
    realised: int
    funding: int
    mark: int
    liquidation: int
    decimals: int
    order: int = 0
    opened: int = 0
    stop_loss: int = 0
    take_profit: int = 0

    def entry(self, scale: int) -> int:
        """Average entry price, rounded down to a tick, where ``scale`` units are a tick times a lot; or 0."""
        return self.cost // (self.lots * scale) if self.lots else 0

    def unrealised(self, scale: int) -> int:
        """What closing it at the mark price would earn, fees apart, units of money; 0 without a price."""
        return self.lots * self.mark * scale - self.cost if self.mark else 0


@attrs.frozen
class BalanceChanged(RowEvent):
    """
    An account owns something else than before of a currency: the quote currency of the instrument.

    Attributes:
        account: Whose balance.
        cause: What has happened.
        amount: What the cause alone has added, units of money: funding, or what the market bears; else 0.
        cash: What it owns apart from profit that is not realised, units of money.
        equity: What it would own if it closed everything at mark prices, units of money.
        initial: Margin of positions and open orders at its leverage, units of money.
        maintenance: Margin that it must keep, units of money.
        leverage: Of its positions and open orders.
        decimals: Of the unit of money.
    """

    kind: ClassVar[int] = BALANCE

    account: int
    cause: Cause = attrs.field(converter=Cause)
    amount: int
    cash: int
    equity: int
    initial: int
    maintenance: int
    leverage: int
    decimals: int
