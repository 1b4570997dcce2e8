"""
The exchange's products: two assets, the second of which the first is priced in, as in ``BTC-USD``.

A market whose instruments are at the venue ``coinbase`` lists these here. One that has none there, such as a
recording of another venue, lists all that it has in spot, each pair of assets once.

Source: "List Products" of the REST documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import attrs

from feed.model.instruments import Contract, Instrument, Listing, decimal_text

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


class Products:
    """The products of one market, in the order of its listing."""

    def __init__(self, listing: Listing) -> None:
        self._all: Final = tuple(_products(listing))
        self._by_id: Final = {product.id: product for product in self._all}
        self._by_index: Final = {product.index: product for product in self._all}
        assets = (asset for product in self._all for asset in (product.base, product.quote))
        self.assets: Final = tuple(sorted(set(assets)))

    def __iter__(self) -> Iterator[Product]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def named(self, product_id: str) -> Product | None:
        """The product of an id; None when there is none."""
        return self._by_id.get(product_id)

    def at(self, index: int) -> Product | None:
        """The product of an instrument of the listing; None when it is not traded here."""
        return self._by_index.get(index)


def _products(listing: Listing) -> Iterator[Product]:
    spot = [(at, item) for at, item in enumerate(listing) if item.contract is Contract.SPOT]
    here = [(at, item) for at, item in spot if item.venue == NAME]
    ids: dict[str, None] = {}
    for index, instrument in here or spot:
        product = Product.of(index, instrument)
        if product.id not in ids:
            ids[product.id] = None
            yield product


@lru_cache(maxsize=8)  # a server has one listing, and sessions and requests ask for it all the time
def products(listing: Listing) -> Products:
    """
    The products of a market.

    Args:
        listing: Its instruments.
    """
    return Products(listing)
