"""An account as its requests see it, whether they come by HTTP or by WebSocket."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

import attrs

from feed.dialects.clocks import Clocks
from feed.dialects.contract import SessionContext
from feed.dialects.kraken.names import Asset, Pair
from feed.dialects.kraken.views import MarketView
from feed.dialects.rest import RestContext
from feed.model.commissions import rate_charged
from feed.model.events import ExecutionReport
from feed.model.grants import Grant
from feed.model.wallets import Balance, Wallet, Wallets
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
        clocks: The times by which clients may name a deadline.
    """

    market: MarketView
    grant: Grant
    wallets: Wallets
    trading: Trading
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
    def account(self) -> int:
        """Its number."""
        return self.grant.account

    @property
    def now(self) -> int:
        """Market time, nanoseconds since the Unix epoch."""
        return self.market.state.now

    @cached_property
    def venues(self) -> tuple[str, ...]:
        """Where the pairs are traded: one venue, unless the market has none of the exchange's own."""
        return tuple(dict.fromkeys(pair.instrument.venue for pair in self.market.pairs))

    def wallet(self, pair: Pair) -> Wallet:
        """What the account holds and does where a pair is traded."""
        return self.wallets.find(self.account, pair.instrument.venue)

    def all_wallets(self) -> Iterator[tuple[str, Wallet]]:
        """What it holds and does at each venue."""
        return ((venue, self.wallets.find(self.account, venue)) for venue in self.venues)

    def pair(self, item: ExecutionReport) -> Pair | None:
        """That of an order; None where it came in by another protocol, in what is not traded here."""
        return self.market.pairs.at(item.instrument)

    def decimals(self, pair: Pair) -> tuple[int, int]:
        """Digits of a unit of the base asset and of the quote asset of a pair."""
        here = self.wallets.units.decimals[pair.instrument.venue]
        return here[pair.instrument.base], here[pair.instrument.quote]

    def balances(self) -> Iterable[tuple[Asset, int, Balance]]:
        """What it holds of each asset of the pairs: the asset, digits of its unit, and how many units."""
        for venue, wallet in self.all_wallets():
            decimals = self.wallets.units.decimals[venue]
            for asset, balance in wallet.balances.items():
                known = self.market.pairs.asset(asset.upper())
                if known is not None:
                    yield known, decimals[asset], balance

    @property
    def maker_rate(self) -> int:
        """What an order of this key costs that rests, millionths of what is traded."""
        return rate_charged(self.market.policy.maker_fee, self.grant.tier, self.trading)

    @property
    def taker_rate(self) -> int:
        """What one costs that takes, the same."""
        return rate_charged(self.market.policy.taker_fee, self.grant.tier, self.trading)
