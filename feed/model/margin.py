"""
Margin: what backs the positions and open orders of an account, and where that ends.

One margin for all instruments of a currency (cross margin). Margins are rounded up, to the account's
disadvantage.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from feed.model.accounts import Accounts
from feed.model.requests import PARTS


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


def margin_of(
    accounts: Accounts, account: int, currency: str, mark: Callable[[int], int], maintenance: int
) -> Margin:
    """
    Where an account stands.

    Args:
        accounts: What they own and owe.
        account: Its number.
        currency: Of which.
        mark: Gives the mark price of an instrument, ticks; 0 when there is none.
        maintenance: Share of the value of its positions that it must own, millionths.
    """
    found, money = accounts.find(account), accounts.money
    value = sum(
        abs(found.positions[at].lots) * mark(at) * money.scales[at]
        for at in accounts.holders.get(account, ())
        if money.currencies[at] == currency
    )
    return Margin(
        cash=accounts.cash(account, currency),
        equity=accounts.equity(account, currency, mark),
        initial=-(-accounts.exposure(account, currency) // found.leverage),
        maintenance=-(-value * maintenance // PARTS),
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
