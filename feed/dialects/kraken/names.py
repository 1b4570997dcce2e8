"""
The exchange's names of assets and pairs.

REST knows an asset by its old name, with a letter for its class in front where it is old enough: ``XXBT``,
``ZUSD``, ``SOL``. A pair then has several: ``XXBTZUSD`` by which answers name it, ``XBTUSD`` for short,
``XBT/USD`` in the first WebSocket API, ``BTC/USD`` in the second.

Source: "Get Asset Info" and "Get Tradable Asset Pairs" of the REST documents; "Symbology" of the guides.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import attrs

from feed.dialects.listed_pairs import ListedPairs
from feed.model.instruments import Instrument, Listing, decimal_text

NAME: Final = "kraken"
"""Of the protocol, and of the venue whose pairs these are."""

_SHORT: Final = {"BTC": "XBT", "DOGE": "XDG"}
_WITH_X: Final = frozenset(("ETC", "ETH", "LTC", "MLN", "REP", "XBT", "XDG", "XLM", "XMR", "XRP", "ZEC"))
_WITH_Z: Final = frozenset(("AUD", "CAD", "EUR", "GBP", "JPY", "USD"))
_SHORT_KEYS: Final = frozenset(("XDG",))
"""Assets with a class whose pairs are named without: ``XDGUSD``."""


@attrs.frozen
class Asset:
    """
    What is bought, or paid with.

    Attributes:
        symbol: Such as ``BTC``.
    """

    symbol: str

    @property
    def altname(self) -> str:
        """As pairs are made of: ``XBT``."""
        return _SHORT.get(self.symbol, self.symbol)

    @property
    def name(self) -> str:
        """By which REST names it: ``XXBT``."""
        short = self.altname
        if short in _WITH_X:
            return f"X{short}"
        return f"Z{short}" if self.is_currency else short

    @property
    def is_currency(self) -> bool:
        """Whether it is money of a state."""
        return self.altname in _WITH_Z

    @property
    def decimals(self) -> int:
        """Digits after the point of what an account holds of it."""
        return 4 if self.is_currency else 10

    @property
    def display_decimals(self) -> int:
        """Of these the ones that are shown to people."""
        return 2 if self.is_currency else 5


@attrs.frozen
class Pair:
    """
    A pair of the exchange.

    Attributes:
        index: Of the instrument in the market's listing.
        instrument: It.
        base: What is bought and sold.
        quote: What it is priced in.
        name: By which answers of REST name it: ``XXBTZUSD``.
        altname: For short: ``XBTUSD``.
        wsname: In the first WebSocket API: ``XBT/USD``.
        symbol: In the second: ``BTC/USD``.
    """

    index: int
    instrument: Instrument
    base: Asset
    quote: Asset
    name: str
    altname: str
    wsname: str
    symbol: str

    @classmethod
    def of(cls, index: int, instrument: Instrument) -> Pair:
        """
        Name an instrument.

        Args:
            index: Its place in the listing.
            instrument: Of two assets.
        """
        base, quote = Asset(instrument.base.upper()), Asset(instrument.quote.upper())
        classed = all(asset.name != asset.altname for asset in (base, quote))
        altname = f"{base.altname}{quote.altname}"
        return cls(
            index=index,
            instrument=instrument,
            base=base,
            quote=quote,
            name=f"{base.name}{quote.name}" if classed and base.altname not in _SHORT_KEYS else altname,
            altname=altname,
            wsname=f"{base.altname}/{quote.altname}",
            symbol=f"{base.symbol}/{quote.symbol}",
        )

    def price_text(self, ticks: int) -> str:
        """A price."""
        return self.instrument.price_text(ticks)

    def size_text(self, lots: int) -> str:
        """A quantity of the base asset."""
        return self.instrument.size_text(lots)

    def whole_lots(self, lots: int) -> str:
        """A quantity without its decimals."""
        return str(lots * self.instrument.lot // 10**self.instrument.size_decimals)

    def average_text(self, value: int, lots: int) -> str:
        """
        An average price, weighted by quantity; 0 for none.

        Args:
            value: Sum of price times quantity, ticks times lots.
            lots: Sum of quantities.
        """
        units = (2 * value * self.instrument.tick + lots) // (2 * lots) if lots else 0
        return decimal_text(units, self.instrument.price_decimals)


class Pairs(ListedPairs[Pair]):
    """The pairs of one market, by any of the names that REST takes, in capitals."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing, venue=NAME, pair=Pair.of, names=_names)
        self._by_symbol: Final = {pair.symbol: pair for pair in self}
        self._by_wsname: Final = {pair.wsname: pair for pair in self}
        assets = (asset for pair in self for asset in (pair.base, pair.quote))
        self.assets: Final = tuple(sorted(set(assets), key=lambda asset: asset.name))

    def of_symbol(self, symbol: str) -> Pair | None:
        """The pair of a symbol of the second WebSocket API; None when there is none."""
        return self._by_symbol.get(symbol)

    def of_wsname(self, wsname: str) -> Pair | None:
        """The pair of a name of the first WebSocket API; None when there is none."""
        return self._by_wsname.get(wsname)

    def asset(self, name: str) -> Asset | None:
        """The asset of any of its names, in capitals; None when there is none."""
        found = (asset for asset in self.assets if name in (asset.name, asset.altname, asset.symbol))
        return next(found, None)


def _names(pair: Pair) -> Sequence[str]:
    slashed = (pair.symbol, pair.wsname)
    return (*slashed, *(name.replace("/", "") for name in slashed), pair.name, pair.altname)


@lru_cache(maxsize=8)  # a server has one listing, and sessions and requests ask for it all the time
def pairs(listing: Listing) -> Pairs:
    """
    The pairs of a market.

    Args:
        listing: Its instruments.
    """
    return Pairs(listing)
