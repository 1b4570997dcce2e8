"""An account as its requests see it, whether they come by HTTP or by WebSocket."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from feed.dialects.account_view import SpotAccountView
from feed.dialects.clocks import Clocks
from feed.dialects.contract import SessionContext
from feed.dialects.kraken.names import Asset, Pair, Pairs
from feed.dialects.kraken.views import MarketView
from feed.dialects.rest import RestContext
from feed.model.grants import Grant
from feed.model.wallets import Balance


@attrs.frozen(kw_only=True, slots=False)
class AccountView(SpotAccountView[MarketView, Pair]):
    """
    The account of a key, and the market around it, at one sequence number.

    Attributes:
        clocks: The times by which clients may name a deadline.
    """

    clocks: Clocks

    @classmethod
    def of_request(cls, context: RestContext, grant: Grant) -> AccountView:
        """As a request by HTTP sees it."""
        return cls(
            market=MarketView.of_request(context),
            grant=grant,
            wallets=context.wallets,
            trading=context.settings.trading,
            clocks=context.clocks,
        )

    @classmethod
    def of_session(cls, context: SessionContext, grant: Grant) -> AccountView:
        """As a session sees it."""
        return cls(
            market=MarketView.of_session(context),
            grant=grant,
            wallets=context.wallets,
            trading=context.trading,
            clocks=context.clocks,
        )

    @property
    def listed(self) -> Pairs:
        """What the exchange lists."""
        return self.market.pairs

    @property
    def commissions(self) -> tuple[int, int]:
        """Of an order that rests, and of one that takes, millionths of what is traded, before discounts."""
        return self.market.policy.maker_fee, self.market.policy.taker_fee

    @property
    def now(self) -> int:
        """Market time, nanoseconds since the Unix epoch."""
        return self.market.state.now

    def balances(self) -> Iterable[tuple[Asset, int, Balance]]:
        """What it holds of each asset of the pairs: the asset, digits of its unit, and how many units."""
        for venue, wallet in self.all_wallets():
            decimals = self.wallets.units.decimals[venue]
            for asset, balance in wallet.balances.items():
                known = self.market.pairs.asset(asset.upper())
                if known is not None:
                    yield known, decimals[asset], balance
