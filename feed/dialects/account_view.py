"""An account as requests to an exchange see it: what it holds, and its orders in what is listed there."""

from __future__ import annotations

import abc
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import attrs

from feed.dialects.listed_pairs import ListedPairs, PairT
from feed.model.commissions import rate_charged
from feed.model.events import ExecutionReport
from feed.model.executions import Leg
from feed.model.grants import Grant
from feed.model.wallets import AssetUnits, Wallet, Wallets
from feed.settings import Trading

MarketT = TypeVar("MarketT")
"""The market as the exchange's requests see it."""


@attrs.frozen(kw_only=True, slots=False)
class SpotAccountView(abc.ABC, Generic[MarketT, PairT]):
    """
    The account of a key, and the market around it, at one sequence number.

    Attributes:
        market: The market.
        grant: What the key allows.
        wallets: What accounts hold.
        trading: What trading costs.
    """

    market: MarketT
    grant: Grant
    wallets: Wallets
    trading: Trading

    @property
    @abc.abstractmethod
    def listed(self) -> ListedPairs[PairT]:
        """What the exchange lists."""

    @property
    @abc.abstractmethod
    def commissions(self) -> tuple[int, int]:
        """Of an order that rests, and of one that takes, millionths of what is traded, before discounts."""

    @property
    def account(self) -> int:
        """Its number."""
        return self.grant.account

    @property
    def venues(self) -> tuple[str, ...]:
        """Where the pairs are traded: one venue, unless the market has none of the exchange's own."""
        return self.listed.venues

    def wallet(self, pair: PairT) -> Wallet:
        """What the account holds and does where a pair is traded."""
        return self.wallets.find(self.account, pair.instrument.venue)

    def all_wallets(self) -> Iterator[tuple[str, Wallet]]:
        """What it holds and does at each venue."""
        return ((venue, self.wallets.find(self.account, venue)) for venue in self.venues)

    def pair(self, item: ExecutionReport) -> PairT | None:
        """That of an order; None where it came in by another protocol, in what is not listed here."""
        return self.listed.at(item.instrument)

    def decimals(self, pair: PairT) -> tuple[int, int]:
        """Digits of a unit of the base asset and of the quote asset of a pair."""
        here = self.wallets.units.decimals[pair.instrument.venue]
        return here[pair.instrument.base], here[pair.instrument.quote]

    def order(self, number: int = 0, client: int = 0) -> ExecutionReport | None:
        """
        One of its orders in what is listed, open or among those remembered; None where there is none.

        Args:
            number: The order's; 0 where the client's own id names it.
            client: That id, packed; 0 where ``number`` names it.
        """
        for _, wallet in self.all_wallets():
            found = wallet.order(number, client)
            if found is not None and self.pair(found) is not None:
                return found
        return None

    def orders(self) -> Iterator[ExecutionReport]:
        """All that are remembered in what is listed, open ones too, a venue at a time."""
        for _, wallet in self.all_wallets():
            yield from self._listed((*wallet.finished.values(), *wallet.orders.values()))

    def fills(self) -> Iterator[ExecutionReport]:
        """All trades that are remembered in what is listed, oldest first at each venue."""
        for _, wallet in self.all_wallets():
            yield from self._listed(wallet.trades)

    def fee(self, item: ExecutionReport) -> int:
        """What a trade has cost, units of the quote asset."""
        return fee_in_quote(item, self.wallets.units)

    @property
    def maker_rate(self) -> int:
        """What an order of this key costs that rests, millionths of what is traded."""
        return rate_charged(self.commissions[0], self.grant.tier, self.trading)

    @property
    def taker_rate(self) -> int:
        """What one costs that takes, the same."""
        return rate_charged(self.commissions[1], self.grant.tier, self.trading)

    def _listed(self, items: Iterable[ExecutionReport]) -> Iterator[ExecutionReport]:
        return (one for one in items if self.pair(one) is not None)


def fee_in_quote(item: ExecutionReport, units: AssetUnits) -> int:
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
