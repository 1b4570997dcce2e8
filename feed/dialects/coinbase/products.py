"""
The exchange's products: two assets, the second of which the first is priced in, as in ``BTC-USD``.

Source: "List Products" of the REST documents.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import attrs

from feed.dialects.listed_pairs import ListedPairs
from feed.model.instruments import Instrument, Listing, decimal_text

NAME: Final = "coinbase"
"""Of the protocol, and of the venue whose products these are."""

_FIAT: Final = frozenset(("AUD", "CAD", "CHF", "EUR", "GBP", "JPY", "SGD", "USD"))


_NAMES: Final = {
    "AAVE": "Aave",
    "ADA": "Cardano",
    "ATOM": "Cosmos",
    "AVAX": "Avalanche",
    "BCH": "Bitcoin Cash",
    "BTC": "Bitcoin",
    "DOGE": "Dogecoin",
    "DOT": "Polkadot",
    "ETC": "Ethereum Classic",
    "ETH": "Ethereum",
    "EUR": "Euro",
    "GBP": "British Pound",
    "JPY": "Japanese Yen",
    "LINK": "Chainlink",
    "LTC": "Litecoin",
    "SHIB": "Shiba Inu",
    "SOL": "Solana",
    "UNI": "Uniswap",
    "USD": "US Dollar",
    "USDC": "USDC",
    "USDT": "Tether",
    "XLM": "Stellar Lumens",
    "XRP": "XRP",
}


def asset_name(asset: str) -> str:
    """What people call an asset; the asset itself where nothing else is known."""
    return _NAMES.get(asset, asset)


def is_fiat(asset: str) -> bool:
    """Whether an asset is money of a state."""
    return asset in _FIAT


@attrs.frozen
class Product:
    """
    A product of the exchange.

    Attributes:
        index: Of the instrument in the market's listing.
        instrument: It.
        base: What is bought and sold, in capitals.
        quote: What it is priced in, in capitals.
        id: Such as ``BTC-USD``.
    """

    index: int
    instrument: Instrument
    base: str
    quote: str
    id: str

    @classmethod
    def of(cls, index: int, instrument: Instrument) -> Product:
        """
        Name an instrument.

        Args:
            index: Its place in the listing.
            instrument: Of two assets.
        """
        base, quote = instrument.base.upper(), instrument.quote.upper()
        return cls(index=index, instrument=instrument, base=base, quote=quote, id=f"{base}-{quote}")

    def price_text(self, ticks: int) -> str:
        """A price."""
        return self.instrument.price_text(ticks)

    def size_text(self, lots: int) -> str:
        """A quantity of the base asset."""
        return self.instrument.size_text(lots)

    def value_text(self, value: int) -> str:
        """
        An amount of the quote asset.

        Args:
            value: Price times quantity, ticks times lots.
        """
        item = self.instrument
        return decimal_text(value * item.tick * item.lot, item.price_decimals + item.size_decimals)

    @property
    def price_step(self) -> str:
        """Of prices."""
        return decimal_text(self.instrument.tick, self.instrument.price_decimals)

    @property
    def size_step(self) -> str:
        """Of quantities of the base asset."""
        return decimal_text(self.instrument.lot, self.instrument.size_decimals)


class Products(ListedPairs[Product]):
    """The products of one market, by their ids."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing, venue=NAME, pair=Product.of, names=lambda product: (product.id,))
        assets = (asset for product in self for asset in (product.base, product.quote))
        self.assets: Final = tuple(sorted(set(assets)))


@lru_cache(maxsize=8)  # a server has one listing, and sessions and requests ask for it all the time
def products(listing: Listing) -> Products:
    """
    The products of a market.

    Args:
        listing: Its instruments.
    """
    return Products(listing)
