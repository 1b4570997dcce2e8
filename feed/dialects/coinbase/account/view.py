"""An account as its requests see it, whether they come by HTTP or by WebSocket."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from feed.dialects.account_view import SpotAccountView
from feed.dialects.coinbase.products import Product, Products
from feed.dialects.coinbase.views import MarketView
from feed.dialects.contract import SessionContext
from feed.dialects.rest import Call, RestContext
from feed.dialects.uuids import named_uuid
from feed.model.grants import Grant
from feed.model.instruments import decimal_text
from feed.model.wallets import Balance


@attrs.frozen(kw_only=True)
class Holding:
    """
    What an account holds of one asset.

    Attributes:
        uuid: By which the exchange calls it: there, this is an account.
        asset: Which asset.
        balance: How many units of it.
        decimals: Digits of a unit.
    """

    uuid: str
    asset: str
    balance: Balance
    decimals: int

    @property
    def available(self) -> str:
        """What is not locked by orders."""
        return decimal_text(self.balance.free, self.decimals)

    @property
    def hold(self) -> str:
        """What orders may spend."""
        return decimal_text(self.balance.locked, self.decimals)

    @property
    def total(self) -> str:
        """Both together."""
        return decimal_text(self.balance.total, self.decimals)


@attrs.frozen(kw_only=True, slots=False)
class AccountView(SpotAccountView[MarketView, Product]):
    """The account of a key, and the market around it, at one sequence number."""

    @classmethod
    def of_request(cls, context: RestContext, call: Call, grant: Grant) -> AccountView:
        """As a request by HTTP sees it."""
        return cls(
            market=MarketView.of_request(context, call),
            grant=grant,
            wallets=context.wallets,
            trading=context.settings.trading,
        )

    @classmethod
    def of_session(cls, context: SessionContext, grant: Grant) -> AccountView:
        """As a session sees it."""
        return cls(
            market=MarketView.of_session(context),
            grant=grant,
            wallets=context.wallets,
            trading=context.trading,
        )

    @property
    def listed(self) -> Products:
        """What the exchange lists."""
        return self.market.products

    @property
    def commissions(self) -> tuple[int, int]:
        """Of an order that rests, and of one that takes, millionths of what is traded, before discounts."""
        return self.market.policy.maker_fee, self.market.policy.taker_fee

    @property
    def user_id(self) -> str:
        """The id of whose account it is."""
        return user_id(self.account)

    @property
    def portfolio_id(self) -> str:
        """The id of its one portfolio."""
        return portfolio_id(self.account)

    def holdings(self) -> Iterator[Holding]:
        """What it holds of each asset of the products, in the order of the listing."""
        known = set(self.market.products.assets)
        for venue, wallet in self.all_wallets():
            decimals = self.wallets.units.decimals[venue]
            for asset, balance in wallet.balances.items():
                if asset.upper() in known:
                    yield Holding(
                        uuid=named_uuid("account", self.account, venue, asset),
                        asset=asset.upper(),
                        balance=balance,
                        decimals=decimals[asset],
                    )


def user_id(account: int) -> str:
    """The id of whose account this is, by its number."""
    return named_uuid("user", account)


def portfolio_id(account: int) -> str:
    """The id of the one portfolio of an account."""
    return named_uuid("portfolio", account)
