"""An account as its requests see it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs

from feed.dialects.account_view import SpotAccountView
from feed.dialects.coinbase_exchange.products import Product, Products
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.rest import Call, RestContext
from feed.dialects.uuids import named_uuid
from feed.model.events import ExecutionReport
from feed.model.grants import Grant
from feed.model.instruments import decimal_text


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

    @property
    def listed(self) -> Products:
        """What the exchange lists."""
        return self.market.products

    @property
    def commissions(self) -> tuple[int, int]:
        """Of an order that rests, and of one that takes, millionths of what is traded, before discounts."""
        return self.market.policy.maker_fee, self.market.policy.taker_fee

    @property
    def profile(self) -> str:
        """The id of its only portfolio."""
        return profile_id(self.account)

    def trades(self) -> list[ExecutionReport]:
        """The reports of all trades that are remembered, the newest first."""
        return sorted(self.fills(), key=lambda one: one.seq, reverse=True)

    def quote_text(self, product: Product, units: int) -> str:
        """An amount of the quote currency of a product, from its units."""
        return decimal_text(units, self.decimals(product)[1])

    def value_text(self, product: Product, value: int) -> str:
        """The same from a sum of prices times sizes, ticks times lots."""
        return self.quote_text(product, value * self.wallets.units.quote_scales[product.index])

    def quote_units(self, product: Product) -> int:
        """Digits of a unit of the quote currency of a product."""
        return self.decimals(product)[1]

    @cached_property
    def fees(self) -> Mapping[int, int]:
        """Paid by each order, by its number, as far as trades are remembered, units of its quote currency."""
        found: dict[int, int] = {}
        for one in self.trades():
            found[one.order] = found.get(one.order, 0) + self.fee(one)
        return found


def profile_id(account: int) -> str:
    """The id of the only portfolio of an account."""
    return named_uuid("profile", account)


def user_id(account: int) -> str:
    """The id of whom an account belongs to: 24 hexadecimal digits."""
    return named_uuid("user", account).replace("-", "")[:24]
