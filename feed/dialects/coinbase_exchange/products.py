"""
The exchange's names of products and currencies.

Source: "Get all trading pairs" and "Get all known currencies" of the REST documents.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import attrs

from feed.dialects.listed_pairs import ListedPairs
from feed.model.instruments import Instrument, Listing

NAME: Final = "coinbase_exchange"
"""Of the protocol."""
VENUE: Final = "coinbase"
"""Whose products these are: another protocol of the exchange trades the same."""

_FIAT: Final = {"EUR": "Euro", "GBP": "British Pound", "USD": "United States Dollar"}
_COINS: Final = {
    "BTC": "Bitcoin",
    "DOGE": "Dogecoin",
    "ETH": "Ether",
    "LTC": "Litecoin",
    "SOL": "Solana",
    "USDC": "USDC",
    "USDT": "Tether",
    "XRP": "XRP",
}


@attrs.frozen
class Currency:
    """
    What is bought, or paid with.

    Attributes:
        id: Such as ``BTC``.
    """

    id: str

    @property
    def name(self) -> str:
        """For people."""
        return _FIAT.get(self.id) or _COINS.get(self.id) or self.id

    @property
    def is_fiat(self) -> bool:
        """Whether it is money of a state."""
        return self.id in _FIAT

    @property
    def decimals(self) -> int:
        """Digits after the point of an amount that is shown."""
        return 2 if self.is_fiat else 8


@attrs.frozen
class Product:
    """
    A pair of currencies that is traded.

    Attributes:
        index: Of the instrument in the market's listing.
        instrument: It.
        base: What is bought and sold.
        quote: What it is priced in.
        id: Such as ``BTC-USD``.
    """

    index: int
    instrument: Instrument
    base: Currency
    quote: Currency
    id: str

    @classmethod
    def of(cls, index: int, instrument: Instrument) -> Product:
        """
        Name an instrument.

        Args:
            index: Its place in the listing.
            instrument: Of two currencies.
        """
        base, quote = Currency(instrument.base.upper()), Currency(instrument.quote.upper())
        return cls(index=index, instrument=instrument, base=base, quote=quote, id=f"{base.id}-{quote.id}")

    def price_text(self, ticks: int) -> str:
        """A price."""
        return self.instrument.price_text(ticks)

    def size_text(self, lots: int) -> str:
        """A quantity of the base currency."""
        return self.instrument.size_text(lots)


class Products(ListedPairs[Product]):
    """The products of one market, by their ids."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing, venue=VENUE, pair=Product.of, names=lambda product: (product.id,))
        currencies = (currency for product in self for currency in (product.base, product.quote))
        self.currencies: Final = {one.id: one for one in sorted(set(currencies), key=lambda it: it.id)}

    def named(self, name: str) -> Product | None:
        """That of an id, in any case and with a slash as well; None when there is none."""
        return super().named(name.upper().replace("/", "-"))


@lru_cache(maxsize=8)  # a server has one listing, and sessions and requests ask for it all the time
def products(listing: Listing) -> Products:
    """
    The products of a market.

    Args:
        listing: Its instruments.
    """
    return Products(listing)
