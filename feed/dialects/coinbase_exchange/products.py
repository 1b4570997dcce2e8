"""
The exchange's names of products and currencies.

A market whose instruments are at the venue ``coinbase`` lists these here. One that has none there, such as a
recording of another venue, lists all that it has in spot, each pair of currencies once.

Source: "Get all trading pairs" and "Get all known currencies" of the REST documents.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import attrs

from feed.model.instruments import Contract, Instrument, Listing

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


class Products:
    """The products of one market, in the order of its listing."""

    def __init__(self, listing: Listing) -> None:
        self._all: Final = tuple(_products(listing))
        self._by_id: Final = {product.id: product for product in self._all}
        self._by_index: Final = {product.index: product for product in self._all}
        currencies = (currency for product in self._all for currency in (product.base, product.quote))
        self.currencies: Final = {one.id: one for one in sorted(set(currencies), key=lambda it: it.id)}

    def __iter__(self) -> Iterator[Product]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def named(self, name: str) -> Product | None:
        """That of an id, in any case and with a slash as well; None when there is none."""
        return self._by_id.get(name.upper().replace("/", "-"))

    def at(self, index: int) -> Product | None:
        """That of an instrument of the listing; None when it is not traded here."""
        return self._by_index.get(index)


def _products(listing: Listing) -> Iterator[Product]:
    spot = [(at, item) for at, item in enumerate(listing) if item.contract is Contract.SPOT]
    here = [(at, item) for at, item in spot if item.venue == VENUE]
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
