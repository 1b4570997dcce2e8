"""An account as its requests see it, whether they come by HTTP or by WebSocket."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import attrs

from feed.dialects.coinbase.products import Product
from feed.dialects.coinbase.views import MarketView
from feed.dialects.contract import SessionContext
from feed.dialects.rest import Call, RestContext
from feed.dialects.uuids import named_uuid
from feed.model.commissions import rate_charged
from feed.model.events import ExecutionReport
from feed.model.executions import Leg
from feed.model.grants import Grant
from feed.model.instruments import decimal_text
from feed.model.wallets import AssetUnits, Balance, Wallet, Wallets
from feed.settings import Trading


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
class AccountView:
    """
    The account of a key, and the market around it, at one sequence number.

    Attributes:
        market: The market.
        grant: What the key allows.
        wallets: What accounts hold.
        trading: What trading costs.
    """

    market: MarketView
    grant: Grant
    wallets: Wallets
    trading: Trading

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
    def account(self) -> int:
        """Its number."""
        return self.grant.account

    @property
    def user_id(self) -> str:
        """The id of whose account it is."""
        return user_id(self.account)

    @property
    def portfolio_id(self) -> str:
        """The id of its one portfolio."""
        return portfolio_id(self.account)

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Where the products are traded: one venue, unless the market has none of the exchange's own."""
        return tuple(dict.fromkeys(product.instrument.venue for product in self.market.products))

    def wallet(self, product: Product) -> Wallet:
        """What the account holds and does where a product is traded."""
        return self.wallets.find(self.account, product.instrument.venue)

    def all_wallets(self) -> Iterator[tuple[str, Wallet]]:
        """What it holds and does at each venue."""
        return ((venue, self.wallets.find(self.account, venue)) for venue in self.venues)

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

    def decimals(self, product: Product) -> tuple[int, int]:
        """Digits of a unit of the base asset and of the quote asset of a product."""
        here = self.wallets.units.decimals[product.instrument.venue]
        return here[product.instrument.base], here[product.instrument.quote]

    def orders(self) -> Iterator[ExecutionReport]:
        """All that are remembered in what is traded here, open ones too."""
        for _, wallet in self.all_wallets():
            for one in (*wallet.finished.values(), *wallet.orders.values()):
                if self.market.products.at(one.instrument) is not None:
                    yield one

    def order(self, number: int) -> ExecutionReport | None:
        """An order by its number; None for one that is not known, or not in what is traded here."""
        found = (wallet.order(number) for _, wallet in self.all_wallets())
        order = next((one for one in found if one is not None), None)
        return order if order is not None and self.market.products.at(order.instrument) else None

    def fills(self) -> Iterator[ExecutionReport]:
        """All trades that are remembered in what is traded here, oldest first at each venue."""
        for _, wallet in self.all_wallets():
            for one in wallet.trades:
                if self.market.products.at(one.instrument) is not None:
                    yield one

    def fee(self, item: ExecutionReport) -> int:
        """What a trade has cost, units of the quote asset."""
        return fee(item, self.wallets.units)

    @property
    def maker_rate(self) -> int:
        """What an order of this key costs that rests, millionths of what is traded."""
        return rate_charged(self.market.policy.maker_fee, self.grant.tier, self.trading)

    @property
    def taker_rate(self) -> int:
        """What one costs that takes, the same."""
        return rate_charged(self.market.policy.taker_fee, self.grant.tier, self.trading)


def fee(item: ExecutionReport, units: AssetUnits) -> int:
    """
    What a trade has cost, units of the quote asset.

    Another protocol may take it out of the base asset: then what that was worth in the trade.

    Args:
        item: Of a trade.
        units: Of assets.
    """
    if item.commission_leg is Leg.QUOTE:
        return item.commission
    value = item.commission * item.last_price * units.quote_scales[item.instrument]
    return value // units.base_scales[item.instrument]


def user_id(account: int) -> str:
    """The id of whose account this is, by its number."""
    return named_uuid("user", account)


def portfolio_id(account: int) -> str:
    """The id of the one portfolio of an account."""
    return named_uuid("portfolio", account)
