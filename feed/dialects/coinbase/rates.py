"""What assets are worth in each other, at the last prices."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from feed.dialects.coinbase.views import MarketView

DOLLAR: Final = "USD"


class Rates:
    """
    What assets are worth now.

    Args:
        view: The market. An asset is priced in US dollars by its own product, or by way of another asset.
    """

    def __init__(self, view: MarketView) -> None:
        self._worth: Final[dict[str, Fraction]] = {DOLLAR: Fraction(1)}
        prices = {}
        for product in view.products:
            ticks = view.last_price(product)
            if ticks:
                item = product.instrument
                prices[product.base, product.quote] = Fraction(ticks * item.tick, 10**item.price_decimals)
        for _ in range(2):
            for (base, quote), price in prices.items():
                if quote in self._worth:
                    self._worth.setdefault(base, price * self._worth[quote])
                elif base in self._worth:
                    self._worth.setdefault(quote, self._worth[base] / price)

    def between(self, asset: str, other: str) -> Fraction | None:
        """What one of an asset is worth in another; None where nobody knows."""
        if asset not in self._worth or other not in self._worth:
            return None
        return self._worth[asset] / self._worth[other]

    def dollars(self, asset: str, units: int, decimals: int, digits: int) -> int:
        """
        What an amount is worth, units of ``10 ** -digits`` of a US dollar; 0 where nobody knows.

        Args:
            asset: Which asset.
            units: How much of it.
            decimals: Digits of a unit.
            digits: Of the answer.
        """
        price = self._worth.get(asset, Fraction(0))
        return int(units * price * Fraction(10**digits, 10**decimals))
