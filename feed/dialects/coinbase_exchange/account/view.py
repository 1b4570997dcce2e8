"""An account as its requests see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import attrs

from feed.dialects.coinbase_exchange.products import Product
from feed.dialects.coinbase_exchange.views import MarketView
from feed.dialects.rest import Call, RestContext
from feed.dialects.uuids import named_uuid
from feed.model.commissions import rate_charged
from feed.model.events import ExecutionReport
from feed.model.executions import Leg
from feed.model.grants import Grant
from feed.model.instruments import decimal_text
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

    @property
    def account(self) -> int:
        """Its number."""
        return self.grant.account

    @property
    def profile(self) -> str:
        """The id of its only portfolio."""
        return profile_id(self.account)

    def venues(self) -> Iterable[str]:
        """Where the products are traded: one venue, unless the market has none of the exchange's own."""
        return dict.fromkeys(product.instrument.venue for product in self.market.products)

    def all_wallets(self) -> Iterator[tuple[str, Wallet]]:
        """What it holds and does at each venue."""
        return ((venue, self.wallets.find(self.account, venue)) for venue in self.venues())

    def product(self, item: ExecutionReport) -> Product | None:
        """That of an order; None where it came in by another protocol, in what is not traded here."""
        return self.market.products.at(item.instrument)

    def order(self, order: int = 0, client: int = 0) -> ExecutionReport | None:
        """One of its orders, open or among those remembered, by its number or the client's own id, packed."""
        for _, wallet in self.all_wallets():
            found = wallet.order(order, client)
            if found is not None and self.product(found) is not None:
                return found
        return None

    def orders(self) -> list[ExecutionReport]:
        """All that are remembered, the newest first."""
        found = [
            one
            for _, wallet in self.all_wallets()
            for one in (*wallet.finished.values(), *wallet.orders.values())
            if self.product(one) is not None
        ]
        return sorted(found, key=lambda one: one.order, reverse=True)

    def trades(self) -> list[ExecutionReport]:
        """The reports of all trades that are remembered, the newest first."""
        found = [
            one for _, wallet in self.all_wallets() for one in wallet.trades if self.product(one) is not None
        ]
        return sorted(found, key=lambda one: one.seq, reverse=True)

    def quote_text(self, product: Product, units: int) -> str:
        """An amount of the quote currency of a product, from its units."""
        return decimal_text(units, self._decimals(product)[1])

    def value_text(self, product: Product, value: int) -> str:
        """The same from a sum of prices times sizes, ticks times lots."""
        return self.quote_text(product, value * self.wallets.units.quote_scales[product.index])

    def quote_units(self, product: Product) -> int:
        """Digits of a unit of the quote currency of a product."""
        return self._decimals(product)[1]

    def _decimals(self, product: Product) -> tuple[int, int]:
        here = self.wallets.units.decimals[product.instrument.venue]
        return here[product.instrument.base], here[product.instrument.quote]

    @cached_property
    def fees(self) -> Mapping[int, int]:
        """Paid by each order, by its number, as far as trades are remembered, units of its quote currency."""
        found: dict[int, int] = {}
        for one in self.trades():
            found[one.order] = found.get(one.order, 0) + self.fee(one)
        return found

    def fee(self, item: ExecutionReport) -> int:
        """Paid for a trade, units of the quote currency; what was paid in the other one at its price."""
        if item.commission_leg is Leg.QUOTE:
            return item.commission
        units, at = self.wallets.units, item.instrument
        return item.commission * item.last_price * units.quote_scales[at] // units.base_scales[at]

    @property
    def maker_rate(self) -> int:
        """What an order of this key costs that rests, millionths of what is traded."""
        return rate_charged(self.market.policy.maker_fee, self.grant.tier, self.trading)

    @property
    def taker_rate(self) -> int:
        """What one costs that takes, the same."""
        return rate_charged(self.market.policy.taker_fee, self.grant.tier, self.trading)


def profile_id(account: int) -> str:
    """The id of the only portfolio of an account."""
    return named_uuid("profile", account)


def user_id(account: int) -> str:
    """The id of whom an account belongs to: 24 hexadecimal digits."""
    return named_uuid("user", account).replace("-", "")[:24]
