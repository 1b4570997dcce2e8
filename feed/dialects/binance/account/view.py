"""An account as its requests see it, whether they come by HTTP or by WebSocket."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from feed.dialects.account_view import SpotAccountView
from feed.dialects.binance.account.orders import OrderWriter
from feed.dialects.binance.symbols import Symbol, Symbols
from feed.dialects.binance.views import MarketView, TimeUnit
from feed.dialects.metering import Charge
from feed.model.events import ExecutionReport


@attrs.frozen(kw_only=True, slots=False)
class AccountView(SpotAccountView[MarketView, Symbol]):
    """
    The account of a key, and the market around it, at one sequence number.

    Attributes:
        unit: Of times.
        count_orders: Counts orders of this account, by their number; 0 looks at the counts.
    """

    unit: TimeUnit
    count_orders: Callable[[int], Charge]

    @property
    def listed(self) -> Symbols:
        """What the exchange lists."""
        return self.market.symbols

    @property
    def commissions(self) -> tuple[int, int]:
        """Of an order that rests, and of one that takes, millionths of what is traded, before discounts."""
        return self.market.policy.maker_commission, self.market.policy.taker_commission

    def symbol(self, item: ExecutionReport) -> Symbol:
        """That of an order."""
        symbol = self.pair(item)
        assert symbol is not None  # noqa: S101 - orders come in through these symbols alone
        return symbol

    def writer(self, symbol: Symbol) -> OrderWriter:
        """What writes the orders of a symbol."""
        return OrderWriter(symbol, self.decimals(symbol), self.unit)
