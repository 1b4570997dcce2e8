"""An account as its requests see it, whether they come by HTTP or by WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import attrs

from feed.dialects.binance.account.orders import OrderWriter
from feed.dialects.binance.symbols import Symbol
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.metering import Charge
from feed.model.commissions import rate_charged
from feed.model.events import ExecutionReport
from feed.model.grants import Grant
from feed.model.wallets import Wallet, Wallets
from feed.settings import Trading


@attrs.frozen(kw_only=True, slots=False)
class AccountView:
    """
    The account of a key, and the market around it, at one sequence number.

    Attributes:
        market: The market.
        grant: What the key allows.
        wallets: What accounts hold.
        trading: What trading costs.
        unit: Of times.
        count_orders: Counts orders of this account, by their number; 0 looks at the counts.
    """

    market: MarketView
    grant: Grant
    wallets: Wallets
    trading: Trading
    unit: TimeUnit
    count_orders: Callable[[int], Charge]

    @property
    def account(self) -> int:
        """Its number."""
        return self.grant.account

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Where the symbols are traded: one venue, unless the market has none of the exchange's own."""
        return tuple(dict.fromkeys(symbol.instrument.venue for symbol in self.market.symbols))

    def wallet(self, symbol: Symbol) -> Wallet:
        """What the account holds and does where a symbol is traded."""
        return self.wallets.find(self.account, symbol.instrument.venue)

    def all_wallets(self) -> Iterable[tuple[str, Wallet]]:
        """What it holds and does at each venue."""
        return ((venue, self.wallets.find(self.account, venue)) for venue in self.venues)

    def symbol(self, item: ExecutionReport) -> Symbol:
        """That of an order."""
        symbol = self.market.symbols.at(item.instrument)
        assert symbol is not None  # noqa: S101 - orders come in through these symbols alone
        return symbol

    def decimals(self, symbol: Symbol) -> tuple[int, int]:
        """Digits of a unit of the base asset and of the quote asset of a symbol."""
        here = self.wallets.units.decimals[symbol.instrument.venue]
        return here[symbol.base], here[symbol.quote]

    def writer(self, symbol: Symbol) -> OrderWriter:
        """What writes the orders of a symbol."""
        return OrderWriter(symbol, self.decimals(symbol), self.unit)

    @property
    def maker_rate(self) -> int:
        """What an order of this key costs that rests, millionths of what is traded."""
        return rate_charged(self.market.policy.maker_commission, self.grant.tier, self.trading)

    @property
    def taker_rate(self) -> int:
        """What one costs that takes, the same."""
        return rate_charged(self.market.policy.taker_commission, self.grant.tier, self.trading)
